/**
 * IPv6 of hosts and routers: routes and sources, forwarding, errors and their rate, pieces, path MTU, and the switches.
 * @module
 */
import { beforeEach, describe, expect, it } from 'vitest'
import type { Host } from '../../../src/host/host.ts'
import { formatIp, IPV4_ANY, IPV6_ANY } from '../../../src/wire/address.ts'
import { change, datagram, deviceOf, ip, addressTo, Lan, setMtu, setUp } from '../../support/lan.ts'
import { addIpv6Address } from '../../../src/host/config/ipv6-config.ts'
import { address6To, datagram6, host6, ip6, ping6, route6To } from '../../support/lan6.ts'

const MS = 1_000_000
const SECOND = 1_000 * MS
let lan: Lan

beforeEach(() => {
  lan = new Lan()
})

/** `unicast eth0 via fd00::f src fd00::1`. */
function way(host: Host, dst: string): string {
  const route = host.ipv6.routing.lookup(ip6(dst))
  const parts: string[] = [route.type]
  if (route.type !== 'none') parts.push(route.device.name)
  if (route.gateway !== undefined) parts.push(`via ${formatIp(route.gateway)}`)
  if (route.source !== IPV6_ANY) parts.push(`src ${formatIp(route.source)}`)
  return parts.join(' ')
}

/** What a nic took in, without neighbor discovery. */
function takenIn(nic: string): string[] {
  return lan.takeLines(nic).filter((line) => line.startsWith('<') && !line.includes('neighbor'))
}

interface Net {
  readonly client: Host
  readonly router: Host
  readonly server: Host
}

/** A client, a router, and a server behind it. */
function routed(): Net {
  return {
    client: host6(lan, 'client', { eth0: { segment: 'out', addrs: ['fd00::10/64'] } }, ['default via fd00::1']),
    router: host6(lan, 'router', {
      eth0: { segment: 'out', addrs: ['fd00::1/64'] }, eth1: { segment: 'in', addrs: ['fd01::1/64'] },
    }, [], true),
    server: host6(lan, 'server', { eth0: { segment: 'in', addrs: ['fd01::11/64'] } }, ['default via fd01::1']),
  }
}

/** A packet as the router got one from the client. */
function packetOf(client: Host) {
  datagram6(client, 'fd00::1', 9)
  lan.runFor(MS)
  const frames = lan.takeFrames('client.eth0').map(({ frame }) => frame.payload)
  const sent = frames.find((payload) => payload.kind === 'ip' && payload.payload.kind === 'udp')
  if (sent?.kind !== 'ip') throw new Error('nothing was sent')
  return sent
}

describe('a route is chosen', () => {
  it('by the longest prefix, then by the metric; types other than unicast lead nowhere', () => {
    const { router } = routed()
    for (const text of ['default via fd00::f', 'fd02::/64 via fd01::f', 'fd02::/64 via fd00::e metric 10', 'blackhole fd02::9']) {
      route6To(router, text)
    }
    expect(way(router, '2001:db8::1')).toBe('unicast eth0 via fd00::f src fd00::1')
    expect(way(router, 'fd02::1')).toBe('unicast eth0 via fd00::e src fd00::1')
    expect(way(router, 'fd02::9')).toBe('blackhole lo')
    expect(way(router, 'fd01::7')).toBe('unicast eth1 src fd01::1')
    expect(way(router, 'fd01::1')).toBe('local lo src fd01::1')
    expect(way(host6(lan, 'x', { eth0: { segment: 'x', addrs: ['fd00::1/64'] } }), 'fd05::1')).toBe('none')
  })

  it('with the source that RFC 6724 picks', () => {
    const host = host6(lan, 'a', { eth0: { segment: 'lan', addrs: ['fd00::1/64', '2001:db8::1/64'] } }, ['default via fd00::f'])
    // The label: ULA to ULA, the rest to the rest.
    expect([way(host, 'fd09::1'), way(host, '2001:db9::1')])
      .toEqual(['unicast eth0 via fd00::f src fd00::1', 'unicast eth0 via fd00::f src 2001:db8::1'])
    // The longest common prefix counts up to that of the address: a whole one (/128) wins by it.
    address6To(host, 'eth0', 'fd00::100/128')
    expect(way(host, 'fd00::11')).toBe('unicast eth0 src fd00::100')
    // One whose preferred lifetime is over is the last resort.
    const other = host6(lan, 'b', { eth0: { segment: 'lan', addrs: ['fd00::2/64'] } })
    change(other, (net) => addIpv6Address(net, 'eth0', { addr: ip6('fd00::100'), prefixLength: 128, isDeprecated: true }))
    expect(way(other, 'fd00::11')).toBe('unicast eth0 src fd00::2')
    // What the outgoing device has comes before what others have; to a neighbor's link-local address goes the own.
    address6To(other, 'lo', 'fd00::10/128')
    expect([way(other, 'fd00::11'), way(other, 'fe80::9')])
      .toEqual(['unicast eth0 src fd00::2', 'unicast eth0 src fe80::ff:fe00:200'])
  })
})

