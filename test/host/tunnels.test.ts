/**
 * IPIP, GRE and GUE: who unwraps, who refuses and how, and rp_filter at the end of a tunnel.
 * @module
 */
import { beforeEach, describe, expect, it } from 'vitest'
import { addDevice } from '../../src/host/config/devices.ts'
import type { Host } from '../../src/host/host.ts'
import type { MacAddr } from '../../src/wire/address.ts'
import { encodePacket } from '../../src/wire/encode.ts'
import { greBytes, grePacket } from '../../src/wire/gre-packet.ts'
import { icmpBytes, icmpEcho } from '../../src/wire/icmp-message.ts'
import {
  IPPROTO_GRE, IPPROTO_ICMP, IPPROTO_IPIP, IPPROTO_UDP, ipPacket, totalBytes, type IpPacket, type IpPayload,
} from '../../src/wire/ip-packet.ts'
import { gueDatagram, udpBytes, udpDatagram } from '../../src/wire/udp-datagram.ts'
import { addressTo, change, ip, Lan, ping, routeTo, setSysctl, setUp } from '../support/lan.ts'

let lan: Lan
let director: Host
let server: Host

beforeEach(() => {
  lan = new Lan()
  director = lan.host('director', { devices: { eth0: { segment: 'lan', addrs: ['10.0.0.1/24'] } } })
  server = lan.host('server', { devices: { eth0: { segment: 'lan', addrs: ['10.0.0.2/24'] } } })
})

/** An echo request from 10.0.0.10 to the VIP. */
function request(): IpPacket {
  const echo = icmpEcho(8, 7, 1, new Uint8Array(56))
  return ipPacket({
    uid: 1, src: ip('10.0.0.10'), dst: ip('10.0.0.100'), protocol: IPPROTO_ICMP, payload: echo, payloadBytes: icmpBytes(echo),
  })
}

/** Sends this to the server, as IPVS does. Gives what the director hears of it, without lengths. */
function send(protocol: number, payload: IpPayload, payloadBytes: number): string[] {
  director.sendPacket({ src: ip('10.0.0.1'), dst: ip('10.0.0.2'), protocol, payload, payloadBytes, dontFragment: true })
  lan.runFor(100_000_000)
  return lan.takeLines('director.eth0').filter((line) => line.startsWith('< IP')).map((line) => line.split(', length')[0] ?? '')
}

function sendWrapped(): string[] {
  const inner = request()
  return send(IPPROTO_IPIP, inner, totalBytes(inner))
}

function sendGre(hasChecksum = false): string[] {
  const payload = grePacket(request(), hasChecksum)
  return send(IPPROTO_GRE, payload, greBytes(payload))
}

function sendGue(dport: number): string[] {
  const payload = gueDatagram({ sport: 40000, dport }, { inner: request(), hasChecksum: false })
  return send(IPPROTO_UDP, payload, udpBytes(payload))
}

/** The client hears the answer to what was unwrapped. */
function clientLines(): string[] {
  return lan.takeLines('client.eth0').filter((line) => line.includes('IP'))
}

const ANSWER = ['< IP 10.0.0.100 > 10.0.0.10: ICMP echo reply, id 7, seq 1, length 64']

