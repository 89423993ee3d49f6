import { describe, expect, it } from 'vitest'
import { NS_PER_MILLISECOND, NS_PER_SECOND } from '../../../src/base/units.ts'
import type { TcpListener } from '../../../src/host/tcp/listener.ts'
import { ip, WirePair } from '../../support/wire-pair.ts'
import { TcpPeer } from '../../support/tcp-peer.ts'

interface Crowd {
  readonly wire: WirePair
  readonly listener: TcpListener
  readonly connected: number[]
  readonly errors: string[]
}

/** B listens and accepts nobody; A connects so many times. */
function crowd(backlog: number, connections: number): Crowd {
  const wire = new WirePair({ delayNs: NS_PER_MILLISECOND })
  const listening = wire.b.tcp.listen({ addr: ip('0.0.0.0'), port: 80, backlog }, () => {})
  if (!listening.ok) throw new Error(listening.error)
  const connected: number[] = []
  const errors: string[] = []
  for (let i = 0; i < connections; i++) {
    wire.a.tcp.connect({ dst: wire.b.addr, dport: 80, sport: 40_000 + i }, {
      onConnected: () => connected.push(i),
      onError: (_, errno) => errors.push(`${i} ${errno}`),
    })
    wire.runFor(10 * NS_PER_MILLISECOND)
  }
  return { wire, listener: listening.value, connected, errors }
}

describe('a listener', () => {
  it('lets backlog + 1 connections wait and drops the SYNs of others', () => {
    const { wire, listener, connected } = crowd(2, 5)
    expect(connected).toEqual([0, 1, 2])
    expect(listener.waitingCount).toBe(3)
    expect(wire.b.drops).toEqual(['tcp-backlog-full', 'tcp-backlog-full'])
  })

  it('lets the others in when they repeat their SYN and somebody was accepted', () => {
    const { wire, listener, connected } = crowd(2, 4)
    listener.accept()
    wire.runFor(NS_PER_SECOND)
    expect(connected).toEqual([0, 1, 2, 3])
  })

  it('has no longer backlog than net.core.somaxconn', () => {
    const wire = new WirePair({ delayNs: 0 })
    wire.b.sysctl.set('net.core.somaxconn', '1')
    const listening = wire.b.tcp.listen({ addr: ip('0.0.0.0'), port: 80, backlog: 100 }, () => {})
    expect(listening.ok && listening.value.backlog).toBe(1)
  })

  it('forgets the ACK of a handshake that finds the queue full, and repeats the SYN-ACK', () => {
    const peer = new TcpPeer()
    const listening = peer.wire.a.tcp.listen({ addr: ip('0.0.0.0'), port: 80, backlog: 0 }, () => {})
    peer.inject('S')
    const first = peer.theirIsn
    peer.sport++
    peer.inject('S')
    const second = peer.theirIsn
    peer.inject('A', { seq: 1, ack: 1 })
    peer.sport--
    peer.theirIsn = first
    peer.take()
    peer.inject('A', { seq: 1, ack: 1 })
    expect(second).not.toBe(first)
    expect(peer.wire.a.drops).toEqual(['tcp-backlog-full'])
    if (listening.ok) expect(listening.value.accept()).toBeDefined()
    peer.wire.runFor(NS_PER_SECOND)
    expect(peer.take()).toEqual(['SA seq 0 ack 1'])
    peer.inject('A', { seq: 1, ack: 1 })
    if (listening.ok) expect(listening.value.waitingCount).toBe(1)
  })

  it('tells of a connection before its data, and keeps the data until the application attaches', () => {
    const wire = new WirePair({ delayNs: NS_PER_MILLISECOND })
    let waiting: TcpListener | undefined
    wire.b.tcp.listen({ addr: ip('0.0.0.0'), port: 80 }, (listener) => { waiting = listener })
    wire.a.tcp.connect({ dst: wire.b.addr, dport: 80 }, {
      onConnected: (endpoint) => {
        endpoint.send(new Uint8Array(10))
        endpoint.close()
      },
    })
    wire.runFor(100 * NS_PER_MILLISECOND)
    const events: string[] = []
    waiting?.accept()?.attach({
      onData: (_, bytes) => events.push(`data ${bytes.length}`),
      onPeerClosed: () => events.push('closed'),
    })
    expect(events).toEqual(['data 10', 'closed'])
  })

  it('resets the connections that wait when it ends, and forgets the handshakes', () => {
    const { wire, listener, errors } = crowd(5, 2)
    wire.b.tcp.unlisten(listener)
    wire.runFor(10 * NS_PER_MILLISECOND)
    expect(errors).toEqual(['0 ECONNRESET', '1 ECONNRESET'])
    expect([...wire.b.tcp.connections()]).toEqual([])
  })

  it('refuses a port that is taken, and an address of another host', () => {
    const wire = new WirePair({ delayNs: 0 })
    const listen = (addr: string): unknown => wire.b.tcp.listen({ addr: ip(addr), port: 80 }, () => {})
    expect(listen('10.0.0.2')).toMatchObject({ ok: true })
    expect(listen('0.0.0.0')).toEqual({ ok: false, error: 'EADDRINUSE' })
    expect(listen('10.0.0.9')).toEqual({ ok: false, error: 'EADDRNOTAVAIL' })
  })
})

