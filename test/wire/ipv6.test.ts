import { describe, expect, it } from 'vitest'
import {
  formatIp, inPrefix, isLinkLocal, isLoopback, isMulticast, linkLocalOf, multicastMacOf, networkOf, parseIp, parseMac,
  solicitedNodeOf, type IpAddr, type MacAddr,
} from '../../src/wire/address.ts'
import { decodeFrame, decodePacket } from '../../src/wire/decode.ts'
import { encodeFrame, encodePacket } from '../../src/wire/encode.ts'
import { ethernetFrame, pppFrame } from '../../src/wire/frame.ts'
import {
  ICMPV6_ECHO_REQUEST, ICMPV6_TOO_BIG, ICMPV6_UNREACHABLE, icmpBytes, icmpEcho, icmpError, UNREACHABLE_V6_PORT,
} from '../../src/wire/icmp-message.ts'
import {
  fragmentOf, IPPROTO_ICMPV6, IPPROTO_TCP, IPPROTO_UDP, ipPacket, totalBytes, type IpPacket, type IpPayload,
} from '../../src/wire/ip-packet.ts'
import { neighborAdvertisement, neighborBytes, neighborSolicitation } from '../../src/wire/neighbor-message.ts'
import { NO_DATA, NO_TCP_OPTIONS, TCP_SYN, tcpBytes, tcpSegment } from '../../src/wire/tcp-segment.ts'
import { formatFrame, formatPacket } from '../../src/wire/text.ts'
import { udpBytes, udpDatagram } from '../../src/wire/udp-datagram.ts'
import { dump } from './packets.ts'

const ip = (text: string): IpAddr => parseIp(text) as IpAddr
const mac = parseMac('02:00:00:00:02:00') as MacAddr

function packet(protocol: number, payload: IpPayload, payloadBytes: number, ttl = 64): IpPacket {
  return ipPacket({ uid: 1, src: ip('fd00::10'), dst: ip('fd00::100'), protocol, payload, payloadBytes, ttl })
}

const syn = tcpSegment({ sport: 40_001, dport: 80 }, { seq: 5, ack: 0, window: 64_800 }, TCP_SYN, NO_TCP_OPTIONS, NO_DATA)
const datagram = udpDatagram({ sport: 40_001, dport: 53 }, new Uint8Array(2_000))

describe('IPv6 addresses', () => {
  it('show an IPv4 address inside in its own form', () => {
    const texts = ['::ffff:10.0.0.1', '::10.0.0.1', '::1', '::2:1', '::ffff:0:10.0.0.1', '64:ff9b::a00:1']
    expect(texts.map((text) => formatIp(ip(text)))).toEqual(
      ['::ffff:10.0.0.1', '::10.0.0.1', '::1', '::0.2.0.1', '::ffff:0:a00:1', '64:ff9b::a00:1'])
  })

  it('lie in networks as their first bits say', () => {
    expect(formatIp(networkOf(ip('fd00:1:2:3:4:5:6:7'), 64))).toBe('fd00:1:2:3::')
    expect(formatIp(networkOf(ip('fd00:1:2:3:4:5:6:7'), 44))).toBe('fd00:1::')
    expect(formatIp(networkOf(ip('fd00::1'), 0))).toBe('::')
    expect(inPrefix(ip('fd00::1'), ip('fd00::ffff'), 64)).toBe(true)
    expect(inPrefix(ip('fd00::1'), ip('fd01::1'), 64)).toBe(false)
    expect(inPrefix(ip('fd00::1'), ip('10.0.0.1'), 0)).toBe(false)
  })

  it('follow from a MAC address, and lead to a group and its MAC address', () => {
    expect(formatIp(linkLocalOf(mac))).toBe('fe80::ff:fe00:200')
    expect(isLinkLocal(linkLocalOf(mac))).toBe(true)
    expect(isLinkLocal(ip('fec0::1'))).toBe(false)
    expect(formatIp(solicitedNodeOf(ip('fd00::1:2345:6789')))).toBe('ff02::1:ff45:6789')
    expect(multicastMacOf(ip('ff02::1:ff00:100'))).toBe(0x3333ff000100)
    expect(isMulticast(ip('ff02::1'))).toBe(true)
    expect(isMulticast(ip('fd00::1'))).toBe(false)
    expect(isLoopback(ip('::1'))).toBe(true)
  })
})

