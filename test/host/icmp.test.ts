/**
 * ICMP of a host: echo, when an error may be sent, how often, how long it is, and which redirects are sent and believed.
 * @module
 */
import { beforeEach, describe, expect, it } from 'vitest'
import { NS_PER_SECOND } from '../../src/base/units.ts'
import type { Host } from '../../src/host/host.ts'
import { formatIp, IPV4_ANY } from '../../src/wire/address.ts'
import type { IcmpMessage } from '../../src/wire/icmp-message.ts'
import { icmpBytes, icmpEcho, icmpError } from '../../src/wire/icmp-message.ts'
import { IPPROTO_ICMP, ipPacket, totalBytes, type IpPacket } from '../../src/wire/ip-packet.ts'
import { udpDatagram } from '../../src/wire/udp-datagram.ts'
import { addressTo, datagram, deviceOf, ip, Lan, ping, routeTo, setMtu, setSysctl } from '../support/lan.ts'

const NOTHING = new Uint8Array(0)

let lan: Lan
let client: Host
let router: Host
let server: Host

beforeEach(() => {
  lan = new Lan()
  client = lan.host('client', {
    devices: { eth0: { segment: 'out', addrs: ['10.0.0.10/24'] } }, routes: ['default via 10.0.0.1'],
  })
  router = lan.host('router', {
    devices: { eth0: { segment: 'out', addrs: ['10.0.0.1/24'] }, eth1: { segment: 'in', addrs: ['10.1.0.1/24'] } },
    sysctl: { ip_forward: 1 },
  })
  server = lan.host('server', { devices: { eth0: { segment: 'in', addrs: ['10.1.0.10/24'] } }, routes: ['default via 10.1.0.1'] })
})

/** Runs for 100 ms and says what the client got over IP. */
function got(): string[] {
  lan.runFor(100_000_000)
  return lan.takeLines('client.eth0').filter((line) => line.startsWith('< IP'))
}

/** The ICMP packets that the client has got. */
function errorsGot(): { readonly packet: IpPacket, readonly message: IcmpMessage }[] {
  return lan.takeFrames('client.eth0').flatMap(({ line, frame }) => {
    const packet = frame.payload
    return line.startsWith('<') && packet.kind === 'ip' && packet.payload.kind === 'icmp'
      ? [{ packet, message: packet.payload }] : []
  })
}

describe('an echo request', () => {
  it('is answered from the address it was for, with its data, its TOS and a TTL of its own', () => {
    ping(client, '10.1.0.1', { ttl: 9, tos: 0x28, dataBytes: 100 })
    lan.runFor(1_000_000)
    const [reply] = errorsGot()
    expect(reply?.packet).toMatchObject({ src: ip('10.1.0.1'), dst: ip('10.0.0.10'), ttl: 64, tos: 0x28, dontFragment: false })
    expect(reply?.message).toMatchObject({ type: 0, dataBytes: 100, rest: 7 * 65536 + 1 })
  })

  it('is not answered where icmp_echo_ignore_all holds', () => {
    setSysctl(router, 'icmp_echo_ignore_all', 1)
    ping(client, '10.0.0.1')
    expect([got(), router.drops.get('icmp-ignored')]).toEqual([[], 1])
  })

  it('to all is answered only where icmp_echo_ignore_broadcasts does not hold, from the own address', () => {
    ping(client, '10.0.0.255')
    expect([got(), router.drops.get('icmp-ignored')]).toEqual([[], 1])
    setSysctl(router, 'icmp_echo_ignore_broadcasts', 0)
    ping(client, '10.0.0.255')
    expect(got()).toEqual(['< IP 10.0.0.1 > 10.0.0.10: ICMP echo reply, id 7, seq 1, length 64'])
  })
})

