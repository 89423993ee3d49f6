/**
 * Proxy ARP: when a router answers for hosts behind it, and when it answers.
 * @module
 */
import { beforeEach, describe, expect, it } from 'vitest'
import { addProxy, proxiesOf, removeProxy } from '../../src/host/config/proxies.ts'
import { setDeviceDown, setDeviceUp } from '../../src/host/config/devices.ts'
import type { Host } from '../../src/host/host.ts'
import { MAC_ZERO, type MacAddr } from '../../src/wire/address.ts'
import { change, deviceOf, ip, Lan, setSysctl } from '../support/lan.ts'

const SECOND_NS = 1_000_000_000

let lan: Lan
let asker: Host
/** Has 10.0.0.1/24 on eth0 and 10.1.0.1/24 on eth1, forwards, and does not delay its answers. */
let router: Host

beforeEach(() => {
  lan = new Lan()
  asker = lan.host('asker', { devices: { eth0: { segment: 'lan', addrs: ['10.0.0.10/24'] } } })
  router = lan.host('router', {
    devices: { eth0: { segment: 'lan', addrs: ['10.0.0.1/24'] }, eth1: { segment: 'in', addrs: ['10.1.0.1/24'] } },
  })
  router.sysctl.set('net.ipv4.ip_forward', '1')
  router.sysctl.set('net.ipv4.neigh.eth0.proxy_delay', '0')
})

function ask(tpa: string, to?: MacAddr): void {
  asker.arp.request(deviceOf(asker, 'eth0'), { spa: ip('10.0.0.10'), tpa: ip(tpa), to, tha: MAC_ZERO })
}

/** When the router answers the question of the asker for an address, in ms; undefined when it does not within 2 s. */
function answerMs(tpa: string, to?: MacAddr): number | undefined {
  lan.forgetLines()
  const startNs = lan.sim.nowNs
  let atNs: number | undefined
  const stop = asker.arp.listen((_device, packet) => {
    if (packet.spa === ip(tpa)) atNs ??= lan.sim.nowNs
  })
  ask(tpa, to)
  lan.runFor(2 * SECOND_NS)
  stop()
  return atNs === undefined ? undefined : Math.floor((atNs - startNs) / 1_000_000)
}

describe('a router answers for a host behind it', () => {
  it('with proxy_arp of all or of the device the question came in by', () => {
    expect(answerMs('10.1.0.5')).toBeUndefined()
    setSysctl(router, 'eth1.proxy_arp', 1)
    expect(answerMs('10.1.0.5')).toBeUndefined()
    setSysctl(router, 'eth0.proxy_arp', 1)
    expect(answerMs('10.1.0.5')).toBe(0)
    setSysctl(router, 'eth0.proxy_arp', 0)
    setSysctl(router, 'all.proxy_arp', 1)
    expect(answerMs('10.1.0.5')).toBe(0)
  })

  it('with its own hardware address, and learns the asker', () => {
    setSysctl(router, 'eth0.proxy_arp', 1)
    ask('10.1.0.5')
    lan.runFor(1_000_000)
    expect(lan.takeLines('asker.eth0')).toEqual([
      '> ARP, Request who-has 10.1.0.5 tell 10.0.0.10, length 28',
      '< ARP, Reply 10.1.0.5 is-at 02:00:00:00:02:00, length 28',
    ])
    expect(deviceOf(router, 'eth0').neighbors?.find(ip('10.0.0.10'))?.state).toBe('stale')
  })

  it('not without forwarding, not where it has no route, and not for the side that the question came from', () => {
    setSysctl(router, 'all.proxy_arp', 1)
    expect([answerMs('192.0.2.1'), answerMs('10.0.0.77')]).toEqual([undefined, undefined])
    setSysctl(router, 'eth0.forwarding', 0)
    expect(answerMs('10.1.0.5')).toBeUndefined()
  })

  it('for that side, too, with proxy_arp_pvlan, but not to who asks for itself', () => {
    setSysctl(router, 'eth0.proxy_arp_pvlan', 1)
    expect([answerMs('10.0.0.77'), answerMs('10.0.0.10'), answerMs('10.1.0.5')]).toEqual([0, undefined, undefined])
  })

  it('by medium_id: to other media only', () => {
    setSysctl(router, 'all.proxy_arp', 1)
    setSysctl(router, 'eth0.medium_id', 7)
    setSysctl(router, 'eth1.medium_id', 7)
    expect(answerMs('10.1.0.5')).toBeUndefined()
    setSysctl(router, 'eth1.medium_id', 8)
    expect(answerMs('10.1.0.5')).toBe(0)
    setSysctl(router, 'eth1.medium_id', -1)
    expect(answerMs('10.1.0.5')).toBeUndefined()
  })

  it('with an entry, for its address and by its device alone, until the device goes down', () => {
    change(router, (net) => addProxy(net, 'eth0', ip('10.1.0.5')))
    expect([answerMs('10.1.0.5'), answerMs('10.1.0.6')]).toEqual([0, undefined])
    change(router, (net) => setDeviceDown(net, 'eth0'))
    change(router, (net) => setDeviceUp(net, 'eth0'))
    expect([proxiesOf(router.net, 'eth0'), answerMs('10.1.0.5')]).toEqual([[], undefined])
  })
})

