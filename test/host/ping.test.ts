import { describe, expect, it } from 'vitest'
import { IcmpEcho } from '../../src/host/ping.ts'
import { icmpEcho, icmpError } from '../../src/wire/icmp-message.ts'
import { ipPacket } from '../../src/wire/ip-packet.ts'
import { ip, WirePair } from '../support/wire-pair.ts'

describe('ping', () => {
  it('sends a request with its identifier and sequence, and hears the reply', () => {
    const wire = new WirePair({ delayNs: 0 })
    const echo = new IcmpEcho(wire.a)
    const heard: unknown[] = []
    echo.open({})
    const ping = echo.open({ onReply: (reply) => heard.push(reply) })
    ping.request({ src: ip('0.0.0.0'), dst: wire.b.addr, sequence: 3, dataBytes: 56, dontFragment: true })
    expect(wire.packets[0]).toMatchObject({ protocol: 1, payloadBytes: 64, payload: { type: 8, rest: 2 * 65_536 + 3 } })
    const reply = icmpEcho(0, ping.ident, 3, new Uint8Array(56))
    const packet = ipPacket({
      uid: 0, src: wire.b.addr, dst: wire.a.addr, protocol: 1, payload: reply, payloadBytes: 64, ttl: 63,
    })
    expect(echo.receiveEchoReply(packet, reply)).toBe(true)
    expect(heard).toEqual([{ from: wire.b.addr, sequence: 3, ttl: 63, dataBytes: 56 }])
  })

  it('hears of errors about its requests and not of those of others', () => {
    const wire = new WirePair({ delayNs: 0 })
    const echo = new IcmpEcho(wire.a)
    const heard: number[] = []
    const ping = echo.open({ onError: ({ sequence }) => heard.push(sequence) })
    for (const ident of [ping.ident, ping.ident + 1]) {
      const payload = icmpEcho(8, ident, 9, new Uint8Array(0))
      const quoted = ipPacket({ uid: 0, src: wire.a.addr, dst: wire.b.addr, protocol: 1, payload, payloadBytes: 8 })
      echo.receiveError(icmpError({ type: 3, code: 1, rest: 0 }, quoted, 28), quoted, wire.b.addr)
    }
    expect(heard).toEqual([9])
  })

  it('hears nothing after it was closed', () => {
    const wire = new WirePair({ delayNs: 0 })
    const echo = new IcmpEcho(wire.a)
    const ping = echo.open({ onReply: () => { throw new Error('heard') } })
    ping.close()
    const reply = icmpEcho(0, ping.ident, 1, new Uint8Array(0))
    const packet = ipPacket({ uid: 0, src: wire.b.addr, dst: wire.a.addr, protocol: 1, payload: reply, payloadBytes: 8 })
    expect(echo.receiveEchoReply(packet, reply)).toBe(false)
  })
})