describe('an error', () => {
  it('tells of a closed port from the address it was for, with TOS 0xc0 and no DF', () => {
    datagram(client, '10.1.0.10', 9)
    lan.runFor(1_000_000)
    const [error] = errorsGot()
    expect(error?.packet).toMatchObject({ src: ip('10.1.0.10'), tos: 0xc0, ttl: 63, dontFragment: false })
    expect(error?.message).toMatchObject({ type: 3, code: 3 })
    // The header, 8 bytes of ICMP, and the whole packet of 38 bytes as it arrived there.
    expect([totalBytes(error?.packet as IpPacket), error?.message.quoted?.ttl]).toEqual([66, 63])
  })

  it('keeps the type of service of the packet beside its own precedence', () => {
    datagram(client, '10.1.0.10', 9, { tos: 0x28 })
    lan.runFor(1_000_000)
    // 0x28 & 0x1e = 0x08.
    expect(errorsGot()[0]?.packet.tos).toBe(0xc8)
  })

  it('is at most 576 bytes long, and no longer than the way back takes', () => {
    datagram(client, '10.0.0.1', 9, { dataBytes: 1000 })
    lan.runFor(1_000_000)
    setMtu(router, 'eth0', 400)
    datagram(client, '10.0.0.1', 9, { dataBytes: 300 })
    datagram(client, '10.0.0.1', 9, { dataBytes: 500 })
    lan.runFor(1_000_000)
    // 300 + 28 + 28 = 356 fits.
    expect(errorsGot().map(({ packet }) => totalBytes(packet))).toEqual([576, 356, 400])
  })

  it.each([
    ['about an error', { type: 3, code: 1 }, 0], ['about a redirect', { type: 5, code: 1 }, 0],
    ['about time exceeded', { type: 11, code: 0 }, 0],
    ['about an echo request', { type: 8, code: 0 }, 1], ['about an echo reply', { type: 0, code: 0 }, 1],
  ])('%s is sent or not', (_what, about, expected) => {
    const isEcho = about.type === 8 || about.type === 0
    const payload = isEcho ? icmpEcho(about.type, 1, 1, NOTHING) : icmpError({ ...about, rest: 0 }, quotedDatagram(1), 28)
    sendIcmp(client, '192.0.2.1', payload, 1)
    expect(got()).toHaveLength(expected)
  })

  it('is never sent about a broadcast, a fragment that is not the first, or to nobody', () => {
    const base = { uid: 0, protocol: 17, payload: udpDatagram({ sport: 1, dport: 2 }, NOTHING), payloadBytes: 8 }
    const unreachable = { type: 3, code: 1, rest: 0 }
    router.sendIcmpError(ipPacket({ ...base, src: ip('10.0.0.10'), dst: ip('10.0.0.255') }), unreachable)
    const piece = { ...ipPacket({ ...base, src: ip('10.0.0.10'), dst: ip('10.1.0.9') }), fragmentOffsetBytes: 8 }
    router.sendIcmpError(piece, unreachable)
    for (const src of ['0.0.0.0', '255.255.255.255', '224.0.0.1', '192.0.2.1', '10.0.0.255']) {
      router.sendIcmpError(ipPacket({ ...base, src: ip(src), dst: ip('10.1.0.9') }), unreachable)
    }
    expect([got(), router.ledger.originated]).toEqual([[], 0])
    router.sendIcmpError(ipPacket({ ...base, src: ip('10.0.0.10'), dst: ip('10.1.0.9') }), unreachable)
    expect(got()).toHaveLength(1)
  })
})

describe('errors to one destination', () => {
  it('come six at once and then one a second', () => {
    for (let i = 0; i < 10; i++) datagram(client, '10.0.0.1', 9)
    expect(got()).toHaveLength(6)
    for (let second = 1; second <= 5; second++) {
      // A little later than the second, because the first six had to wait for ARP.
      lan.sim.run(second * NS_PER_SECOND + 1_000_000)
      for (let i = 0; i < 3; i++) datagram(client, '10.0.0.1', 9)
      expect(got()).toHaveLength(1)
    }
  })

  it('are counted per destination', () => {
    const other = lan.host('other', { devices: { eth0: { segment: 'out', addrs: ['10.0.0.11/24'] } } })
    for (let i = 0; i < 10; i++) datagram(client, '10.0.0.1', 9)
    for (let i = 0; i < 10; i++) datagram(other, '10.0.0.1', 9)
    lan.runFor(1_000_000)
    expect(lan.takeLines('other.eth0').filter((line) => line.startsWith('< IP'))).toHaveLength(6)
  })

  it('save up no more than six while it is quiet', () => {
    lan.sim.run(100 * NS_PER_SECOND)
    for (let i = 0; i < 10; i++) datagram(client, '10.0.0.1', 9)
    expect(got()).toHaveLength(6)
  })

  it('of a path that is too narrow are not limited, nor are those to itself', () => {
    setMtu(router, 'eth1', 1000)
    for (let i = 0; i < 10; i++) datagram(client, '10.1.0.10', 9, { dataBytes: 1100 })
    lan.runFor(1_000_000)
    expect(errorsGot().map(({ message }) => [message.type, message.code, message.rest])).toEqual(new Array(10).fill([3, 4, 1000]))
    for (let i = 0; i < 10; i++) datagram(client, '127.0.0.1', 9)
    lan.runFor(1_000_000)
    expect(client.drops.get('no-listener')).toBe(10)
    // Ten errors from the router and ten from itself.
    expect(client.ledger.consumed).toBe(20)
  })

  it('of a route that is missing are rationed twice, from the same bucket', () => {
    for (let i = 0; i < 10; i++) datagram(client, '192.0.2.1', 9)
    // The routing decision takes a second of at most five, and the error another one: 5 - 2 - 2, and the last one is not enough.
    expect(got()).toEqual(new Array(2).fill('< IP 10.0.0.1 > 10.0.0.10: ICMP net 192.0.2.1 unreachable, length 46'))
  })

  it('are not limited where icmp_ratelimit is 0 or the mask leaves the type out', () => {
    setSysctl(router, 'icmp_ratelimit', 0)
    for (let i = 0; i < 10; i++) datagram(client, '10.0.0.1', 9)
    expect(got()).toHaveLength(10)
    setSysctl(router, 'icmp_ratelimit', 1000)
    setSysctl(router, 'icmp_ratemask', 6168 & ~8)
    for (let i = 0; i < 10; i++) datagram(client, '10.0.0.1', 9)
    expect(got()).toHaveLength(10)
  })
})

