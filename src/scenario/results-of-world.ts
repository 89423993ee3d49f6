/**
 * Reads off a world what its hosts and links have done.
 * @module
 */
import { DROP_REASONS, type DropReason } from '../host/ip-service.ts'
import type { HostResult, LinkResult } from './result.ts'
import type { World } from './world.ts'

/** What each host did, in the order of the scenario. */
export function hostResults(world: World): HostResult[] {
  return [...world.hosts.values()].map((host) => {
    const { received, originated, sent, consumed, dropped, held } = host.ledger
    const drops: Partial<Record<DropReason, number>> = {}
    for (const reason of DROP_REASONS) {
      const count = host.drops.get(reason)
      if (count !== undefined) drops[reason] = count
    }
    const nics = host.devices.flatMap(({ nic }) => nic === undefined ? [] : [{
      name: nic.name, rxFrames: nic.rxFrames, rxBytes: nic.rxBytes, txFrames: nic.txFrames, txBytes: nic.txBytes,
    }])
    const { cpu, arp } = host
    return {
      name: host.name, packets: { received, originated, sent, consumed, dropped, held }, drops, nics,
      arp: { requestsSent: arp.requestsSent, repliesSent: arp.repliesSent },
      cpu: cpu === undefined ? undefined
        : { busyNs: cpu.busyNs, queuePeakFrames: cpu.queuedFramesPeak, droppedFrames: cpu.droppedFrames },
    }
  })
}

/** What each direction of each link carried, in the order in which the nics were plugged in. */
export function linkResults(world: World): LinkResult[] {
  const seen = new Set<string>()
  return [...world.cables.values()].flatMap(({ up, down }) => [up, down]).filter(({ name }) => !seen.has(name) && seen.add(name))
    .map(({ name, sentFrames, sentBytes, deliveredFrames, lostFrames, busyNs }) => (
      { name, sentFrames, sentBytes, deliveredFrames, lostFrames, busyNs }))
}