describe('connecting', () => {
  it('fails at once without a route', () => {
    const wire = new WirePair({ delayNs: 0 })
    wire.a.refuse = 'ENETUNREACH'
    expect(wire.a.tcp.connect({ dst: ip('192.168.9.9'), dport: 80 }, {})).toEqual({ ok: false, error: 'ENETUNREACH' })
    expect([...wire.a.tcp.connections()]).toEqual([])
  })

  it('fails with an address of another host', () => {
    const wire = new WirePair({ delayNs: 0 })
    const begun = wire.a.tcp.connect({ src: ip('10.0.0.2'), dst: ip('10.0.0.2'), dport: 80 }, {})
    expect(begun).toEqual({ ok: false, error: 'EADDRNOTAVAIL' })
  })

  it.each([
    [1, 'EHOSTUNREACH'], [2, 'ENOPROTOOPT'], [3, 'ECONNREFUSED'], [13, 'EHOSTUNREACH'],
  ])('fails on ICMP 3/%i with %s', (code, errno) => {
    const peer = new TcpPeer()
    peer.connect()
    const [syn] = peer.wire.packets
    if (syn !== undefined) peer.wire.reportError(peer.wire.b, syn, { type: 3, code, rest: 0 })
    peer.settle()
    expect(peer.events).toEqual([errno])
  })

  it('is up already: an ICMP error changes nothing', () => {
    const peer = new TcpPeer().accepted()
    peer.endpoint?.send(new Uint8Array(1))
    const sent = peer.wire.packets.at(-1)
    if (sent !== undefined) peer.wire.reportError(peer.wire.b, sent, { type: 3, code: 3, rest: 0 })
    peer.settle()
    expect(peer.state).toBe('ESTABLISHED')
  })

  it('uses ephemeral ports 32768..60999, no two at once, and the same ones with the same seed', () => {
    const ports = (seed: string): number[] => {
      const wire = new WirePair({ delayNs: 0, seed })
      return Array.from({ length: 300 }, () => {
        const begun = wire.a.tcp.connect({ dst: wire.b.addr, dport: 80 }, {})
        return begun.ok ? begun.value.lport : 0
      })
    }
    const first = ports('7')
    expect(new Set(first).size).toBe(300)
    expect(Math.min(...first)).toBeGreaterThanOrEqual(32_768)
    expect(Math.max(...first)).toBeLessThanOrEqual(60_999)
    expect(ports('7')).toEqual(first)
    expect(ports('8')).not.toEqual(first)
  })
})
