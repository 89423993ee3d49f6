/**
 * ARP: who answers which question, which address a host names as its own when it asks, and what it learns.
 * @module
 */
import { beforeEach, describe, expect, it } from 'vitest'
import { NS_PER_SECOND } from '../../src/base/units.ts'
import { setDeviceArp } from '../../src/host/config/devices.ts'
import type { Host } from '../../src/host/host.ts'
import { MAC_ZERO, type MacAddr } from '../../src/wire/address.ts'
import { ARP_REPLY, ARP_REQUEST, arpPacket } from '../../src/wire/arp-packet.ts'
import { ethernetFrame } from '../../src/wire/frame.ts'
import { addressTo, change, datagram, deviceOf, ip, Lan, ping, setSysctl } from '../support/lan.ts'

let lan: Lan
let asker: Host
/** Has 10.0.0.2/24 on eth0 and 10.1.0.2/24 on eth1, and the VIP 10.0.0.100/32 on lo. */
let host: Host

beforeEach(() => {
  lan = new Lan()
  asker = lan.host('asker', { devices: { eth0: { segment: 'lan', addrs: ['10.0.0.10/24'] } } })
  host = lan.host('host', {
    devices: { eth0: { segment: 'lan', addrs: ['10.0.0.2/24'] }, eth1: { segment: 'in', addrs: ['10.1.0.2/24'] } },
  })
  addressTo(host, 'lo', '10.0.0.100/32')
})

/** True when the host answers the question of the asker for an address. */
function answers(tpa: string, spa = '10.0.0.10'): boolean {
  lan.forgetLines()
  asker.arp.request(deviceOf(asker, 'eth0'), { spa: ip(spa), tpa: ip(tpa), to: undefined, tha: MAC_ZERO })
  lan.runFor(1_000_000)
  return lan.takeLines('host.eth0').some((line) => line.startsWith('> ARP, Reply'))
}

/** The MAC that the asker's table has for an address: host number and device number. */
function known(of: Host, addr: string): string {
  const neighbor = deviceOf(of, 'eth0').neighbors?.find(ip(addr))
  return neighbor === undefined ? 'absent' : `${neighbor.state} ${Math.floor(neighbor.mac / 256) % 256}`
}

