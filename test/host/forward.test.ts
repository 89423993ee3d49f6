/**
 * A router: what it forwards, and every reason not to.
 * @module
 */
import { beforeEach, describe, expect, it } from 'vitest'
import { NS_PER_SECOND } from '../../src/base/units.ts'
import type { Host } from '../../src/host/host.ts'
import { MAC_BROADCAST, type MacAddr } from '../../src/wire/address.ts'
import { ethernetFrame } from '../../src/wire/frame.ts'
import type { IpPacket } from '../../src/wire/ip-packet.ts'
import { udpDatagram } from '../../src/wire/udp-datagram.ts'
import { addressTo, datagram, deviceOf, ip, Lan, ping, routeTo, setMtu, setSysctl, setUp } from '../support/lan.ts'

let lan: Lan
let client: Host
let router: Host
let server: Host

beforeEach(() => {
  lan = new Lan()
  client = lan.host('client', {
    devices: { eth0: { segment: 'out', addrs: ['10.0.0.10/24'] } }, routes: ['default via 10.0.0.1'],
  })
  router = lan.host('router', {
    devices: { eth0: { segment: 'out', addrs: ['10.0.0.1/24'] }, eth1: { segment: 'in', addrs: ['10.1.0.1/24'] } },
    sysctl: { ip_forward: 1 },
  })
  server = lan.host('server', { devices: { eth0: { segment: 'in', addrs: ['10.1.0.10/24'] } }, routes: ['default via 10.1.0.1'] })
})

/** The lines at a nic that tell of IP packets, after 100 ms. */
function ipLines(nic: string): string[] {
  lan.runFor(100_000_000)
  return lan.takeLines(nic).filter((line) => !line.includes('ARP'))
}

/** Reasons of the drops of a host, with their counts. */
function drops(host: Host): Record<string, number> {
  return Object.fromEntries(host.drops)
}

