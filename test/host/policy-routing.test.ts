/**
 * Policy routing: which table a packet's way is looked for in, by mark, source and device, and what follows for the way back.
 * @module
 */
import { beforeEach, describe, expect, it } from 'vitest'
import { addRoute, type NewRoute } from '../../src/host/config/routes.ts'
import { addRule, MARK_MASK_ALL, removeRule, type NewPolicyRule } from '../../src/host/config/rules.ts'
import type { Host } from '../../src/host/host.ts'
import { routeMtuBytes } from '../../src/host/routing.ts'
import { formatIp, IPV4_ANY } from '../../src/wire/address.ts'
import { addressTo, change, deviceOf, ip, Lan, routeTo, setSysctl } from '../support/lan.ts'

let host: Host

beforeEach(() => {
  host = new Lan().host('a', {
    devices: { eth0: { segment: 'out', addrs: ['10.0.0.1/24'] }, eth1: { segment: 'in', addrs: ['10.1.0.1/16'] } },
    routes: ['default via 10.0.0.254'],
  })
})

function rule(given: NewPolicyRule): void {
  change(host, (net) => addRule(net, given))
}

function route(text: string, given: Partial<NewRoute>): void {
  const [network = '', length = '32'] = text.split('/')
  change(host, (net) => addRoute(net, { network: ip(network), prefixLength: Number(length), ...given }))
}

interface Asked {
  readonly src?: string
  readonly mark?: number
  readonly from?: string
}

/** `unicast eth0 via 10.0.0.254`. */
function way(dst: string, { src, mark = 0, from }: Asked = {}): string {
  const origin = { src: src === undefined ? IPV4_ANY : ip(src), mark }
  const found = host.routing.lookup(ip(dst), origin, from === undefined ? undefined : deviceOf(host, from))
  return `${found.type} ${found.device.name}${found.gateway === undefined ? '' : ` via ${formatIp(found.gateway)}`}`
}

const MARK_ONE = { value: 1, mask: MARK_MASK_ALL }

describe('a rule', () => {
  it('sends packets with a mark to another table, and leaves the others alone', () => {
    rule({ mark: MARK_ONE, action: 'table', table: 100 })
    // The table is empty so far: the search goes on.
    expect(way('192.0.2.1', { mark: 1 })).toBe('unicast eth0 via 10.0.0.254')
    route('0.0.0.0/0', { type: 'local', device: 'lo', table: 100 })
    expect([way('192.0.2.1', { mark: 1 }), way('192.0.2.1', { mark: 3 }), way('192.0.2.1')])
      .toEqual(['local lo', 'unicast eth0 via 10.0.0.254', 'unicast eth0 via 10.0.0.254'])
    // Only the local table says what is an address of the host.
    expect(host.isLocalAddress(ip('192.0.2.1'))).toBe(false)
  })

  it('compares the bits of its mask only', () => {
    rule({ mark: { value: 0x10, mask: 0xf0 }, action: 'prohibit', table: 0 })
    expect([0x10, 0x1f, 0x20, 0].map((mark) => way('192.0.2.1', { mark }).split(' ')[0]))
      .toEqual(['prohibit', 'prohibit', 'unicast', 'unicast'])
  })

  it('selects by source, destination and device, and the contrary when inverted', () => {
    route('0.0.0.0/0', { gateway: ip('10.1.0.254'), table: 100 })
    rule({ from: { addr: ip('10.0.0.0'), prefixLength: 24 }, inDevice: 'eth1', action: 'table', table: 100 })
    rule({ to: { addr: ip('192.0.2.0'), prefixLength: 24 }, isInverted: true, inDevice: 'lo', action: 'blackhole', table: 0 })
    const asked: [string, Asked][] = [
      ['198.51.100.1', { src: '10.0.0.1', from: 'eth1' }], ['198.51.100.1', { src: '10.0.1.1', from: 'eth1' }],
      ['192.0.2.1', { src: '10.0.0.1' }], ['198.51.100.1', {}],
    ]
    // The second is not selected by the first rule; the inverted one takes whatever is not from here to 192.0.2.0/24.
    expect(asked.map(([dst, flow]) => way(dst, flow)))
      .toEqual(['blackhole lo', 'blackhole lo', 'unicast eth0 via 10.0.0.254', 'blackhole lo'])
    change(host, (net) => removeRule(net, { action: 'blackhole' }))
    expect(asked.map(([dst, flow]) => way(dst, flow))).toEqual([
      'unicast eth1 via 10.1.0.254', 'unicast eth0 via 10.0.0.254', 'unicast eth0 via 10.0.0.254', 'unicast eth0 via 10.0.0.254',
    ])
  })

  it('passes over short prefixes where it says so', () => {
    route('0.0.0.0/0', { gateway: ip('10.1.0.254'), table: 100 })
    rule({ mark: MARK_ONE, action: 'table', table: 100, priority: 20 })
    rule({ action: 'table', table: 254, suppressPrefixLength: 0, priority: 10 })
    expect([way('192.0.2.1', { mark: 1 }), way('10.0.0.9', { mark: 1 })]).toEqual(['unicast eth1 via 10.1.0.254', 'unicast eth0'])
  })

  it('goes on behind a table that throws', () => {
    route('10.5.0.0/16', { type: 'throw', table: 100 })
    route('0.0.0.0/0', { type: 'unreachable', table: 100 })
    rule({ action: 'table', table: 100 })
    expect([way('10.5.0.1'), way('10.6.0.1')]).toEqual(['unicast eth0 via 10.0.0.254', 'unreachable lo'])
  })
})

