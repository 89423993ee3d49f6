/**
 * IPIP: who unwraps, who refuses and how, and rp_filter at the end of a tunnel.
 * @module
 */
import { beforeEach, describe, expect, it } from 'vitest'
import type { Host } from '../../src/host/host.ts'
import { icmpBytes, icmpEcho } from '../../src/wire/icmp-message.ts'
import { IPPROTO_ICMP, IPPROTO_IPIP, ipv4Packet, totalBytes } from '../../src/wire/ipv4-packet.ts'
import { addressTo, ip, Lan, ping, routeTo, setSysctl, setUp } from '../support/lan.ts'

let lan: Lan
let director: Host
let server: Host

beforeEach(() => {
  lan = new Lan()
  director = lan.host('director', { devices: { eth0: { segment: 'lan', addrs: ['10.0.0.1/24'] } } })
  server = lan.host('server', { devices: { eth0: { segment: 'lan', addrs: ['10.0.0.2/24'] } } })
})

/** Sends an echo request from 10.0.0.10 to the VIP inside a packet to the server, as IPVS does. */
function sendWrapped(): string[] {
  const echo = icmpEcho(8, 7, 1, new Uint8Array(56))
  const inner = ipv4Packet({
    uid: 1, src: ip('10.0.0.10'), dst: ip('10.0.0.100'), protocol: IPPROTO_ICMP, payload: echo, payloadBytes: icmpBytes(echo),
  })
  director.sendPacket({
    src: ip('10.0.0.1'), dst: ip('10.0.0.2'), protocol: IPPROTO_IPIP, payload: inner, payloadBytes: totalBytes(inner),
    dontFragment: true,
  })
  lan.runFor(100_000_000)
  return lan.takeLines('director.eth0').filter((line) => line.startsWith('< IP'))
}

describe('a packet inside a packet', () => {
  it('meets protocol unreachable where the module is not loaded', () => {
    expect(sendWrapped().map((line) => line.split(', length')[0]))
      .toEqual(['< IP 10.0.0.2 > 10.0.0.1: ICMP 10.0.0.2 protocol 4 unreachable'])
    expect(server.drops.get('no-protocol')).toBe(1)
  })

  it('meets port unreachable where tunl0 is down', () => {
    server.modules.load('ipip')
    expect(sendWrapped().map((line) => line.split(', length')[0]))
      .toEqual(['< IP 10.0.0.2 > 10.0.0.1: ICMP 10.0.0.2 protocol 4 port 84 unreachable'])
    expect([server.drops.get('tunnel-down'), server.ledger.decapsulated]).toEqual([1, 0])
  })

  it('is unwrapped where tunl0 is up, and answered to whom it is from', () => {
    server.modules.load('ipip')
    setUp(server, 'tunl0', true)
    addressTo(server, 'tunl0', '10.0.0.100/32')
    lan.host('client', { devices: { eth0: { segment: 'lan', addrs: ['10.0.0.10/24'] } } })
    sendWrapped()
    expect(lan.takeLines('client.eth0').filter((line) => line.includes('IP')))
      .toEqual(['< IP 10.0.0.100 > 10.0.0.10: ICMP echo reply, id 7, seq 1, length 64'])
    expect([server.ledger.decapsulated, lan.imbalances()]).toEqual([1, []])
  })

  it('comes in by tunl0, whose rp_filter judges the source inside', () => {
    server.modules.load('ipip')
    setUp(server, 'tunl0', true)
    addressTo(server, 'tunl0', '10.0.0.100/32')
    setSysctl(server, 'tunl0.rp_filter', 1)
    sendWrapped()
    expect(server.drops.get('rp-filter')).toBe(1)
    setSysctl(server, 'tunl0.rp_filter', 2)
    sendWrapped()
    expect(server.drops.get('rp-filter')).toBe(1)
  })

  it('is not for this host when it has no such address, and dies there', () => {
    server.modules.load('ipip')
    setUp(server, 'tunl0', true)
    sendWrapped()
    expect([server.drops.get('not-forwarding'), lan.imbalances()]).toEqual([1, []])
  })
})

describe('the module ipip', () => {
  it('brings tunl0, down, with an MTU of 1480, once, on every host of the machine', () => {
    const other = lan.host('other', { options: { modules: server.modules } })
    server.modules.load('ipip')
    server.modules.load('ipip')
    for (const host of [server, other, lan.host('late', { options: { modules: server.modules } })]) {
      expect(host.devices.filter(({ name }) => name === 'tunl0').map(({ config }) => [config.isUp, config.mtuBytes, config.kind]))
        .toEqual([[false, 1480, 'ipip']])
    }
    expect(director.findDevice('tunl0')).toBe(undefined)
  })

  it('is not found where the kernel was built without it', () => {
    const bare = lan.host('bare', { options: { profile: { ...server.profile, modules: [] } } })
    expect(bare.modules.load('ipip')).toEqual({ ok: false, error: 'ENOENT' })
    expect([bare.modules.has('ipip'), bare.modules.loaded()]).toEqual([false, []])
  })
})

describe('a route by tunl0', () => {
  beforeEach(() => {
    for (const [host, addr] of [[director, '10.5.1.1/32'], [server, '10.5.2.1/32']] as const) {
      host.modules.load('ipip')
      setUp(host, 'tunl0', true)
      addressTo(host, 'lo', addr)
    }
  })

  it('wraps packets for its gateway, and the answer comes back the same way', () => {
    routeTo(director, '10.5.2.0/24 via 10.0.0.2 dev tunl0 onlink')
    routeTo(server, '10.5.1.0/24 via 10.0.0.1 dev tunl0 onlink')
    ping(director, '10.5.2.1')
    lan.runFor(1_000_000)
    expect(lan.takeLines('director.eth0').filter((line) => line.includes('IP'))).toEqual([
      '> IP 10.0.0.1 > 10.0.0.2: IP 10.5.1.1 > 10.5.2.1: ICMP echo request, id 7, seq 1, length 64',
      '< IP 10.0.0.2 > 10.0.0.1: IP 10.5.2.1 > 10.5.1.1: ICMP echo reply, id 7, seq 1, length 64',
    ])
    expect([director.ledger.encapsulated, director.ledger.decapsulated, lan.imbalances()]).toEqual([1, 1, []])
  })

  it('without a gateway leads nowhere', () => {
    routeTo(director, '10.5.2.0/24 dev tunl0')
    ping(director, '10.5.2.1')
    lan.runFor(1_000_000)
    expect([director.drops.get('no-route'), lan.imbalances()]).toEqual([1, []])
  })
})
