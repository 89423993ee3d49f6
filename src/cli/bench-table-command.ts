/**
 * `lvsim bench table`: what a lookup in the connection table costs, against the kernel's layouts and a `Map`. Each contestant has
 * a process of its own; they work in turn, round by round, so that a busy minute of the machine meets all of them.
 * @module
 */
import { type ChildProcess, fork } from 'node:child_process'
import { err, ok, type Result } from '../base/result.ts'
import { SLOTS_MAX } from '../connection-table/slots.ts'
import type { Flow, WorkloadOptions } from '../connection-table/workload.ts'
import { isIpv6 } from '../wire/address.ts'
import { readCapturedFlow } from '../wire/captured-flow.ts'
import { readCapture } from '../wire/pcap.ts'
import { CONTESTANTS, type ContestantName } from './bench-contestants.ts'
import { CHILD_PATH, type ChildOrder, type Filled, type Timing } from './bench-table-child.ts'
import { type ContestantReport, type TableReport, contestantReport, tableText } from './bench-table-text.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { readBytes } from './files.ts'
import { noiseWarning } from './noise.ts'
import { print, say } from './terminal.ts'

/** Options as they come from the command line. */
export interface BenchTableFlags {
  readonly connections: string
  readonly hitRate: string
  readonly distribution: string
  readonly churn: string
  readonly mode: string
  readonly load: string
  readonly tabBits: string
  readonly rounds: string
  readonly seed: string
  readonly against: string
  readonly pcap?: string
  readonly growing?: boolean
  readonly json?: boolean
}

/** A `Map` of texts takes some 150 bytes for each, and V8 ends at 2^24 of them. */
const MAP_CONNECTIONS_MAX = 4_000_000
const CONNECTIONS_MAX = 60_000_000
const PORTS = 64_512
/** Slots that growth moves for each insertion; see `SlotIndex`. */
const MOVED_PER_STEP = 16

/** What is measured, checked. */
interface Plan {
  readonly workload: WorkloadOptions
  readonly loadMax: number
  readonly tabBits: number
  readonly rounds: number
  readonly names: readonly ContestantName[]
  readonly isGrowing: boolean
}

/** Measures, and prints what came out. */
export async function benchTableCommand(flags: BenchTableFlags): Promise<ExitCode> {
  const plan = readPlan(flags)
  if (!plan.ok) {
    say(`lvsim bench table: ${plan.error.message}`)
    return plan.error.code
  }
  const reports = await measure(plan.value)
  const { workload, loadMax, tabBits, rounds, isGrowing } = plan.value
  const { flows, ...rest } = workload
  const report: TableReport = {
    ...rest, flows: flows?.length ?? 0, loadMax, tabBits, rounds, growing: isGrowing, contestants: reports,
  }
  if (flags.json === true) {
    await print(`${JSON.stringify({ schemaVersion: 1, kind: 'bench-table', ...report }, undefined, 2)}\n`)
  } else {
    await print(tableText(report))
  }
  const warning = noiseWarning(Math.max(...reports.map(({ spread }) => spread)))
  if (warning !== undefined) say(warning)
  return EXIT.ok
}

/** Lets all contestants fill their tables, and then work in turn. The first round does not count. */
async function measure(plan: Plan): Promise<ContestantReport[]> {
  const children = plan.names.map((name) => ({
    name, process: fork(CHILD_PATH, [], { execArgv: ['--expose-gc', '--max-old-space-size=12288'] }), timings: [] as Timing[],
  }))
  try {
    const filled: Filled[] = []
    for (const child of children) filled.push(await ask<Filled>(child.process, orderFor(plan, child.name)))
    for (let round = 0; round <= plan.rounds; round++) {
      for (const child of children) {
        const timing = await ask<Timing>(child.process, 'round')
        if (round > 0) child.timings.push(timing)
      }
    }
    return children.map(({ name, timings }, i) =>
      contestantReport(name, plan.workload.connections, filled[i] as Filled, timings))
  } finally {
    for (const child of children) child.process.disconnect()
  }
}

function orderFor({ workload, loadMax, tabBits, isGrowing }: Plan, name: ContestantName): ChildOrder {
  const places = workload.connections * (workload.mode === 'nat' ? 2 : 1)
  // Growth begins at the capacity, and takes capacity / load / 16 insertions: half of it is over when all are in.
  const capacity = isGrowing ? Math.floor(places / (1 + 1 / (2 * MOVED_PER_STEP * loadMax))) : places
  return { name, workload, table: { seed: workload.seed, capacity, loadMax, tabBits } }
}

/** The answer of a child to a message. Fails when the child ends without one. */
function ask<T>(child: ChildProcess, message: ChildOrder | 'round'): Promise<T> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`a contestant of the bench ended with ${code}`))
    child.once('exit', onExit)
    child.once('message', (answer) => {
      child.off('exit', onExit)
      resolve(answer as T)
    })
    child.send(message)
  })
}

