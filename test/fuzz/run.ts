/**
 * One run of the fuzzer: a plan from a number, the network and the steps of that plan, what must hold on the way and
 * when all is
 * over, and the search for a smaller plan that fails as well.
 * @module
 */
import { NS_PER_MILLISECOND, NS_PER_SECOND } from '../../src/base/units.ts'
import type { Host } from '../../src/host/host.ts'
import { TcpEndpoint } from '../../src/host/tcp/endpoint.ts'
import { TimeWait } from '../../src/host/tcp/time-wait.ts'
import { buildCell, checkCell, Contacts, type Cell } from './cell.ts'
import { Chance } from './chance.ts'
import { buildNetwork } from './network.ts'
import { STEP_WEIGHTS, STEPS, type StepName } from './steps.ts'
import { serve } from './traffic.ts'
import { Watch } from './watch.ts'
import { complain, directorsOf, worldOf, type World } from './world.ts'

/** When the steps are over. */
const STEPS_MS = 2_500
/** Traffic goes on by itself for so long, before applications close everything. */
const TRAFFIC_MS = 6_000
/** Longer than any timeout: conntrack keeps a quiet connection for 5 days. */
const DAYS_NS = 30 * 86_400 * NS_PER_SECOND

/** One step: what is done, when, and the seed that says how. */
export interface Step {
  readonly atMs: number
  readonly name: StepName
  readonly seed: number
}

/** A run as plain data. */
export interface Plan {
  readonly seed: string
  readonly steps: readonly Step[]
}

/** What came of a run. */
export interface Outcome {
  readonly violations: readonly string[]
  readonly hash: string
  readonly events: number
}

/** The plan of the run of this number. */
export function planOf(seed: number, number: number): Plan {
  const text = `${seed}/${number}`
  const chance = new Chance(`${text}/steps`)
  const steps = Array.from({ length: 6 + chance.int(26) }, (): Step => ({
    atMs: chance.int(STEPS_MS), name: chance.weighted(STEP_WEIGHTS), seed: chance.int(0x100000000),
  }))
  return { seed: text, steps: steps.sort((a, b) => a.atMs - b.atMs) }
}

/** Plays a plan. `plant` may put a fault into the world before anything happens, and give what undoes it. */
export function play(plan: Plan, plant: (world: World, cell: Cell) => (() => void) | undefined = () => undefined): Outcome {
  const chance = new Chance(`${plan.seed}/network`)
  const world = worldOf(buildNetwork(plan.seed, chance))
  const cell = buildCell(world, chance)
  for (const host of world.hosts) if (chance.flip(0.8)) serve(world, host, chance)
  const watch = new Watch(world)
  watchClient(world, cell)
  const undo = plant(world, cell)
  const { sim } = world.lan
  try {
    for (const step of plan.steps) {
      runUntil(world, watch, step.atMs * NS_PER_MILLISECOND)
      STEPS[step.name](world, new Chance(`${plan.seed}/${step.seed}`))
      watch.noteMtus()
    }
    for (let ms = STEPS_MS; ms <= TRAFFIC_MS; ms += 500) runUntil(world, watch, ms * NS_PER_MILLISECOND)
    finish(world, watch, cell)
  } catch (error) {
    const { stack } = error as Error
    world.violations.push(stack?.split('\n').slice(0, 6).join('\n') ?? String(error))
  } finally {
    undo?.()
  }
  return { violations: world.violations, hash: sim.hash.digest(), events: sim.eventCount }
}

/** The same plan with as few steps as still break something. */
export function shrink(plan: Plan, fails: (plan: Plan) => boolean): Plan {
  let best = plan
  for (let size = Math.ceil(plan.steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.steps.length;) {
      const smaller: Plan = { ...best, steps: best.steps.toSpliced(at, size) }
      if (fails(smaller)) best = smaller
      else at += size
    }
  }
  return best
}

