import { describe, expect, it } from 'vitest'
import { SequenceView } from '../../src/wire/sequence-view.ts'
import { NO_DATA, NO_TCP_OPTIONS, TCP_ACK, TCP_RST, TCP_SYN, tcpSegment } from '../../src/wire/tcp-segment.ts'
import { ip } from './packets.ts'

const client = ip('10.0.0.10')
const vip = ip('10.0.0.100')

/** What the view says about a segment from the client, or back to it. */
function seen(view: SequenceView, from: 'client' | 'vip', flags: number, seq: number, ack: number): readonly number[] {
  const [addrs, ports] = from === 'client'
    ? [{ src: client, dst: vip }, { sport: 40001, dport: 80 }]
    : [{ src: vip, dst: client }, { sport: 80, dport: 40001 }]
  const numbers = view.relative(addrs, tcpSegment(ports, { seq, ack, window: 0 }, flags, NO_TCP_OPTIONS, NO_DATA))
  return [numbers.seq, numbers.ack]
}

describe('relative sequence numbers', () => {
  it('count from the SYN of each direction, across the end of the number space', () => {
    const view = new SequenceView()
    expect(seen(view, 'client', TCP_SYN, 0xffffffff, 0)).toEqual([0, 0])
    expect(seen(view, 'vip', TCP_SYN | TCP_ACK, 500, 0)).toEqual([0, 1])
    expect(seen(view, 'client', TCP_ACK, 0, 501)).toEqual([1, 1])
    expect(seen(view, 'client', TCP_ACK, 32, 565)).toEqual([33, 65])
  })

  it('take the first ACK for 1 when replies go another way', () => {
    const view = new SequenceView()
    seen(view, 'client', TCP_SYN, 100, 0)
    expect(seen(view, 'client', TCP_ACK, 101, 7001)).toEqual([1, 1])
    expect(seen(view, 'client', TCP_ACK, 133, 7065)).toEqual([33, 65])
  })

  it('are the same for a segment that passes twice', () => {
    const view = new SequenceView()
    seen(view, 'client', TCP_SYN, 100, 0)
    expect(seen(view, 'client', TCP_SYN, 100, 0)).toEqual([0, 0])
    expect(seen(view, 'client', TCP_ACK, 101, 7001)).toEqual([1, 1])
    expect(seen(view, 'client', TCP_ACK, 101, 7001)).toEqual([1, 1])
  })

  it('start again when a port pair is used again', () => {
    const view = new SequenceView()
    seen(view, 'client', TCP_SYN, 100, 0)
    seen(view, 'vip', TCP_SYN | TCP_ACK, 500, 101)
    expect(seen(view, 'client', TCP_SYN, 9000, 0)).toEqual([0, 0])
    expect(seen(view, 'client', TCP_ACK, 9001, 801)).toEqual([1, 1])
  })

  it('stay absolute where no SYN was seen', () => {
    const view = new SequenceView()
    expect(seen(view, 'client', TCP_ACK, 1000, 2000)).toEqual([1000, 2000])
    expect(seen(view, 'vip', TCP_RST, 2000, 0)).toEqual([2000, 0])
  })

  it('of a reset that answers a SYN have their ACK at 1', () => {
    const view = new SequenceView()
    seen(view, 'client', TCP_SYN, 100, 0)
    expect(seen(view, 'vip', TCP_RST | TCP_ACK, 0, 101)).toEqual([0, 1])
  })
})
