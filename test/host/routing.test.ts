/**
 * Routing of a host: which route wins, which source a packet gets, what is local, and whose packets are believed.
 * @module
 */
import { beforeEach, describe, expect, it } from 'vitest'
import type { Host } from '../../src/host/host.ts'
import { formatIp } from '../../src/wire/address.ts'
import { addressTo, deviceOf, ip, Lan, routeTo, setSysctl, setUp } from '../support/lan.ts'

let lan: Lan

beforeEach(() => {
  lan = new Lan()
})

/** `unicast eth0 via 10.0.0.254 src 10.0.0.1`. */
function way(host: Host, dst: string): string {
  const route = host.routing.lookup(ip(dst))
  const parts: string[] = [route.type]
  if (route.type !== 'none') parts.push(route.device.name)
  if (route.gateway !== undefined) parts.push(`via ${formatIp(route.gateway)}`)
  if (route.source !== 0) parts.push(`src ${formatIp(route.source)}`)
  return parts.join(' ')
}

function twoArmed(): Host {
  return lan.host('a', {
    devices: { eth0: { segment: 'out', addrs: ['10.0.0.1/24'] }, eth1: { segment: 'in', addrs: ['10.1.0.1/16'] } },
  })
}

describe('a route is chosen', () => {
  it('by the longest prefix, whatever the order of adding', () => {
    const host = twoArmed()
    for (const text of ['default via 10.0.0.254', '10.1.2.0/24 via 10.0.0.253', '10.1.2.3 dev eth1']) routeTo(host, text)
    expect(way(host, '192.0.2.1')).toBe('unicast eth0 via 10.0.0.254 src 10.0.0.1')
    expect(way(host, '10.1.9.9')).toBe('unicast eth1 src 10.1.0.1')
    expect(way(host, '10.1.2.9')).toBe('unicast eth0 via 10.0.0.253 src 10.0.0.1')
    expect(way(host, '10.1.2.3')).toBe('unicast eth1 src 10.1.0.1')
  })

  it('by the smallest metric among equals, and then by age', () => {
    const host = twoArmed()
    routeTo(host, 'default via 10.0.0.254 metric 100')
    routeTo(host, 'default via 10.1.0.254 metric 50')
    expect(way(host, '192.0.2.1')).toBe('unicast eth1 via 10.1.0.254 src 10.1.0.1')
    // The connected routes of two devices in one network: the first one stays in use.
    const other = lan.host('b', {
      devices: { eth0: { segment: 'x', addrs: ['10.0.0.1/24'] }, eth1: { segment: 'x', addrs: ['10.0.0.2/24'] } },
    })
    expect(way(other, '10.0.0.9')).toBe('unicast eth0 src 10.0.0.1')
  })

  it('from those whose device is up', () => {
    const host = twoArmed()
    routeTo(host, 'default via 10.0.0.254')
    setUp(host, 'eth0', false)
    expect([way(host, '192.0.2.1'), way(host, '10.0.0.9')]).toEqual(['none', 'none'])
    setUp(host, 'eth0', true)
    // The connected route comes back, the other one does not.
    expect([way(host, '192.0.2.1'), way(host, '10.0.0.9')]).toEqual(['none', 'unicast eth0 src 10.0.0.1'])
  })

  it('that leads nowhere, and says in which way', () => {
    const host = twoArmed()
    for (const text of ['blackhole 10.7.0.0/16', 'unreachable 10.8.0.0/16', 'prohibit 10.9.0.0/16']) routeTo(host, text)
    expect(['10.7.0.1', '10.8.0.1', '10.9.0.1'].map((dst) => way(host, dst)))
      .toEqual(['blackhole lo', 'unreachable lo', 'prohibit lo'])
    expect(['10.7.0.1', '10.8.0.1', '10.9.0.1', '192.0.2.1'].map((dst) => host.sourceFor(ip(dst))))
      .toEqual(['EINVAL', 'EHOSTUNREACH', 'EACCES', 'ENETUNREACH'])
  })

  it('and kept in mind only as long as nothing changes', () => {
    const host = twoArmed()
    expect(way(host, '192.0.2.1')).toBe('none')
    routeTo(host, 'default via 10.0.0.254')
    expect(way(host, '192.0.2.1')).toBe('unicast eth0 via 10.0.0.254 src 10.0.0.1')
  })
})

