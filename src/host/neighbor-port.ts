/**
 * How the neighbor tables of a host reach it: what becomes of packets that wait, and who is told when nobody answers.
 * @module
 */
import { isIpv6 } from '../wire/address.ts'
import { ICMP_UNREACHABLE, UNREACHABLE_HOST } from '../wire/icmp-message.ts'
import type { Device } from './device.ts'
import type { Host } from './host.ts'
import type { NeighborPort } from './neighbor-table.ts'

const NO_ANSWER = { type: ICMP_UNREACHABLE, code: UNREACHABLE_HOST, rest: 0 }

/** The port of a table of `device`, which exists by the time it is used; `solicit` asks by the protocol called `what`. */
export function neighborPort(
  host: Host, device: () => Device, by: { readonly what: string, readonly solicit: NeighborPort['solicit'] },
): NeighborPort {
  return {
    solicit: by.solicit,
    transmit: (packet, mac) => host.transmitFrame(device(), packet, mac),
    release: (packet, mac) => {
      host.release(packet)
      host.transmitFrame(device(), packet, mac)
    },
    giveUp: (packet, reason) => {
      host.release(packet)
      if (reason === 'neighbor-failed' && isIpv6(packet.dst)) host.ipv6.icmp.sendError(packet, NO_ANSWER)
      else if (reason === 'neighbor-failed') host.icmp.sendError(packet, NO_ANSWER, true)
      host.drop(packet, reason)
    },
    hold: (packet) => {
      host.trace?.decision(host, packet, { by: 'neighbor', text: `waits for an answer to ${by.what} on ${device().name}` })
      host.hold(packet)
    },
  }
}