describe('a packet inside a packet', () => {
  it('meets protocol unreachable where the module is not loaded', () => {
    expect(sendWrapped()).toEqual(['< IP 10.0.0.2 > 10.0.0.1: ICMP 10.0.0.2 protocol 4 unreachable'])
    expect(server.drops.get('no-protocol')).toBe(1)
  })

  it('meets port unreachable where tunl0 is down', () => {
    server.modules.load('ipip')
    expect(sendWrapped()).toEqual(['< IP 10.0.0.2 > 10.0.0.1: ICMP 10.0.0.2 protocol 4 port 84 unreachable'])
    expect([server.drops.get('tunnel-down'), server.ledger.decapsulated]).toEqual([1, 0])
  })

  it('is unwrapped where tunl0 is up, and answered to whom it is from', () => {
    server.modules.load('ipip')
    setUp(server, 'tunl0', true)
    addressTo(server, 'tunl0', '10.0.0.100/32')
    lan.host('client', { devices: { eth0: { segment: 'lan', addrs: ['10.0.0.10/24'] } } })
    sendWrapped()
    expect(clientLines()).toEqual(ANSWER)
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

describe('a packet in GRE', () => {
  beforeEach(() => {
    lan.host('client', { devices: { eth0: { segment: 'lan', addrs: ['10.0.0.10/24'] } } })
  })

  /** A GRE device with the VIP, up. */
  function tunnelAt(name: string, checksumIn: boolean): void {
    change(server, (net) => addDevice(net, {
      name, kind: 'gre', mac: 0 as MacAddr, mtuBytes: 1476, tunnel: {
        local: ip('10.0.0.2'), remote: ip('10.0.0.1'), ttl: 0, pmtuDiscovery: true, checksumIn, checksumOut: false,
      },
    }))
    setUp(server, name, true)
    addressTo(server, name, '10.0.0.100/32')
  }

  it('meets protocol unreachable without the module, and port unreachable where gre0 is down', () => {
    expect(sendGre()).toEqual(['< IP 10.0.0.2 > 10.0.0.1: ICMP 10.0.0.2 protocol 47 unreachable'])
    server.modules.load('ip_gre')
    // 0x0800 = 2048 stands where a port would be.
    expect(sendGre()).toEqual(['< IP 10.0.0.2 > 10.0.0.1: ICMP 10.0.0.2 protocol 47 port 2048 unreachable'])
    expect([server.drops.get('no-protocol'), server.drops.get('tunnel-down')]).toEqual([1, 1])
  })

  it('is unwrapped by gre0, which takes no checksum', () => {
    server.modules.load('ip_gre')
    setUp(server, 'gre0', true)
    addressTo(server, 'gre0', '10.0.0.100/32')
    expect([sendGre(), clientLines()]).toEqual([[], ANSWER])
    expect([sendGre(true), clientLines()]).toEqual([[], []])
    expect([server.ledger.decapsulated, server.drops.get('tunnel-header'), lan.imbalances()]).toEqual([1, 1, []])
  })

  it('is unwrapped by a tunnel that asks for a checksum only with one', () => {
    server.modules.load('ip_gre')
    tunnelAt('gre1', true)
    expect([sendGre(true), clientLines()]).toEqual([[], ANSWER])
    expect([sendGre(), clientLines()]).toEqual([[], []])
    expect(server.drops.get('tunnel-header')).toBe(1)
  })

  it('is not for an IPIP tunnel between the same ends', () => {
    server.modules.load('ip_gre')
    server.modules.load('ipip')
    setUp(server, 'tunl0', true)
    expect(sendGre()).toHaveLength(1)
    tunnelAt('gre1', false)
    expect([sendGre(), clientLines()]).toEqual([[], ANSWER])
  })

  it('with a key, which nobody here has, is dropped', () => {
    server.modules.load('ip_gre')
    const data = Uint8Array.of(0x20, 0, 8, 0, 0, 0, 0, 7)
    expect(send(IPPROTO_GRE, { kind: 'raw', data }, 8)).toEqual([])
    expect(server.drops.get('tunnel-header')).toBe(1)
  })
})

describe('a packet in GUE', () => {
  beforeEach(() => {
    lan.host('client', { devices: { eth0: { segment: 'lan', addrs: ['10.0.0.10/24'] } } })
  })

  it('meets port unreachable where nobody opened the port', () => {
    expect(sendGue(6080)).toEqual(['< IP 10.0.0.2 > 10.0.0.1: ICMP 10.0.0.2 udp port 6080 unreachable'])
    expect(server.drops.get('no-listener')).toBe(1)
  })

  it('needs the port, the module ipip and tunl0, one after the other', () => {
    expect(server.guePorts.add(6080)).toEqual({ ok: true, value: undefined })
    expect(sendGue(6080)).toEqual(['< IP 10.0.0.2 > 10.0.0.1: ICMP 10.0.0.2 protocol 17 unreachable'])
    server.modules.load('ipip')
    expect(sendGue(6080)).toEqual(['< IP 10.0.0.2 > 10.0.0.1: ICMP 10.0.0.2 udp port 6080 unreachable'])
    setUp(server, 'tunl0', true)
    addressTo(server, 'tunl0', '10.0.0.100/32')
    expect([sendGue(6080), clientLines()]).toEqual([[], ANSWER])
    expect([server.ledger.decapsulated, lan.imbalances()]).toEqual([1, []])
  })

  it('is read from the bytes of a datagram, too, and anything else there is dropped', () => {
    server.guePorts.add(6080)
    server.modules.load('ipip')
    setUp(server, 'tunl0', true)
    addressTo(server, 'tunl0', '10.0.0.100/32')
    const bytes = udpDatagram({ sport: 1, dport: 6080 }, Uint8Array.of(0, IPPROTO_IPIP, 0, 0, ...encodePacket(request())))
    expect([send(IPPROTO_UDP, bytes, udpBytes(bytes)), clientLines()]).toEqual([[], ANSWER])
    const other = udpDatagram({ sport: 1, dport: 6080 }, new Uint8Array(40))
    expect(send(IPPROTO_UDP, other, udpBytes(other))).toEqual([])
    expect([server.drops.get('tunnel-header'), lan.imbalances()]).toEqual([1, []])
  })

  it('is bytes to a program that listens on its port', () => {
    const heard: number[] = []
    server.udp.bind({ addr: ip('0.0.0.0'), port: 6080 }, { onDatagram: (_, { data }) => heard.push(data.length) })
    sendGue(6080)
    // 4 bytes of GUE, 20 + 8 + 56 of the request.
    expect(heard).toEqual([88])
    expect(server.guePorts.add(6080)).toEqual({ ok: false, error: 'EADDRINUSE' })
  })

  it('comes in no longer when the port is closed', () => {
    server.guePorts.add(6080)
    server.guePorts.add(6081)
    expect(server.guePorts.remove(6080)).toEqual({ ok: true, value: undefined })
    expect(server.guePorts.remove(6080)).toEqual({ ok: false, error: 'EINVAL' })
    expect(server.guePorts.list()).toEqual([6081])
    expect(sendGue(6080)).toHaveLength(1)
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

  it('has a brother, ip_gre, that brings gre0 with an MTU of 1476', () => {
    server.modules.load('ip_gre')
    const { isUp, mtuBytes, kind } = server.findDevice('gre0')?.config ?? {}
    expect([isUp, mtuBytes, kind]).toEqual([false, 1476, 'gre'])
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
