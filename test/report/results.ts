/**
 * A hand-made result of a run, for the tests of what is written about runs.
 * @module
 */
import type { RequestRecord } from '../../src/app/outcome.ts'
import type { HostResult, RunResult } from '../../src/scenario/result.ts'

/** A request of client1 that is answered by rs1 after 2 ms with 1000 bytes, unless said otherwise. */
export function requestOf(changes: Partial<RequestRecord> = {}): RequestRecord {
  return {
    client: 'client1', startNs: 0, connectedNs: 1_000_000, firstByteNs: 2_000_000, endNs: 2_000_000, outcome: 'ok',
    answeredBy: 'rs1', bytes: 1000, status: 200, ...changes,
  }
}

/** A host without packets. */
export function hostOf(name: string, changes: Partial<HostResult> = {}): HostResult {
  return {
    name, packets: { received: 0, originated: 0, sent: 0, consumed: 0, dropped: 0, held: 0 }, drops: {},
    arp: { requestsSent: 0, repliesSent: 0 }, nics: [], cpu: undefined, ...changes,
  }
}

/** A run in which nothing happened. */
export function resultOf(changes: Partial<RunResult> = {}): RunResult {
  return {
    scenario: 'web', mode: 'dr', seed: '42', hash: '0123456789abcdef', endNs: 1_250_000_000, events: 12_345,
    frames: { sent: 1, duplicated: 0, delivered: 1, lost: 0, inFlight: 0 }, trafficStartNs: 250_000_000,
    setup: [], observations: [], traffic: [], hosts: [], links: [], rules: [], checks: [], warnings: [], limit: undefined,
    problem: undefined, ...changes,
  }
}
