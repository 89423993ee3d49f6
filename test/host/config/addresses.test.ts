/**
 * Transactions on addresses: which are secondary, what comes and goes with them, and what is refused.
 * @module
 */
import { describe, expect, it } from 'vitest'
import { addAddress, flushAddresses, removeAddress } from '../../../src/host/config/addresses.ts'
import { setDeviceDown, setDeviceUp } from '../../../src/host/config/devices.ts'
import { findDeviceConfig, INITIAL_NET_CONFIG } from '../../../src/host/config/net-config.ts'
import { ip } from '../../wire/packets.ts'
import { addressesOf, addressOf, done, hostConfig, routesOf, withRoute } from './configs.ts'

describe('adding an address', () => {
  it('brings the route to its network', () => {
    expect(routesOf(hostConfig({ eth0: ['10.0.0.1/24'] }))).toEqual(['10.0.0.0/24 dev eth0 src 10.0.0.1'])
  })

  it('brings no route for a whole address, and none on lo', () => {
    const config = done(addAddress(hostConfig({ eth0: ['10.0.0.100/32'] }), 'lo', addressOf('10.0.0.101/24')))
    expect(routesOf(config)).toEqual([])
  })

  it('brings no route while the device is down; coming up brings it', () => {
    const down = done(setDeviceDown(hostConfig(), 'eth0'))
    const added = done(addAddress(down, 'eth0', addressOf('10.0.0.1/24')))
    expect(routesOf(added)).toEqual([])
    expect(routesOf(done(setDeviceUp(added, 'eth0')))).toEqual(['10.0.0.0/24 dev eth0 src 10.0.0.1'])
  })

  it('makes the second of one network and length secondary, without a route of its own', () => {
    const config = hostConfig({ eth0: ['10.0.0.1/24', '10.0.0.2/24', '10.0.0.3/25', '10.0.1.1/24'] })
    expect(addressesOf(config, 'eth0')).toEqual(['10.0.0.1/24', '10.0.0.3/25', '10.0.1.1/24', '10.0.0.2/24 secondary'])
    expect(routesOf(config).map((route) => route.split(' ')[0])).toEqual(['10.0.0.0/24', '10.0.0.0/25', '10.0.1.0/24'])
  })

  it('puts one of narrower scope before those of wider scope, as the kernel lists them', () => {
    const config = done(addAddress(hostConfig({ eth0: ['10.0.0.1/24'] }), 'eth0', {
      ...addressOf('10.0.0.100/32'), scope: 'host',
    }))
    expect(addressesOf(config, 'eth0')).toEqual(['10.0.0.100/32', '10.0.0.1/24'])
  })

  it('takes the scope from the address and the label from the device unless they are given', () => {
    const config = done(addAddress(INITIAL_NET_CONFIG, 'lo', { ...addressOf('10.0.0.100/32'), label: 'lo:0' }))
    const loopback = done(addAddress(config, 'lo', addressOf('127.0.0.2/32')))
    const seen = findDeviceConfig(loopback, 'lo')?.addresses.map(({ scope, label }) => `${scope} ${label}`)
    expect(seen).toEqual(['host lo', 'host lo', 'global lo:0'])
  })

  it.each([
    ['an unknown device', 'eth9', '10.0.0.9/24', undefined, 'ENODEV'],
    ['an address that is there with that length', 'eth0', '10.0.0.1/24', undefined, 'EEXIST'],
    ['another scope in one network', 'eth0', '10.0.0.9/24', 'host', 'EINVAL'],
  ] as const)('is refused for %s, and nothing changes', (_what, device, text, scope, errno) => {
    const before = hostConfig({ eth0: ['10.0.0.1/24'] })
    const copy = structuredClone(before)
    const result = addAddress(before, device, { ...addressOf(text), ...(scope === undefined ? {} : { scope }) })
    expect(result).toEqual({ ok: false, error: errno })
    expect(before).toEqual(copy)
  })

  it('may add an address again with another length', () => {
    expect(addressesOf(hostConfig({ eth0: ['10.0.0.1/24', '10.0.0.1/32'] }), 'eth0')).toEqual(['10.0.0.1/24', '10.0.0.1/32'])
  })

  it('shares what it does not touch', () => {
    const before = hostConfig({ eth0: ['10.0.0.1/24'] })
    const after = done(addAddress(before, 'eth0', addressOf('10.0.0.2/24')))
    expect(after.devices[0]).toBe(before.devices[0])
    expect(after.devices[2]).toBe(before.devices[2])
    expect(after.routes).toBe(before.routes)
  })
})