describe('a refusal of the routes', () => {
  it.each([
    ['unreachable', 'ICMP host 10.9.0.1 unreachable, length 46', 'unreachable-route'],
    ['prohibit', 'ICMP host 10.9.0.1 unreachable - admin prohibited filter, length 46', 'prohibited'],
    ['blackhole', undefined, 'blackhole'],
  ] as const)('of kind %s is told or not', (type, text, reason) => {
    routeTo(router, `${type} 10.9.0.0/16`)
    datagram(client, '10.9.0.1', 9)
    expect([got(), router.drops.get(reason)]).toEqual([text === undefined ? [] : [`< IP 10.0.0.1 > 10.0.0.10: ${text}`], 1])
  })
})

describe('a path MTU', () => {
  it('is learnt from an error, and forgotten after ten minutes', () => {
    setMtu(router, 'eth1', 1000)
    ping(client, '10.1.0.10', { dataBytes: 1400 })
    lan.runFor(1_000_000)
    expect([client.pathMtuBytes(ip('10.1.0.10')), client.pathMtuBytes(ip('10.1.0.11')), client.deviceMtuBytes(ip('10.1.0.10'))])
      .toEqual([1000, 1500, 1500])
    lan.sim.run(599 * NS_PER_SECOND)
    expect(client.pathMtuBytes(ip('10.1.0.10'))).toBe(1000)
    lan.sim.run(601 * NS_PER_SECOND)
    expect(client.pathMtuBytes(ip('10.1.0.10'))).toBe(1500)
  })

  it('below 552 is not believed, and a larger one than is known does not count', () => {
    client.learnPathMtu(ip('10.1.0.10'), 300)
    expect(client.pathMtuBytes(ip('10.1.0.10'))).toBe(552)
    client.learnPathMtu(ip('10.1.0.10'), 1400)
    expect(client.pathMtuBytes(ip('10.1.0.10'))).toBe(552)
    client.paths.flush(4)
    expect(client.pathMtuBytes(ip('10.1.0.10'))).toBe(1500)
  })

  it('that a router has learnt for itself does not narrow what it forwards', () => {
    router.learnPathMtu(ip('10.1.0.10'), 1000)
    ping(client, '10.1.0.10', { dataBytes: 1400 })
    expect(got()).toEqual(['< IP 10.1.0.10 > 10.0.0.10: ICMP echo reply, id 7, seq 1, length 1408'])
  })
})