describe('a router', () => {
  it('sends on with one hop less, when conf.all.forwarding says so', () => {
    const { client, router } = routed()
    ping6(client, 'fd01::11', { ttl: 7 })
    lan.runFor(MS)
    expect(takenIn('server.eth0')).toEqual(['< IP6 fd00::10 > fd01::11: ICMP6, echo request, id 7, seq 1, length 64'])
    expect(takenIn('client.eth0')).toHaveLength(1)
    router.sysctl.set('net.ipv6.conf.all.forwarding', '0')
    ping6(client, 'fd01::11')
    lan.runFor(MS)
    expect([router.drops.get('not-forwarding'), router.sysctl.int('net.ipv6.conf.eth1.forwarding')]).toEqual([1, 0])
    expect(lan.imbalances()).toEqual([])
  })

  it('tells the sender when the hops are used up, when no route leads on, and when a route forbids it', () => {
    const { client, router } = routed()
    route6To(router, 'prohibit fd03::/64')
    route6To(router, 'blackhole fd04::/64')
    ping6(client, 'fd01::11', { ttl: 1 })
    for (const dst of ['fd02::1', 'fd03::1', 'fd04::1']) ping6(client, dst)
    lan.runFor(MS)
    expect(takenIn('client.eth0')).toEqual([
      '< IP6 fd00::1 > fd00::10: ICMP6, time exceeded for fd01::11, length 112',
      '< IP6 fd00::1 > fd00::10: ICMP6, destination unreachable, unreachable route fd02::1, length 112',
      '< IP6 fd00::1 > fd00::10: ICMP6, destination unreachable, unreachable prohibited fd03::1, length 112',
    ])
    expect(Object.fromEntries(router.drops))
      .toEqual({ 'ttl-exceeded': 1, 'no-route': 1, 'prohibited': 1, 'blackhole': 1 })
  })

  it('does not cut packets: it names the MTU, and the sender cuts from then on', () => {
    const { client, router, server } = routed()
    setMtu(router, 'eth1', 1400)
    ping6(client, 'fd01::11', { dataBytes: 1452 })
    lan.runFor(MS)
    // Of 1500 bytes as many are quoted as fit into 1280: 1280 - 40 are the length of the message.
    expect(takenIn('client.eth0')).toEqual(['< IP6 fd00::1 > fd00::10: ICMP6, packet too big, mtu 1400, length 1240'])
    expect(client.pathMtuBytes(ip6('fd01::11'))).toBe(1400)
    ping6(client, 'fd01::11', { dataBytes: 1452 })
    lan.runFor(MS)
    // 1460 bytes of ICMPv6 in pieces of 1400 - 48 = 1352.
    expect(takenIn('server.eth0')).toEqual([
      '< IP6 fd00::10 > fd01::11: frag (0|1352) ICMP6, echo request, id 7, seq 1, length 1352',
      '< IP6 fd00::10 > fd01::11: frag (1352|108)',
    ])
    expect([takenIn('client.eth0').length, server.ledger.reassembled, lan.imbalances()]).toEqual([1, 1, []])
  })

  it('keeps what has a meaning on one link only on that link', () => {
    const { client, router } = routed()
    ping6(client, 'fd01::11', { src: 'fe80::ff:fe00:100' })
    lan.runFor(MS)
    expect([router.drops.get('martian-source'), takenIn('client.eth0')]).toEqual([1, [
      '< IP6 fe80::ff:fe00:200 > fe80::ff:fe00:100: ICMP6, destination unreachable, beyond scope fd01::11,'
        + ' source address fe80::ff:fe00:100, length 112',
    ]])
  })

  it('answers a link-local address on the link that it called by', () => {
    const { router, server } = routed()
    ping6(server, 'fe80::ff:fe00:201', { src: 'fe80::ff:fe00:300' })
    datagram6(server, 'fe80::ff:fe00:201', 9)
    lan.runFor(MS)
    expect(takenIn('server.eth0')).toEqual([
      '< IP6 fe80::ff:fe00:201 > fe80::ff:fe00:300: ICMP6, echo reply, id 7, seq 1, length 64',
      '< IP6 fe80::ff:fe00:201 > fe80::ff:fe00:300: ICMP6, destination unreachable, unreachable port,'
        + ' fe80::ff:fe00:201 udp port 9, length 66',
    ])
    expect(router.drops.size).toBe(1)
  })

  it('answers at its own link-local addresses', () => {
    const { router } = routed()
    for (const addr of ['fe80::ff:fe00:200', 'fe80::ff:fe00:201']) ping6(router, addr)
    lan.runFor(MS)
    expect([...router.drops.keys()]).toEqual([])
  })

  it('calls a group with a hop limit of 1', () => {
    const { client } = routed()
    ping6(client, 'ff02::1')
    lan.runFor(MS)
    const ttls = lan.takeFrames('client.eth0').map(({ frame }) => frame.payload)
      .flatMap((payload) => (payload.kind === 'ip' && payload.dst === ip6('ff02::1') ? [payload.ttl] : []))
    expect(ttls).toEqual([1])
  })

  it('believes no path MTU below 1280', () => {
    const { client, router } = routed()
    for (const mtu of [1279, 1280]) {
      router.sendIcmpError(packetOf(client), { type: 3, code: 4, rest: mtu })
      lan.runFor(MS)
      expect(client.pathMtuBytes(ip6('fd00::1'))).toBe(mtu === 1280 ? 1280 : 1500)
    }
  })

  it('says of every piece of a packet what went wrong with it', () => {
    const { client, router } = routed()
    ping6(client, 'fd02::1', { dataBytes: 2000 })
    lan.runFor(MS)
    expect(router.drops.get('no-route')).toBe(2)
    expect(takenIn('client.eth0')).toHaveLength(2)
  })

  it('says after three questions that a neighbor does not answer', () => {
    const { client } = routed()
    ping6(client, 'fd01::77')
    lan.runFor(4 * SECOND)
    expect(takenIn('client.eth0'))
      .toEqual(['< IP6 fd00::1 > fd00::10: ICMP6, destination unreachable, unreachable address fd01::77, length 112'])
  })
})