describe('a router', () => {
  it('takes one from the TTL, puts its own address on the frame, and asks ARP on either side', () => {
    ping(client, '10.1.0.10')
    lan.runFor(1_000_000)
    const sent = lan.takeFrames('router.eth1').filter(({ line }) => line.startsWith('>'))
    expect(sent.map(({ line }) => line)).toEqual([
      '> ARP, Request who-has 10.1.0.10 tell 10.1.0.1, length 28',
      '> IP 10.0.0.10 > 10.1.0.10: ICMP echo request, id 7, seq 1, length 64',
    ])
    const [src, dst] = [deviceOf(router, 'eth1').config.mac, deviceOf(server, 'eth0').config.mac]
    expect(sent[1]?.frame).toMatchObject({ src, dst, payload: { ttl: 63 } })
    expect(ipLines('client.eth0').at(-1)).toBe('< IP 10.1.0.10 > 10.0.0.10: ICMP echo reply, id 7, seq 1, length 64')
    expect(lan.imbalances()).toEqual([])
  })

  it('forwards a TTL of 2 and answers one of 1 with time exceeded', () => {
    ping(client, '10.1.0.10', { ttl: 2 })
    ping(client, '10.1.0.10', { ttl: 1, sequence: 2 })
    expect(ipLines('client.eth0').filter((line) => line.startsWith('<'))).toEqual([
      '< IP 10.0.0.1 > 10.0.0.10: ICMP time exceeded in-transit, length 92',
      '< IP 10.1.0.10 > 10.0.0.10: ICMP echo reply, id 7, seq 1, length 64',
    ])
    expect(drops(router)).toEqual({ 'ttl-exceeded': 1 })
  })

  it('says how narrow the next link is to who forbids fragments', () => {
    setMtu(router, 'eth1', 1400)
    ping(client, '10.1.0.10', { dataBytes: 1372 })
    ping(client, '10.1.0.10', { dataBytes: 1373, sequence: 2 })
    expect(ipLines('client.eth0').filter((line) => line.startsWith('<'))).toEqual([
      '< IP 10.0.0.1 > 10.0.0.10: ICMP 10.1.0.10 unreachable - need to frag (mtu 1400), length 556',
      '< IP 10.1.0.10 > 10.0.0.10: ICMP echo reply, id 7, seq 1, length 1380',
    ])
    expect(drops(router)).toEqual({ 'too-big': 1 })
  })

  it('cuts the packet of who does not', () => {
    setMtu(router, 'eth1', 1000)
    ping(client, '10.1.0.10', { dataBytes: 1400, dontFragment: false })
    lan.runFor(1_000_000)
    // 1,408 bytes in pieces of 976 (980 less 4) and 432.
    const sizes = lan.takeFrames('server.eth0').filter(({ line }) => line.startsWith('< IP')).map(({ frame }) => frame.bytes - 34)
    expect(sizes).toEqual([976, 432])
    expect([router.ledger.fragmented, server.ledger.reassembled, lan.imbalances()]).toEqual([1, 1, []])
    expect(ipLines('client.eth0').filter((line) => line.startsWith('<'))).toHaveLength(1)
  })

  it('drops what it has no route for, and says so', () => {
    ping(client, '192.0.2.1')
    expect(ipLines('client.eth0').at(-1)).toBe('< IP 10.0.0.1 > 10.0.0.10: ICMP net 192.0.2.1 unreachable, length 92')
    expect(drops(router)).toEqual({ 'no-route': 1 })
  })

  it('tells the sender when the neighbor does not answer', () => {
    ping(client, '10.1.0.77')
    lan.runFor(4 * NS_PER_SECOND)
    expect(ipLines('client.eth0').at(-1)).toBe('< IP 10.0.0.1 > 10.0.0.10: ICMP host 10.1.0.77 unreachable, length 92')
    expect(drops(router)).toEqual({ 'neighbor-failed': 1 })
  })

  it('stops in silence when ip_forward is 0, or forwarding of the device alone', () => {
    setSysctl(router, 'eth0.forwarding', 0)
    ping(client, '10.1.0.10')
    setSysctl(router, 'eth0.forwarding', 1)
    setSysctl(router, 'ip_forward', 0)
    ping(client, '10.1.0.10')
    expect(ipLines('client.eth0').filter((line) => line.startsWith('<'))).toEqual([])
    expect(drops(router)).toEqual({ 'not-forwarding': 2 })
  })

  it('refuses a source that is its own, and one that rp_filter does not believe', () => {
    const thief = lan.host('thief', {
      devices: { eth0: { segment: 'out', addrs: ['10.0.0.66/24', '10.1.0.1/32', '10.1.0.77/32'] } },
      routes: ['10.1.0.10 via 10.0.0.1'], sysctl: { 'all.arp_announce': 2 },
    })
    ping(thief, '10.1.0.10', { src: '10.1.0.1' })
    lan.runFor(1_000_000)
    expect(drops(router)).toEqual({ 'martian-source': 1 })
    setSysctl(router, 'eth0.rp_filter', 1)
    ping(thief, '10.1.0.10', { src: '10.1.0.77' })
    lan.runFor(1_000_000)
    expect(drops(router)).toEqual({ 'martian-source': 1, 'rp-filter': 1 })
  })

  it('refuses what no wire should carry', () => {
    const [device, peer] = [deviceOf(client, 'eth0'), deviceOf(router, 'eth0')]
    for (const [src, dst] of [
      ['127.0.0.1', '10.1.0.10'], ['224.0.0.1', '10.1.0.10'], ['255.255.255.255', '10.1.0.10'], ['0.0.0.0', '10.0.0.1'],
      ['0.1.2.3', '10.0.0.1'],
      ['10.0.0.10', '127.0.0.1'], ['10.0.0.10', '0.1.2.3'], ['10.0.0.10', '224.0.0.18'],
    ] as const) {
      client.transmitFrame(device, { ...sample(), src: ip(src), dst: ip(dst) }, peer.config.mac)
    }
    lan.runFor(1_000_000)
    expect(router.drops.get('martian-source')).toBe(5)
    expect(router.drops.get('martian-destination')).toBe(2)
    expect(router.drops.get('not-for-us')).toBe(1)
  })

  it('takes a packet without a source when it is for all', () => {
    client.transmitFrame(deviceOf(client, 'eth0'), { ...sample(), src: ip('0.0.0.0'), dst: ip('255.255.255.255') }, MAC_BROADCAST)
    lan.runFor(1_000_000)
    expect(drops(router)).toEqual({ 'no-listener': 1 })
  })

  it.each([
    ['all', MAC_BROADCAST], ['a group', 0x01005e000012 as MacAddr],
  ])('does not forward what came in a frame for %s', (_, mac) => {
    const { nic, config } = deviceOf(client, 'eth0')
    nic?.send(ethernetFrame(mac, config.mac, { ...sample(), dst: ip('10.1.0.10') }))
    lan.runFor(1_000_000)
    expect(drops(router)).toEqual({ 'not-for-us': 1 })
  })

  it('is no longer reached by a device that is down, and its packets by that device die', () => {
    ping(client, '10.1.0.10')
    lan.runFor(NS_PER_SECOND)
    setUp(router, 'eth1', false)
    ping(client, '10.1.0.10', { sequence: 2 })
    expect(ipLines('client.eth0').at(-1)).toBe('< IP 10.0.0.1 > 10.0.0.10: ICMP net 10.1.0.10 unreachable, length 92')
    setUp(router, 'eth1', true)
    ping(client, '10.1.0.10', { sequence: 3 })
    expect(ipLines('client.eth0').at(-1)).toBe('< IP 10.1.0.10 > 10.0.0.10: ICMP echo reply, id 7, seq 3, length 64')
    expect(lan.imbalances()).toEqual([])
  })

  it('that goes down while packets wait for a neighbor forgets them without a word', () => {
    ping(client, '10.1.0.77')
    lan.runFor(1_000_000)
    expect(router.ledger.held).toBe(1)
    setUp(router, 'eth1', false)
    expect([router.ledger.held, drops(router)]).toEqual([0, { 'device-down': 1 }])
    expect(ipLines('client.eth0').filter((line) => line.startsWith('<'))).toEqual([])
  })
})