describe('redirects', () => {
  let gateway: Host

  beforeEach(() => {
    // A second router in the client's network leads to 10.2.0.0/16; the first one knows.
    gateway = lan.host('gateway', {
      devices: { eth0: { segment: 'out', addrs: ['10.0.0.2/24'] }, eth1: { segment: 'far', addrs: ['10.2.0.1/16'] } },
      sysctl: { ip_forward: 1 },
    })
    lan.host('far', { devices: { eth0: { segment: 'far', addrs: ['10.2.0.10/16'] } }, routes: ['default via 10.2.0.1'] })
    routeTo(router, '10.2.0.0/16 via 10.0.0.2')
    routeTo(gateway, '10.1.0.0/24 via 10.0.0.1')
  })

  function redirectsGot(): string[] {
    return got().filter((line) => line.includes('redirect'))
  }

  it('go to a neighbor whose packet leaves by where it came from, and quote it as it leaves', () => {
    ping(client, '10.2.0.10')
    lan.runFor(100_000_000)
    const redirect = errorsGot().find(({ message }) => message.type === 5)
    expect(redirect?.message).toMatchObject({ code: 1, rest: ip('10.0.0.2') })
    expect(redirect?.message.quoted?.ttl).toBe(63)
    expect(redirect?.packet).toMatchObject({ src: ip('10.0.0.1'), dst: ip('10.0.0.10'), tos: 0xc0 })
  })

  it('do not go to who is no neighbor, nor where send_redirects is off for all and the device', () => {
    ping(server, '10.2.0.10')
    lan.runFor(100_000_000)
    expect(lan.takeLines('server.eth0').join()).not.toContain('redirect')
    setSysctl(router, 'all.send_redirects', 0)
    ping(client, '10.2.0.10')
    expect(redirectsGot()).toHaveLength(1)
    setSysctl(router, 'eth0.send_redirects', 0)
    lan.runFor(NS_PER_SECOND)
    ping(client, '10.2.0.10')
    expect(redirectsGot()).toHaveLength(0)
  })

  it('name a gateway of another network of the device only where media are shared', () => {
    addressTo(router, 'eth0', '10.5.0.1/24')
    routeTo(router, '10.3.0.0/16 via 10.5.0.2')
    ping(client, '10.3.0.1')
    expect(redirectsGot()).toHaveLength(1)
    for (const name of ['all', 'eth0']) setSysctl(router, `${name}.shared_media`, 0)
    lan.runFor(NS_PER_SECOND)
    ping(client, '10.3.0.1')
    expect(redirectsGot()).toHaveLength(0)
    ping(client, '10.2.0.10')
    expect(redirectsGot()).toHaveLength(1)
  })

  it('pause 40 ms, 80 ms and so on, stop at nine, and begin anew after 20.48 s of silence', () => {
    setSysctl(client, 'all.accept_redirects', 0)
    setSysctl(client, 'eth0.accept_redirects', 0)
    const times: number[] = []
    for (let i = 0; i < 4_000; i++) {
      lan.sim.run(i * 10_000_000)
      ping(client, '10.2.0.10')
      lan.takeFrames('client.eth0').forEach(({ line, timeNs }) => {
        if (line.includes('redirect')) times.push(Math.round(timeNs / 1e7) * 10)
      })
    }
    // Each pause is longer than 20 ms << count: 40, 80, 160 ... 5120 ms after the one before, on a grid of 10 ms.
    expect(times.map((time, i) => time - (times[i - 1] ?? 0)).slice(1)).toEqual([50, 90, 170, 330, 650, 1290, 2570, 5130])
    lan.runFor(21 * NS_PER_SECOND)
    lan.forgetLines()
    ping(client, '10.2.0.10')
    expect(redirectsGot()).toHaveLength(1)
  })

  it('are believed once the new gateway is known: the first only makes the client ask for it', () => {
    ping(client, '10.2.0.10')
    lan.runFor(NS_PER_SECOND)
    expect(client.findOutputRoute(ip('10.2.0.10'))?.nextHop).toBe(ip('10.0.0.1'))
    expect(deviceOf(client, 'eth0').neighbors?.find(ip('10.0.0.2'))?.state).toBe('reachable')
    ping(client, '10.2.0.10')
    lan.runFor(NS_PER_SECOND)
    expect(client.findOutputRoute(ip('10.2.0.10'))?.nextHop).toBe(ip('10.0.0.2'))
    expect(client.findOutputRoute(ip('10.2.0.11'))?.nextHop).toBe(ip('10.0.0.1'))
  })

  it('hold for five minutes', () => {
    for (let i = 0; i < 2; i++) {
      ping(client, '10.2.0.10')
      lan.runFor(NS_PER_SECOND)
    }
    lan.sim.run(300 * NS_PER_SECOND)
    expect(client.findOutputRoute(ip('10.2.0.10'))?.nextHop).toBe(ip('10.0.0.2'))
    lan.sim.run(302 * NS_PER_SECOND)
    expect(client.findOutputRoute(ip('10.2.0.10'))?.nextHop).toBe(ip('10.0.0.1'))
  })

  it.each([
    ['where accept_redirects is off', () => {
      for (const name of ['all', 'eth0']) setSysctl(client, `${name}.accept_redirects`, 0)
    }, '10.0.0.1'],
    ['where it is off for one of all and the device', () => setSysctl(client, 'all.accept_redirects', 0), '10.0.0.2'],
    ['by a router', () => setSysctl(client, 'ip_forward', 1), '10.0.0.1'],
    ['where media are not shared, and the new gateway is that of no route', () => {
      for (const name of ['all', 'eth0']) setSysctl(client, `${name}.shared_media`, 0)
    }, '10.0.0.1'],
    ['where it is that of a route', () => {
      for (const name of ['all', 'eth0']) setSysctl(client, `${name}.shared_media`, 0)
      routeTo(client, '10.77.0.0/16 via 10.0.0.2')
    }, '10.0.0.2'],
    ['where that is not asked for', () => {
      for (const name of ['all', 'eth0']) {
        setSysctl(client, `${name}.shared_media`, 0)
        setSysctl(client, `${name}.secure_redirects`, 0)
      }
    }, '10.0.0.2'],
  ] as const)('are believed or not %s', (_what, prepare, nextHop) => {
    prepare()
    for (let i = 0; i < 3; i++) {
      ping(client, '10.2.0.10')
      lan.runFor(NS_PER_SECOND)
    }
    expect(client.findOutputRoute(ip('10.2.0.10'))?.nextHop).toBe(ip(nextHop))
  })

  it('are believed only for the sake of a socket that sent the packet', () => {
    deviceOf(client, 'eth0').neighbors?.makeKnown(ip('10.0.0.2'))
    lan.runFor(1_000_000)
    for (const sport of [1, 2]) {
      client.udp.bind({ addr: IPV4_ANY, port: 2 }, {})
      const payload = icmpError({ type: 5, code: 1, rest: ip('10.0.0.2') }, quotedDatagram(sport), 28)
      sendIcmp(router, '10.0.0.10', payload)
      lan.runFor(1_000_000)
      expect(client.findOutputRoute(ip('10.2.0.10'))?.nextHop).toBe(ip(sport === 1 ? '10.0.0.1' : '10.0.0.2'))
    }
  })

  it('that answer a handshake or a call that is not over are not believed, those that answer an acknowledgement are', () => {
    deviceOf(client, 'eth0').neighbors?.makeKnown(ip('10.0.0.2'))
    const far = lan.hosts.get('far') as Host
    client.tcp.listen({ addr: IPV4_ANY, port: 80 }, (listener) => listener.accept()?.attach({
      onData: (endpoint) => void endpoint.send(new Uint8Array(10)),
    }))
    const nextHop = (): string => formatIp(client.findOutputRoute(ip('10.2.0.10'))?.nextHop ?? IPV4_ANY)
    const opened = far.tcp.connect({ dst: ip('10.0.0.10'), dport: 80 }, {})
    lan.runFor(NS_PER_SECOND)
    // The SYN-ACK went by the router, which answered with a redirect.
    expect([lan.takeLines('client.eth0').filter((line) => line.includes('redirect')).length, nextHop()]).toEqual([1, '10.0.0.1'])
    if (opened.ok) opened.value.send(new Uint8Array(10))
    lan.runFor(NS_PER_SECOND)
    expect(nextHop()).toBe('10.0.0.2')
  })

  it('from somebody else than the gateway in use are not believed', () => {
    deviceOf(client, 'eth0').neighbors?.makeKnown(ip('10.0.0.2'))
    lan.runFor(1_000_000)
    const quoted = quotedDatagram(1)
    client.udp.bind({ addr: IPV4_ANY, port: 1 }, {})
    const payload = icmpError({ type: 5, code: 1, rest: ip('10.0.0.2') }, quoted, 28)
    for (const from of [gateway, router]) sendIcmp(from, '10.0.0.10', payload)
    lan.runFor(1_000_000)
    expect(client.findOutputRoute(ip('10.2.0.10'))?.nextHop).toBe(ip('10.0.0.2'))
    client.routing.forgetRedirect(ip('10.2.0.10'))
    sendIcmp(gateway, '10.0.0.10', payload)
    lan.runFor(1_000_000)
    expect(client.findOutputRoute(ip('10.2.0.10'))?.nextHop).toBe(ip('10.0.0.1'))
  })
})

/** A datagram from the client to 10.2.0.10, as a message about it quotes it. */
function quotedDatagram(sport: number): IpPacket {
  const payload = udpDatagram({ sport, dport: 2 }, new Uint8Array(0))
  return ipPacket({ uid: 0, src: ip('10.0.0.10'), dst: ip('10.2.0.10'), protocol: 17, payload, payloadBytes: 8 })
}

function sendIcmp(from: Host, to: string, payload: IcmpMessage, ttl = 64): void {
  from.sendPacket({
    src: IPV4_ANY, dst: ip(to), protocol: IPPROTO_ICMP, payload, payloadBytes: icmpBytes(payload), ttl, dontFragment: false,
  })
}