describe('errors', () => {
  it('come from the address that was asked, six at once and then one in 250 ms towards a /64', () => {
    const { client } = routed()
    for (let i = 0; i < 8; i++) datagram6(client, 'fd00::1', 9)
    lan.runFor(MS)
    const lines = takenIn('client.eth0')
    expect([lines.length, lines[0]]).toEqual([
      6, '< IP6 fd00::1 > fd00::10: ICMP6, destination unreachable, unreachable port, fd00::1 udp port 9, length 66',
    ])
    lan.runFor(250 * MS)
    for (let i = 0; i < 2; i++) datagram6(client, 'fd00::1', 9)
    lan.runFor(MS)
    expect(takenIn('client.eth0')).toHaveLength(1)
  })

  it('are not sent about messages of neighbor discovery, errors, groups, and packets from nowhere', () => {
    const { client, router } = routed()
    router.sendIcmpError({ ...packetOf(client), dst: ip6('ff02::1') }, { type: 3, code: 3, rest: 0 })
    router.sendIcmpError({ ...packetOf(client), src: IPV6_ANY }, { type: 3, code: 3, rest: 0 })
    lan.runFor(MS)
    expect(takenIn('client.eth0')).toEqual([])
  })

  it('name the next header that nobody knows', () => {
    const { client, router } = routed()
    const refused = client.sendPacket({
      src: IPV6_ANY, dst: ip6('fd00::1'), protocol: 99, payload: { kind: 'raw', data: new Uint8Array(4) }, payloadBytes: 4,
      dontFragment: true,
    })
    lan.runFor(MS)
    expect([refused, router.drops.get('no-protocol'), takenIn('client.eth0')]).toEqual([
      undefined, 1, ['< IP6 fd00::1 > fd00::10: ICMP6, parameter problem, next header - octet 6, length 52'],
    ])
  })
})

