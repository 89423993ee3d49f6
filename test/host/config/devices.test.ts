/**
 * Transactions on devices: up and down, MTU, ARP, and what is refused.
 * @module
 */
import { describe, expect, it } from 'vitest'
import {
  addDevice, removeDevice, setDeviceArp, setDeviceDown, setDeviceMtu, setDeviceUp,
} from '../../../src/host/config/devices.ts'
import { findDeviceConfig, type NetConfig } from '../../../src/host/config/net-config.ts'
import type { MacAddr } from '../../../src/wire/address.ts'
import { done, hostConfig, routesOf, withRoute } from './configs.ts'

const twoNetworks = (): NetConfig => withRoute(hostConfig({ eth0: ['10.0.0.1/24'], eth1: ['10.1.0.1/24'] }), 'default',
  { via: '10.0.0.254' })

describe('a device', () => {
  it('that goes down loses all its routes; coming up brings back the connected ones only', () => {
    const down = done(setDeviceDown(twoNetworks(), 'eth0'))
    expect(routesOf(down)).toEqual(['10.1.0.0/24 dev eth1 src 10.1.0.1'])
    expect(findDeviceConfig(down, 'eth0')?.addresses.map((address) => address.inLocalTable)).toEqual([false])
    const up = done(setDeviceUp(down, 'eth0'))
    expect(routesOf(up)).toEqual(['10.1.0.0/24 dev eth1 src 10.1.0.1', '10.0.0.0/24 dev eth0 src 10.0.0.1'])
    expect(findDeviceConfig(up, 'eth0')?.addresses.map((address) => address.inLocalTable)).toEqual([true])
  })

  it('that is up already stays the same tree, as one that is down does', () => {
    const config = twoNetworks()
    expect(done(setDeviceUp(config, 'eth0'))).toBe(config)
    const down = done(setDeviceDown(config, 'eth0'))
    expect(done(setDeviceDown(down, 'eth0'))).toBe(down)
  })

  it('gets the next ifindex, which is never given out again', () => {
    const config = hostConfig()
    expect(config.devices.map(({ name, ifindex }) => `${ifindex} ${name}`)).toEqual(['1 lo', '2 eth0', '3 eth1'])
    const again = done(addDevice(done(removeDevice(config, 'eth1')), {
      name: 'eth1', kind: 'ethernet', mac: 3 as MacAddr, mtuBytes: 1500,
    }))
    expect(findDeviceConfig(again, 'eth1')?.ifindex).toBe(4)
  })

  it('begins down, without addresses, and uses ARP if it is Ethernet', () => {
    const config = done(addDevice(hostConfig(), { name: 'dummy0', kind: 'dummy', mac: 3 as MacAddr, mtuBytes: 1500 }))
    expect(findDeviceConfig(config, 'dummy0')).toMatchObject({ isUp: false, usesArp: false, addresses: [] })
    expect(findDeviceConfig(config, 'eth0')?.usesArp).toBe(true)
  })

  it('takes its addresses and routes along when it is removed', () => {
    const config = done(removeDevice(twoNetworks(), 'eth0'))
    expect(config.devices.map(({ name }) => name)).toEqual(['lo', 'eth1'])
    expect(routesOf(config)).toEqual(['10.1.0.0/24 dev eth1 src 10.1.0.1'])
  })

  it('takes an MTU of 68 to 65,535 bytes, lo one more', () => {
    const config = hostConfig()
    expect([68, 65_535].map((mtu) => setDeviceMtu(config, 'eth0', mtu).ok)).toEqual([true, true])
    expect([67, 65_536, 0, -1].map((mtu) => setDeviceMtu(config, 'eth0', mtu)))
      .toEqual(new Array(4).fill({ ok: false, error: 'EINVAL' }))
    expect(setDeviceMtu(config, 'lo', 65_536).ok).toBe(true)
    expect(findDeviceConfig(done(setDeviceMtu(config, 'eth0', 1400)), 'eth0')?.mtuBytes).toBe(1400)
  })

  it('can do without ARP', () => {
    expect(findDeviceConfig(done(setDeviceArp(hostConfig(), 'eth0', false)), 'eth0')?.usesArp).toBe(false)
  })

  it('must exist, and its name must be free', () => {
    const before = twoNetworks()
    const copy = structuredClone(before)
    const refusals = [
      setDeviceUp(before, 'eth9'), setDeviceDown(before, 'eth9'), removeDevice(before, 'eth9'),
      setDeviceMtu(before, 'eth9', 1500), setDeviceArp(before, 'eth9', true),
      addDevice(before, { name: 'eth0', kind: 'ethernet', mac: 1 as MacAddr, mtuBytes: 1500 }), removeDevice(before, 'lo'),
    ]
    expect(refusals.map((result) => (result.ok ? 'done' : result.error)))
      .toEqual(['ENODEV', 'ENODEV', 'ENODEV', 'ENODEV', 'ENODEV', 'EEXIST', 'EOPNOTSUPP'])
    expect(before).toEqual(copy)
  })
})