describe('IPv6 on the wire', () => {
  it('is a fixed header, and checksums over the addresses', () => {
    // 0x6000 0000, 20 bytes, next header 6, 64 hops; the checksum:
    // fd00 + 10 + fd00 + 100 + 14 + 6 = 1fb2a; 9c41 + 50 + 5 + 5002 + fd20 = 1e9b8; 3e4e2 -> e4e5; its complement is 1b1a.
    expect(dump(encodePacket(packet(IPPROTO_TCP, syn, tcpBytes(syn))))).toBe(
      '60 00 00 00 00 14 06 40 fd 00 00 00 00 00 00 00 00 00 00 00 00 00 00 10 fd 00 00 00 00 00 00 00 00 00 00 00 00 00 01 00 '
      + '9c 41 00 50 00 00 00 05 00 00 00 00 50 02 fd 20 1b 1a 00 00',
    )
  })

  it.each<[string, IpPacket, string]>([
    [
      'a segment', packet(IPPROTO_TCP, syn, tcpBytes(syn)),
      'IP6 fd00::10.40001 > fd00::100.80: Flags [S], seq 5, win 64800, length 0',
    ],
    ['a datagram', packet(IPPROTO_UDP, datagram, udpBytes(datagram)), 'IP6 fd00::10.40001 > fd00::100.53: UDP, length 2000'],
    [
      'an echo request', packet(IPPROTO_ICMPV6, icmpEcho(ICMPV6_ECHO_REQUEST, 7, 1, new Uint8Array(56)), 64),
      'IP6 fd00::10 > fd00::100: ICMP6, echo request, id 7, seq 1, length 64',
    ],
    [
      'a solicitation', packet(IPPROTO_ICMPV6, neighborSolicitation(ip('fd00::100'), mac), 32, 255),
      'IP6 fd00::10 > fd00::100: ICMP6, neighbor solicitation, who has fd00::100, length 32',
    ],
    [
      'an advertisement without option',
      packet(IPPROTO_ICMPV6, neighborAdvertisement(ip('fd00::10'), undefined,
        { isRouter: true, isSolicited: true, isOverride: false }), 24, 255),
      'IP6 fd00::10 > fd00::100: ICMP6, neighbor advertisement, tgt is fd00::10, length 24',
    ],
  ])('carries %s, reads it again, and prints it as tcpdump does', (_, sent, text) => {
    const frame = ethernetFrame(mac, mac, sent)
    const bytes = encodeFrame(frame)
    expect(bytes).toHaveLength(14 + totalBytes(sent))
    expect(decodeFrame(bytes, 'ethernet', 1)).toEqual({ ok: true, value: frame })
    expect(formatFrame(frame)).toBe(text)
    expect(decodeFrame(encodeFrame(pppFrame(sent)), 'ppp', 1)).toEqual({ ok: true, value: pppFrame(sent) })
  })

  it('quotes packets in errors', () => {
    const quoted = packet(IPPROTO_UDP, datagram, udpBytes(datagram))
    const unreachable = icmpError({ type: ICMPV6_UNREACHABLE, code: UNREACHABLE_V6_PORT, rest: 0 }, quoted, totalBytes(quoted))
    const sent = packet(IPPROTO_ICMPV6, unreachable, icmpBytes(unreachable))
    expect(decodePacket(encodePacket(sent), 1)).toEqual({ ok: true, value: sent })
    expect(formatPacket(sent)).toBe('IP6 fd00::10 > fd00::100: ICMP6, destination unreachable, unreachable port,'
      + ' fd00::100 udp port 53, length 2056')
    const tooBig = icmpError({ type: ICMPV6_TOO_BIG, code: 0, rest: 1400 }, quoted, 1232)
    expect(formatPacket(packet(IPPROTO_ICMPV6, tooBig, icmpBytes(tooBig)))).toBe(
      'IP6 fd00::10 > fd00::100: ICMP6, packet too big, mtu 1400, length 1240',
    )
  })

  it('has a further header in fragments', () => {
    const whole = { ...packet(IPPROTO_UDP, datagram, udpBytes(datagram)), ident: 0x12345678 }
    const first = fragmentOf(whole, { offsetBytes: 0, payloadBytes: 1448, more: true })
    const last = fragmentOf(whole, { offsetBytes: 1448, payloadBytes: 560, more: false })
    expect(totalBytes(first)).toBe(40 + 8 + 1448)
    expect(dump(encodePacket(first)).slice(18, 20)).toBe('2c')
    expect(dump(encodePacket(last).subarray(40, 48))).toBe('11 00 05 a8 12 34 56 78')
    const read = decodePacket(encodePacket(last), 1)
    expect(read).toMatchObject({
      ok: true, value: { fragmentOffsetBytes: 1448, moreFragments: false, ident: 0x12345678, protocol: 17 },
    })
    expect(formatPacket(first)).toBe('IP6 fd00::10 > fd00::100: frag (0|1448) 40001 > 53: UDP, length 2000')
    expect(formatPacket(last)).toBe('IP6 fd00::10 > fd00::100: frag (1448|560)')
  })

  it('is refused with a flow label, and when it is cut', () => {
    const bytes = encodePacket(packet(IPPROTO_TCP, syn, tcpBytes(syn)))
    expect(decodePacket(bytes.subarray(0, 39), 1)).toMatchObject({ ok: false, error: { code: 'truncated' } })
    expect(decodePacket(bytes.subarray(0, 59), 1)).toMatchObject({ ok: false, error: { code: 'truncated' } })
    bytes[3] = 1
    expect(decodePacket(bytes, 1)).toMatchObject({ ok: false, error: { code: 'ipv6-header' } })
  })

  it('says the length of neighbor messages', () => {
    expect(neighborBytes(neighborSolicitation(ip('fd00::1'), undefined))).toBe(24)
    expect(neighborBytes(neighborSolicitation(ip('fd00::1'), mac))).toBe(32)
  })
})