describe('the tables local and main', () => {
  it('are one until the first rule, so that a longer prefix of main wins; and two from then on', () => {
    addressTo(host, 'lo', '10.2.0.100/24')
    routeTo(host, '10.2.0.9 via 10.0.0.253')
    expect([way('10.2.0.9'), way('10.2.0.8')]).toEqual(['unicast eth0 via 10.0.0.253', 'local lo'])
    rule({ mark: MARK_ONE, action: 'table', table: 100 })
    expect([way('10.2.0.9'), way('10.2.0.8')]).toEqual(['local lo', 'local lo'])
    // They stay two.
    change(host, (net) => removeRule(net, { mark: MARK_ONE }))
    expect(way('10.2.0.9')).toBe('local lo')
  })

  it('have what an admin adds to local: any address of it is one of the host', () => {
    route('10.7.0.0/16', { type: 'local', device: 'lo' })
    expect(way('10.7.1.1')).toBe('local lo')
    expect([host.isLocalAddress(ip('10.7.1.1')), host.isLocalAddress(ip('10.8.1.1'))]).toEqual([true, false])
  })
})

describe('the way back', () => {
  /** What is said of a packet from 192.0.2.9 with mark 1 that came in by eth0 for 203.0.113.1. */
  function verdict(src = '192.0.2.9'): string {
    return host.routing.validateSource(ip(src), deviceOf(host, 'eth0'), undefined, { dst: ip('203.0.113.1'), mark: 1 })
  }

  it('is looked for without the mark, unless src_valid_mark holds: then what is local by the mark is a martian', () => {
    rule({ mark: MARK_ONE, action: 'table', table: 100 })
    route('0.0.0.0/0', { type: 'local', device: 'lo', table: 100 })
    expect(verdict()).toBe('routed')
    setSysctl(host, 'eth0.src_valid_mark', 1)
    expect(verdict()).toBe('martian-source')
  })

  it('is looked at in full, with rules, even without rp_filter: a broadcast address is a martian', () => {
    expect(verdict('10.1.255.255')).toBe('routed')
    rule({ mark: MARK_ONE, action: 'table', table: 100 })
    expect([verdict('10.1.255.255'), verdict('10.1.0.9'), verdict('10.0.0.9')]).toEqual(['martian-source', 'routed', 'on-link'])
  })

  it('is looked at in full once a network is local by hand', () => {
    route('10.7.0.0/16', { type: 'local', device: 'lo' })
    expect([verdict('10.7.1.1'), verdict()]).toEqual(['martian-source', 'routed'])
  })
})

describe('the MSS of a route', () => {
  it('is advertised in place of the one that goes with the MTU: 1500 - 20 - 20', () => {
    route('10.3.0.0/16', { gateway: ip('10.0.0.9'), advertisedMss: 1200 })
    route('10.4.0.0/16', { gateway: ip('10.0.0.9'), mtuBytes: 1400 })
    const offered = ['10.3.0.1', '10.4.0.1', '10.5.0.1'].map((dst) => {
      const endpoint = host.tcp.connect({ dst: ip(dst), dport: 80 }, {})
      return endpoint.ok ? endpoint.value.offeredMss : endpoint.error
    })
    expect(offered).toEqual([1200, 1360, 1460])
  })
})

describe('the MTU of a route', () => {
  it('holds for what is sent, unless the device takes less', () => {
    route('10.3.0.0/16', { gateway: ip('10.0.0.9'), mtuBytes: 1400 })
    route('10.4.0.0/16', { gateway: ip('10.0.0.9'), mtuBytes: 9000 })
    expect(['10.3.0.1', '10.4.0.1', '10.5.0.1'].map((dst) => routeMtuBytes(host.routing.lookup(ip(dst)))))
      .toEqual([1400, 1500, 1500])
    expect([host.pathMtuBytes(ip('10.3.0.1')), host.deviceMtuBytes(ip('10.3.0.1'))]).toEqual([1400, 1400])
  })
})

describe('an endpoint that is bound to an address', () => {
  it('finds the way, the MTU and the source that rules give to that address', () => {
    change(host, (net) => ({ ok: true, value: { ...net, routes: net.routes.filter(({ prefixLength }) => prefixLength !== 0) } }))
    expect(host.udp.connect({ src: ip('10.1.0.1'), dst: ip('192.0.2.1'), dport: 53 }, {}))
      .toEqual({ ok: false, error: 'ENETUNREACH' })
    rule({ from: { addr: ip('10.1.0.1'), prefixLength: 32 }, action: 'table', table: 100 })
    route('0.0.0.0/0', { gateway: ip('10.1.0.254'), table: 100, mtuBytes: 1400 })
    expect(host.udp.connect({ src: ip('10.1.0.1'), dst: ip('192.0.2.1'), dport: 53 }, {})).toMatchObject({ ok: true })
    expect(host.tcp.connect({ src: ip('10.1.0.1'), dst: ip('192.0.2.1'), dport: 53 }, {})).toMatchObject({ ok: true })
    expect([host.pathMtuBytes(ip('192.0.2.1'), ip('10.1.0.1')), host.sourceFor(ip('192.0.2.1'))]).toEqual([1400, 'ENETUNREACH'])
  })
})
