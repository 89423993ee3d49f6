/**
 * The ladder queue and C++'s std::priority_queue (g++ -O3) in the hold model, turn by turn on one core: so many items wait, and
 * each one taken is put back a delay later. Both are given the same delays, and must give the same order.
 * Exits 1 when they do not, or when 10,000 items miss the ratio that is asked for. The column `events` is the whole event
 * queue, with actor, kind and value of each event and the call of the actor, which the peer does not have.
 * Needs Linux with taskset and g++.
 * Usage: node bench/queue-vs-priority-queue.mjs [HOLDS=2000000] [TURNS=5]
 * @module
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const CACHE = join(ROOT, 'node_modules', '.cache', 'lvsim-bench')
const SOURCE = join(ROOT, 'bench', 'peers', 'priority-queue.cc')
const PEER = join(CACHE, 'priority-queue')

/** The most that the ladder queue may take of the peer's time. */
const RATIO_MAX = 0.4
/** Timed stretches of one process; the least counts. */
const ROUNDS = 3
const DELAYS = 65_536
const SIZES = [20, 100, 10_000, 1_000_000]
const SIZE_ASKED_FOR = 10_000

/** Delays in ns of a draw that lies in (0, 1]. */
const LAWS = {
  exponential: (draw) => exponential(draw(), 1e6),
  bimodal: (draw) => draw() < 0.9 ? exponential(draw(), 1e4) : Math.round(1e9 + draw() * 5.9e10),
}

function exponential(draw, mean) {
  return Math.max(1, Math.round(-Math.log(draw) * mean))
}

/** Whole delays of a law; the same ones each time. */
function delaysOf(law) {
  let state = 0x2545f491
  const draw = () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return ((state >>> 0) + 1) / 0x100000000
  }
  return Float64Array.from({ length: DELAYS }, () => LAWS[law](draw))
}

/**
 * The ladder queue alone: an item is its time and an integer, as with the peer. The integer is its slot, which it keeps, since
 * the slot taken last is the first to be given out again.
 */
class LadderHolder {
  order = 0
  #draw = 0

  constructor(LadderQueue, delays, size) {
    this.ladder = new LadderQueue()
    this.delays = delays
    while (this.#draw < size) this.ladder.add(delays[this.#draw++ & (DELAYS - 1)])
  }

  hold(holds) {
    const ladder = this.ladder, delays = this.delays
    let order = this.order, draw = this.#draw
    for (let i = 0; i < holds; i++) {
      const time = ladder.nextTime
      const id = ladder.take() - 1
      order = (Math.imul(order, 31) + id) | 0
      ladder.add(time + delays[draw++ & (DELAYS - 1)])
    }
    this.order = order
    this.#draw = draw
  }
}

/** The whole event queue: an item is an event for an actor. */
class EventHolder {
  order = 0
  #draw = 0
  #time = 0

  constructor(EventQueue, delays, size) {
    this.queue = new EventQueue()
    this.delays = delays
    for (let id = 0; id < size; id++) this.queue.push(delays[this.#draw++ & (DELAYS - 1)], this, 0, id)
  }

  hold(holds) {
    for (let i = 0; i < holds; i++) {
      this.#time = this.queue.nextTimeNs
      this.queue.dispatch()
    }
  }

  onEvent(kind, id) {
    this.order = (Math.imul(this.order, 31) + id) | 0
    this.queue.push(this.#time + this.delays[this.#draw++ & (DELAYS - 1)], this, kind, id)
  }
}

/** One process of ours: what the peer does, printed as it prints it. */
async function own(what, law, size, holds) {
  const { LadderQueue } = await import('../dist/sim/ladder-queue.js')
  const { EventQueue } = await import('../dist/sim/event-queue.js')
  const delays = delaysOf(law)
  const holder = what === 'ladder' ? new LadderHolder(LadderQueue, delays, size) : new EventHolder(EventQueue, delays, size)
  let least = Infinity
  for (let round = 0; round <= ROUNDS; round++) {
    const start = process.cpuUsage()
    holder.hold(holds)
    const { user, system } = process.cpuUsage(start)
    if (round > 0) least = Math.min(least, (user + system) * 1000 / holds)
  }
  console.log(JSON.stringify({ ns: least, order: holder.order >>> 0 }))
}

function build() {
  if (!existsSync(join(ROOT, 'dist', 'sim', 'ladder-queue.js'))) throw new Error('lvsim is not built: npm run build')
  mkdirSync(CACHE, { recursive: true })
  if (existsSync(PEER) && statSync(PEER).mtimeMs > statSync(SOURCE).mtimeMs) return
  execFileSync('g++', ['-O3', '-DNDEBUG', '-std=c++17', SOURCE, '-o', PEER], { stdio: 'inherit' })
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}

/** Runs a program on the last core and reads its output as JSON. */
function measure(command, input) {
  const args = ['-c', String(cpus().length - 1), ...command.map(String)]
  return JSON.parse(execFileSync('taskset', args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'inherit'] }))
}

/** One size and law: the medians of the turns. False when the ratio that is asked for is missed. */
function compare(law, size, holds, turns) {
  const input = delaysOf(law).join('\n')
  const self = (what) => measure([process.execPath, fileURLToPath(import.meta.url), what, law, size, holds], '')
  const times = { peer: [], ladder: [], events: [] }
  for (let turn = 0; turn < turns; turn++) {
    const results = { peer: measure([PEER, size, holds, ROUNDS], input), ladder: self('ladder'), events: self('events') }
    if (new Set(Object.values(results).map(({ order }) => order)).size > 1) throw new Error('the orders differ')
    for (const [who, { ns }] of Object.entries(results)) times[who].push(ns)
  }
  const [peer, ladder, events] = [median(times.peer), median(times.ladder), median(times.events)]
  const isMet = ladder <= RATIO_MAX * peer
  const verdict = size === SIZE_ASKED_FOR ? `${RATIO_MAX.toFixed(2)}  ${isMet ? 'met' : 'not met'}` : ''
  const one = (ns) => [ns.toFixed(1), (ns / peer).toFixed(2)]
  const cells = [size, peer.toFixed(1), ...one(ladder), ...one(events)].map((cell) => String(cell).padStart(9))
  console.log(`${law.padEnd(12)}${cells.join('')}   ${verdict}`.trimEnd())
  return isMet || size !== SIZE_ASKED_FOR
}

function main(holds = 2_000_000, turns = 5) {
  build()
  console.log(`CPU ns for one hold, median of ${turns} turns of ${holds} holds`)
  console.log('delays          items     peer   ladder    ratio   events    ratio    bar')
  const verdicts = Object.keys(LAWS).flatMap((law) => SIZES.map((size) => compare(law, size, holds, turns)))
  if (verdicts.includes(false)) process.exitCode = 1
}

try {
  const [first, ...rest] = process.argv.slice(2)
  if (first === 'ladder' || first === 'events') await own(first, rest[0], Number(rest[1]), Number(rest[2]))
  else main(...process.argv.slice(2).map(Number))
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
