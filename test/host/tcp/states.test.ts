import { describe, expect, it } from 'vitest'
import { NS_PER_MILLISECOND, NS_PER_SECOND } from '../../../src/base/units.ts'
import { TcpPeer } from '../../support/tcp-peer.ts'

describe('states of a connection', () => {
  it('LISTEN -> SYN_RECV when a SYN comes in', () => {
    const peer = new TcpPeer()
    peer.listen()
    peer.inject('S', { options: { mss: 1460 } })
    expect(peer.take()).toEqual(['SA seq 0 ack 1'])
    expect(peer.state).toBe('SYN_RECV')
  })

  it('SYN_RECV -> SYN_RECV when the SYN is repeated, which is answered again', () => {
    const peer = new TcpPeer()
    peer.listen()
    peer.inject('S')
    peer.inject('S')
    expect(peer.take()).toEqual(['SA seq 0 ack 1', 'SA seq 0 ack 1'])
  })

  it('SYN_RECV -> ESTABLISHED when the ACK comes in', () => {
    const peer = new TcpPeer()
    peer.listen()
    peer.inject('S')
    peer.inject('A', { seq: 1, ack: 1 })
    expect(peer.state).toBe('ESTABLISHED')
    expect(peer.endpoint).toBeDefined()
  })

  it('SYN_RECV -> ESTABLISHED when the ACK was lost and data comes in', () => {
    const peer = new TcpPeer()
    peer.listen()
    peer.inject('S')
    peer.inject('PA', { seq: 1, ack: 1, bytes: 10 })
    expect(peer.state).toBe('ESTABLISHED')
    expect(peer.events).toEqual(['data 10'])
  })

  it('SYN_RECV -> CLOSE when the peer resets, silently', () => {
    const peer = new TcpPeer()
    peer.listen()
    peer.inject('S')
    peer.take()
    peer.inject('R', { seq: 1 })
    expect(peer.take()).toEqual([])
    expect(peer.state).toBe('CLOSE')
  })

  it('SYN_RECV stays when an ACK acknowledges something never sent, which is reset', () => {
    const peer = new TcpPeer()
    peer.listen()
    peer.inject('S')
    peer.take()
    peer.inject('A', { seq: 1, ack: 77 })
    expect(peer.take()).toEqual(['R seq 77'])
    expect(peer.state).toBe('SYN_RECV')
  })

  it('SYN_SENT -> ESTABLISHED when SYN and ACK come in', () => {
    const peer = new TcpPeer()
    peer.connect()
    peer.inject('SA', { ack: 1 })
    expect(peer.take()).toEqual(['S seq 0', 'A seq 1 ack 1'])
    expect(peer.events).toEqual(['connected'])
  })

  it('SYN_SENT -> SYN_RECV when only a SYN comes in', () => {
    const peer = new TcpPeer()
    peer.connect()
    peer.inject('S')
    expect(peer.take()).toEqual(['S seq 0', 'SA seq 0 ack 1'])
    expect(peer.state).toBe('SYN_RECV')
  })

  it('SYN_SENT -> CLOSE when the peer resets', () => {
    const peer = new TcpPeer()
    peer.connect()
    peer.inject('RA', { ack: 1 })
    expect(peer.events).toEqual(['ECONNREFUSED'])
    expect(peer.state).toBe('CLOSE')
  })

  it('SYN_SENT stays when an RST does not acknowledge the SYN', () => {
    const peer = new TcpPeer()
    peer.connect()
    peer.inject('R', { seq: 0 })
    expect(peer.state).toBe('SYN_SENT')
    expect(peer.wire.a.drops).toEqual(['tcp-out-of-window'])
  })

  it('SYN_SENT stays when an old SYN-ACK comes in, which is reset', () => {
    const peer = new TcpPeer()
    peer.connect()
    peer.take()
    peer.inject('SA', { ack: 500 })
    expect(peer.take()).toEqual(['R seq 500'])
    expect(peer.state).toBe('SYN_SENT')
  })

  it('SYN_SENT -> CLOSE when the application closes, without a segment', () => {
    const peer = new TcpPeer()
    peer.connect()
    peer.take()
    peer.endpoint?.close()
    expect(peer.take()).toEqual([])
    expect(peer.state).toBe('CLOSE')
  })

  it('ESTABLISHED -> FIN_WAIT1 -> FIN_WAIT2 -> TIME_WAIT when this side closes first', () => {
    const peer = new TcpPeer().accepted()
    peer.endpoint?.close()
    expect(peer.state).toBe('FIN_WAIT1')
    peer.inject('A', { seq: 1, ack: 2 })
    expect(peer.state).toBe('FIN_WAIT2')
    peer.inject('FA', { seq: 1, ack: 2 })
    expect(peer.state).toBe('TIME_WAIT')
    expect(peer.take()).toEqual(['FA seq 1 ack 1', 'A seq 2 ack 2'])
    expect(peer.events).toEqual(['closed'])
  })

  it('FIN_WAIT1 -> TIME_WAIT when the FIN of the peer acknowledges ours', () => {
    const peer = new TcpPeer().accepted()
    peer.endpoint?.close()
    peer.inject('FA', { seq: 1, ack: 2 })
    expect(peer.state).toBe('TIME_WAIT')
  })

  it('FIN_WAIT1 -> CLOSING -> TIME_WAIT when both close at once', () => {
    const peer = new TcpPeer().accepted()
    peer.endpoint?.close()
    peer.inject('FA', { seq: 1, ack: 1 })
    expect(peer.state).toBe('CLOSING')
    peer.inject('A', { seq: 2, ack: 2 })
    expect(peer.state).toBe('TIME_WAIT')
  })

  it('ESTABLISHED -> CLOSE_WAIT -> LAST_ACK -> CLOSE when the peer closes first', () => {
    const peer = new TcpPeer().accepted()
    peer.inject('FA', { seq: 1, ack: 1 })
    expect(peer.state).toBe('CLOSE_WAIT')
    expect(peer.events).toEqual(['peer closed'])
    peer.endpoint?.close()
    expect(peer.state).toBe('LAST_ACK')
    expect(peer.take()).toEqual(['FA seq 1 ack 2'])
    peer.inject('A', { seq: 2, ack: 2 })
    expect(peer.state).toBe('CLOSE')
    expect(peer.events).toEqual(['peer closed', 'closed'])
  })

  it('CLOSE_WAIT still sends: the other side has only ended its own data', () => {
    const peer = new TcpPeer().accepted()
    peer.inject('FA', { seq: 1, ack: 1 })
    peer.endpoint?.send(new Uint8Array(10))
    expect(peer.take()).toEqual(['PA seq 1 ack 2 len 10'])
  })

  it('FIN_WAIT2 still reads after a shutdown of this side only', () => {
    const peer = new TcpPeer().accepted()
    peer.endpoint?.shutdownWrite()
    peer.inject('A', { seq: 1, ack: 2 })
    peer.inject('PA', { seq: 1, ack: 2, bytes: 30 })
    expect(peer.events).toEqual(['data 30'])
    expect(peer.state).toBe('FIN_WAIT2')
  })

  it('FIN_WAIT2 -> CLOSE when data comes in after close, which is reset', () => {
    const peer = new TcpPeer().accepted()
    peer.endpoint?.close()
    peer.inject('A', { seq: 1, ack: 2 })
    peer.take()
    peer.inject('PA', { seq: 1, ack: 2, bytes: 30 })
    expect(peer.take()).toEqual(['R seq 2'])
    expect(peer.state).toBe('CLOSE')
    expect(peer.events).toEqual(['ECONNRESET'])
  })

  it('FIN_WAIT2 -> CLOSE when the peer is silent for 60 s after close', () => {
    const peer = new TcpPeer().accepted()
    peer.endpoint?.close()
    peer.inject('A', { seq: 1, ack: 2 })
    peer.wire.runFor(60 * NS_PER_SECOND - 1)
    expect(peer.state).toBe('FIN_WAIT2')
    peer.wire.runFor(1)
    expect(peer.state).toBe('CLOSE')
  })

  it('ESTABLISHED -> CLOSE when the application closes with data unread, which is reset', () => {
    const peer = new TcpPeer().accepted()
    peer.endpoint?.pauseReading()
    peer.inject('PA', { seq: 1, ack: 1, bytes: 5 })
    peer.take()
    peer.endpoint?.close()
    expect(peer.take()).toEqual(['RA seq 1 ack 6'])
    expect(peer.state).toBe('CLOSE')
  })

  it('ESTABLISHED -> CLOSE when an RST at the expected number comes in', () => {
    const peer = new TcpPeer().accepted()
    peer.inject('R', { seq: 1 })
    expect(peer.events).toEqual(['ECONNRESET'])
    expect(peer.state).toBe('CLOSE')
  })

  it('ESTABLISHED stays when an RST is only somewhere in the window, and asks', () => {
    const peer = new TcpPeer().accepted()
    peer.inject('R', { seq: 100 })
    expect(peer.take()).toEqual(['A seq 1 ack 1'])
    expect(peer.state).toBe('ESTABLISHED')
  })

  it('ESTABLISHED stays when an RST is out of the window, silently', () => {
    const peer = new TcpPeer().accepted()
    peer.inject('R', { seq: 100_000 })
    expect(peer.take()).toEqual([])
    expect(peer.state).toBe('ESTABLISHED')
  })

  it('ESTABLISHED stays when a SYN comes in, and asks at most every 500 ms', () => {
    const peer = new TcpPeer().accepted()
    peer.inject('S', { seq: 3000 })
    peer.inject('S', { seq: 3000 })
    // Counted from that SYN on: 1 - 3000.
    expect(peer.take()).toEqual(['A seq 1 ack -2999'])
    peer.wire.runFor(500 * NS_PER_MILLISECOND)
    peer.inject('S', { seq: 3000 })
    expect(peer.take()).toEqual(['A seq 1 ack -2999'])
    expect(peer.state).toBe('ESTABLISHED')
  })

  it('TIME_WAIT acknowledges a repeated FIN and waits 60 s from then on', () => {
    const peer = new TcpPeer().accepted()
    peer.endpoint?.close()
    peer.inject('FA', { seq: 1, ack: 2 })
    peer.take()
    peer.wire.runFor(50 * NS_PER_SECOND)
    peer.inject('FA', { seq: 1, ack: 2 })
    expect(peer.take()).toEqual(['A seq 2 ack 2'])
    peer.wire.runFor(60 * NS_PER_SECOND - 1)
    expect(peer.state).toBe('TIME_WAIT')
    peer.wire.runFor(1)
    expect(peer.state).toBe('CLOSE')
  })

  it('TIME_WAIT -> CLOSE when an RST at the expected number comes in', () => {
    const peer = new TcpPeer().accepted()
    peer.endpoint?.close()
    peer.inject('FA', { seq: 1, ack: 2 })
    peer.inject('R', { seq: 2 })
    expect(peer.state).toBe('CLOSE')
  })

  it('TIME_WAIT -> SYN_RECV when a SYN with a higher number comes in', () => {
    const peer = new TcpPeer().accepted()
    peer.endpoint?.close()
    peer.inject('FA', { seq: 1, ack: 2 })
    peer.take()
    peer.isn += 50
    peer.inject('S')
    expect(peer.take()).toEqual(['SA seq 0 ack 1'])
    expect(peer.state).toBe('SYN_RECV')
  })

  it('TIME_WAIT stays when a SYN with a lower number comes in, and says what it expects', () => {
    const peer = new TcpPeer().accepted()
    peer.endpoint?.close()
    peer.inject('FA', { seq: 1, ack: 2 })
    peer.take()
    peer.inject('S', { seq: -500 })
    // Counted from that SYN on: 2 + 500.
    expect(peer.take()).toEqual(['A seq 2 ack 502'])
    expect(peer.state).toBe('TIME_WAIT')
  })
})

