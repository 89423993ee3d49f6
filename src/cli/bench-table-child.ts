/**
 * One contestant of `lvsim bench table`, in a process of its own: so that the compiler sees no other, and CPU time and memory
 * are its own. It is told by messages what to do, and answers each.
 * @module
 */
import { fileURLToPath } from 'node:url'
import { Workload, type WorkloadOptions } from '../connection-table/workload.ts'
import { type Contestant, type ContestantName, type ContestantOptions, makeContestant } from './bench-contestants.ts'

/** The file to fork. */
export const CHILD_PATH = fileURLToPath(import.meta.url)

/** What a child is told first. */
export interface ChildOrder {
  readonly name: ContestantName
  readonly workload: WorkloadOptions
  readonly table: ContestantOptions
}

/** Time of one piece of work. */
export interface Timing {
  readonly operations: number
  /** CPU time of the process for each operation, ns. */
  readonly cpuNs: number
  /** Wall time for each operation, ns, in groups of `GROUP`: the median, the 99th percentile, the slowest. */
  readonly percentilesNs: readonly [p50: number, p99: number, slowest: number]
}

/** A filled table. */
export interface Filled {
  readonly insert: Timing
  readonly bytes: { readonly index: number, readonly records: number } | undefined
  /** What the process has grown by. */
  readonly residentBytes: number
  readonly isGrowing: boolean
  readonly probes: number | undefined
}

/** Operations that are timed together. */
export const GROUP = 1024
/** Of a round: enough to be timed, and on a large table enough to leave the caches. */
const OPERATIONS = 1 << 17
const OPERATIONS_OF_LARGE = 1 << 20
const LARGE_CONNECTIONS = 500_000
/** A round ends after this much time, so that slow tables end too. */
const ROUND_NS_MAX = 400_000_000
const WARM_UP_CONNECTIONS = 4096
const WARM_UP_ROUNDS = 4
const PROBED = 4096

if (process.send !== undefined && process.argv[1] === CHILD_PATH) serve()

function serve(): void {
  let contestant: Contestant | undefined
  let workload: Workload | undefined
  process.on('message', (message: ChildOrder | 'round') => {
    if (message !== 'round') {
      warmUp(message)
      workload = new Workload(message.workload)
      const filled = fill(message, workload)
      contestant = filled.contestant
      process.send?.(filled.report)
    } else if (contestant !== undefined && workload !== undefined) {
      process.send?.(runSome(contestant, workload, workload.keyCount >= 2 * LARGE_CONNECTIONS ? OPERATIONS_OF_LARGE : OPERATIONS))
    }
  })
  // Whoever asked has gone.
  process.on('disconnect', () => process.exit(0))
}

/** Lets the compiler see all operations on a small table. */
function warmUp({ name, workload, table }: ChildOrder): void {
  const options = { ...workload, connections: Math.min(WARM_UP_CONNECTIONS, workload.connections) }
  const small = new Workload({ ...withoutFlows(options), churn: name === 'slots-batch' ? 0 : Math.max(0.1, workload.churn) })
  const contestant = makeContestant(name, small, options.connections, { ...table, capacity: 0 })
  for (let i = 0; i < options.connections; i++) contestant.insert(i)
  for (let i = 0; i < WARM_UP_ROUNDS; i++) runSome(contestant, small, 65_536)
}

function withoutFlows({ flows: _, ...rest }: WorkloadOptions): WorkloadOptions {
  return rest
}

function fill(order: ChildOrder, workload: Workload): { readonly contestant: Contestant, readonly report: Filled } {
  const { connections } = order.workload
  const before = residentAfterCollection()
  const contestant = makeContestant(order.name, workload, connections, order.table)
  const insert = timed(connections, Infinity, (from, to) => {
    for (let i = from; i < to; i++) contestant.insert(i)
  })
  const residentBytes = residentAfterCollection() - before
  const probes = contestant.probes(workload.operations(Math.min(PROBED, connections), contestant.replaced))
  return { contestant, report: { insert, bytes: contestant.bytes, residentBytes, isGrowing: contestant.isGrowing, probes } }
}

/** Memory of the process without garbage: it is forked with --expose-gc. */
function residentAfterCollection(): number {
  globalThis.gc?.()
  return process.memoryUsage.rss()
}

/** Does operations, and looks that each lookup found what it had to. */
function runSome(contestant: Contestant, workload: Workload, count: number): Timing {
  const operations = workload.operations(count, contestant.replaced)
  let hits = 0
  const timing = timed(count, ROUND_NS_MAX, (from, to) => {
    hits += contestant.run(operations, from, to)
  })
  const expected = operations.hits.subarray(0, timing.operations).reduce((sum, hit) => sum + hit, 0)
  if (hits !== expected) throw new Error(`${hits} lookups found something, and ${expected} had to`)
  return timing
}

/** Does `count` operations in groups, or as many groups as fit in the time. */
function timed(count: number, nsMax: number, run: (from: number, to: number) => void): Timing {
  const groups = new Float64Array(Math.ceil(count / GROUP))
  const cpu = process.cpuUsage()
  const start = performance.now()
  let done = 0, group = 0, last = start
  while (done < count && (last - start) * 1e6 < nsMax) {
    const to = Math.min(count, done + GROUP)
    run(done, to)
    const now = performance.now()
    groups[group++] = (now - last) * 1e6 / (to - done)
    last = now
    done = to
  }
  const { user, system } = process.cpuUsage(cpu)
  const sorted = groups.subarray(0, group).sort()
  const at = (share: number): number => sorted[Math.min(group - 1, Math.floor(group * share))] as number
  return { operations: done, cpuNs: (user + system) * 1000 / done, percentilesNs: [at(0.5), at(0.99), at(1)] }
}
