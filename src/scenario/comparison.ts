/**
 * What one run of a cluster comes to in plain numbers, so that its modes can be laid side by side. Everything is read off the
 * result of the run: the ledgers of hosts and links, and the requests.
 * @module
 */
import { present } from '../base/assert.ts'
import type { DropReason } from '../host/ip-service.ts'
import type { HostResult, LinkResult, RunResult } from './result.ts'
import type { Mode } from './schema-check.ts'
import { compareNames, summariseRequests, type RequestSummary } from './traffic-summary.ts'

/** Packets by the ledger of a host, and the bytes of all its frames (ARP among them), link headers included. */
export interface Passed {
  readonly packets: number
  readonly bytes: number
}

/** The busiest processor or direction of a link, and the share of the time of traffic that it was busy, 0..1. */
export interface Bottleneck {
  readonly kind: 'cpu' | 'link'
  /** Name of the host, or of the direction: `lan>rs1.eth0`. */
  readonly name: string
  readonly share: number
}

/** One mode in numbers. */
export interface ModeSummary {
  readonly mode: Mode | undefined
  readonly hash: string
  /** All items of traffic together. */
  readonly requests: RequestSummary
  readonly director: {
    readonly name: string
    readonly into: Passed
    readonly outOf: Passed
    /** Undefined for a director whose packets cost nothing. `share` is of the time of traffic, 0..1. */
    readonly cpu: { readonly share: number, readonly queuePeakFrames: number, readonly droppedFrames: number } | undefined
  }
  /** Frames that nics sent into each segment or point-to-point link, in the order of the scenario. Floods count once. */
  readonly frames: readonly { readonly group: string, readonly count: number }[]
  /** ARP requests and replies sent by all hosts. */
  readonly arp: { readonly requests: number, readonly replies: number }
  /** Packets dropped by all hosts, by reason, in the order of names. */
  readonly drops: readonly { readonly reason: DropReason, readonly count: number }[]
  readonly lostFrames: number
  /** Undefined when nothing was busy, or there was no traffic. */
  readonly bottleneck: Bottleneck | undefined
}

/** Sums up a run. `director` must be a host of it. */
export function summariseMode(result: RunResult, director: string): ModeSummary {
  const requests = summariseRequests(result.traffic.flatMap((item) => item.requests))
  const periodNs = requests.endNs - requests.startNs
  const host = present(result.hosts.find(({ name }) => name === director), `host ${director}`)
  const { cpu, packets: { received, sent } } = host
  return {
    mode: result.mode, hash: result.hash, requests,
    director: {
      name: director,
      into: { packets: received, bytes: host.nics.reduce((sum, nic) => sum + nic.rxBytes, 0) },
      outOf: { packets: sent, bytes: host.nics.reduce((sum, nic) => sum + nic.txBytes, 0) },
      cpu: cpu === undefined ? undefined : {
        share: shareOf(cpu.busyNs, periodNs), queuePeakFrames: cpu.queuePeakFrames, droppedFrames: cpu.droppedFrames,
      },
    },
    frames: framesByGroup(result.links),
    arp: {
      requests: result.hosts.reduce((sum, { arp }) => sum + arp.requestsSent, 0),
      replies: result.hosts.reduce((sum, { arp }) => sum + arp.repliesSent, 0),
    },
    drops: sumDrops(result.hosts), lostFrames: result.frames.lost, bottleneck: findBottleneck(result, periodNs),
  }
}

/** A name with a dot is a nic, one without a segment. */
function framesByGroup(links: readonly LinkResult[]): ModeSummary['frames'] {
  const counts = new Map<string, number>()
  for (const { name, sentFrames } of links) {
    const [from = '', to = ''] = name.split('>')
    if (!from.includes('.')) continue
    // The two directions of a point-to-point link are one group, named after the direction that comes first.
    const group = !to.includes('.') ? to : counts.has(`${to}-${from}`) ? `${to}-${from}` : `${from}-${to}`
    counts.set(group, (counts.get(group) ?? 0) + sentFrames)
  }
  return [...counts].map(([group, count]) => ({ group, count }))
}

function sumDrops(hosts: readonly HostResult[]): ModeSummary['drops'] {
  const counts = new Map<DropReason, number>()
  for (const [reason, count] of hosts.flatMap(({ drops }) => Object.entries(drops) as [DropReason, number][])) {
    counts.set(reason, (counts.get(reason) ?? 0) + count)
  }
  return [...counts].map(([reason, count]) => ({ reason, count })).sort((a, b) => compareNames(a.reason, b.reason))
}

/** The busiest of all; of equals, processors come first, then what comes first in the scenario. */
function findBottleneck({ hosts, links }: RunResult, periodNs: number): Bottleneck | undefined {
  const busy: Bottleneck[] = [
    ...hosts.flatMap(({ name, cpu }) => cpu === undefined ? []
      : [{ kind: 'cpu' as const, name, share: shareOf(cpu.busyNs, periodNs) }]),
    ...links.map(({ name, busyNs }) => ({ kind: 'link' as const, name, share: shareOf(busyNs, periodNs) })),
  ]
  let most: Bottleneck | undefined
  for (const one of busy) if (one.share > (most?.share ?? 0)) most = one
  return most
}

/** What was busy before traffic began or after it ended counts too: this is never less than the truth, and 1 at most. */
function shareOf(busyNs: number, periodNs: number): number {
  return periodNs > 0 ? Math.min(1, busyNs / periodNs) : 0
}