describe('segments of no connection', () => {
  it('are reset with the number that they acknowledge', () => {
    const peer = new TcpPeer()
    peer.inject('A', { seq: 5, ack: 9 })
    expect(peer.wire.ladder.filter((line) => line.startsWith('A'))).toHaveLength(1)
    const reset = peer.wire.packets[1]?.payload
    expect(reset).toMatchObject({ seq: 9, ack: 0, flags: 0x04, window: 0 })
  })

  it('are reset with an acknowledgement of all that they carry when they acknowledge nothing', () => {
    const peer = new TcpPeer()
    peer.inject('SF', { seq: 5, bytes: 10 })
    const reset = peer.wire.packets[1]?.payload
    // SYN + 10 bytes + FIN = 12
    expect(reset).toMatchObject({ seq: 0, ack: 1_000_000 + 5 + 12, flags: 0x14 })
  })

  it('are not answered when they are resets', () => {
    const peer = new TcpPeer()
    peer.inject('R', { seq: 5 })
    expect(peer.take()).toEqual([])
    expect(peer.wire.a.drops).toEqual(['no-listener'])
  })

  it('are reset by a listener too when they acknowledge something', () => {
    const peer = new TcpPeer()
    peer.listen()
    peer.inject('SA', { seq: 5, ack: 9 })
    expect(peer.wire.packets[1]?.payload).toMatchObject({ seq: 9, flags: 0x04 })
  })
})
