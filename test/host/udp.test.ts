import { describe, expect, it } from 'vitest'
import { NS_PER_MILLISECOND } from '../../src/base/units.ts'
import type { UdpHandlers } from '../../src/host/udp.ts'
import { ipPacket } from '../../src/wire/ip-packet.ts'
import { udpBytes, udpDatagram } from '../../src/wire/udp-datagram.ts'
import { ip, WirePair } from '../support/wire-pair.ts'

function pair(): { wire: WirePair, heard: string[], handlers: (who: string) => UdpHandlers } {
  const heard: string[] = []
  return {
    wire: new WirePair({ delayNs: NS_PER_MILLISECOND }),
    heard,
    handlers: (who) => ({
      onDatagram: (_, { data, fromPort }) => heard.push(`${who} ${data.length} from ${fromPort}`),
      onError: (_, errno) => heard.push(`${who} ${errno}`),
    }),
  }
}

describe('UDP', () => {
  it('carries a datagram and its reply', () => {
    const { wire, heard, handlers } = pair()
    wire.b.udp.bind({ addr: ip('0.0.0.0'), port: 53 }, {
      onDatagram: (socket, { data, from, fromPort }) => socket.sendTo(from, fromPort, new Uint8Array(data.length * 2)),
    })
    const client = wire.a.udp.connect({ dst: wire.b.addr, dport: 53, sport: 5001 }, handlers('client'))
    if (client.ok) client.value.send(new Uint8Array(32))
    wire.runFor(10 * NS_PER_MILLISECOND)
    expect(wire.ladder).toEqual(['A > B: UDP len 32', 'B > A: UDP len 64'])
    expect(heard).toEqual(['client 64 from 53'])
  })

  it('answers a port without a listener with ICMP port unreachable, which a connected socket hears', () => {
    const { wire, heard, handlers } = pair()
    const client = wire.a.udp.connect({ dst: wire.b.addr, dport: 53, sport: 5001 }, handlers('client'))
    if (client.ok) client.value.send(new Uint8Array(1))
    wire.runFor(10 * NS_PER_MILLISECOND)
    expect(wire.ladder).toEqual(['A > B: UDP len 1', 'B > A: ICMP 3/3'])
    expect(heard).toEqual(['client ECONNREFUSED'])
    expect(wire.b.drops).toEqual(['no-listener'])
  })

  it('does not tell an unconnected socket of errors', () => {
    const { wire, heard, handlers } = pair()
    const socket = wire.a.udp.bind({ addr: wire.a.addr, port: 5001 }, handlers('client'))
    if (socket.ok) socket.value.sendTo(wire.b.addr, 53, new Uint8Array(1))
    wire.runFor(10 * NS_PER_MILLISECOND)
    expect(heard).toEqual([])
  })

  it('does not tell of an unreachable host, which Linux takes for passing trouble', () => {
    const { wire, heard, handlers } = pair()
    const client = wire.a.udp.connect({ dst: wire.b.addr, dport: 53, sport: 5001 }, handlers('client'))
    wire.rule = (packet) => {
      wire.reportError(wire.b, packet, { type: 3, code: 1, rest: 0 })
      return 'lose'
    }
    if (client.ok) client.value.send(new Uint8Array(1))
    wire.runFor(10 * NS_PER_MILLISECOND)
    expect(heard).toEqual([])
  })

  it('does not deliver to a connected socket what comes from somebody else', () => {
    const { wire, heard, handlers } = pair()
    wire.a.udp.connect({ dst: wire.b.addr, dport: 53, sport: 5001 }, handlers('client'))
    const other = wire.b.udp.bind({ addr: ip('0.0.0.0'), port: 54 }, {})
    if (other.ok) other.value.sendTo(wire.a.addr, 5001, new Uint8Array(1))
    wire.runFor(10 * NS_PER_MILLISECOND)
    expect(heard).toEqual([])
    expect(wire.a.drops).toEqual(['no-listener'])
  })

  it('prefers a connected socket to a bound one, and one bound to the address to one bound to all', () => {
    const { wire, heard, handlers } = pair()
    wire.a.udp.connect({ dst: wire.b.addr, dport: 53, sport: 5001 }, handlers('connected'))
    wire.a.udp.bind({ addr: wire.a.addr, port: 5001 }, handlers('bound'))
    const socket = wire.b.udp.bind({ addr: ip('0.0.0.0'), port: 53 }, {})
    const stranger = wire.b.udp.bind({ addr: ip('0.0.0.0'), port: 54 }, {})
    if (socket.ok) socket.value.sendTo(wire.a.addr, 5001, new Uint8Array(1))
    if (stranger.ok) stranger.value.sendTo(wire.a.addr, 5001, new Uint8Array(2))
    wire.runFor(10 * NS_PER_MILLISECOND)
    expect(heard).toEqual(['connected 1 from 53', 'bound 2 from 54'])
  })

  it('gives a broadcast to every socket of the port and never answers it', () => {
    const { wire, heard, handlers } = pair()
    wire.a.udp.bind({ addr: ip('0.0.0.0'), port: 67 }, handlers('all'))
    wire.a.udp.bind({ addr: wire.a.addr, port: 68 }, handlers('one'))
    for (const dport of [67, 68]) {
      const payload = udpDatagram({ sport: 1, dport }, new Uint8Array(3))
      wire.a.udp.receive(ipPacket({
        uid: 0, src: wire.b.addr, dst: ip('255.255.255.255'), protocol: 17, payload, payloadBytes: udpBytes(payload),
      }))
    }
    wire.runFor(10 * NS_PER_MILLISECOND)
    expect(heard).toEqual(['all 3 from 1'])
    expect(wire.ladder).toEqual([])
  })

  it('forbids fragments of what fits the path, and only that', () => {
    const { wire } = pair()
    const client = wire.a.udp.connect({ dst: wire.b.addr, dport: 53 }, {})
    // 20 + 8 + 1472 = 1500
    if (client.ok) for (const bytes of [1472, 1473]) client.value.send(new Uint8Array(bytes))
    expect(wire.packets.map(({ dontFragment }) => dontFragment)).toEqual([true, false])
  })

  it('frees the port when a socket is closed', () => {
    const { wire } = pair()
    const bind = () => wire.a.udp.bind({ addr: ip('0.0.0.0'), port: 53 }, {})
    const first = bind()
    expect(bind()).toEqual({ ok: false, error: 'EADDRINUSE' })
    if (first.ok) first.value.close()
    expect(bind().ok).toBe(true)
  })
  it.each([0, 1, 2])('leaves the other sockets of a port alone when the one opened %i-th is closed', (closed) => {
    const { wire } = pair()
    const sockets = [1, 2, 3].map((dport) => {
      const opened = wire.a.udp.connect({ dst: wire.b.addr, dport, sport: 5001 }, {})
      if (!opened.ok) throw new Error(opened.error)
      return opened.value
    })
    sockets[closed]?.close()
    sockets[closed]?.close()
    expect([...wire.a.udp.sockets()].map(({ rport }) => rport)).toEqual([1, 2, 3].filter((_, i) => i !== closed))
  })
})
