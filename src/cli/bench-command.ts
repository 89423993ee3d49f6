/**
 * `lvsim bench engine`: packet-hops per second of CPU time. A hop is one frame that crosses one link. CPU time is that of the
 * whole process (compiler and garbage collector included) while the simulator runs; building the network is not counted.
 * @module
 */
import { nsToSeconds } from '../base/units.ts'
import { EngineBench, type EngineBenchResult } from '../scenario/bench-engine.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { nowRunning } from './failure.ts'
import { print, say } from './terminal.ts'

/** Options as they come from the command line. */
export interface BenchEngineFlags {
  readonly servers: string
  readonly requests: string
  /** The first is not counted: the compiler is still at work. */
  readonly rounds: string
  readonly json?: boolean
}

/** Rounds that differ by more than this share of the median say more about the machine than about lvsim. */
const NOISE_SHARE_MAX = 0.1

interface Round {
  readonly cpuSeconds: number
  readonly result: EngineBenchResult
}

/** Runs the scenario several times and prints what it cost. Fails when two rounds did not come to the same. */
export async function benchEngineCommand(flags: BenchEngineFlags): Promise<ExitCode> {
  const servers = numberIn(flags.servers, 1, 1000)
  const requests = numberIn(flags.requests, 2 * (servers ?? 1), 100_000_000)
  const roundCount = numberIn(flags.rounds, 2, 1000)
  if (servers === undefined || requests === undefined || roundCount === undefined) {
    say('lvsim bench engine: --servers is 1..1000, --requests 2 for each server..100000000, --rounds 2..1000')
    return EXIT.usage
  }
  const rounds: Round[] = []
  for (let i = 0; i < roundCount; i++) rounds.push(runOnce(servers, requests))
  const first = rounds[0] as Round
  if (rounds.some((round) => round.result.hash !== first.result.hash)) {
    say('lvsim bench engine: two rounds of one scenario gave two hashes')
    return EXIT.nondeterministic
  }
  const report = { servers, requests, ...first.result, ...summary(rounds) }
  if (flags.json === true) {
    await print(`${JSON.stringify({ schemaVersion: 1, kind: 'bench-engine', ...report }, undefined, 2)}\n`)
    return EXIT.ok
  }
  await print(asText(report))
  if (report.spread > NOISE_SHARE_MAX) {
    say(`The machine is noisy: the counted rounds differ by ${(report.spread * 100).toFixed(0)} %.`)
    say('Close what else runs, or keep to one core (taskset -c 1).')
  }
  return EXIT.ok
}

function runOnce(servers: number, requests: number): Round {
  const bench = new EngineBench({ servers, requests })
  nowRunning({ seed: bench.sim.seed, moment: () => ({ timeNs: bench.sim.nowNs, events: bench.sim.eventCount }) })
  const before = process.cpuUsage()
  const result = bench.run()
  const { user, system } = process.cpuUsage(before)
  return { cpuSeconds: (user + system) / 1e6, result }
}

interface Summary {
  /** CPU time of every round, the one that is not counted first. */
  readonly cpuSeconds: readonly number[]
  /** Of the counted rounds. */
  readonly medianCpuSeconds: number
  readonly hopsPerCpuSecond: number
  readonly nsPerHop: number
  /** Longest less shortest counted round, as a share of the median. */
  readonly spread: number
}

function summary(rounds: readonly Round[]): Summary {
  const cpuSeconds = rounds.map((round) => round.cpuSeconds)
  const sorted = cpuSeconds.slice(1).sort((a, b) => a - b)
  const [shortest, longest] = [sorted[0] as number, sorted[sorted.length - 1] as number]
  const upper = sorted[sorted.length >> 1] as number
  const medianCpuSeconds = sorted.length % 2 === 1 ? upper : (upper + (sorted[(sorted.length >> 1) - 1] as number)) / 2
  const hops = (rounds[0] as Round).result.hops
  return {
    cpuSeconds, medianCpuSeconds, hopsPerCpuSecond: Math.round(hops / medianCpuSeconds),
    nsPerHop: Math.round(medianCpuSeconds / hops * 1e9), spread: (longest - shortest) / medianCpuSeconds,
  }
}

function asText(report: EngineBenchResult & Summary & { readonly servers: number, readonly requests: number }): string {
  const { servers, requests, hops, answers, lost, events, hash } = report
  return [
    `${servers} servers, ${requests} requests, ${hops} packet-hops`,
    '',
    'round        CPU s   ns/hop   hops per CPU second',
    ...report.cpuSeconds.map((seconds, i) => row(i === 0 ? 'warm-up' : String(i), seconds, hops)),
    row('median', report.medianCpuSeconds, hops),
    '',
    `answers ${answers}, lost ${lost}, events ${events}, end ${nsToSeconds(report.endNs).toFixed(6)} s, hash ${hash}`,
    '',
  ].join('\n')
}

function row(name: string, seconds: number, hops: number): string {
  const cost = [seconds.toFixed(3).padStart(8), (seconds / hops * 1e9).toFixed(0).padStart(7)]
  return [name.padEnd(7), ...cost, (hops / seconds).toFixed(0).padStart(12)].join('  ')
}

function numberIn(text: string, min: number, max: number): number | undefined {
  const value = Number(text)
  return /^\d+$/.test(text) && value >= min && value <= max ? value : undefined
}