describe('a host', () => {
  it('gives up on pieces after 60 s, and says so', () => {
    const { client, router, server } = routed()
    datagram6(client, 'fd01::11', 9, 3000)
    lan.runFor(2 * MS)
    expect([server.ledger.reassembled, server.drops.get('no-listener')]).toEqual([2, 1])
    // The cable into the server loses the second piece.
    const cable = lan.cables.get('server.eth0')
    const down = cable?.down
    if (down === undefined) throw new Error('no cable')
    let count = 0
    const send = down.send.bind(down)
    down.send = (frame) => {
      if (++count !== 2) send(frame)
    }
    datagram6(client, 'fd01::11', 9, 3000)
    lan.runFor(61 * SECOND)
    expect([server.drops.get('reassembly-timeout'), takenIn('client.eth0').at(-1)]).toEqual([
      2, '< IP6 fd01::11 > fd00::10: ICMP6, time exceeded (reassembly), length 1240',
    ])
    expect(router.ledger.balance()).toBe(0)
  })

  it('speaks no IPv6 unless it is told to, and forgets all of it when that is taken back', () => {
    const host = lan.host('plain', { devices: { eth0: { segment: 'out', addrs: ['10.0.0.1/24'] } } })
    expect([ping6(host, 'fd00::1'), host.net.ipv6.addresses]).toEqual(['ENETUNREACH', []])
    host.sysctl.set('net.ipv6.conf.all.disable_ipv6', '0')
    expect(host.net.ipv6.addresses.map(({ device, addr }) => `${device} ${formatIp(addr)}`))
      .toEqual(['lo ::1', 'eth0 fe80::ff:fe00:100'])
    lan.runFor(2 * SECOND)
    expect(host.ipv6.routing.linkLocalOf(deviceOf(host, 'eth0'))).toBe(ip6('fe80::ff:fe00:100'))
    host.sysctl.set('net.ipv6.conf.all.disable_ipv6', '1')
    expect([host.net.ipv6.addresses, host.net.ipv6.routes]).toEqual([[], []])
  })

  it('drops what a neighbor sends it in IPv6 all the same', () => {
    const { client } = routed()
    const plain = lan.host('plain', { devices: { eth0: { segment: 'out', addrs: ['10.0.0.1/24'] } } })
    deviceOf(client, 'eth0').ipv6Neighbors?.set(ip6('fd00::99'), deviceOf(plain, 'eth0').config.mac, 'permanent')
    ping6(client, 'fd00::99')
    lan.runFor(MS)
    expect(plain.drops.get('ipv6-disabled')).toBe(1)
  })

  it('loses its IPv6 addresses and routes with a device that goes down, and gets its own back when that comes up', () => {
    const { client } = routed()
    setUp(client, 'eth0', false)
    expect([client.net.ipv6.addresses.map(({ device }) => device), client.net.ipv6.routes.map(({ device }) => device)])
      .toEqual([['lo'], ['lo']])
    setUp(client, 'eth0', true)
    lan.runFor(2 * SECOND)
    expect(client.net.ipv6.addresses.map(({ addr }) => formatIp(addr))).toEqual(['::1', 'fe80::ff:fe00:100'])
  })

  it('answers at ::1, and at its own addresses, without a wire', () => {
    const { client } = routed()
    ping6(client, '::1')
    ping6(client, 'fd00::10')
    lan.runFor(MS)
    expect([lan.takeLines('client.eth0'), client.ledger.consumed, lan.imbalances()]).toEqual([[], 4, []])
  })

  it('answers who calls all hosts of the link', () => {
    const { client } = routed()
    ping6(client, 'ff02::1')
    lan.runFor(MS)
    expect(takenIn('client.eth0')).toEqual([
      '< IP6 fe80::ff:fe00:200 > fe80::ff:fe00:100: ICMP6, echo reply, id 7, seq 1, length 64',
    ])
  })

  it('hears both families with a socket bound to ::, and with one bound to 0.0.0.0 only IPv4', () => {
    const { client, router } = routed()
    addressTo(client, 'eth0', '10.0.0.10/24')
    addressTo(router, 'eth0', '10.0.0.1/24')
    const heard: string[] = []
    const listen = (addr: typeof IPV6_ANY, port: number): void => {
      const bound = router.udp.bind({ addr, port }, { onDatagram: (_, { from }) => heard.push(`${port} ${formatIp(from)}`) })
      if (!bound.ok) throw new Error(bound.error)
    }
    listen(IPV6_ANY, 53)
    listen(IPV4_ANY, 54)
    expect(router.udp.bind({ addr: IPV4_ANY, port: 53 }, {})).toEqual({ ok: false, error: 'EADDRINUSE' })
    for (const port of [53, 54]) {
      datagram6(client, 'fd00::1', port)
      datagram(client, '10.0.0.1', port)
    }
    lan.runFor(MS)
    expect([heard.sort(), router.isLocalAddress(ip('10.0.0.1'))])
      .toEqual([['53 10.0.0.10', '53 fd00::10', '54 10.0.0.10'], true])
  })

  it('carries TCP with an MSS of 1440, and keeps to a path MTU that it learns on the way', () => {
    const { client, router, server } = routed()
    setMtu(router, 'eth1', 1400)
    let received = 0
    const listening = server.tcp.listen({ addr: IPV6_ANY, port: 80 }, (listener) => {
      for (let endpoint = listener.accept(); endpoint !== undefined; endpoint = listener.accept()) {
        endpoint.attach({ onData: (_, data) => { received += data.length } })
      }
    })
    expect(listening.ok).toBe(true)
    const connected = client.tcp.connect({ dst: ip6('fd01::11'), dport: 80 }, {
      onConnected: (endpoint) => { endpoint.send(new Uint8Array(100_000)) },
    })
    expect(connected.ok).toBe(true)
    lan.runFor(5 * SECOND)
    const lines = lan.takeLines('client.eth0')
    expect(lines.find((line) => line.includes('[S]'))).toContain('mss 1440')
    expect([received, client.pathMtuBytes(ip6('fd01::11')), lan.imbalances()]).toEqual([100_000, 1400, []])
  })
})
