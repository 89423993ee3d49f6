import { describe, expect, it } from 'vitest'
import { NS_PER_MILLISECOND, NS_PER_SECOND } from '../../../src/base/units.ts'
import { ip, WirePair } from '../../support/wire-pair.ts'
import { TcpPeer } from '../../support/tcp-peer.ts'

/** When A sent something, in seconds, rounded to milliseconds. */
function sentSeconds(wire: WirePair): number[] {
  return wire.packets.flatMap((packet, i) => packet.src === wire.a.addr ? [Math.round((wire.sentNs[i] ?? 0) / 1e6) / 1e3] : [])
}

describe('timers', () => {
  it('repeats a SYN after 1, 3, 7, 15, 31 and 63 s, and gives up after 127 s', () => {
    const peer = new TcpPeer()
    peer.connect()
    peer.wire.runFor(127 * NS_PER_SECOND - 1)
    expect(sentSeconds(peer.wire)).toEqual([0, 1, 3, 7, 15, 31, 63])
    expect(peer.events).toEqual([])
    peer.wire.runFor(1)
    expect(peer.events).toEqual(['ETIMEDOUT'])
  })

  it('repeats as many SYNs as net.ipv4.tcp_syn_retries says', () => {
    const peer = new TcpPeer()
    peer.wire.a.sysctl.set('net.ipv4.tcp_syn_retries', '2')
    peer.connect()
    peer.wire.runFor(100 * NS_PER_SECOND)
    expect(sentSeconds(peer.wire)).toEqual([0, 1, 3])
  })

  it('repeats a SYN-ACK five times and then forgets the handshake', () => {
    const peer = new TcpPeer()
    peer.listen()
    peer.inject('S')
    peer.wire.runFor(100 * NS_PER_SECOND)
    expect(sentSeconds(peer.wire)).toEqual([0, 1, 3, 7, 15, 31])
    expect(peer.state).toBe('CLOSE')
  })

  it('repeats data after 200 ms plus the round trip, doubling', () => {
    const peer = new TcpPeer().accepted()
    peer.wire.packets.length = peer.wire.sentNs.length = 0
    peer.endpoint?.send(new Uint8Array(10))
    peer.wire.runFor(4 * NS_PER_SECOND)
    // The handshake took no time at all: 0.2, 0.2 + 0.4, 0.6 + 0.8, 1.4 + 1.6.
    expect(sentSeconds(peer.wire)).toEqual([0, 0.2, 0.6, 1.4, 3])
  })

  it('gives data up after 924.6 s of silence', () => {
    const peer = new TcpPeer().accepted()
    peer.endpoint?.send(new Uint8Array(10))
    // The first repetition is at 0.2 s; the timeouts of 200 ms, doubled up to 120 s, sixteen of them, take
    // 0.2 * (2^10 - 1) + 6 * 120 = 924.6 s. The timer that first finds them past is that at 1044.6 s.
    peer.wire.runFor(924 * NS_PER_SECOND)
    expect(peer.events).toEqual([])
    peer.wire.runFor(125 * NS_PER_SECOND)
    expect(peer.events).toEqual(['ETIMEDOUT'])
  })

  it('delays the acknowledgement of a single segment by 40 ms once the sides talk in turns', () => {
    const peer = new TcpPeer().accepted()
    peer.inject('PA', { seq: 1, ack: 1, bytes: 10 })
    peer.endpoint?.send(new Uint8Array(10))
    peer.inject('A', { seq: 11, ack: 11 })
    peer.take()
    peer.inject('PA', { seq: 11, ack: 11, bytes: 10 })
    peer.wire.runFor(40 * NS_PER_MILLISECOND - 1)
    expect(peer.take()).toEqual([])
    peer.wire.runFor(1)
    expect(peer.take()).toEqual(['A seq 11 ack 21'])
  })

  it('acknowledges every second full segment at once, even when the sides talk in turns', () => {
    const peer = new TcpPeer().accepted()
    peer.inject('PA', { seq: 1, ack: 1, bytes: 1460 })
    peer.endpoint?.send(new Uint8Array(10))
    peer.inject('A', { seq: 1461, ack: 11 })
    peer.take()
    peer.inject('A', { seq: 1461, ack: 11, bytes: 1460 })
    expect(peer.take()).toEqual([])
    peer.inject('A', { seq: 2921, ack: 11, bytes: 1460 })
    expect(peer.take()).toEqual(['A seq 11 ack 4381'])
  })

  it('acknowledges sixteen segments at once in the beginning, then every second full one', () => {
    const peer = new TcpPeer().accepted()
    for (let i = 0; i < 16; i++) peer.inject('A', { seq: 1 + 1460 * i, ack: 1, bytes: 1460 })
    expect(peer.take()).toHaveLength(16)
    peer.inject('A', { seq: 1 + 1460 * 16, ack: 1, bytes: 1460 })
    expect(peer.take()).toEqual([])
    peer.inject('A', { seq: 1 + 1460 * 17, ack: 1, bytes: 1460 })
    // 18 * 1460 + 1
    expect(peer.take()).toEqual(['A seq 1 ack 26281'])
  })

  it('acknowledges all segments of one instant once, when the application has read them', () => {
    const peer = new TcpPeer().accepted()
    for (let i = 0; i < 16; i++) peer.inject('A', { seq: 1 + 1460 * i, ack: 1, bytes: 1460 })
    peer.take()
    for (let i = 16; i < 26; i++) peer.inject('A', { seq: 1 + 1460 * i, ack: 1, bytes: 1460, isLast: false })
    peer.settle()
    // 26 * 1460 + 1
    expect(peer.take()).toEqual(['A seq 1 ack 37961'])
  })

  it('acknowledges a read of a small segment at once while the sides do not talk in turns', () => {
    const peer = new TcpPeer().accepted()
    for (let i = 0; i < 16; i++) peer.inject('A', { seq: 1 + 1460 * i, ack: 1, bytes: 1460 })
    peer.take()
    peer.inject('PA', { seq: 1 + 1460 * 16, ack: 1, bytes: 100 })
    expect(peer.take()).toEqual(['A seq 1 ack 23461'])
  })

  it('probes a closed window, and sends on when it opens', () => {
    const peer = new TcpPeer().accepted()
    // A window is believed to shrink only by a segment with a higher number than the one before.
    peer.inject('PA', { seq: 1, ack: 1, bytes: 1 })
    peer.inject('A', { seq: 2, ack: 1, window: 0 })
    peer.take()
    peer.wire.packets.length = peer.wire.sentNs.length = 0
    peer.endpoint?.send(new Uint8Array(10))
    peer.wire.runFor(700 * NS_PER_MILLISECOND)
    // Probes carry the number before the first unacknowledged one.
    expect(peer.take()).toEqual(['A seq 0 ack 2', 'A seq 0 ack 2'])
    expect(sentSeconds(peer.wire)).toEqual([0.2, 0.6])
    peer.inject('A', { seq: 2, ack: 1, window: 1000 })
    expect(peer.take()).toEqual(['PA seq 1 ack 2 len 10'])
  })

  it('frees the ports of a connection 60 s after its end', () => {
    const wire = new WirePair({ delayNs: 0 })
    wire.b.tcp.listen({ addr: ip('0.0.0.0'), port: 80 }, (listener) => {
      listener.accept()?.attach({ onPeerClosed: (endpoint) => endpoint.close() })
    })
    const target = { dst: wire.b.addr, dport: 80, sport: 40_001 }
    wire.a.tcp.connect(target, { onConnected: (endpoint) => endpoint.close() })
    wire.runFor(59 * NS_PER_SECOND)
    expect(wire.a.tcp.connect(target, {})).toEqual({ ok: false, error: 'EADDRNOTAVAIL' })
    wire.runFor(NS_PER_SECOND)
    expect(wire.a.tcp.connect(target, {}).ok).toBe(true)
  })
})
