/**
 * lvsim: a deterministic, packet-level simulator of Linux Virtual Server clusters.
 *
 * A program gives the text of a scenario file to `runScenarioText` or `compareScenarioText`, with the bytes of the captures that
 * it names, and gets plain data back. Nothing is read or written; the same text, seed and version give the same hash on every
 * engine. `validateScenarioText` tells what is wrong with a text without running it. A `Scheduler` of the program's own is
 * brought by a function that makes one for a service, under the name that `ipvsadm -s` knows it by. `measureFairness` compares
 * schedulers over millions of connections, without packets.
 * @module
 */
export { type Err, type Ok, type Result } from './base/result.ts'
export { type LimitReached } from './sim/limits.ts'
export { type RequestOutcome, type RequestRecord } from './app/outcome.ts'
export { type Distribution } from './fairness/distribution.ts'
export { measureFairness } from './fairness/fairness.ts'
export { type ArrivalLaw, type FairnessOptions, type FairnessProblem } from './fairness/options.ts'
export {
  type FairnessComparison, type FairnessResult, type FairnessSetting, type SchedulerFairness, type ServerFairness,
} from './fairness/result.ts'
export { type Discipline } from './fairness/simulator.ts'
export { type DropReason, DROP_REASONS } from './host/ip-service.ts'
export { type RulesPatch } from './ipvs/control/history.ts'
export {
  type UserDestination as Destination, type UserFlow as Flow, type UserPool as Pool, type UserScheduler as Scheduler,
  type UserSchedulerFactory as SchedulerFactory,
} from './ipvs/scheduler/user-scheduler.ts'
export { type Estimate } from './measure/batches.ts'
export { type DelaySummary } from './measure/delays.ts'
export { type PickWindow } from './measure/pick-windows.ts'
export { measureFairnessByPackets } from './scenario/fairness-packets.ts'
export { PROBLEM_CODES, type ProblemCode } from './scenario/problem-codes.ts'
export { type Problem, renderProblem } from './scenario/problems.ts'
export {
  type CheckResult, type CommandOutput, type HostResult, type LinkResult, type NicResult, type RulesChangeResult,
  type RulesHistory, type RunResult, type RunWarning, type TrafficResult,
} from './scenario/result.ts'
export { type Mode, MODES } from './scenario/schema-check.ts'
export { compareScenarioText, runScenarioText, type SimulateOptions, validateScenarioText } from './scenario/simulate.ts'
export { type UserSchedulers as Schedulers } from './scenario/user-schedulers.ts'
export { type Capture, type CapturedFrame, type CaptureError, type CaptureInterface } from './wire/capture.ts'
export { type Framing } from './wire/encode.ts'
export { readCapture } from './wire/pcap.ts'
