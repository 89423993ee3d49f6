/**
 * `lvsim bench engine`: packet-hops per second of CPU time. A hop is one frame that crosses one link. CPU time is that of the
 * whole process (compiler and garbage collector included) while the simulator runs; building the network is not counted.
 * @module
 */
import { fork } from 'node:child_process'
import { err, ok, type Result } from '../base/result.ts'
import {
  ENGINE_BENCH_FLOWS_MAX, EngineBench, type EngineBenchOptions, type EngineBenchResult, engineBenchFault,
} from '../scenario/bench-engine.ts'
import { BENCH_FORWARDS, BENCH_NETWORKS } from '../scenario/bench-network.ts'
import { BENCH_TRAFFICS, type BenchTrafficKind } from '../scenario/bench-traffic.ts'
import { type EngineReport, engineText } from './bench-engine-text.ts'
import { CHILD_PATH } from './bench-memory-child.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { nowRunning } from './failure.ts'
import { noiseWarning } from './noise.ts'
import { print, say } from './terminal.ts'

/** Options as they come from the command line. */
export interface BenchEngineFlags {
  readonly traffic: string
  readonly network: string
  readonly forward: string
  readonly servers: string
  /** As many as the traffic is measured with, unless given. */
  readonly requests?: string
  readonly flows?: string
  /** The first is not counted, unless it is the only one: the compiler is still at work. */
  readonly rounds: string
  readonly json?: boolean
}

const COUNT_MAX = 100_000_000
const REQUESTS: Readonly<Record<BenchTrafficKind, string>> = { udp: '2000000', tcp: '50000', hold: '100000' }

interface Round {
  readonly cpuSeconds: number
  readonly result: EngineBenchResult
}

/** Runs the scenario several times and prints what it cost. Fails when two rounds did not come to the same. */
export async function benchEngineCommand(flags: BenchEngineFlags): Promise<ExitCode> {
  const plan = readPlan(flags)
  if (!plan.ok) {
    say(`lvsim bench engine: ${plan.error}`)
    return EXIT.usage
  }
  const { options, roundCount } = plan.value
  const rounds: Round[] = []
  for (let i = 0; i < roundCount; i++) {
    showProgress(`round ${i + 1} of ${roundCount} ...`)
    rounds.push(runOnce(options))
  }
  showProgress('')
  const first = rounds[0] as Round
  if (rounds.some((round) => round.result.hash !== first.result.hash)) {
    say('lvsim bench engine: two rounds of one scenario gave two hashes')
    return EXIT.nondeterministic
  }
  const memory = options.traffic === 'hold' ? { bytesPerConnection: await measureMemory(options) } : {}
  const report: EngineReport = { ...options, ...first.result, ...summary(rounds), ...memory }
  if (flags.json === true) {
    await print(`${JSON.stringify({ schemaVersion: 1, kind: 'bench-engine', ...report }, undefined, 2)}\n`)
    return EXIT.ok
  }
  await print(engineText(report))
  const warning = noiseWarning(report.spread)
  if (warning !== undefined) say(warning)
  return EXIT.ok
}

function runOnce(options: EngineBenchOptions): Round {
  const bench = new EngineBench(options)
  nowRunning({ seed: bench.sim.seed, moment: () => ({ timeNs: bench.sim.nowNs, events: bench.sim.eventCount }) })
  const before = process.cpuUsage()
  const result = bench.run()
  const { user, system } = process.cpuUsage(before)
  return { cpuSeconds: (user + system) / 1e6, result }
}

/** Bytes that each connection takes, in a process of its own: it is told when to collect garbage. */
function measureMemory(options: EngineBenchOptions): Promise<number> {
  const child = fork(CHILD_PATH, [], { execArgv: ['--expose-gc', '--max-old-space-size=12288'] })
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the process that measures memory ended with ${code}`)))
    child.once('message', (bytes) => {
      resolve(bytes as number)
      child.disconnect()
    })
    child.send(options)
  })
}

/** Says on a terminal what goes on; an empty text takes it away. */
function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

function summary(rounds: readonly Round[]): Omit<EngineReport, keyof (EngineBenchOptions & EngineBenchResult)> {
  const cpuSeconds = rounds.map((round) => round.cpuSeconds)
  const counted = rounds.length === 1 ? cpuSeconds : cpuSeconds.slice(1)
  const sorted = [...counted].sort((a, b) => a - b)
  const [shortest, longest] = [sorted[0] as number, sorted[sorted.length - 1] as number]
  const upper = sorted[sorted.length >> 1] as number
  const medianCpuSeconds = sorted.length % 2 === 1 ? upper : (upper + (sorted[(sorted.length >> 1) - 1] as number)) / 2
  const { hops, answers } = (rounds[0] as Round).result
  return {
    cpuSeconds, medianCpuSeconds, hopsPerCpuSecond: Math.round(hops / medianCpuSeconds),
    answersPerCpuSecond: Math.round(answers / medianCpuSeconds),
    nsPerHop: Math.round(medianCpuSeconds / hops * 1e9), spread: (longest - shortest) / medianCpuSeconds,
  }
}

interface Plan {
  readonly options: EngineBenchOptions & Required<Pick<EngineBenchOptions, 'traffic' | 'network' | 'forward'>>
  readonly roundCount: number
}

function readPlan(flags: BenchEngineFlags): Result<Plan, string> {
  const traffic = BENCH_TRAFFICS.find((name) => name === flags.traffic)
  const network = BENCH_NETWORKS.find((name) => name === flags.network)
  const forward = BENCH_FORWARDS.find((name) => name === flags.forward)
  if (traffic === undefined || network === undefined || forward === undefined) {
    return err(`--traffic is ${BENCH_TRAFFICS.join(', ')}; --network ${BENCH_NETWORKS.join(', ')}; `
      + `--forward ${BENCH_FORWARDS.join(', ')}`)
  }
  const servers = numberIn(flags.servers, 1, COUNT_MAX)
  const requests = numberIn(flags.requests ?? REQUESTS[traffic], traffic === 'udp' ? 2 * (servers ?? 1) : 1, COUNT_MAX)
  const roundCount = numberIn(flags.rounds, 1, 1000)
  const flows = flags.flows === undefined ? 1 : numberIn(flags.flows, 1, ENGINE_BENCH_FLOWS_MAX)
  if (servers === undefined || requests === undefined || roundCount === undefined || flows === undefined) {
    return err('--servers is 1..1000 (10000 with --network ptp), '
      + `--requests ${traffic === 'udp' ? '2 for each server' : '1'}..${COUNT_MAX}, --rounds 1..1000, `
      + `--flows 1..${ENGINE_BENCH_FLOWS_MAX}`)
  }
  const options = { traffic, network, forward, servers, requests, ...(flags.flows === undefined ? {} : { flows }) }
  const fault = engineBenchFault(options)
  return fault === undefined ? ok({ options, roundCount }) : err(fault)
}

function numberIn(text: string, min: number, max: number): number | undefined {
  const value = Number(text)
  return /^\d+$/.test(text) && value >= min && value <= max ? value : undefined
}
