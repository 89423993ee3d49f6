import { describe, expect, it } from 'vitest'
import { arpPacket } from '../../src/wire/arp-packet.ts'
import { encodePacket } from '../../src/wire/encode.ts'
import { ethernetFrame, pppFrame } from '../../src/wire/frame.ts'
import { grePacket } from '../../src/wire/gre-packet.ts'
import { icmpEcho, icmpError } from '../../src/wire/icmp-message.ts'
import { fragmentOf, type IpPacket, ipPacket, totalBytes } from '../../src/wire/ip-packet.ts'
import { SequenceView } from '../../src/wire/sequence-view.ts'
import {
  NO_TCP_OPTIONS, TCP_ACK, TCP_FIN, TCP_PSH, TCP_RST, TCP_SYN, type TcpOptions, tcpSegment,
} from '../../src/wire/tcp-segment.ts'
import { formatFrame, formatFrameBytes, formatPacket } from '../../src/wire/text.ts'
import { gueDatagram, udpDatagram } from '../../src/wire/udp-datagram.ts'
import { hex, ip, mac, packetOf } from './packets.ts'

// Every expected line was printed by tcpdump 4.99.3 for the same bytes, unless the test says otherwise.

const datagram = packetOf(udpDatagram({ sport: 1, dport: 5001 }, new Uint8Array(32)))
const client = mac('02:00:00:00:01:00')
const nobody = mac('00:00:00:00:00:00')
const everybody = mac('ff:ff:ff:ff:ff:ff')

function tcp(flags: number, dataBytes = 0, options: Partial<TcpOptions> = {}): IpPacket {
  const numbers = { seq: 10, ack: 20, window: 500 }
  const data = new Uint8Array(dataBytes)
  return packetOf(tcpSegment({ sport: 2, dport: 81 }, numbers, flags, { ...NO_TCP_OPTIONS, ...options }, data))
}

/** The line of an ICMP error about `quoted`, without its addresses. */
function errorLine(type: number, code: number, rest = 0, quoted = datagram): string {
  const line = formatPacket(packetOf(icmpError({ type, code, rest }, quoted, totalBytes(quoted))))
  return line.slice('IP 10.0.0.10 > 10.0.0.100: '.length)
}

function raw(protocol: number, bytes: string, ttl = 64): IpPacket {
  const data = hex(bytes)
  return ipPacket({
    uid: 0, src: ip('10.0.0.1'), dst: ip('224.0.0.18'), ttl, protocol, payload: { kind: 'raw', data }, payloadBytes: data.length,
  })
}

