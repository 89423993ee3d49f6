/**
 * Transactions on a host's IPv6 configuration.
 * @module
 */
import { describe, expect, it } from 'vitest'
import { addDevice, removeDevice, setDeviceDown, setDeviceMtu, setDeviceUp } from '../../../src/host/config/devices.ts'
import {
  addIpv6Address, addIpv6Route, ipv6AddressesOf, removeIpv6Address, removeIpv6Route, setIpv6, setIpv6Default,
  settleIpv6Address, settleIpv6Addresses, speaksIpv6, type NewIpv6Route,
} from '../../../src/host/config/ipv6-config.ts'
import { INITIAL_NET_CONFIG, type NetConfig } from '../../../src/host/config/net-config.ts'
import type { Result } from '../../../src/base/result.ts'
import { formatIp, type MacAddr } from '../../../src/wire/address.ts'
import { ip6 } from '../../support/lan6.ts'

function done<T>(result: Result<T, unknown>): T {
  if (!result.ok) throw new Error(String(result.error))
  return result.value
}

/** `lo` and `eth0`, up and speaking IPv6. */
function configured(): NetConfig {
  const added = done(addDevice(setIpv6Default(INITIAL_NET_CONFIG, true), {
    name: 'eth0', kind: 'ethernet', mac: 0x020000000100 as MacAddr, mtuBytes: 1500,
  }))
  return settleIpv6Addresses(done(setDeviceUp(done(setIpv6(added, 'lo', true)), 'eth0')))
}

function withAddress(text: string, config = configured()): NetConfig {
  const [addr = '', length] = text.split('/')
  return done(addIpv6Address(config, 'eth0', { addr: ip6(addr), prefixLength: Number(length), nodad: true }))
}

function route(text: string, more: Partial<NewIpv6Route> = {}): NewIpv6Route {
  const [addr = '', length = '128'] = text.split('/')
  return { network: ip6(addr), prefixLength: Number(length), ...more }
}

const addresses = (config: NetConfig): string[] => ipv6AddressesOf(config, 'eth0')
  .map(({ addr, prefixLength, state }) => `${formatIp(addr)}/${prefixLength} ${state}`)
const routes = (config: NetConfig): string[] => config.ipv6.routes
  .map(({ network, prefixLength, device, metric }) => `${formatIp(network)}/${prefixLength} ${device} ${metric}`)

describe('IPv6 of a device', () => {
  it('begins with its own address and the route to its link', () => {
    expect([addresses(configured()), routes(configured())])
      .toEqual([['fe80::ff:fe00:100/64 valid'], ['::1/128 lo 256', 'fe80::/64 eth0 256']])
  })

  it('is off unless it is switched on, and off again takes all away', () => {
    const off = done(setIpv6(withAddress('fd00::1/64'), 'eth0', false))
    expect([addresses(off), routes(off), speaksIpv6(off, 'eth0')]).toEqual([[], ['::1/128 lo 256'], false])
    expect(setIpv6(off, 'eth0', false)).toEqual({ ok: true, value: off })
    expect(addIpv6Address(off, 'eth0', { addr: ip6('fd00::1'), prefixLength: 64 })).toEqual({ ok: false, error: 'EACCES' })
    expect(setIpv6(off, 'eth9', true)).toEqual({ ok: false, error: 'ENODEV' })
  })

  it('is not for tunnels over IPv4', () => {
    const config = done(addDevice(configured(), { name: 'tunl0', kind: 'ipip', mac: 0 as MacAddr, mtuBytes: 1480 }))
    expect([speaksIpv6(config, 'tunl0'), setIpv6(config, 'tunl0', true)]).toEqual([false, { ok: false, error: 'EINVAL' }])
  })

  it('ends when the device goes down, with all addresses and routes, and when it is removed', () => {
    const down = done(setDeviceDown(withAddress('fd00::1/64'), 'eth0'))
    expect([addresses(down), routes(down), speaksIpv6(down, 'eth0')]).toEqual([[], ['::1/128 lo 256'], true])
    // A device that comes up has to find out whether its address is free.
    expect(addresses(done(setDeviceUp(down, 'eth0')))).toEqual(['fe80::ff:fe00:100/64 tentative'])
    expect(speaksIpv6(done(removeDevice(configured(), 'eth0')), 'eth0')).toBe(false)
  })

  it('gives an address that it got while it was down its route when it comes up, and asks who has it', () => {
    const down = done(setDeviceDown(configured(), 'eth0'))
    const waiting = done(addIpv6Address(down, 'eth0', { addr: ip6('fd00::1'), prefixLength: 64 }))
    expect([addresses(waiting), routes(waiting)]).toEqual([['fd00::1/64 tentative'], ['::1/128 lo 256']])
    const up = done(setDeviceUp(waiting, 'eth0'))
    expect([addresses(up), routes(up)]).toEqual([
      ['fd00::1/64 tentative', 'fe80::ff:fe00:100/64 tentative'], ['::1/128 lo 256', 'fd00::/64 eth0 256', 'fe80::/64 eth0 256'],
    ])
  })

  it('begins anew when its MTU gets large enough again', () => {
    const small = done(setDeviceMtu(withAddress('fd00::1/64'), 'eth0', 1279))
    expect(addresses(done(setDeviceUp(done(setDeviceDown(small, 'eth0')), 'eth0')))).toEqual([])
    expect(addresses(done(setDeviceMtu(small, 'eth0', 1280)))).toEqual(['fe80::ff:fe00:100/64 tentative'])
  })

  it('ends when its MTU gets too small for IPv6', () => {
    const config = withAddress('fd00::1/64')
    expect(addresses(done(setDeviceMtu(config, 'eth0', 1280)))).toHaveLength(2)
    const small = done(setDeviceMtu(config, 'eth0', 1279))
    expect([addresses(small), routes(small)]).toEqual([[], ['::1/128 lo 256']])
  })
})

