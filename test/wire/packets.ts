/**
 * Packets for the tests of the codec, and bytes in hexadecimal.
 * @module
 */
import { type IpAddr, type MacAddr, parseIpv4, parseMac } from '../../src/wire/address.ts'
import { greBytes, type GrePacket } from '../../src/wire/gre-packet.ts'
import { type IcmpMessage, icmpBytes } from '../../src/wire/icmp-message.ts'
import {
  IPPROTO_GRE, IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_IPIP, IPPROTO_TCP, IPPROTO_UDP, type IpPacket, ipPacket, type IpPacketFields,
  totalBytes,
} from '../../src/wire/ip-packet.ts'
import { tcpBytes, type TcpSegment } from '../../src/wire/tcp-segment.ts'
import { udpBytes, type UdpDatagram } from '../../src/wire/udp-datagram.ts'

/** The address; throws on anything else. */
export function ip(text: string): IpAddr {
  const addr = parseIpv4(text)
  if (addr === undefined) throw new Error(`${text} is no address`)
  return addr
}

/** As `ip`, of a MAC address. */
export function mac(text: string): MacAddr {
  const addr = parseMac(text)
  if (addr === undefined) throw new Error(`${text} is no address`)
  return addr
}

/** Bytes of hexadecimal text; blanks do not count. */
export function hex(text: string): Uint8Array {
  const digits = text.replaceAll(/\s/g, '')
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => parseInt(digits.slice(2 * i, 2 * i + 2), 16))
}

/** The other way: pairs of digits with a blank between. */
export function dump(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
}

/** A packet that carries this, from 10.0.0.10 to 10.0.0.100 unless said otherwise. */
export function packetOf(
  payload: TcpSegment | UdpDatagram | IcmpMessage | IpPacket | GrePacket, fields: Partial<IpPacketFields> = {},
): IpPacket {
  const addrs = { uid: 0, src: ip('10.0.0.10'), dst: ip('10.0.0.100') }
  switch (payload.kind) {
    case 'tcp': return ipPacket({ ...addrs, protocol: IPPROTO_TCP, payload, payloadBytes: tcpBytes(payload), ...fields })
    case 'udp': return ipPacket({ ...addrs, protocol: IPPROTO_UDP, payload, payloadBytes: udpBytes(payload), ...fields })
    case 'icmp':
    case 'icmpv6': return ipPacket({
      ...addrs, protocol: payload.kind === 'icmp' ? IPPROTO_ICMP : IPPROTO_ICMPV6, payload, payloadBytes: icmpBytes(payload),
      ...fields,
    })
    case 'ip': return ipPacket({ ...addrs, protocol: IPPROTO_IPIP, payload, payloadBytes: totalBytes(payload), ...fields })
    case 'gre': return ipPacket({ ...addrs, protocol: IPPROTO_GRE, payload, payloadBytes: greBytes(payload), ...fields })
  }
}
