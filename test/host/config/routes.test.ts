/**
 * Transactions on routes, and every way to be refused.
 * @module
 */
import { describe, expect, it } from 'vitest'
import { setDeviceDown } from '../../../src/host/config/devices.ts'
import type { NetConfig } from '../../../src/host/config/net-config.ts'
import { addRoute, deviceTowards, removeRoute, type NewRoute } from '../../../src/host/config/routes.ts'
import { ip } from '../../wire/packets.ts'
import { done, hostConfig, prefixOf, routesOf, withRoute } from './configs.ts'

const base = (): NetConfig => hostConfig({ eth0: ['10.0.0.1/24'], eth1: ['10.1.0.1/16'] })

describe('adding a route', () => {
  it('finds the device by the gateway', () => {
    expect(routesOf(withRoute(base(), 'default', { via: '10.1.0.254' })).at(-1)).toBe('0.0.0.0/0 via 10.1.0.254 dev eth1')
  })

  it('gives a route by a gateway global scope and one by a device link scope', () => {
    const config = withRoute(withRoute(base(), '10.2.0.0/16', { device: 'eth0' }), 'default', { via: '10.0.0.254' })
    expect(config.routes.map(({ scope }) => scope)).toEqual(['link', 'link', 'link', 'global'])
  })

  it('takes the same network again with another metric', () => {
    const config = withRoute(withRoute(base(), 'default', { via: '10.0.0.254' }), 'default', { via: '10.1.0.254', metric: 100 })
    expect(routesOf(config).slice(-2))
      .toEqual(['0.0.0.0/0 via 10.0.0.254 dev eth0', '0.0.0.0/0 via 10.1.0.254 dev eth1 metric 100'])
  })

  it('takes a gateway beyond the networks when it is said to be on the link', () => {
    expect(routesOf(withRoute(base(), 'default', { via: '192.0.2.1', device: 'eth0', onLink: true })).at(-1))
      .toBe('0.0.0.0/0 via 192.0.2.1 dev eth0')
  })

  it('puts a route in the place of its twin when it replaces', () => {
    const config = withRoute(withRoute(base(), 'default', { via: '10.0.0.254' }), '10.9.0.0/16', { device: 'eth0' })
    const after = done(addRoute(config, { ...prefixOf('default'), gateway: ip('10.1.0.254') }, 'replace'))
    expect(routesOf(after).slice(-2)).toEqual(['0.0.0.0/0 via 10.1.0.254 dev eth1', '10.9.0.0/16 dev eth0'])
  })

  it('needs no device for a route that leads nowhere', () => {
    expect(routesOf(withRoute(base(), '10.9.0.0/16', { type: 'blackhole' })).at(-1)).toBe('blackhole 10.9.0.0/16')
  })

  const refusals: readonly (readonly [string, NewRoute, string])[] = [
    ['bits beyond the prefix', { ...prefixOf('10.2.0.1/16'), device: 'eth0' }, 'EINVAL'],
    ['neither gateway nor device', prefixOf('10.2.0.0/16'), 'ENODEV'],
    ['an unknown device', { ...prefixOf('10.2.0.0/16'), device: 'eth9' }, 'ENODEV'],
    ['a gateway in no network', { ...prefixOf('default'), gateway: ip('192.0.2.1') }, 'ENETUNREACH'],
    ['a gateway in the network of another device', { ...prefixOf('default'), gateway: ip('10.1.0.254'), device: 'eth0' },
      'ENETUNREACH'],
    ['a source that is not ours', { ...prefixOf('10.2.0.0/16'), device: 'eth0', preferredSource: ip('10.0.0.9') }, 'EINVAL'],
    ['a network that has a route', { ...prefixOf('10.0.0.0/24'), device: 'eth1' }, 'EEXIST'],
  ]
  it.each(refusals)('is refused for %s, and nothing changes', (_what, route, errno) => {
    const before = base()
    const copy = structuredClone(before)
    expect(addRoute(before, route)).toEqual({ ok: false, error: errno })
    expect(before).toEqual(copy)
  })

  it('is refused for a device that is down', () => {
    expect(addRoute(done(setDeviceDown(base(), 'eth0')), { ...prefixOf('10.2.0.0/16'), device: 'eth0' }))
      .toEqual({ ok: false, error: 'ENETDOWN' })
  })

  it('is refused for a gateway behind another gateway', () => {
    const config = withRoute(base(), '10.2.0.0/16', { via: '10.0.0.254' })
    expect(addRoute(config, { ...prefixOf('10.3.0.0/16'), gateway: ip('10.2.0.1') })).toEqual({ ok: false, error: 'ENETUNREACH' })
  })
})

describe('removing a route', () => {
  const config = (): NetConfig => withRoute(withRoute(base(), 'default', { via: '10.0.0.254' }), 'default', {
    via: '10.1.0.254', metric: 5,
  })

  it('takes the first that fits', () => {
    expect(routesOf(done(removeRoute(config(), prefixOf('default')))).at(-1)).toBe('0.0.0.0/0 via 10.1.0.254 dev eth1 metric 5')
  })

  it.each([
    [{ gateway: ip('10.1.0.254') }], [{ device: 'eth1' }], [{ metric: 5 }],
  ])('goes by what is given: %j', (given) => {
    expect(routesOf(done(removeRoute(config(), { ...prefixOf('default'), ...given }))).at(-1))
      .toBe('0.0.0.0/0 via 10.0.0.254 dev eth0')
  })

  it('is refused when none fits', () => {
    const before = config()
    const none = prefixOf('default')
    for (const wanted of [prefixOf('10.0.0.0/25'), { ...none, metric: 6 }, { ...none, type: 'blackhole' as const }]) {
      expect(removeRoute(before, wanted)).toEqual({ ok: false, error: 'ESRCH' })
    }
  })
})

describe('the device towards a gateway', () => {
  it('is that of the longest connected network', () => {
    const config = hostConfig({ eth0: ['10.0.0.1/8'], eth1: ['10.1.0.1/16'] })
    expect(['10.1.0.9', '10.2.0.9', '192.0.2.1'].map((addr) => deviceTowards(config, ip(addr))))
      .toEqual(['eth1', 'eth0', undefined])
  })
})