describe('an answer of proxy ARP', () => {
  beforeEach(() => setSysctl(router, 'all.proxy_arp', 1))

  it('waits for up to proxy_delay, in ticks of 4 ms, by chance that the seed decides', () => {
    expect(router.sysctl.find('net.ipv4.neigh.eth1.proxy_delay')).toBe('80')
    router.sysctl.set('net.ipv4.neigh.eth0.proxy_delay', '80')
    const delays = Array.from({ length: 40 }, () => answerMs('10.1.0.5') ?? -1)
    // 0.8 s are 200 ticks: 0..796 ms, 398 ms on average.
    expect(delays.every((ms) => ms >= 0 && ms <= 796 && ms % 4 === 0)).toBe(true)
    expect(new Set(delays).size).toBeGreaterThan(20)
    const mean = delays.reduce((sum, ms) => sum + ms, 0) / 40
    expect(mean).toBeGreaterThan(298)
    expect(mean).toBeLessThan(498)
  })

  it('does not wait when the question was for the router alone', () => {
    router.sysctl.set('net.ipv4.neigh.eth0.proxy_delay', '80')
    expect(answerMs('10.1.0.5', deviceOf(router, 'eth0').config.mac)).toBe(0)
  })

  it('is forgotten where proxy_qlen others wait already', () => {
    router.sysctl.set('net.ipv4.neigh.eth0.proxy_delay', '80')
    router.sysctl.set('net.ipv4.neigh.eth0.proxy_qlen', '2')
    for (let i = 0; i < 10; i++) ask('10.1.0.5')
    lan.runFor(SECOND_NS)
    // The kernel forgets one that finds more than two waiting: three get through.
    expect(router.arp.repliesSent).toBe(3)
  })
})

describe('proxy_delay', () => {
  it('of default goes for all devices that have none of their own', () => {
    router.sysctl.set('net.ipv4.neigh.default.proxy_delay', '5')
    const values = ['lo', 'eth0', 'eth1'].map((name) => router.sysctl.find(`net.ipv4.neigh.${name}.proxy_delay`))
    expect(values).toEqual(['5', '0', '5'])
  })
})

describe('transactions on proxy entries', () => {
  it('keep them once, in their order, and refuse what is not there', () => {
    const { net } = router
    const one = addProxy(net, 'eth0', ip('10.1.0.5'))
    const two = one.ok ? addProxy(one.value, 'eth0', ip('10.1.0.4')) : one
    expect(two.ok && proxiesOf(two.value, 'eth0')).toEqual([ip('10.1.0.5'), ip('10.1.0.4')])
    expect(two.ok && addProxy(two.value, 'eth0', ip('10.1.0.5'))).toEqual(two)
    expect(addProxy(net, 'eth7', ip('10.1.0.5'))).toEqual({ ok: false, error: 'ENODEV' })
    expect(removeProxy(net, 'eth7', ip('10.1.0.5'))).toEqual({ ok: false, error: 'ENODEV' })
    expect(removeProxy(net, 'eth0', ip('10.1.0.5'))).toEqual({ ok: false, error: 'ENOENT' })
    const less = two.ok ? removeProxy(two.value, 'eth0', ip('10.1.0.5')) : two
    expect(less.ok && proxiesOf(less.value, 'eth0')).toEqual([ip('10.1.0.4')])
    expect(proxiesOf(net, 'eth7')).toBeUndefined()
  })
})