interface Refusal {
  readonly code: ExitCode
  readonly message: string
}

function readPlan(flags: BenchTableFlags): Result<Plan, Refusal> {
  const usage = (message: string): Result<Plan, Refusal> => err({ code: EXIT.usage, message })
  const connections = numberIn(flags.connections, 1, CONNECTIONS_MAX)
  const rounds = numberIn(flags.rounds, 1, 1000)
  const tabBits = numberIn(flags.tabBits, 8, 27)
  const seed = numberIn(flags.seed, 0, 0xffff_ffff)
  if (connections === undefined || rounds === undefined || tabBits === undefined || seed === undefined) {
    return usage(`--connections is 1..${CONNECTIONS_MAX}, --rounds 1..1000, --tab-bits 8..27, --seed 0..4294967295`)
  }
  const [hitRate, churn, loadMax] = [shareIn(flags.hitRate, 0), shareIn(flags.churn, 0), shareIn(flags.load, 0.125)]
  if (hitRate === undefined || churn === undefined || loadMax === undefined || loadMax > 0.75) {
    return usage('--hit-rate and --churn are 0..1, --load is 0.125..0.75')
  }
  const { distribution, mode } = flags
  if (distribution !== 'uniform' && distribution !== 'zipf') return usage('--distribution is uniform or zipf')
  if (mode !== 'nat' && mode !== 'dr') return usage('--mode is nat or dr')
  const names = readNames(flags.against)
  if (names === undefined) return usage(`--against is a list of ${CONTESTANTS.slice(1).join(', ')}`)
  if (names.includes('slots-batch') && churn > 0) return usage('slots-batch looks up and does nothing else: no --churn')
  if (names.includes('map') && connections > MAP_CONNECTIONS_MAX) {
    return usage(`a Map holds at most ${MAP_CONNECTIONS_MAX} connections here: name others with --against`)
  }
  if (connections * (mode === 'nat' ? 2 : 1) / loadMax > SLOTS_MAX) {
    return usage(`a table has at most ${SLOTS_MAX} slots: fewer connections, or a greater --load`)
  }
  const flows = flags.pcap === undefined ? ok(undefined) : readFlows(flags.pcap)
  if (!flows.ok) return flows
  if (flows.value !== undefined && flows.value.length * PORTS < 2 * connections) {
    const pairs = flows.value.length
    return usage(`${flags.pcap} has ${pairs} pairs of an IPv4 client and a service: enough for ${pairs * PORTS / 2}`)
  }
  const given = flows.value === undefined ? {} : { flows: flows.value }
  const workload = { seed, connections, hitRate, distribution, churn, mode, ...given } as const
  return ok({ workload, loadMax, tabBits, rounds, names, isGrowing: flags.growing === true })
}

/** Slots, then those that are named, each once. */
function readNames(text: string): ContestantName[] | undefined {
  const words = text === 'none' ? [] : text.split(',')
  const names = CONTESTANTS.filter((name) => name === 'slots' || words.includes(name))
  return words.every((word) => names.some((name) => name === word)) ? names : undefined
}

/** Clients and services of a capture, each pair once. The side with the higher port is the client. */
function readFlows(path: string): Result<Flow[], Refusal> {
  const bytes = readBytes(path)
  if (!bytes.ok) return err({ code: EXIT.io, message: `${path}: ${bytes.error.message}` })
  const capture = readCapture(bytes.value)
  if (!capture.ok) return err({ code: EXIT.invalid, message: `${path}: ${capture.error.message}` })
  const flows = new Map<string, Flow>()
  for (const frame of capture.value.frames) {
    const linkType = capture.value.interfaces[frame.interfaceIndex]?.linkType ?? 0
    const flow = readCapturedFlow(frame.bytes, linkType, frame.wireBytes)
    if (flow === undefined || isIpv6(flow.src) || isIpv6(flow.dst)) continue
    const { src, dst, sport, dport } = flow
    const [caddr, vaddr, vport] = sport >= dport ? [src, dst, dport] : [dst, src, sport]
    const protocol = flow.protocol === 'tcp' ? 6 : 17
    flows.set([protocol, caddr, vaddr, vport].join(), { protocol, caddr, vaddr, vport })
  }
  if (flows.size === 0) return err({ code: EXIT.invalid, message: `${path}: no TCP or UDP over IPv4` })
  return ok([...flows.values()])
}

function numberIn(text: string, min: number, max: number): number | undefined {
  const value = Number(text)
  return /^\d+$/.test(text) && value >= min && value <= max ? value : undefined
}

function shareIn(text: string, min: number): number | undefined {
  const value = Number(text)
  return /^\d*\.?\d+$/.test(text) && value >= min && value <= 1 ? value : undefined
}
