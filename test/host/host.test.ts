/**
 * The host as a whole: its configuration, its switches, its hooks and its books.
 * @module
 */
import { beforeEach, describe, expect, it } from 'vitest'
import { removeDevice } from '../../src/host/config/devices.ts'
import { bringUp, Host } from '../../src/host/host.ts'
import { type HookFunction, Hooks } from '../../src/host/hooks.ts'
import { SysctlRegistry } from '../../src/host/sysctl.ts'
import { Nic } from '../../src/link/nic.ts'
import { Simulator } from '../../src/sim/simulator.ts'
import type { MacAddr } from '../../src/wire/address.ts'
import { datagram, deviceOf, ip, Lan, ping, setSysctl, setUp } from '../support/lan.ts'

let lan: Lan
let host: Host

beforeEach(() => {
  lan = new Lan()
  host = lan.host('a', {
    devices: { eth0: { segment: 'lan', addrs: ['10.0.0.1/24'] }, eth1: { segment: 'in', addrs: ['10.1.0.1/24'] } },
  })
})

describe('a host', () => {
  it('begins with lo, up, and gets its devices in the order of plugging, down until it boots', () => {
    const bare = new Host(new Simulator('42'), { name: 'bare' })
    for (const [index, name] of ['eth0', 'eth1'].entries()) {
      bare.addNic(name, new Nic(bare.sim, `bare.${name}`, (index + 1) as MacAddr, bare), { mtuBytes: 1500, kind: 'ethernet' })
    }
    expect(bare.devices.map(({ name, config }) => [name, config.isUp])).toEqual([['lo', true], ['eth0', false], ['eth1', false]])
    bringUp(bare)
    expect(bare.devices.map(({ config, nic }) => [config.isUp, nic?.isUp]))
      .toEqual([[true, undefined], [true, true], [true, true]])
  })

  it('forgets a device that is removed, its neighbors and its sysctls, and hears its nic no more', () => {
    const other = lan.host('b', { devices: { eth0: { segment: 'lan', addrs: ['10.0.0.2/24'] } } })
    ping(host, '10.0.0.77')
    const next = removeDevice(host.net, 'eth0')
    if (next.ok) host.reconfigure(next.value)
    expect([host.findDevice('eth0'), host.sysctl.has('net.ipv4.conf.eth0.rp_filter'), host.drops.get('device-down')])
      .toEqual([undefined, false, 1])
    ping(other, '10.0.0.1')
    lan.runFor(1_000_000)
    expect([lan.takeLines('a.eth0').filter((line) => line.startsWith('<')), lan.imbalances()]).toEqual([[], []])
  })

  it('keeps ip_forward and conf.all.forwarding in step, over all devices, and believes redirects only as a host', () => {
    const values = (): (string | undefined)[] => [
      'ip_forward', 'conf.all.forwarding', 'conf.default.forwarding', 'conf.eth1.forwarding', 'conf.all.accept_redirects',
    ]
      .map((name) => host.sysctl.find(`net.ipv4.${name}`))
    expect(values()).toEqual(['0', '0', '0', '0', '1'])
    setSysctl(host, 'ip_forward', 1)
    expect(values()).toEqual(['1', '1', '1', '1', '0'])
    setSysctl(host, 'all.forwarding', 0)
    expect(values()).toEqual(['0', '0', '0', '0', '1'])
    // Written again, the same value changes nothing.
    setSysctl(host, 'all.accept_redirects', 0)
    setSysctl(host, 'ip_forward', 0)
    expect(values()).toEqual(['0', '0', '0', '0', '0'])
  })

  it('gives a new device what conf.default holds at that moment', () => {
    setSysctl(host, 'default.rp_filter', 1)
    host.modules.load('ipip')
    expect([host.sysctl.int('net.ipv4.conf.tunl0.rp_filter'), host.sysctl.int('net.ipv4.conf.eth0.rp_filter')]).toEqual([1, 0])
  })

  it('mixes every drop into the hash of the run, by host and reason', () => {
    const digest = (name: string, reason: 'no-route' | 'too-big'): string => {
      const made = new Lan()
      const dropper = made.host(name, { devices: { eth0: { segment: 'lan', addrs: ['10.0.0.1/24'] } } })
      datagram(dropper, '10.0.0.1', 9)
      dropper.drop({ src: ip('10.0.0.1'), dst: ip('10.0.0.2') } as never, reason)
      return made.sim.hash.digest()
    }
    expect(new Set([digest('a', 'no-route'), digest('b', 'no-route'), digest('a', 'too-big')]).size).toBe(3)
    expect(digest('a', 'no-route')).toBe(digest('a', 'no-route'))
  })

  it('tells those who listen what it decides and how packets end', () => {
    const told: string[] = []
    host.trace = {
      decision: (_host, _packet, { by }) => told.push(`decided by ${by}`),
      changed: () => told.push('changed'),
      consumed: (_host, _packet, by) => told.push(`consumed by ${by}`),
      dropped: (_host, _packet, reason) => told.push(`dropped: ${reason}`),
      arp: (_host, device, _packet, outcome) => told.push(`arp on ${device.name}: ${outcome}`),
    }
    const other = lan.host('b', { devices: { eth0: { segment: 'lan', addrs: ['10.0.0.2/24'] } } })
    ping(host, '127.0.0.1')
    lan.runFor(1_000_000)
    expect(told.splice(0)).toEqual(['decided by route', 'consumed by icmp', 'decided by route', 'consumed by icmp'])
    datagram(other, '10.0.0.1', 9)
    lan.runFor(1_000_000)
    expect(told).toEqual(['arp on eth0: answered', 'decided by route', 'dropped: no-listener'])
  })

  it('confirms the neighbor on the way to whom an endpoint heard from', () => {
    lan.host('b', { devices: { eth0: { segment: 'lan', addrs: ['10.0.0.2/24'] } } })
    ping(host, '10.0.0.2')
    lan.runFor(1_000_000_000)
    host.confirmNeighbor(ip('10.0.0.2'))
    expect(deviceOf(host, 'eth0').neighbors?.find(ip('10.0.0.2'))?.confirmedNs).toBe(1_000_000_000)
    // No neighbor, no harm.
    host.confirmNeighbor(ip('127.0.0.1'))
    host.confirmNeighbor(ip('10.0.0.3'))
  })

  it('loses what is on its way to a device that is down', () => {
    const other = lan.host('b', { devices: { eth0: { segment: 'lan', addrs: ['10.0.0.2/24'] } } })
    ping(other, '10.0.0.1')
    lan.runFor(1_000_000)
    setUp(host, 'eth0', false)
    ping(other, '10.0.0.1')
    lan.runFor(1_000_000)
    expect([lan.sim.frames.lost.linkDown, lan.imbalances()]).toEqual([1, []])
  })
})