describe('a question is answered', () => {
  it('with the address of the device it came in by, and by a unicast frame', () => {
    asker.arp.request(deviceOf(asker, 'eth0'), { spa: ip('10.0.0.10'), tpa: ip('10.0.0.2'), to: undefined, tha: MAC_ZERO })
    lan.runFor(1_000_000)
    expect(lan.takeLines('asker.eth0')).toEqual([
      '> ARP, Request who-has 10.0.0.2 tell 10.0.0.10, length 28',
      '< ARP, Reply 10.0.0.2 is-at 02:00:00:00:02:00, length 28',
    ])
    expect([asker.arp.requestsSent, host.arp.repliesSent]).toEqual([1, 1])
  })

  it.each([
    // arp_ignore, then the address of eth0, the VIP on lo, the address of eth1, an address of somebody else.
    [0, [true, true, true, false]],
    [1, [true, false, false, false]],
    [2, [true, false, false, false]],
    [3, [true, true, true, false]],
    [4, [true, true, true, false]],
    [8, [false, false, false, false]],
  ] as const)('with arp_ignore=%i for the right addresses', (mode, expected) => {
    setSysctl(host, 'all.arp_ignore', mode)
    expect(['10.0.0.2', '10.0.0.100', '10.1.0.2', '10.0.0.77'].map((tpa) => answers(tpa))).toEqual(expected)
  })

  it('by the larger of arp_ignore of all and of the device, and that of lo does not count', () => {
    setSysctl(host, 'lo.arp_ignore', 1)
    expect(answers('10.0.0.100')).toBe(true)
    setSysctl(host, 'eth0.arp_ignore', 1)
    expect(answers('10.0.0.100')).toBe(false)
  })

  it('with arp_ignore=1 for the VIP when it is on the device itself', () => {
    addressTo(host, 'eth0', '10.0.0.101/32')
    setSysctl(host, 'all.arp_ignore', 1)
    expect(answers('10.0.0.101')).toBe(true)
  })

  it('with arp_ignore=2 only to askers in a network of the device that holds the address too', () => {
    addressTo(host, 'eth0', '10.0.0.101/32')
    addressTo(host, 'eth0', '10.5.0.1/24')
    setSysctl(host, 'all.arp_ignore', 2)
    // 10.0.0.0/24 of eth0 holds 10.0.0.101 and 10.0.0.10, though the address itself has a /32.
    expect([answers('10.0.0.101'), answers('10.0.0.2', '192.0.2.1'), answers('10.5.0.1'), answers('10.5.0.1', '10.5.0.9')])
      .toEqual([true, false, false, true])
  })

  it('with arp_ignore=3 not for an address of host scope', () => {
    change(host, (net) => ({ ok: true, value: { ...net, devices: net.devices.map((device) => (device.name !== 'lo' ? device
      : { ...device, addresses: device.addresses.map((address) => ({ ...address, scope: 'host' as const })) })) } }))
    setSysctl(host, 'all.arp_ignore', 3)
    expect([answers('10.0.0.100'), answers('10.0.0.2')]).toEqual([false, true])
  })

  it('with arp_filter only by the device that leads back to the asker', () => {
    setSysctl(host, 'eth0.arp_filter', 1)
    expect([answers('10.1.0.2'), answers('10.1.0.2', '10.1.0.9'), answers('10.1.0.2', '192.0.2.1')]).toEqual([true, false, false])
  })

  it('though it has no sender, when somebody looks whether an address is taken', () => {
    expect(answers('10.0.0.2', '0.0.0.0')).toBe(true)
    expect(known(host, '0.0.0.0')).toBe('absent')
    setSysctl(host, 'all.arp_ignore', 8)
    expect(answers('10.0.0.2', '0.0.0.0')).toBe(false)
  })

  it('never when its sender has an address of this host, unless accept_local holds', () => {
    expect([answers('10.0.0.2', '10.0.0.100'), answers('10.0.0.100', '10.0.0.100')]).toEqual([false, false])
    setSysctl(host, 'all.accept_local', 1)
    expect(answers('10.0.0.2', '10.0.0.100')).toBe(true)
  })

  it('never for 127.0.0.1, from a martian, or against rp_filter', () => {
    expect([answers('127.0.0.1'), answers('10.0.0.2', '127.0.0.1'), answers('10.0.0.2', '224.0.0.1')])
      .toEqual([false, false, false])
    expect(answers('10.0.0.2', '10.1.0.9')).toBe(true)
    setSysctl(host, 'all.rp_filter', 1)
    expect(answers('10.0.0.2', '10.1.0.9')).toBe(false)
  })

  it('never by a device that does without ARP', () => {
    change(host, (net) => setDeviceArp(net, 'eth0', false))
    expect(answers('10.0.0.2')).toBe(false)
  })

  it('by every host that has the address, and the one plugged in last is heard first', () => {
    for (const name of ['rs1', 'rs2']) lan.host(name, {
      devices: { eth0: { segment: 'lan', addrs: [`10.0.0.${name === 'rs1' ? 11 : 12}/24`, '10.0.0.100/32'] } },
    })
    ping(asker, '10.0.0.100')
    lan.runFor(1_000_000)
    // host is number 2, rs1 is 3, rs2 is 4.
    const replies = lan.takeFrames('asker.eth0').filter(({ line }) => line.includes('Reply'))
    expect(replies.map(({ frame }) => Math.floor(frame.src / 256) % 256)).toEqual([4, 3, 2])
    expect(known(asker, '10.0.0.100')).toBe('reachable 4')
  })
})

describe('a host that asks names', () => {
  /** The sender address of the question that a packet with this source makes the host ask. */
  function named(src: string, target = '10.0.0.77'): string | undefined {
    lan.forgetLines()
    datagram(host, target, 9, { src })
    lan.runFor(1_000_000)
    return /tell ([\d.]+)/.exec(lan.takeLines('host.eth0').join())?.[1]
  }

  it.each([
    // arp_announce, then the name given for a packet from the VIP, from eth1's address and from eth0's.
    [0, ['10.0.0.100', '10.1.0.2', '10.0.0.2']],
    [1, ['10.0.0.100', '10.0.0.2', '10.0.0.2']],
    [2, ['10.0.0.2', '10.0.0.2', '10.0.0.2']],
  ] as const)('with arp_announce=%i the right address', (mode, expected) => {
    setSysctl(host, 'all.arp_announce', mode)
    // The VIP 10.0.0.100 lies in the network of eth0, as the target does.
    expect(['10.0.0.100', '10.1.0.2', '10.0.0.2'].map((src, index) => named(src, `10.0.0.7${index}`))).toEqual(expected)
  })

  it('its own address for what it forwards', () => {
    setSysctl(host, 'ip_forward', 1)
    const inside = lan.host('inside', {
      devices: { eth0: { segment: 'in', addrs: ['10.1.0.9/24'] } }, routes: ['default via 10.1.0.2'],
    })
    datagram(inside, '10.0.0.77', 9)
    lan.runFor(1_000_000)
    expect(lan.takeLines('host.eth0')).toEqual(['> ARP, Request who-has 10.0.0.77 tell 10.0.0.2, length 28'])
  })

  it('with arp_announce=2 the address in the network of the target, not the first', () => {
    setSysctl(host, 'eth0.arp_announce', 2)
    addressTo(host, 'eth0', '10.5.0.1/24')
    expect(named('10.0.0.2', '10.5.0.9')).toBe('10.5.0.1')
  })
})