describe('an IPv6 address', () => {
  it('is no longer the source that a route prefers once it is gone', () => {
    const config = done(addIpv6Route(withAddress('fd00::1/64'), route('fd05::/64', {
      device: 'eth0', preferredSource: ip6('fd00::1'),
    })))
    const gone = done(removeIpv6Address(config, 'eth0', { addr: ip6('fd00::1') }))
    expect(gone.ipv6.routes.map(({ network, preferredSource }) => [formatIp(network), preferredSource]))
      .toEqual([['::1', undefined], ['fe80::', undefined], ['fd05::', undefined]])
  })

  it('keeps its state when it is added again to replace itself', () => {
    const config = done(addIpv6Address(withAddress('fd00::1/64'), 'eth0', {
      addr: ip6('fd00::1'), prefixLength: 64, isDeprecated: true,
    }, { replace: true }))
    expect(ipv6AddressesOf(config, 'eth0')[0]).toMatchObject({ state: 'valid', isDeprecated: true, isUnasked: false })
  })

  it('stands before the older ones of its scope, link-local ones last, and brings the route to its network', () => {
    const config = withAddress('fd00::2/128', withAddress('fd00::1/64'))
    expect(addresses(config)).toEqual(['fd00::2/128 valid', 'fd00::1/64 valid', 'fe80::ff:fe00:100/64 valid'])
    expect(routes(config).slice(2)).toEqual(['fd00::/64 eth0 256', 'fd00::2/128 eth0 256'])
    expect(addresses(withAddress('fe80::5/64', config)).at(-2)).toBe('fe80::5/64 valid')
  })

  it('is there once, on a device that exists, and is neither a group nor loopback', () => {
    const config = withAddress('fd00::1/64')
    const add = (text: string, device = 'eth0'): unknown => addIpv6Address(config, device, { addr: ip6(text), prefixLength: 64 })
    expect(add('fd00::1')).toEqual({ ok: false, error: 'EEXIST' })
    expect(add('fd00::2', 'eth9')).toEqual({ ok: false, error: 'ENODEV' })
    expect(add('ff02::1')).toEqual({ ok: false, error: 'EADDRNOTAVAIL' })
    expect(add('::1')).toEqual({ ok: false, error: 'EADDRNOTAVAIL' })
  })

  it('takes the route of its network with it only when it was the last one there', () => {
    const config = withAddress('fd00::2/64', withAddress('fd00::1/64'))
    const one = done(removeIpv6Address(config, 'eth0', { addr: ip6('fd00::2'), prefixLength: 64 }))
    expect(routes(one)).toContain('fd00::/64 eth0 256')
    expect(routes(done(removeIpv6Address(one, 'eth0', { addr: ip6('fd00::1') })))).not.toContain('fd00::/64 eth0 256')
    expect(removeIpv6Address(one, 'eth0', { addr: ip6('fd00::1'), prefixLength: 128 }))
      .toEqual({ ok: false, error: 'EADDRNOTAVAIL' })
    expect(removeIpv6Address(one, 'eth9', { addr: ip6('fd00::1') })).toEqual({ ok: false, error: 'ENODEV' })
  })

  it('is in doubt on a link where others are, until that is settled', () => {
    const config = done(addIpv6Address(configured(), 'eth0', { addr: ip6('fd00::1'), prefixLength: 64 }))
    expect(addresses(config)[0]).toBe('fd00::1/64 tentative')
    expect(addresses(settleIpv6Address(config, 'eth0', ip6('fd00::1'), 'failed'))[0]).toBe('fd00::1/64 failed')
    // On lo nobody else can have it.
    expect(done(addIpv6Address(config, 'lo', { addr: ip6('fd00::9'), prefixLength: 128 })).ipv6.addresses
      .find(({ device }) => device === 'lo')).toMatchObject({ state: 'valid', scope: 'global' })
  })
})

