/**
 * Neighbor discovery: who asks from which address, who answers, what is learnt, and whether an address is free.
 * @module
 */
import { beforeEach, describe, expect, it } from 'vitest'
import { setDeviceArp } from '../../../src/host/config/devices.ts'
import { removeIpv6Address } from '../../../src/host/config/ipv6-config.ts'
import type { Host } from '../../../src/host/host.ts'
import { NeighborTable } from '../../../src/host/neighbor-table.ts'
import { Simulator } from '../../../src/sim/simulator.ts'
import { formatIp, type MacAddr } from '../../../src/wire/address.ts'
import { change, deviceOf, Lan, setUp } from '../../support/lan.ts'
import { address6To, host6, ip6, ping6 } from '../../support/lan6.ts'

const MS = 1_000_000
const SECOND = 1_000 * MS
let lan: Lan
let a: Host
let b: Host

beforeEach(() => {
  lan = new Lan()
  a = host6(lan, 'a', { eth0: { segment: 'lan', addrs: ['fd00::1/64'] } })
  b = host6(lan, 'b', { eth0: { segment: 'lan', addrs: ['fd00::2/64'] } })
})

/** `fd00::2 reachable`, for every neighbor of eth0. */
function neighborsOf(host: Host): string[] {
  return (deviceOf(host, 'eth0').ipv6Neighbors?.entries() ?? []).map(({ addr, state }) => `${formatIp(addr)} ${state}`)
}

function statesOf(host: Host): string[] {
  return host.net.ipv6.addresses.filter(({ device }) => device === 'eth0').map(({ addr, state }) => `${formatIp(addr)} ${state}`)
}

describe('a neighbor', () => {
  it('is asked for in its group, and answers to the asker alone', () => {
    ping6(a, 'fd00::2')
    lan.runFor(MS)
    expect(lan.takeLines('a.eth0')).toEqual([
      '> IP6 fd00::1 > ff02::1:ff00:2: ICMP6, neighbor solicitation, who has fd00::2, length 32',
      '< IP6 fd00::2 > fd00::1: ICMP6, neighbor advertisement, tgt is fd00::2, length 32',
      '> IP6 fd00::1 > fd00::2: ICMP6, echo request, id 7, seq 1, length 64',
      '< IP6 fd00::2 > fd00::1: ICMP6, echo reply, id 7, seq 1, length 64',
    ])
    expect([neighborsOf(a), neighborsOf(b)]).toEqual([['fd00::2 reachable'], ['fd00::1 delay']])
    expect(lan.imbalances()).toEqual([])
  })

  it('is asked again by its own address after 5 s without confirmation; the answer need not name the address asked by', () => {
    ping6(a, 'fd00::2')
    lan.runFor(SECOND)
    lan.forgetLines()
    lan.runFor(5 * SECOND)
    // b answered an echo request without hearing anything since; nothing waits, so that it asks from its link-local address.
    expect(lan.takeLines('b.eth0')).toEqual([
      '> IP6 fe80::ff:fe00:200 > fd00::1: ICMP6, neighbor solicitation, who has fd00::1, length 32',
      '< IP6 fd00::1 > fe80::ff:fe00:200: ICMP6, neighbor advertisement, tgt is fd00::1, length 24',
    ])
    expect(neighborsOf(b)).toEqual(['fd00::1 reachable'])
  })

  it('is asked from the link-local address for a packet whose source is not an address of the device', () => {
    address6To(a, 'lo', 'fd00::100/128')
    ping6(a, 'fd00::2', { src: 'fd00::100' })
    lan.runFor(MS)
    expect(lan.takeLines('a.eth0')[0])
      .toBe('> IP6 fe80::ff:fe00:100 > ff02::1:ff00:2: ICMP6, neighbor solicitation, who has fd00::2, length 32')
  })

  it('stays silent about an address that another of its devices has: a VIP on lo disturbs nobody', () => {
    address6To(b, 'lo', 'fd00::100/128')
    ping6(a, 'fd00::100')
    lan.runFor(4 * SECOND)
    expect(lan.takeLines('a.eth0').filter((line) => line.startsWith('<'))).toEqual([])
    expect([neighborsOf(a), a.drops.get('neighbor-failed')]).toEqual([['fd00::100 failed'], 1])
  })

  it('neither answers nor asks with ARP switched off', () => {
    change(b, (net) => setDeviceArp(net, 'eth0', false))
    ping6(a, 'fd00::2')
    lan.runFor(4 * SECOND)
    expect([neighborsOf(a), b.drops.get('icmp-ignored')]).toEqual([['fd00::2 failed'], 3])
  })

  it('is forgotten when the device goes down', () => {
    ping6(a, 'fd00::2')
    lan.runFor(MS)
    setUp(a, 'eth0', false)
    expect(neighborsOf(a)).toEqual([])
  })
})

