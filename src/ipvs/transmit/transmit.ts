/**
 * Sending a packet of a connection by the method of the connection, which is that of its destination when it was made.
 * @module
 */
import type { IpPacket } from '../../wire/ip-packet.ts'
import type { IpvsParts } from '../parts.ts'
import { transmitBypass } from './bypass.ts'
import { transmitDirect } from './direct.ts'
import { transmitNat } from './nat.ts'
import { transmitTunnel } from './tunnel.ts'
import type { Sending } from './way.ts'

/** Sends a packet. Returns it only when the real server is the director itself: the host then delivers it. */
export function transmit(parts: IpvsParts, sending: Sending): IpPacket | undefined {
  switch (sending.connection.method) {
    case 'nat': return transmitNat(parts, sending)
    case 'dr': return transmitDirect(parts, sending)
    case 'tun': return transmitTunnel(parts, sending)
    case 'bypass': return transmitBypass(parts, sending)
  }
}