describe('the local table', () => {
  it('has every address of every device, and 127.0.0.0/8 altogether', () => {
    const host = twoArmed()
    addressTo(host, 'lo', '10.0.0.100/32')
    const addrs = ['10.0.0.1', '10.1.0.1', '10.0.0.100', '127.0.0.1', '127.9.9.9', '10.0.0.2']
    expect(addrs.map((dst) => host.isLocalAddress(ip(dst))))
      .toEqual([true, true, true, true, true, false])
    expect([way(host, '10.1.0.1'), way(host, '127.9.9.9')]).toEqual(['local lo src 10.1.0.1', 'local lo src 127.0.0.1'])
  })

  it('makes the whole network local when lo gets an address with a /24', () => {
    const host = twoArmed()
    addressTo(host, 'lo', '10.0.0.100/24')
    // 10.0.0.1/24 on eth0 no longer counts for its neighbors, but for the broadcast address, whose entry is longer.
    expect([way(host, '10.0.0.9'), way(host, '10.0.0.255'), way(host, '10.1.0.9')])
      .toEqual(['local lo src 10.0.0.100', 'broadcast eth0 src 10.0.0.1', 'unicast eth1 src 10.1.0.1'])
  })

  it('loses the addresses of a device that goes down, and keeps those added to one that is down', () => {
    const host = twoArmed()
    setUp(host, 'eth0', false)
    expect(host.isLocalAddress(ip('10.0.0.1'))).toBe(false)
    addressTo(host, 'eth0', '10.0.0.2/24')
    expect(host.isLocalAddress(ip('10.0.0.2'))).toBe(true)
    setUp(host, 'eth0', true)
    expect(host.isLocalAddress(ip('10.0.0.1'))).toBe(true)
  })

  it('has the last address of a network as its broadcast address, but neither the first nor any of a /31 or /32', () => {
    const host = lan.host('a', { devices: { eth0: { segment: 'x', addrs: ['10.0.0.1/24', '10.5.0.0/31', '10.6.0.1/32'] } } })
    expect(['10.0.0.255', '10.0.0.0', '10.5.0.1', '10.6.0.1', '255.255.255.255'].map((dst) => way(host, dst).split(' ')[0]))
      .toEqual(['broadcast', 'unicast', 'unicast', 'local', 'broadcast'])
  })
})

describe('the source of a packet', () => {
  it('is the address in the network of the gateway, not the first one', () => {
    const host = lan.host('a', {
      devices: { eth0: { segment: 'x', addrs: ['10.0.0.100/32', '10.0.0.1/24', '10.2.0.1/24', '10.2.0.2/24'] } },
    })
    routeTo(host, 'default via 10.2.0.254')
    routeTo(host, '10.9.0.0/16 dev eth0')
    expect([way(host, '192.0.2.1'), way(host, '10.9.0.1')])
      .toEqual(['unicast eth0 via 10.2.0.254 src 10.2.0.1', 'unicast eth0 src 10.0.0.100'])
  })

  it('is what the route prefers', () => {
    const host = twoArmed()
    addressTo(host, 'lo', '10.0.0.100/32')
    routeTo(host, 'default via 10.0.0.254 src 10.0.0.100')
    expect(way(host, '192.0.2.1')).toBe('unicast eth0 via 10.0.0.254 src 10.0.0.100')
  })

  it('is a global address of lo where the device has none, and never 127.0.0.1', () => {
    const host = lan.host('a', { devices: { eth0: { segment: 'x' } } })
    routeTo(host, '10.0.0.0/24 dev eth0')
    expect(way(host, '10.0.0.9')).toBe('unicast eth0')
    addressTo(host, 'lo', '10.0.0.100/32')
    expect(way(host, '10.0.0.9')).toBe('unicast eth0 src 10.0.0.100')
  })
})

