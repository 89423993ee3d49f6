/**
 * What a run came to: plain data, ready to be shown, compared and written. Times are nanoseconds since the start of the run.
 * @module
 */
import type { RequestRecord } from '../app/outcome.ts'
import type { DropReason } from '../host/ip-service.ts'
import type { RulesPatch } from '../ipvs/control/history.ts'
import type { LimitReached } from '../sim/limits.ts'
import type { Mode } from './schema-check.ts'
import type { Problem } from './problems.ts'

/** The requests of one item of traffic. */
export interface TrafficResult {
  readonly name: string
  readonly kind: string
  readonly requests: readonly RequestRecord[]
}

/** A command and what it printed. */
export interface CommandOutput {
  /** Of an observation; of others, what kind of command it was. */
  readonly name: string
  readonly host: string
  readonly command: string
  readonly atNs: number
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
  /** Which command of a script said what of `stderr`, in order; not for what the shell itself said. */
  readonly complaints: readonly { readonly command: string, readonly text: string }[]
}

/** What a command does beside what the tool says of it: an admin should know. */
export interface RunWarning {
  readonly host: string
  readonly command: string
  readonly text: string
}

/** Whether an expectation held. */
export interface CheckResult {
  /** The expectation in words. */
  readonly text: string
  readonly passed: boolean
  /** What was found, in words. */
  readonly actual: string
  readonly file: string
  readonly line: number
}

/** What one nic carried. */
export interface NicResult {
  readonly name: string
  readonly rxFrames: number
  readonly rxBytes: number
  readonly txFrames: number
  readonly txBytes: number
}

/** What one host did with packets. */
export interface HostResult {
  readonly name: string
  readonly packets: {
    readonly received: number, readonly originated: number, readonly sent: number
    readonly consumed: number, readonly dropped: number
    readonly held: number
  }
  readonly drops: Readonly<Partial<Record<DropReason, number>>>
  readonly arp: { readonly requestsSent: number, readonly repliesSent: number }
  readonly nics: readonly NicResult[]
  /** Undefined for a host whose packets cost nothing. */
  readonly cpu: { readonly busyNs: number, readonly queuePeakFrames: number, readonly droppedFrames: number } | undefined
}

/** What one direction of a link carried. */
export interface LinkResult {
  /** `client.eth0>lan`. */
  readonly name: string
  readonly sentFrames: number
  readonly sentBytes: number
  readonly deliveredFrames: number
  readonly lostFrames: number
  /** Time spent sending bits. */
  readonly busyNs: number
}

/** A command that changed the rules of IPVS on a host. */
export interface RulesChangeResult {
  readonly atNs: number
  /** As a command line with all its options, by numbers. */
  readonly command: string
  /** Commands that made what is no longer so. */
  readonly removed: readonly string[]
  /** Commands that would make what is new. */
  readonly added: readonly string[]
  /** From the tree of rules before to the one after, and back. */
  readonly patches: readonly RulesPatch[]
  readonly inversePatches: readonly RulesPatch[]
}

/** How the rules of IPVS on one host came to be, the oldest change first. */
export interface RulesHistory {
  readonly host: string
  readonly changes: readonly RulesChangeResult[]
}

/** One run. */
export interface RunResult {
  readonly scenario: string
  readonly mode: Mode | undefined
  readonly seed: string
  readonly hash: string
  readonly endNs: number
  readonly events: number
  /** Frames on all links together. */
  readonly frames: {
    readonly sent: number, readonly duplicated: number, readonly delivered: number, readonly lost: number
    readonly inFlight: number
  }
  /** When traffic began: all `setup` was over. */
  readonly trafficStartNs: number
  readonly setup: readonly CommandOutput[]
  readonly observations: readonly CommandOutput[]
  readonly traffic: readonly TrafficResult[]
  readonly hosts: readonly HostResult[]
  readonly links: readonly LinkResult[]
  /** Of hosts whose rules have changed. */
  readonly rules: readonly RulesHistory[]
  readonly checks: readonly CheckResult[]
  /** In the order of the commands, each once. */
  readonly warnings: readonly RunWarning[]
  /** The limit that ended it early. */
  readonly limit: LimitReached | undefined
  /** What stopped it because lvsim does not model it, or because it was wrong in a way that only running shows. */
  readonly problem: Problem | undefined
}