/** Runs to a time, and looks at the books there. */
function runUntil(world: World, watch: Watch, timeNs: number): void {
  const { sim } = world.lan
  if (timeNs > sim.nowNs || sim.nowNs === 0) {
    const end = sim.run(timeNs)
    if (end !== 'time' && end !== 'idle') throw new Error(`the run ended by ${end}: ${JSON.stringify(sim.limitReached)}`)
  }
  watch.checkBooks()
}

/** Applications go, what is periodic is switched off, and then nothing may be left: no event, no packet, no connection. */
function finish(world: World, watch: Watch, cell: Cell): void {
  const { sim } = world.lan
  const hosts = [...world.lan.hosts.values()]
  // The cell has all the time it wants.
  if (cell.isGood) runUntil(world, watch, sim.nowNs + 100 * NS_PER_SECOND)
  checkCell(world, cell)
  for (const host of hosts) {
    for (const listener of [...host.tcp.listeners()]) host.tcp.unlisten(listener)
    for (const entry of [...host.tcp.connections()]) if (entry instanceof TcpEndpoint) entry.abort()
  }
  for (const socket of world.sockets) socket.close()
  for (const { ping } of world.pings) ping.close()
  for (const director of directorsOf(world)) {
    director.host.sysctl.set('net.ipv4.vs.drop_entry', '0')
    director.apply({ kind: 'flush' })
  }
  runUntil(world, watch, sim.nowNs + 200 * NS_PER_SECOND)
  partTimeWaits(hosts)
  // Two hosts with one link-local address ask each other for it for ever: who answers a question to itself probes the asker.
  for (const host of hosts) host.sysctl.set('net.ipv6.conf.all.disable_ipv6', '1')
  if (sim.run(Infinity) !== 'idle') throw new Error(`the network finds no rest: ${JSON.stringify(sim.limitReached)}`)
  watch.checkBooks()
  if (sim.livePackets !== 0) complain(world, `${sim.livePackets} packets are alive when all is over`)
  for (const host of hosts) {
    if (host.ledger.held !== 0) complain(world, `${host.name} holds ${host.ledger.held} packets when all is over`)
    if (![...host.tcp.connections()].every((entry) => entry.state === 'CLOSE'))
      complain(world, `${host.name} has TCP connections when all is over`)
    for (const { name, neighbors } of host.devices) {
      if (neighbors?.entries().some(({ queue }) => queue.length > 0) === true)
        complain(world, `packets wait for a neighbor on ${host.name} ${name}`)
    }
    const left = host.netfilter.conntrack.table.entries(sim.nowNs + DAYS_NS).length
    if (left > 0) complain(world, `conntrack of ${host.name} keeps ${left} flows for ever`)
  }
  for (const { host, connections } of directorsOf(world)) {
    if (connections.table.size > 0)
      complain(world, `IPVS of ${host.name} keeps ${connections.table.size} connections for ever`)
  }
}

/**
 * Two ends in TIME_WAIT whose numbers a forged segment has set at odds answer and prolong each other for ever, on Linux, too,
 * if only once in 500 ms (tcp_timewait_state_process). Long after every endpoint is gone no others are left; these are silenced.
 */
function partTimeWaits(hosts: readonly Host[]): void {
  const left = hosts.flatMap((host) => [...host.tcp.connections()].filter((entry) => entry instanceof TimeWait))
  // One alone has nobody to prolong it.
  if (left.length > 1) for (const entry of left) entry.judge = () => 'ignore'
}

/** Looks on at the client of the cell, beside the watch. */
function watchClient(world: World, { client }: Cell): void {
  const contacts = new Contacts()
  for (const { nic } of client.devices) {
    if (nic === undefined) continue
    const before = nic.tap
    nic.tap = {
      onFrame: (at, direction, frame) => {
        before?.onFrame(at, direction, frame)
        if (frame.payload.kind === 'ip') contacts.see(world, direction, frame.payload)
      },
    }
  }
}