describe('an advertisement', () => {
  const [mac, other] = [0x02 as MacAddr, 0x03 as MacAddr]
  const addr = ip6('fd00::9')

  function tableWith(state: 'reachable' | 'stale' | 'permanent'): NeighborTable {
    const nothing = (): void => {}
    const table = new NeighborTable(new Simulator('42'), {
      solicit: nothing, transmit: nothing, release: nothing, giveUp: nothing, hold: nothing,
    })
    table.set(addr, mac, state)
    return table
  }

  it.each([
    ['without override, of another address, makes a sure entry doubtful', 'reachable', other, false, true, 'stale', mac],
    ['without override, of another address, leaves a doubtful entry alone', 'stale', other, false, true, 'stale', mac],
    ['with override puts its address into the entry', 'stale', other, true, true, 'reachable', other],
    ['that nobody asked for leaves the entry doubtful', 'reachable', other, true, false, 'stale', other],
    ['that nobody asked for confirms nothing, but hurts nothing either', 'reachable', mac, true, false, 'reachable', mac],
    ['without an address confirms the one that is known', 'stale', undefined, false, true, 'reachable', mac],
  ] as const)('%s', (_, before, told, isOverride, isSolicited, after, kept) => {
    const table = tableWith(before)
    table.learnFromAdvertisement(addr, told, { isSolicited, isOverride })
    expect(table.find(addr)).toMatchObject({ state: after, mac: kept })
  })

  it('changes nothing of an entry that an admin has set', () => {
    const table = tableWith('permanent')
    table.learnFromAdvertisement(ip6('fd00::9'), mac, { isRouter: true, isSolicited: true, isOverride: true })
    expect(table.find(ip6('fd00::9'))).toMatchObject({ state: 'permanent', isRouter: false })
  })

  it('of somebody unknown makes no entry', () => {
    const table = tableWith('stale')
    table.learnFromAdvertisement(ip6('fd00::8'), mac, { isSolicited: true, isOverride: true })
    expect(table.find(ip6('fd00::8'))).toBeUndefined()
  })
})

describe('a new address', () => {
  it('is tentative until nobody has objected for a second, and then it is there', () => {
    address6To(a, 'eth0', 'fd00::5/64', true)
    expect([statesOf(a)[0], a.isLocalAddress(ip6('fd00::5'))]).toEqual(['fd00::5 tentative', false])
    lan.runFor(SECOND)
    expect(lan.takeLines('b.eth0'))
      .toEqual(['< IP6 :: > ff02::1:ff00:5: ICMP6, neighbor solicitation, who has fd00::5, length 24'])
    lan.runFor(SECOND)
    expect([statesOf(a)[0], a.isLocalAddress(ip6('fd00::5'))]).toEqual(['fd00::5 valid', true])
  })

  it('is not taken when somebody has it', () => {
    address6To(a, 'eth0', 'fd00::2/64', true)
    lan.runFor(2 * SECOND)
    expect(lan.takeLines('a.eth0')).toEqual([
      '> IP6 :: > ff02::1:ff00:2: ICMP6, neighbor solicitation, who has fd00::2, length 24',
      '< IP6 fd00::2 > ff02::1: ICMP6, neighbor advertisement, tgt is fd00::2, length 32',
    ])
    expect([statesOf(a)[0], a.isLocalAddress(ip6('fd00::2'))]).toEqual(['fd00::2 failed', false])
  })

  it('is lost to both who ask for it at the same time', () => {
    address6To(a, 'eth0', 'fd00::5/64', true)
    address6To(b, 'eth0', 'fd00::5/64', true)
    lan.runFor(3 * SECOND)
    const states = [statesOf(a)[0], statesOf(b)[0]]
    // Who asks first is heard by the other, which gives up; the first then meets nobody.
    expect(states.filter((state) => state === 'fd00::5 valid').length).toBeLessThan(2)
    expect(states).toContain('fd00::5 failed')
  })

  it('is asked for no more when it is removed meanwhile', () => {
    address6To(a, 'eth0', 'fd00::5/64', true)
    change(a, (net) => removeIpv6Address(net, 'eth0', { addr: ip6('fd00::5') }))
    lan.runFor(3 * SECOND)
    expect([lan.takeLines('a.eth0'), lan.imbalances()]).toEqual([[], []])
  })

  it('is valid at once where nobody is asked: accept_dad=0, for the device and for all', () => {
    a.sysctl.set('net.ipv6.conf.eth0.accept_dad', '0')
    address6To(a, 'eth0', 'fd00::5/64', true)
    lan.runFor(1)
    a.sysctl.set('net.ipv6.conf.all.accept_dad', '1')
    address6To(a, 'eth0', 'fd00::6/64', true)
    lan.runFor(1)
    expect(statesOf(a).slice(0, 2)).toEqual(['fd00::6 tentative', 'fd00::5 valid'])
  })

  it('waits for the moment of the first question even if there is none: dad_transmits=0', () => {
    a.sysctl.set('net.ipv6.conf.eth0.dad_transmits', '0')
    address6To(a, 'eth0', 'fd00::5/64', true)
    lan.runFor(1)
    expect(statesOf(a)[0]).toBe('fd00::5 tentative')
    lan.runFor(SECOND)
    expect([statesOf(a)[0], lan.takeLines('a.eth0')]).toEqual(['fd00::5 valid', []])
  })

  it('is asked for only when its device comes up', () => {
    setUp(a, 'eth0', false)
    address6To(a, 'eth0', 'fd00::5/64', true)
    lan.runFor(3 * SECOND)
    expect(statesOf(a)).toEqual(['fd00::5 tentative'])
    setUp(a, 'eth0', true)
    lan.runFor(3 * SECOND)
    expect(statesOf(a)).toEqual(['fd00::5 valid', 'fe80::ff:fe00:100 valid'])
  })
})