describe('an IPv6 route', () => {
  it('finds its device by its gateway, and has a metric of 1024', () => {
    const config = done(addIpv6Route(withAddress('fd00::1/64'), route('::/0', { gateway: ip6('fd00::f') })))
    expect(routes(config).at(-1)).toBe('::/0 eth0 1024')
    expect(done(addIpv6Route(config, route('fd09::/64', { type: 'unreachable' }))).ipv6.routes.at(-1))
      .toMatchObject({ type: 'unreachable', device: 'lo' })
  })

  it.each<[string, NewIpv6Route, string]>([
    ['bits beyond the prefix', route('fd05::1/64', { device: 'eth0' }), 'EINVAL'],
    ['neither gateway nor device', route('fd05::/64'), 'ENODEV'],
    ['an unknown device', route('fd05::/64', { device: 'eth9' }), 'ENODEV'],
    ['a gateway that nobody can reach', route('fd05::/64', { gateway: ip6('fd07::1') }), 'EHOSTUNREACH'],
    ['a gateway elsewhere than the device', route('fd05::/64', { gateway: ip6('fd07::1'), device: 'eth0' }), 'EHOSTUNREACH'],
    ['a link-local gateway without device', route('fd05::/64', { gateway: ip6('fe80::1') }), 'EINVAL'],
    ['a gateway that is an address of the host', route('fd05::/64', { gateway: ip6('fd00::1') }), 'EINVAL'],
    ['a source of somebody else', route('fd05::/64', { device: 'eth0', preferredSource: ip6('fd00::77') }), 'EINVAL'],
    ['a second one of the same metric', route('fd00::/64', { device: 'eth0', metric: 256 }), 'EEXIST'],
  ])('is refused with %s', (_, wanted, error) => {
    expect(addIpv6Route(withAddress('fd00::1/64'), wanted)).toEqual({ ok: false, error })
  })

  it('needs a device that is up', () => {
    const down = done(setDeviceDown(configured(), 'eth0'))
    expect(addIpv6Route(down, route('fd05::/64', { device: 'eth0' }))).toEqual({ ok: false, error: 'ENETDOWN' })
  })

  it('can be replaced, and removed by what is known of it', () => {
    const config = withAddress('fd00::1/64')
    const first = done(addIpv6Route(config, route('fd05::/64', { gateway: ip6('fd00::a') })))
    const second = done(addIpv6Route(first, route('fd05::/64', { gateway: ip6('fe80::b'), device: 'eth0' }), { replace: true }))
    expect(second.ipv6.routes.at(-1)?.gateway).toBe(ip6('fe80::b'))
    expect(removeIpv6Route(second, route('fd05::/64', { gateway: ip6('fd00::a') }))).toEqual({ ok: false, error: 'ESRCH' })
    expect(routes(done(removeIpv6Route(second, route('fd05::/64', { device: 'eth0' }))))).toEqual(routes(config))
  })
})
