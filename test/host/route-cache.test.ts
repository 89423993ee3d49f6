import { describe, expect, it } from 'vitest'
import type { Host } from '../../src/host/host.ts'
import { RouteCache } from '../../src/host/route-cache.ts'
import type { Route } from '../../src/host/routing.ts'
import type { IpAddr } from '../../src/wire/address.ts'
import { addressTo, datagram, Lan, routeTo, setSysctl, setUp } from '../support/lan.ts'

function addr(number: number): IpAddr {
  return number as IpAddr
}

function route(): Route {
  return {} as Route
}

describe('the cache of routes', () => {
  it('finds the route that was added for a destination, and nothing for any other', () => {
    const cache = new RouteCache()
    const [one, other] = [route(), route()]
    expect(cache.find(addr(0xc0a80001))).toBe(undefined)
    cache.add(addr(0xc0a80001), one)
    cache.add(addr(0), other)
    expect([0xc0a80001, 0, 0xc0a80002].map((dst) => cache.find(addr(dst)))).toEqual([one, other, undefined])
    expect(cache.find(addr(0xc0a80001))).toBe(one)
    expect(cache.find(addr(0))).toBe(other)
  })

  it('forgets all', () => {
    const cache = new RouteCache()
    cache.add(addr(2), route())
    cache.clear()
    expect(cache.find(addr(2))).toBe(undefined)
  })

  it('keeps what it knows when it grows', () => {
    const cache = new RouteCache()
    const routes = Array.from({ length: 3 }, route)
    // Addresses of networks that follow each other differ in their middle bits, those of a network in the lowest.
    const dsts = Array.from({ length: 5_000 }, (_, i) => addr(0x0a000001 + (i < 2_500 ? i : i * 256)))
    dsts.forEach((dst, i) => cache.add(dst, routes[i % 3] as Route))
    expect(dsts.every((dst, i) => cache.find(dst) === routes[i % 3])).toBe(true)
  })

  it('begins anew when it has as many destinations as it can hold', () => {
    const cache = new RouteCache()
    const only = route()
    // 2^20 words, two to a place, half of the places in use: 262,144.
    for (let i = 0; i < 262_144; i++) cache.add(addr(i), only)
    expect([cache.find(addr(0)), cache.find(addr(262_143))]).toEqual([only, only])
    cache.add(addr(262_144), only)
    expect([cache.find(addr(0)), cache.find(addr(262_143)), cache.find(addr(262_144))]).toEqual([undefined, undefined, only])
  })
})

describe('a router that has seen a flow', () => {
  /** What becomes of a datagram through the router: forwarded, or why the router drops it; `taken` when it is for itself. */
  function fate(lan: Lan, [client, router, server]: readonly Host[]): string {
    const count = (host: Host | undefined): number => host?.drops.get('no-listener') ?? 0
    const before = { server: count(server), router: count(router), drops: new Map(router?.drops) }
    datagram(client as Host, '10.1.0.11', 9)
    lan.runFor(5_000_000_000)
    expect(lan.imbalances()).toEqual([])
    if (count(server) > before.server) return 'forwarded'
    if (count(router) > before.router) return 'taken'
    return [...(router?.drops ?? [])].find(([reason, n]) => n > (before.drops.get(reason) ?? 0))?.[0] ?? 'vanished'
  }

  const CHANGES: readonly (readonly [fate: string, what: string, change: (router: Host) => void])[] = [
    ['not-forwarding', 'it no longer forwards', (router) => setSysctl(router, 'ip_forward', 0)],
    ['blackhole', 'a route says so', (router) => routeTo(router, 'blackhole 10.1.0.11/32')],
    ['no-route', 'the way out has gone', (router) => setUp(router, 'eth1', false)],
    ['taken', 'the destination is its own address', (router) => addressTo(router, 'lo', '10.1.0.11/32')],
    ['martian-source', 'the source is its own address', (router) => addressTo(router, 'lo', '10.0.0.10/32')],
    ['rp-filter', 'the way back is another one', (router) => {
      setSysctl(router, 'eth0.rp_filter', 1)
      routeTo(router, '10.0.0.10/32 dev eth1')
    }],
  ]

  it.each(CHANGES)('treats it as %s once %s', (expected, _what, change) => {
    const lan = new Lan()
    const client = lan.host('client', {
      devices: { eth0: { segment: 'out', addrs: ['10.0.0.10/24'] } }, routes: ['default via 10.0.0.1'],
    })
    const router = lan.host('router', {
      devices: { eth0: { segment: 'out', addrs: ['10.0.0.1/24'] }, eth1: { segment: 'in', addrs: ['10.1.0.1/24'] } },
      sysctl: { ip_forward: 1 },
    })
    const server = lan.host('server', {
      devices: { eth0: { segment: 'in', addrs: ['10.1.0.11/24'] } }, routes: ['default via 10.1.0.1'],
    })
    const hosts = [client, router, server]
    expect([fate(lan, hosts), fate(lan, hosts)]).toEqual(['forwarded', 'forwarded'])
    change(router)
    expect([fate(lan, hosts), fate(lan, hosts)]).toEqual([expected, expected])
  })
})
