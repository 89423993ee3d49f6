/**
 * How much memory an open connection takes: in a process of its own, that can be told to collect garbage. It is told by a
 * message which scenario of `lvsim bench engine` to run, and answers with the bytes.
 * @module
 */
import { fileURLToPath } from 'node:url'
import { NS_PER_SECOND } from '../base/units.ts'
import { EngineBench, type EngineBenchOptions } from '../scenario/bench-engine.ts'

const IDLE_NS = 2 * NS_PER_SECOND
/** A collection frees what the one before has found to be unused. */
const COLLECTIONS = 3

/** The file to fork. */
export const CHILD_PATH = fileURLToPath(import.meta.url)

if (process.send !== undefined && process.argv[1] === CHILD_PATH) {
  process.once('message', (options: EngineBenchOptions) => process.send?.(bytesPerConnection(options)))
}

/** From half of the connections to all of them: what is there before the first is not theirs. */
function bytesPerConnection(options: EngineBenchOptions): number {
  const half = Math.ceil(options.requests / 2)
  // The first one meets code that is not compiled yet.
  for (let i = 0; i < 2; i++) grownBytes({ ...options, requests: half })
  const added = options.requests - half
  return (grownBytes(options) - grownBytes({ ...options, requests: half })) / Math.max(1, added)
}

/** What a run leaves on the heap and in typed arrays. */
function grownBytes(options: EngineBenchOptions): number {
  const bench = new EngineBench(options)
  const before = usedBytes()
  bench.run()
  // Until the timers of the handshakes have gone: what is left belongs to connections that are open and idle.
  bench.sim.run(bench.sim.nowNs + IDLE_NS)
  const grown = usedBytes() - before
  // Kept alive until here.
  return bench.sim.eventCount > 0 ? grown : 0
}

function usedBytes(): number {
  for (let i = 0; i < COLLECTIONS; i++) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
