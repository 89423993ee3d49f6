/**
 * `lvsim bench engine` and ns-3 on the same scenario, turn by turn on one core: hops per CPU second of each, and the ratio.
 * Needs Linux with taskset, and Debian's libns3-dev and g++ (see bench/peers/README.md). Exits 1 when the two disagree about
 * the scenario, or when lvsim is less than RATIO_MIN times as fast.
 * Usage: node bench/engine-vs-ns3.mjs [SERVERS=10] [REQUESTS=2000000] [ROUNDS=3]
 * @module
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const CACHE = join(ROOT, 'node_modules', '.cache', 'lvsim-bench')
const SOURCE = join(ROOT, 'bench', 'peers', 'ns3-udp.cc')
const PEER = join(CACHE, 'ns3-udp')
const MODULES = ['core', 'network', 'internet', 'point-to-point', 'traffic-control']

/** What the engine must reach (and more is better): lvsim's hops per CPU second over ns-3's. */
const RATIO_MIN = 10
/** Few enough to be counted by trace sinks in seconds. */
const CHECK_REQUESTS = 100_000

const [servers = 10, requests = 2_000_000, rounds = 3] = process.argv.slice(2).map(Number)
const core = String(cpus().length - 1)

/** Runs a program on the chosen core and reads its last line, or its whole output, as JSON. */
function measure(command, ...args) {
  return JSON.parse(execFileSync('taskset', ['-c', core, command, ...args.map(String)], { cwd: ROOT, encoding: 'utf8' }))
}

function runNs3(count, ...more) {
  return measure(PEER, servers, count, ...more)
}

/** One warm-up and one round that counts. */
function runLvsim(count) {
  const flags = ['--servers', servers, '--requests', count, '--rounds', 2, '--json']
  return measure(process.execPath, join('dist', 'cli', 'main.js'), 'bench', 'engine', ...flags)
}

function build() {
  execFileSync('npm', ['run', 'build'], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] })
  mkdirSync(CACHE, { recursive: true })
  if (existsSync(PEER) && statSync(PEER).mtimeMs > statSync(SOURCE).mtimeMs) return
  const libraries = MODULES.map((name) => `-lns3-${name}`)
  execFileSync('g++', ['-O3', '-DNDEBUG', '-std=c++17', SOURCE, '-o', PEER, ...libraries], { stdio: 'inherit' })
}

/** Both must see the same traffic: as many hops and answers, no drop, and the same end to the microsecond. */
function checkAgreement() {
  const peer = runNs3(CHECK_REQUESTS, 'check')
  const ours = runLvsim(CHECK_REQUESTS)
  const facts = (hops, answers, lost, endNs) =>
    `${hops} hops, ${answers} answers, ${lost} lost, end ${Math.floor(endNs / 1000)} us`
  const theirs = facts(peer.hops, peer.answers, peer.drops, peer.endNs)
  const mine = facts(ours.hops, ours.answers, ours.lost, ours.endNs)
  console.log(`ns-3    ${theirs}\nlvsim   ${mine}`)
  if (mine !== theirs) throw new Error('the two do not run the same scenario')
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}

function main() {
  build()
  checkAgreement()
  console.log(`\n${servers} servers, ${requests} requests, ${rounds} rounds, core ${core}: hops per CPU second`)
  console.log('round        ns-3        lvsim   ratio')
  const row = (name, ns3, lvsim) => {
    const cells = [ns3.toFixed(0).padStart(10), lvsim.toFixed(0).padStart(13), (lvsim / ns3).toFixed(1).padStart(8)]
    console.log(name.padEnd(7) + cells.join(''))
  }
  const rates = { ns3: [], lvsim: [] }
  for (let round = 1; round <= rounds; round++) {
    const peer = runNs3(requests)
    // The trace sinks that count hops are off here: each answer is four of them, as the check has shown.
    rates.ns3.push(4 * peer.answers / peer.cpuSeconds)
    rates.lvsim.push(runLvsim(requests).hopsPerCpuSecond)
    row(String(round), rates.ns3.at(-1), rates.lvsim.at(-1))
  }
  row('median', median(rates.ns3), median(rates.lvsim))
  const ratio = median(rates.lvsim) / median(rates.ns3)
  if (ratio < RATIO_MIN) throw new Error(`${ratio.toFixed(1)} times ns-3's rate; at least ${RATIO_MIN} is asked for`)
}

try {
  main()
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
