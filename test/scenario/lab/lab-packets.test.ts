/**
 * Frames of tunnels as labs record them.
 * @module
 */
import { describe, expect, it } from 'vitest'
import { Nic } from '../../../src/link/nic.ts'
import { labPackets } from '../../../src/scenario/lab/lab-packets.ts'
import { Simulator } from '../../../src/sim/simulator.ts'
import { parseIpv4, type IpAddr, type MacAddr } from '../../../src/wire/address.ts'
import { ethernetFrame } from '../../../src/wire/frame.ts'
import { greBytes, grePacket } from '../../../src/wire/gre-packet.ts'
import {
  IPPROTO_GRE, IPPROTO_TCP, IPPROTO_UDP, ipPacket, type IpPacket, type IpPayload,
} from '../../../src/wire/ip-packet.ts'
import { NO_DATA, NO_TCP_OPTIONS, TCP_ACK, TCP_SYN, tcpBytes, tcpSegment } from '../../../src/wire/tcp-segment.ts'
import { gueDatagram, udpBytes } from '../../../src/wire/udp-datagram.ts'

const OPTIONS = { ...NO_TCP_OPTIONS, mss: 1460, windowScale: 7, sackPermitted: true }

function packetOf(protocol: number, payload: IpPayload, payloadBytes: number): IpPacket {
  return ipPacket({
    uid: 0, src: parseIpv4('10.0.0.1') as IpAddr, dst: parseIpv4('10.0.0.2') as IpAddr, protocol, payload, payloadBytes,
  })
}

/** A SYN of 52 bytes, or an ACK of 40. */
function segment(flags: number): IpPacket {
  const options = flags === TCP_SYN ? OPTIONS : NO_TCP_OPTIONS
  const payload = tcpSegment({ sport: 1, dport: 80 }, { seq: 5, ack: 0, window: 0 }, flags, options, NO_DATA)
  return packetOf(IPPROTO_TCP, payload, tcpBytes(payload))
}

function inGue(inner: IpPacket): IpPacket {
  const payload = gueDatagram({ sport: 40000, dport: 6080 }, { inner, hasChecksum: false })
  return packetOf(IPPROTO_UDP, payload, udpBytes(payload))
}

/** The record of a packet that one nic sent; `isTaken` when a kernel has taken its GUE header off. */
function recorded(packet: IpPacket, isTaken: boolean): unknown {
  const owner = { receiveFrame: () => undefined, name: 'a' }
  const nic = new Nic(new Simulator('1'), 'a.eth0', 1 as MacAddr, owner as never)
  const frame = ethernetFrame(2 as MacAddr, 1 as MacAddr, packet)
  const shortened = new Set(isTaken ? [packet] : [])
  const [record] = labPackets([{ nic, step: 0, direction: 'out', frame }], ['a.eth0'], { nics: [nic], shortened })['a.eth0'] ?? []
  return record?.['ip']
}

describe('the record of a GUE packet', () => {
  it('is whole where nobody took the header off', () => {
    // 20 + 8 + 4 + 52 bytes.
    expect(recorded(inGue(segment(TCP_SYN)), false)).toMatchObject({
      len: 84, udp: { sport: 40000, dport: 6080, len: 56 }, gue: { hdr: '00040000', proto: 4 },
      inner: { len: 52, tcp: { sport: 1, dport: 80, flags: 'S', len: 0, mss: 1460 } },
    })
  })

  it('is 12 bytes short where somebody did: of the header inside it has the first part only', () => {
    const ends = { src: '10.0.0.1', dst: '10.0.0.2', ttl: 64, df: true, proto: 'tcp' }
    // 20 of the 32 bytes of header are there: no option, and 12 bytes less than no data.
    expect(recorded(inGue(segment(TCP_SYN)), true)).toMatchObject({ len: 72, udp: { len: 56 } })
    expect(recorded(inGue(segment(TCP_SYN)), true)).toHaveProperty('inner', {
      ...ends, len: 52, tcp: { sport: 1, dport: 80, flags: 'S', seq: 0, ack: 0, len: -12 },
    })
    // 8 of 20 bytes: the ports.
    expect(recorded(inGue(segment(TCP_ACK)), true)).toHaveProperty('inner', { ...ends, len: 40, tcp: { sport: 1, dport: 80 } })
  })
})

describe('the record of a GRE packet', () => {
  it('has the header and the packet inside', () => {
    const payload = grePacket(segment(TCP_SYN), true)
    // 20 + 8 + 52 bytes.
    expect(recorded(packetOf(IPPROTO_GRE, payload, greBytes(payload)), false)).toMatchObject({
      proto: 'gre', len: 80, gre: { hdr: '80000800', proto: 2048 }, inner: { len: 52, tcp: { flags: 'S', len: 0, mss: 1460 } },
    })
  })
})