describe('packets between the own addresses', () => {
  it('come round by lo, hooks and all, without a frame', () => {
    const seen: string[] = []
    for (const point of ['localOut', 'postrouting', 'prerouting', 'localIn'] as const) {
      client.hooks.register(point, 'test', 0, (packet, passage) => {
        seen.push(`${point} ${passage.inDevice?.name ?? '-'} ${passage.outDevice?.name ?? '-'}`)
        return packet
      })
    }
    datagram(client, '10.0.0.10', 9)
    lan.runFor(1_000_000)
    expect(seen.slice(0, 4)).toEqual(['localOut - lo', 'postrouting - lo', 'prerouting lo -', 'localIn lo -'])
    expect([lan.takeLines('client.eth0'), client.drops.get('no-listener'), lan.imbalances()]).toEqual([[], 1, []])
  })

  it('may be larger than any link', () => {
    datagram(client, '127.0.0.1', 9, { dataBytes: 60_000 })
    lan.runFor(1_000_000)
    expect([client.drops.get('no-listener'), client.ledger.fragmented]).toEqual([1, 0])
  })
})

describe('a packet of the host itself', () => {
  it('is refused at once where no route leads', () => {
    addressTo(client, 'lo', '10.9.0.1/32')
    for (const text of ['unreachable 10.8.0.0/16', 'prohibit 10.7.0.0/16', 'blackhole 10.6.0.0/16']) routeTo(client, text)
    setUp(router, 'eth0', false)
    expect([ping(client, '10.8.0.1'), ping(client, '10.7.0.1'), ping(client, '10.6.0.1'), ping(server, '10.1.0.10')])
      .toEqual(['EHOSTUNREACH', 'EACCES', 'EINVAL', undefined])
    setUp(client, 'eth0', false)
    expect([ping(client, '10.0.0.1'), client.ledger.originated]).toEqual(['ENETUNREACH', 0])
  })

  it('that changes its destination in a hook takes another way', () => {
    client.hooks.register('localOut', 'test', 0, (packet) => ({ ...packet, dst: ip('10.0.0.1') }))
    routeTo(client, 'blackhole 10.6.0.0/16')
    ping(client, '10.1.0.10')
    expect(ipLines('client.eth0').at(-1)).toBe('< IP 10.0.0.1 > 10.0.0.10: ICMP echo reply, id 7, seq 1, length 64')
  })

  it('to a broadcast address goes to all in one frame', () => {
    datagram(client, '10.0.0.255', 9)
    lan.runFor(1_000_000)
    expect(lan.takeFrames('client.eth0').map(({ line, frame }) => [line, frame.dst]))
      .toEqual([['> IP 10.0.0.10.1000 > 10.0.0.255.9: UDP, length 10', MAC_BROADCAST]])
    expect(drops(router)).toEqual({ 'no-listener': 1 })
  })
})

/** A datagram from the client to the router, never sent. */
function sample(): IpPacket {
  return {
    kind: 'ip', uid: 0, src: ip('10.0.0.10'), dst: ip('10.0.0.1'), ttl: 64, protocol: 17, tos: 0, ident: 0, dontFragment: true,
    moreFragments: false,
    fragmentOffsetBytes: 0, payload: udpDatagram({ sport: 1, dport: 9 }, new Uint8Array(0)), payloadBytes: 8, mark: 0,
  }
}