describe('a host learns', () => {
  it('the asker from a question that it answers, and nothing from one that it does not', () => {
    answers('10.0.0.2')
    expect(known(host, '10.0.0.10')).toBe('stale 1')
    deviceOf(host, 'eth0').neighbors?.clear()
    answers('10.0.0.77')
    expect(known(host, '10.0.0.10')).toBe('absent')
  })

  it('nothing from a question that arp_ignore makes it leave unanswered', () => {
    setSysctl(host, 'all.arp_ignore', 1)
    answers('10.0.0.100')
    expect(known(host, '10.0.0.10')).toBe('absent')
  })

  it('a new address of somebody it knows from a question to somebody else', () => {
    answers('10.0.0.2')
    const other = lan.host('other', { devices: { eth0: { segment: 'lan', addrs: ['10.0.0.20/24'] } } })
    lan.runFor(2 * NS_PER_SECOND)
    // The new owner of 10.0.0.10 asks around.
    other.arp.request(deviceOf(other, 'eth0'), { spa: ip('10.0.0.10'), tpa: ip('10.0.0.77'), to: undefined, tha: MAC_ZERO })
    lan.runFor(1_000_000)
    expect(known(host, '10.0.0.10')).toBe('stale 3')
  })

  it('a new address at once from an announcement, of either kind, but not from one that is not meant for all', () => {
    const [other, third] = ['other', 'third'].map((name, index) =>
      lan.host(name, { devices: { eth0: { segment: 'lan', addrs: [`10.0.0.2${index}/24`] } } })) as [Host, Host]
    answers('10.0.0.2')
    other.arp.announce(deviceOf(other, 'eth0'), ip('10.0.0.10'), ARP_REQUEST)
    lan.runFor(1_000_000)
    expect(known(host, '10.0.0.10')).toBe('stale 3')
    third.arp.announce(deviceOf(third, 'eth0'), ip('10.0.0.10'), ARP_REPLY)
    lan.runFor(1_000_000)
    expect(known(host, '10.0.0.10')).toBe('stale 4')
    // A reply for itself that names another target is an ordinary answer, and comes too early.
    const sha = deviceOf(other, 'eth0').config.mac
    deviceOf(other, 'eth0').nic?.send(ethernetFrame(0xffffffffffff as MacAddr, sha, arpPacket(
      ARP_REPLY, { sha, spa: ip('10.0.0.10') }, { tha: 5 as MacAddr, tpa: ip('10.0.0.10') },
    )))
    lan.runFor(1_000_000)
    expect(known(host, '10.0.0.10')).toBe('stale 4')
  })

  it('nobody from an announcement of somebody it never heard of', () => {
    asker.arp.announce(deviceOf(asker, 'eth0'), ip('10.0.0.10'), ARP_REQUEST)
    lan.runFor(1_000_000)
    expect(known(host, '10.0.0.10')).toBe('absent')
  })
})

describe('those who listen', () => {
  it('hear every ARP packet that comes in, until they stop', () => {
    const heard: number[] = []
    const stop = asker.arp.listen((_device, packet) => heard.push(packet.op))
    answers('10.0.0.2')
    stop()
    answers('10.0.0.2')
    expect(heard).toEqual([ARP_REPLY])
  })
})

describe('a neighbor that does not answer', () => {
  it('is asked three times, and the sender is told that the host is unreachable', () => {
    ping(asker, '10.0.0.77')
    lan.runFor(4 * NS_PER_SECOND)
    const question = '> ARP, Request who-has 10.0.0.77 tell 10.0.0.10, length 28'
    expect(lan.takeFrames('asker.eth0').map(({ timeNs, line }) => [timeNs / NS_PER_SECOND, line]))
      .toEqual([[0, question], [1.024, question], [2.048, question]])
    expect([asker.drops.get('neighbor-failed'), asker.ledger.originated, asker.ledger.consumed, lan.imbalances()])
      .toEqual([1, 2, 1, []])
  })

  it('is asked alone, by a frame of its own, once it was known', () => {
    ping(asker, '10.0.0.2')
    lan.runFor(NS_PER_SECOND)
    // Reachable for 30 s, stale until the next packet, in doubt 5 s later.
    lan.runFor(40 * NS_PER_SECOND)
    ping(asker, '10.0.0.2')
    lan.forgetLines()
    lan.runFor(6 * NS_PER_SECOND)
    const probe = lan.takeFrames('asker.eth0').find(({ line }) => line.startsWith('> ARP, Request'))
    expect([probe?.line, probe?.frame.dst])
      .toEqual(['> ARP, Request who-has 10.0.0.2 tell 10.0.0.10, length 28', deviceOf(host, 'eth0').config.mac])
  })
})
