import { describe, expect, it } from 'vitest'
import { Host } from '../../src/host/host.ts'
import { SysctlRegistry } from '../../src/host/sysctl.ts'
import { Simulator } from '../../src/sim/simulator.ts'

describe('the cell of a sysctl', () => {
  it('follows every write, and a new definition', () => {
    const registry = new SysctlRegistry()
    registry.define({ name: 'net.a', kind: 'int', initial: '1' })
    const cell = registry.cell('net.a')
    expect(cell.value).toBe(1)
    registry.set('net.a', '7')
    expect([cell.value, registry.int('net.a')]).toEqual([7, 7])
    registry.define({ name: 'net.a', kind: 'int', initial: '2' })
    expect(cell.value).toBe(2)
  })

  it('exists for defined numbers only', () => {
    const registry = new SysctlRegistry()
    registry.define({ name: 'net.text', kind: 'text', initial: 'reno' })
    expect(() => registry.cell('net.text')).toThrow('sysctl net.text is missing')
    expect(() => registry.cell('net.none')).toThrow('sysctl net.none is missing')
  })
})

describe('what routing has worked out from sysctls', () => {
  it('is dropped when one of them changes', () => {
    const host = new Host(new Simulator('1'), { name: 'a' })
    const lo = host.loopback
    expect([host.routing.forwards(lo), host.routing.sendsRedirects(lo)]).toEqual([false, true])
    host.sysctl.set('net.ipv4.ip_forward', '1')
    host.sysctl.set('net.ipv4.conf.all.send_redirects', '0')
    host.sysctl.set('net.ipv4.conf.lo.send_redirects', '0')
    expect([host.routing.forwards(lo), host.routing.sendsRedirects(lo)]).toEqual([true, false])
  })
})