describe('hooks', () => {
  it('run by priority and, in one priority, in the order of registration, until one takes the packet', () => {
    const hooks = new Hooks()
    const seen: string[] = []
    const note = (name: string, goesOn = true): HookFunction => (packet) => {
      seen.push(name)
      return goesOn ? packet : undefined
    }
    expect(hooks.inUse).toBe(false)
    hooks.register('forward', 'x', 0, note('second'))
    hooks.register('forward', 'y', -5, note('first'))
    hooks.register('forward', 'x', 0, note('third', false))
    hooks.register('forward', 'y', 9, note('never'))
    expect([hooks.run('forward', {} as never, {} as never), seen.splice(0), hooks.inUse])
      .toEqual([undefined, ['first', 'second', 'third'], true])
    hooks.unregister('x')
    hooks.run('forward', {} as never, {} as never)
    expect(seen).toEqual(['first', 'never'])
    hooks.unregister('y')
    expect(hooks.inUse).toBe(false)
  })
})

describe('a sysctl', () => {
  const made: string[] = []
  let sysctl: SysctlRegistry

  beforeEach(() => {
    made.length = 0
    sysctl = new SysctlRegistry()
    sysctl.define({ name: 'a.small', kind: 'int', initial: '1', min: 0, max: 8, onChange: (value) => made.push(value) })
    sysctl.define({ name: 'a.range', kind: 'ints', initial: '1\t2' })
    sysctl.define({ name: 'a.fixed', kind: 'int', initial: '7', readOnly: true })
    sysctl.define({ name: 'b.text', kind: 'text', initial: 'reno' })
  })

  it.each([
    ['a.small', '8', '8'], ['a.small', ' 0 ', '0'], ['a.small', '0x3', '3'], ['a.range', '5  9', '5\t9'],
    ['b.text', 'cubic', 'cubic'],
  ])('%s takes %j', (name, text, stored) => {
    expect([sysctl.set(name, text), sysctl.find(name)]).toEqual([{ ok: true, value: stored }, stored])
  })

  it.each([
    ['a.small', '9', 'EINVAL'], ['a.small', '-1', 'EINVAL'], ['a.small', '', 'EINVAL'], ['a.small', '1x', 'EINVAL'],
    ['a.small', '1 2', 'EINVAL'],
    ['a.small', '99999999999', 'EINVAL'], ['a.fixed', '1', 'EACCES'], ['a.none', '1', 'ENOENT'],
  ])('%s refuses %j with %3$s, and stays as it was', (name, text, errno) => {
    const before = sysctl.find(name)
    expect([sysctl.set(name, text), sysctl.find(name), made]).toEqual([{ ok: false, error: errno }, before, []])
  })

  it('tells its owner and the listener of a change', () => {
    let calls = 0
    sysctl.setListener(() => calls++)
    sysctl.set('a.small', '2')
    sysctl.set('b.text', 'cubic')
    expect([made, calls, sysctl.int('a.small')]).toEqual([['2'], 2, 2])
  })

  it('is listed in the order of definition until it is removed by its prefix', () => {
    sysctl.remove('a.')
    expect([sysctl.names(), sysctl.has('a.small'), sysctl.find('a.small')]).toEqual([['b.text'], false, undefined])
    expect(() => sysctl.int('a.small')).toThrow('sysctl a.small is missing')
  })
})