describe('a source is', () => {
  /** What the host says of a source that comes in by eth0 for itself. */
  function verdict(host: Host, src: string, out?: string): string {
    return host.routing.validateSource(ip(src), deviceOf(host, 'eth0'), out === undefined ? undefined : deviceOf(host, out))
  }

  it('believed without rp_filter wherever it comes from, but for the own addresses', () => {
    const host = twoArmed()
    addressTo(host, 'lo', '10.0.0.100/32')
    expect(['10.0.0.9', '10.1.0.9', '192.0.2.1', '10.1.0.1', '10.0.0.100'].map((src) => verdict(host, src)))
      .toEqual(['routed', 'routed', 'routed', 'martian-source', 'martian-source'])
  })

  it('believed though it is the own address where accept_local holds, for the device or for all', () => {
    for (const name of ['all.accept_local', 'eth0.accept_local']) {
      const host = twoArmed()
      setSysctl(host, name, 1)
      expect(verdict(host, '10.1.0.1')).toBe('routed')
    }
    const host = twoArmed()
    setSysctl(host, 'eth1.accept_local', 1)
    expect(verdict(host, '10.1.0.1')).toBe('martian-source')
  })

  it('refused by rp_filter=1 when the way back is another device, or there is none', () => {
    const host = twoArmed()
    setSysctl(host, 'all.rp_filter', 1)
    expect(['10.0.0.9', '10.1.0.9', '192.0.2.1'].map((src) => verdict(host, src))).toEqual(['on-link', 'rp-filter', 'rp-filter'])
    routeTo(host, 'default via 10.0.0.254')
    expect(verdict(host, '192.0.2.1')).toBe('routed')
  })

  it('refused by rp_filter=2 only when there is no way back at all', () => {
    const host = twoArmed()
    setSysctl(host, 'eth0.rp_filter', 2)
    expect(['10.0.0.9', '10.1.0.9', '192.0.2.1'].map((src) => verdict(host, src))).toEqual(['on-link', 'routed', 'rp-filter'])
  })

  it('judged by the larger of the two values of rp_filter, so that 2 for all makes 1 for a device loose', () => {
    const host = twoArmed()
    setSysctl(host, 'eth0.rp_filter', 1)
    setSysctl(host, 'all.rp_filter', 2)
    expect(verdict(host, '10.1.0.9')).toBe('routed')
  })

  it('refused by rp_filter when the only way back is a blackhole, and otherwise believed', () => {
    const host = twoArmed()
    routeTo(host, 'blackhole 10.7.0.0/16')
    expect(verdict(host, '10.7.0.1', 'eth0')).toBe('routed')
    setSysctl(host, 'all.rp_filter', 2)
    expect(verdict(host, '10.7.0.1')).toBe('rp-filter')
  })

  it('refused by rp_filter on a device without addresses, unless the way back is that device', () => {
    const host = lan.host('a', { devices: { eth0: { segment: 'x' }, eth1: { segment: 'y', addrs: ['10.1.0.1/16'] } } })
    setSysctl(host, 'all.rp_filter', 2)
    expect(verdict(host, '10.1.0.9')).toBe('rp-filter')
    routeTo(host, '10.1.3.0/24 dev eth0')
    expect(verdict(host, '10.1.3.9')).toBe('on-link')
  })

  it('refused as a martian in any mode when it is a broadcast address', () => {
    const host = twoArmed()
    setSysctl(host, 'all.rp_filter', 2)
    expect(verdict(host, '10.1.255.255')).toBe('martian-source')
  })

  it('believed with rp_filter=1 and accept_local when the own address belongs to the device it came in by', () => {
    const host = twoArmed()
    setSysctl(host, 'all.rp_filter', 1)
    setSysctl(host, 'all.accept_local', 1)
    expect([verdict(host, '10.0.0.1'), verdict(host, '10.1.0.1')]).toEqual(['on-link', 'rp-filter'])
  })

  it('known to be a neighbor or not where a redirect may be due', () => {
    const host = twoArmed()
    routeTo(host, 'default via 10.0.0.254')
    expect([verdict(host, '10.0.0.9', 'eth0'), verdict(host, '192.0.2.1', 'eth0')]).toEqual(['on-link', 'routed'])
    // Without redirects nobody asks.
    setSysctl(host, 'all.send_redirects', 0)
    setSysctl(host, 'eth0.send_redirects', 0)
    expect(verdict(host, '10.0.0.9', 'eth0')).toBe('routed')
  })
})

describe('a redirect', () => {
  it('holds while the route has the gateway that sent it', () => {
    const host = twoArmed()
    routeTo(host, 'default via 10.0.0.254')
    host.routing.redirect(ip('192.0.2.1'), { from: ip('10.0.0.254'), to: ip('10.0.0.253') })
    expect([way(host, '192.0.2.1'), way(host, '192.0.2.2')])
      .toEqual(['unicast eth0 via 10.0.0.253 src 10.0.0.1', 'unicast eth0 via 10.0.0.254 src 10.0.0.1'])
    routeTo(host, '192.0.2.0/24 via 10.1.0.254')
    expect(way(host, '192.0.2.1')).toBe('unicast eth1 via 10.1.0.254 src 10.1.0.1')
  })

  it('ends when it is forgotten', () => {
    const host = twoArmed()
    routeTo(host, 'default via 10.0.0.254')
    host.routing.redirect(ip('192.0.2.1'), { from: ip('10.0.0.254'), to: ip('10.0.0.253') })
    host.routing.forgetRedirect(ip('192.0.2.1'))
    expect(way(host, '192.0.2.1')).toBe('unicast eth0 via 10.0.0.254 src 10.0.0.1')
  })
})
