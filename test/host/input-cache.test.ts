import { describe, expect, it } from 'vitest'
import type { Device } from '../../src/host/device.ts'
import type { Host } from '../../src/host/host.ts'
import { InputCache, type InputRoute } from '../../src/host/input-cache.ts'
import type { Route } from '../../src/host/routing.ts'
import type { IpAddr } from '../../src/wire/address.ts'
import { addressTo, datagram, Lan, routeTo, setSysctl, setUp } from '../support/lan.ts'

const [ETH0, ETH1] = [{ ifindex: 2 } as Device, { ifindex: 3 } as Device]

interface Flow { readonly src: IpAddr, readonly dst: IpAddr, readonly inDevice: Device }

function flow(src: number, dst: number, inDevice = ETH0): Flow {
  return { src: src as IpAddr, dst: dst as IpAddr, inDevice }
}

function way(route = {} as Route, isFromNeighbor = false): InputRoute {
  return { route, isLocal: false, isFromNeighbor }
}

function find(cache: InputCache, { src, dst, inDevice }: Flow): InputRoute | undefined {
  return cache.find(src, dst, inDevice)
}

function add(cache: InputCache, { src, dst, inDevice }: Flow, known: InputRoute): void {
  cache.add(src, dst, inDevice, known)
}

/** How many of some flows, each met in turn, are not known in the last of five rounds. */
function missedOf(flows: readonly Flow[]): number {
  const cache = new InputCache()
  let missed = 0
  for (let round = 0; round < 5; round++) {
    missed = 0
    for (const each of flows) {
      if (find(cache, each) !== undefined) continue
      missed++
      add(cache, each, way())
    }
  }
  return missed
}

describe('the cache of input routes', () => {
  it('finds what was added last for a source, a destination and a device, and nothing for any other', () => {
    const cache = new InputCache()
    const known = flow(0xc0a80001, 0xc0a80002)
    const [older, newer] = [way(), way()]
    expect(find(cache, known)).toBe(undefined)
    add(cache, known, older)
    expect(find(cache, known)).toBe(older)
    const others = [flow(0xc0a80002, 0xc0a80001), flow(0xc0a80001, 0xc0a80003), flow(0xc0a80001, 0xc0a80002, ETH1)]
    expect(others.map((other) => find(cache, other))).toEqual([undefined, undefined, undefined])
    add(cache, known, newer)
    expect(find(cache, known)).toBe(newer)
  })

  it('tells neighbors from strangers who use the same route', () => {
    const cache = new InputCache()
    const route = {} as Route
    add(cache, flow(1, 3), way(route, true))
    add(cache, flow(2, 3), way(route, false))
    expect([find(cache, flow(1, 3)), find(cache, flow(2, 3))]).toEqual([way(route, true), way(route, false)])
  })

  it('forgets all', () => {
    const cache = new InputCache()
    add(cache, flow(1, 2), way())
    cache.clear()
    expect(find(cache, flow(1, 2))).toBe(undefined)
  })

  it('keeps what it knows when it grows', () => {
    const cache = new InputCache()
    const newest = Array.from({ length: 3 }, (_, i) => flow(1 + i, 7))
    for (let i = 0; i < 1_000; i++) add(cache, flow(100 + i, 9), way())
    const ways = newest.map(() => way())
    newest.forEach((each, i) => add(cache, each, ways[i] as InputRoute))
    // 1,000 do not fit in 64 slots: the fifth of a line displaces one.
    expect(newest.map((each) => find(cache, each))).toEqual(ways)
  })

  it('grows until it holds nearly all flows that come again and again', () => {
    const flows = Array.from({ length: 2_000 }, (_, i) => flow(0x0a000000 + i % 50, 0x0a640000 + Math.floor(i / 50)))
    // At most one in four of the lines of 4,096 slots has displaced one when it no longer grows.
    expect(missedOf(flows)).toBeLessThan(0.1 * 2_000)
  })

  it('holds the answers of one service to many clients that come in by many devices', () => {
    const flows = Array.from({ length: 4_000 }, (_, i) => flow(0x0a640001, 0x0a000000 + i % 400, {
      ifindex: 2 + Math.floor(i / 400),
    } as Device))
    expect(missedOf(flows)).toBeLessThan(0.1 * 4_000)
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