describe('removing an address', () => {
  it('takes its secondaries and its route along', () => {
    const config = done(removeAddress(hostConfig({ eth0: ['10.0.0.1/24', '10.0.0.2/24', '10.0.1.1/24'] }), 'eth0',
      { addr: ip('10.0.0.1') }))
    expect([addressesOf(config, 'eth0'), routesOf(config)]).toEqual([['10.0.1.1/24'], ['10.0.1.0/24 dev eth0 src 10.0.1.1']])
  })

  it('leaves the primary when a secondary goes', () => {
    const config = done(removeAddress(hostConfig({ eth0: ['10.0.0.1/24', '10.0.0.2/24'] }), 'eth0', { addr: ip('10.0.0.2') }))
    expect([addressesOf(config, 'eth0'), routesOf(config)]).toEqual([['10.0.0.1/24'], ['10.0.0.0/24 dev eth0 src 10.0.0.1']])
  })

  it('leaves routes by gateways while the device has another address, and takes all with the last', () => {
    const config = withRoute(hostConfig({ eth0: ['10.0.0.1/24', '10.0.1.1/24'] }), 'default', { via: '10.0.0.254' })
    const one = done(removeAddress(config, 'eth0', { addr: ip('10.0.0.1') }))
    expect(routesOf(one)).toEqual(['10.0.1.0/24 dev eth0 src 10.0.1.1', '0.0.0.0/0 via 10.0.0.254 dev eth0'])
    expect(routesOf(done(removeAddress(one, 'eth0', { addr: ip('10.0.1.1') })))).toEqual([])
  })

  it('takes routes along that prefer it as a source, unless another device has it too', () => {
    const base = hostConfig({ eth0: ['10.0.0.1/24', '10.0.0.100/32'], eth1: ['10.1.0.1/24'] })
    const config = withRoute(base, '10.9.0.0/16', { device: 'eth1', preferredSource: ip('10.0.0.100') })
    expect(routesOf(done(removeAddress(config, 'eth0', { addr: ip('10.0.0.100') })))).toHaveLength(2)
    const twice = done(addAddress(config, 'lo', addressOf('10.0.0.100/32')))
    expect(routesOf(done(removeAddress(twice, 'eth0', { addr: ip('10.0.0.100') })))).toHaveLength(3)
  })

  it('goes by the length when one is given', () => {
    const config = hostConfig({ eth0: ['10.0.0.1/24', '10.0.0.1/32'] })
    const after = done(removeAddress(config, 'eth0', { addr: ip('10.0.0.1'), prefixLength: 32 }))
    expect([addressesOf(after, 'eth0'), routesOf(after)]).toEqual([['10.0.0.1/24'], ['10.0.0.0/24 dev eth0 src 10.0.0.1']])
  })

  it('removes the route of its own device where two devices have the address', () => {
    const config = hostConfig({ eth0: ['10.0.0.1/24', '10.2.0.1/24'], eth1: ['10.0.0.1/24'] })
    expect(routesOf(done(removeAddress(config, 'eth0', { addr: ip('10.0.0.1') })))).toEqual([
      '10.2.0.0/24 dev eth0 src 10.2.0.1', '10.0.0.0/24 dev eth1 src 10.0.0.1',
    ])
  })

  it.each([
    ['an unknown device', 'eth9', '10.0.0.1', undefined, 'ENODEV'],
    ['an address it does not have', 'eth0', '10.0.0.9', undefined, 'EADDRNOTAVAIL'],
    ['another length', 'eth0', '10.0.0.1', 25, 'EADDRNOTAVAIL'],
  ] as const)('is refused for %s, and nothing changes', (_what, device, addr, prefixLength, errno) => {
    const before = hostConfig({ eth0: ['10.0.0.1/24'] })
    const copy = structuredClone(before)
    expect(removeAddress(before, device, { addr: ip(addr), prefixLength })).toEqual({ ok: false, error: errno })
    expect(before).toEqual(copy)
  })
})

describe('flushing addresses', () => {
  it('removes all of a device with all its routes, and leaves the others', () => {
    const config = withRoute(hostConfig({ eth0: ['10.0.0.1/24', '10.0.0.2/24'], eth1: ['10.1.0.1/24'] }), 'default',
      { via: '10.0.0.254' })
    const after = done(flushAddresses(config, 'eth0'))
    expect([addressesOf(after, 'eth0'), routesOf(after)]).toEqual([[], ['10.1.0.0/24 dev eth1 src 10.1.0.1']])
    expect(flushAddresses(config, 'eth9')).toEqual({ ok: false, error: 'ENODEV' })
  })
})