describe('the line of a TCP segment', () => {
  it('has flags, numbers, window, options and length', () => {
    const start = 'IP 10.0.0.10.2 > 10.0.0.100.81: Flags '
    expect(formatPacket(tcp(TCP_SYN))).toBe(`${start}[S], seq 10, win 500, length 0`)
    expect(formatPacket(tcp(TCP_SYN | TCP_ACK))).toBe(`${start}[S.], seq 10, ack 20, win 500, length 0`)
    expect(formatPacket(tcp(TCP_ACK))).toBe(`${start}[.], ack 20, win 500, length 0`)
    expect(formatPacket(tcp(TCP_PSH | TCP_ACK, 32))).toBe(`${start}[P.], seq 10:42, ack 20, win 500, length 32`)
    expect(formatPacket(tcp(TCP_FIN | TCP_ACK))).toBe(`${start}[F.], seq 10, ack 20, win 500, length 0`)
    expect(formatPacket(tcp(TCP_RST))).toBe(`${start}[R], seq 10, win 500, length 0`)
    expect(formatPacket(tcp(0))).toBe(`${start}[none], win 500, length 0`)
    expect(formatPacket(tcp(0xc2))).toBe(`${start}[SEW], seq 10, win 500, length 0`)
  })

  it('names the options in their order', () => {
    const optionsOf = (options: Partial<TcpOptions>) => /\[([^[]*)\], length/.exec(formatPacket(tcp(TCP_SYN, 0, options)))?.[1]
    const timestamps = { value: 1, echo: 2 }
    expect(optionsOf({ mss: 1460, sackPermitted: true, windowScale: 7 })).toBe('mss 1460,nop,nop,sackOK,nop,wscale 7')
    expect(optionsOf({ mss: 1460, sackPermitted: true, windowScale: 7, timestamps }))
      .toBe('mss 1460,sackOK,TS val 1 ecr 2,nop,wscale 7')
    expect(optionsOf({ timestamps, sack: [{ left: 1, right: 5 }, { left: 9, right: 12 }] }))
      .toBe('nop,nop,TS val 1 ecr 2,nop,nop,sack 2 {1:5}{9:12}')
    expect(optionsOf({ raw: hex('020405b4 01 030307 04020000') })).toBe('mss 1460,nop,wscale 7,sackOK,eol')
  })

  it('counts from the start of each direction when told to (tcpdump leaves a SYN as it is)', () => {
    const sequences = new SequenceView()
    const sack = [{ left: 25, right: 30 }]
    expect(formatPacket(tcp(TCP_SYN), { sequences })).toContain('[S], seq 0, win')
    // The first ACK, 20, counts as 1; so 25 and 30 are 6 and 11.
    expect(formatPacket(tcp(TCP_ACK, 4, { sack }), { sequences }))
      .toContain('seq 0:4, ack 1, win 500, options [nop,nop,sack 1 {6:11}]')
  })
})

describe('the line of other packets', () => {
  it('of UDP and IPIP', () => {
    expect(formatPacket(datagram)).toBe('IP 10.0.0.10.1 > 10.0.0.100.5001: UDP, length 32')
    expect(formatPacket(packetOf(datagram, { src: ip('10.0.0.2'), dst: ip('10.9.0.12') })))
      .toBe('IP 10.0.0.2 > 10.9.0.12: IP 10.0.0.10.1 > 10.0.0.100.5001: UDP, length 32')
  })

  it('of GRE with what is inside, and of GUE as of any datagram', () => {
    expect(formatPacket(packetOf(grePacket(datagram, false), { src: ip('10.0.0.2'), dst: ip('10.9.0.12') })))
      .toBe('IP 10.0.0.2 > 10.9.0.12: GREv0, length 64: IP 10.0.0.10.1 > 10.0.0.100.5001: UDP, length 32')
    // 8 bytes of header, 60 of packet.
    expect(formatPacket(packetOf(grePacket(datagram, true)))).toContain(': GREv0, length 68: IP 10.0.0.10.1 >')
    // 4 bytes of header, 60 of packet.
    expect(formatPacket(packetOf(gueDatagram({ sport: 40000, dport: 6080 }, { inner: datagram, hasChecksum: false }))))
      .toBe('IP 10.0.0.10.40000 > 10.0.0.100.6080: UDP, length 64')
    expect(formatPacket(raw(47, '3000 0800 00000007 00000009')))
      .toBe('IP 10.0.0.1 > 224.0.0.18: GREv0, key=0x7, seq 9, length 12: IP [|ip]')
    expect(formatPacket(raw(47, '0000 86dd'))).toBe('IP 10.0.0.1 > 224.0.0.18: GREv0, length 4: gre-proto-0x86dd')
    expect(formatPacket(raw(47, '0001 880b'))).toBe('IP 10.0.0.1 > 224.0.0.18: GREv1, length 4')
    expect(formatPacket(raw(47, '0000'))).toBe('IP 10.0.0.1 > 224.0.0.18: GREv0, length 2 [|gre]')
  })

  it('of an echo', () => {
    expect(formatPacket(packetOf(icmpEcho(8, 7, 3, new Uint8Array(56)))))
      .toBe('IP 10.0.0.10 > 10.0.0.100: ICMP echo request, id 7, seq 3, length 64')
    expect(formatPacket(packetOf(icmpEcho(0, 7, 3, new Uint8Array(56)))))
      .toBe('IP 10.0.0.10 > 10.0.0.100: ICMP echo reply, id 7, seq 3, length 64')
  })

  it('of an ICMP error says what the quoted packet was for', () => {
    expect(errorLine(3, 0)).toBe('ICMP net 10.0.0.100 unreachable, length 68')
    expect(errorLine(3, 1)).toBe('ICMP host 10.0.0.100 unreachable, length 68')
    expect(errorLine(3, 2)).toBe('ICMP 10.0.0.100 protocol 17 unreachable, length 68')
    expect(errorLine(3, 3)).toBe('ICMP 10.0.0.100 udp port 5001 unreachable, length 68')
    expect(errorLine(3, 3, 0, tcp(TCP_SYN))).toBe('ICMP 10.0.0.100 tcp port 81 unreachable, length 48')
    expect(errorLine(3, 4, 1400)).toBe('ICMP 10.0.0.100 unreachable - need to frag (mtu 1400), length 68')
    expect(errorLine(3, 4)).toBe('ICMP 10.0.0.100 unreachable - need to frag, length 68')
    expect(errorLine(3, 13)).toBe('ICMP host 10.0.0.100 unreachable - admin prohibited filter, length 68')
    expect(errorLine(3, 16)).toBe('ICMP 10.0.0.100 unreachable - #16, length 68')
    expect(errorLine(5, 0, ip('10.0.0.1'))).toBe('ICMP redirect 10.0.0.100 to net 10.0.0.1, length 68')
    expect(errorLine(5, 1, ip('10.0.0.1'))).toBe('ICMP redirect 10.0.0.100 to host 10.0.0.1, length 68')
    expect(errorLine(11, 0)).toBe('ICMP time exceeded in-transit, length 68')
    expect(errorLine(11, 1)).toBe('ICMP ip reassembly time exceeded, length 68')
    expect(errorLine(12, 0, 20 * 0x1000000)).toBe('ICMP parameter problem - octet 20, length 68')
  })

  it('of VRRP, IGMP and protocols without a model', () => {
    expect(formatPacket(raw(112, '21336401 0101 0000 0a000064 70617373 00000000', 255)))
      .toBe('IP 10.0.0.1 > 224.0.0.18: VRRPv2, Advertisement, vrid 51, prio 100, authtype simple, intvl 1s, length 20')
    expect(formatPacket(raw(112, '31336401 0064 0000 0a000064')))
      .toBe('IP 10.0.0.1 > 224.0.0.18: VRRPv3, Advertisement, (ttl 64), vrid 51, prio 100, intvl 100cs, length 12')
    expect(formatPacket(raw(2, '2200 0000 0000 0001'))).toBe('IP 10.0.0.1 > 224.0.0.18: igmp v3 report, 1 group record(s)')
    expect(formatPacket(raw(253, '0000'))).toBe('IP 10.0.0.1 > 224.0.0.18:  ip-proto-253 2')
  })

  it('of fragments: the first as a whole, the others without ports', () => {
    const whole = packetOf(udpDatagram({ sport: 40001, dport: 5000 }, new Uint8Array(2000)), { dontFragment: false })
    expect(formatPacket(fragmentOf(whole, { offsetBytes: 0, payloadBytes: 1480, more: true })))
      .toBe('IP 10.0.0.10.40001 > 10.0.0.100.5000: UDP, length 2000')
    expect(formatPacket(fragmentOf(whole, { offsetBytes: 1480, payloadBytes: 528, more: false })))
      .toBe('IP 10.0.0.10 > 10.0.0.100: ip-proto-17')
    const tunnelled = packetOf(tcp(TCP_PSH | TCP_ACK, 1460), { dontFragment: false })
    expect(formatPacket(fragmentOf(tunnelled, { offsetBytes: 0, payloadBytes: 1480, more: true }))).toBe(
      'IP 10.0.0.10 > 10.0.0.100: IP truncated-ip - 20 bytes missing! '
      + '10.0.0.10.2 > 10.0.0.100.81: Flags [P.], seq 10:1470, ack 20, win 500, length 1460')
  })
})

describe('the line of a frame', () => {
  const question = arpPacket(1, { sha: client, spa: ip('10.0.0.10') }, { tha: nobody, tpa: ip('10.0.0.100') })

  it('of ARP', () => {
    expect(formatFrame(ethernetFrame(everybody, client, question)))
      .toBe('ARP, Request who-has 10.0.0.100 tell 10.0.0.10, length 28')
    const announcement = arpPacket(1, { sha: client, spa: ip('10.0.0.100') }, { tha: everybody, tpa: ip('10.0.0.100') })
    expect(formatFrame(ethernetFrame(everybody, client, announcement)))
      .toBe('ARP, Request who-has 10.0.0.100 (ff:ff:ff:ff:ff:ff) tell 10.0.0.100, length 28')
    const answer = arpPacket(2, { sha: client, spa: ip('10.0.0.10') }, { tha: client, tpa: ip('10.0.0.100') })
    expect(formatFrame(ethernetFrame(client, client, answer))).toBe('ARP, Reply 10.0.0.10 is-at 02:00:00:00:01:00, length 28')
  })

  it('may begin with the link header', () => {
    const linkLevel = true
    expect(formatFrame(ethernetFrame(everybody, client, question), { linkLevel })).toBe(
      '02:00:00:00:01:00 > ff:ff:ff:ff:ff:ff, ethertype ARP (0x0806), length 42: '
      + 'Request who-has 10.0.0.100 tell 10.0.0.10, length 28')
    expect(formatFrame(ethernetFrame(mac('02:00:00:00:02:00'), client, datagram), { linkLevel })).toBe(
      '02:00:00:00:01:00 > 02:00:00:00:02:00, ethertype IPv4 (0x0800), length 74: 10.0.0.10.1 > 10.0.0.100.5001: UDP, length 32')
    expect(formatFrame(pppFrame(datagram), { linkLevel }))
      .toBe('IP (0x0021), length 62: 10.0.0.10.1 > 10.0.0.100.5001: UDP, length 32')
    expect(formatFrame(pppFrame(datagram))).toBe('IP 10.0.0.10.1 > 10.0.0.100.5001: UDP, length 32')
  })

  it('says where a captured frame was cut', () => {
    const bytes = Uint8Array.of(...hex('020000000200 020000000100 0800'), ...encodePacket(tcp(TCP_SYN)))
    expect(formatFrameBytes(bytes.subarray(0, 10), 'ethernet')).toBe('[|ether]')
    expect(formatFrameBytes(bytes.subarray(0, 24), 'ethernet')).toBe('IP [|ip]')
    // tcpdump has two spaces before a header that is cut.
    expect(formatFrameBytes(bytes.subarray(0, 44), 'ethernet'))
      .toBe('IP truncated-ip - 10 bytes missing! 10.0.0.10.2 > 10.0.0.100.81: [|tcp]')
    expect(formatFrameBytes(bytes.subarray(0, 34), 'ethernet'))
      .toBe('IP truncated-ip - 20 bytes missing! 10.0.0.10 > 10.0.0.100: [|tcp]')
  })

  it('names an ethertype without a model', () => {
    expect(formatFrameBytes(hex('020000000200 020000000100 88a8 6000'), 'ethernet')).toBe('ethertype 0x88a8, length 2')
  })
})
