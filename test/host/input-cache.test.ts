import { describe, expect, it } from 'vitest'
import type { Device } from '../../src/host/device.ts'
import type { Host } from '../../src/host/host.ts'
import { InputCache, type InputRoute } from '../../src/host/input-cache.ts'
import type { Route } from '../../src/host/routing.ts'
import type { IpAddr } from '../../src/wire/address.ts'
import { addressTo, datagram, Lan, routeTo, setSysctl, setUp } from '../support/lan.ts'

const [ETH0, ETH1] = [{ name: 'eth0' } as Device, { name: 'eth1' } as Device]

function way(src: number, dst: number, inDevice = ETH0): InputRoute {
  return { src: src as IpAddr, dst: dst as IpAddr, inDevice, route: {} as Route, isLocal: false, isFromNeighbor: false }
}

function find(cache: InputCache, { src, dst, inDevice }: InputRoute): InputRoute | undefined {
  return cache.find(src, dst, inDevice)
}

describe('the cache of input routes', () => {
  it('finds what was added last for a source, a destination and a device, and nothing for any other', () => {
    const cache = new InputCache()
    const [known, newer] = [way(0xc0a80001, 0xc0a80002), way(0xc0a80001, 0xc0a80002)]
    expect(find(cache, known)).toBe(undefined)
    cache.add(known)
    expect(find(cache, known)).toBe(known)
    const others = [way(0xc0a80002, 0xc0a80001), way(0xc0a80001, 0xc0a80003), way(0xc0a80001, 0xc0a80002, ETH1)]
    expect(others.map((other) => find(cache, other))).toEqual([undefined, undefined, undefined])
    cache.add(newer)
    expect(find(cache, known)).toBe(newer)
  })

  it('forgets all', () => {
    const cache = new InputCache()
    cache.add(way(1, 2))
    cache.clear()
    expect(find(cache, way(1, 2))).toBe(undefined)
  })

  it('grows until it holds most of the flows that come again and again', () => {
    const cache = new InputCache()
    const flows = Array.from({ length: 2_000 }, (_, i) => way(0x0a000000 + i % 50, 0x0a640000 + Math.floor(i / 50)))
    let missed = 0
    for (let round = 0; round < 5; round++) {
      missed = 0
      for (const flow of flows) {
        if (find(cache, flow) !== undefined) continue
        missed++
        cache.add(flow)
      }
    }
    // 64 slots would miss all of them. In 4,096 each meets another one with a probability of 1 - e^-(2000/4096) = 0.39.
    expect(missed).toBeLessThan(0.39 * 2_000)
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
