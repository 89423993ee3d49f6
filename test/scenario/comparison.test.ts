import { beforeAll, describe, expect, it } from 'vitest'
import { summariseMode, type ModeSummary } from '../../src/scenario/comparison.ts'
import type { Recorder } from '../../src/scenario/recorder.ts'
import type { RunResult } from '../../src/scenario/result.ts'
import { hostOf, requestOf, resultOf } from '../report/results.ts'
import { recordedCluster } from '../support/recorded.ts'

const LINK = { sentFrames: 10, sentBytes: 0, deliveredFrames: 0, lostFrames: 0, busyNs: 0 }
const TRAFFIC = [{ name: 'a', kind: 'http', requests: [requestOf()] }]

describe('the summary of a mode', () => {
  it('counts what nics sent into a segment, and both ways of a point-to-point link as one', () => {
    const links = ['a.eth0>lan', 'lan>a.eth0', 'b.eth0>lan', 'a.ppp0>b.ppp0', 'b.ppp0>a.ppp0'].map((name) => ({ ...LINK, name }))
    expect(summariseMode(resultOf({ hosts: [hostOf('lb')], links }), 'lb').frames).toEqual([
      { group: 'lan', count: 20 }, { group: 'a.ppp0-b.ppp0', count: 20 },
    ])
  })

  it('adds up ARP and drops of all hosts', () => {
    const hosts = [
      hostOf('lb', { arp: { requestsSent: 1, repliesSent: 2 }, drops: { 'no-route': 1 } }),
      hostOf('rs1', { arp: { requestsSent: 3, repliesSent: 4 }, drops: { 'no-route': 2, 'cpu-queue-full': 5 } }),
    ]
    expect(summariseMode(resultOf({ hosts }), 'lb')).toMatchObject({
      arp: { requests: 4, replies: 6 }, drops: [{ reason: 'cpu-queue-full', count: 5 }, { reason: 'no-route', count: 3 }],
    })
  })

  it('finds the bottleneck among processors and links, by the time of traffic', () => {
    // The request takes 2 ms: the link is busy for 1.5 of them, the processor for 1.
    const cpu = { busyNs: 1_000_000, queuePeakFrames: 0, droppedFrames: 0 }
    const links = [{ ...LINK, name: 'a.eth0>lan', busyNs: 1_500_000 }]
    const { bottleneck, director } = summariseMode(resultOf({ hosts: [hostOf('lb', { cpu })], links, traffic: TRAFFIC }), 'lb')
    expect(bottleneck).toEqual({ kind: 'link', name: 'a.eth0>lan', share: 0.75 })
    expect(director.cpu?.share).toBe(0.5)
  })

  it('has no bottleneck without traffic, and none that is busier than always', () => {
    const cpu = { busyNs: 9_000_000, queuePeakFrames: 0, droppedFrames: 0 }
    expect(summariseMode(resultOf({ hosts: [hostOf('lb', { cpu })] }), 'lb').bottleneck).toBeUndefined()
    expect(summariseMode(resultOf({ hosts: [hostOf('lb', { cpu })], traffic: TRAFFIC }), 'lb').bottleneck?.share).toBe(1)
  })
})

describe.each(['nat', 'dr', 'tun'] as const)('totals of a run under %s', (mode) => {
  let result: RunResult
  let recorder: Recorder
  let summary: ModeSummary

  beforeAll(async () => {
    ({ result, recorder } = await recordedCluster(mode))
    summary = summariseMode(result, 'lb')
  })

  it('are those of its recorded frames', () => {
    const frames = recorder.records.flatMap((record) => record.kind === 'frame' && record.nic.host === 'lb' ? [record] : [])
    for (const [direction, passed] of [['in', summary.director.into], ['out', summary.director.outOf]] as const) {
      const own = frames.filter((frame) => frame.direction === direction)
      expect(own.filter(({ frame }) => frame.payload.kind === 'ip')).toHaveLength(passed.packets)
      expect(own.reduce((sum, { frame }) => sum + frame.bytes, 0)).toBe(passed.bytes)
    }
    const sent = recorder.records.filter((record) => record.kind === 'frame' && record.direction === 'out')
    expect(summary.frames.reduce((sum, { count }) => sum + count, 0)).toBe(sent.length)
  })

  it('are those of the requests', () => {
    expect(summary.requests.count).toBe(2)
    expect(summary.requests.okCount + summary.requests.failedCount).toBe(2)
    expect(summary.hash).toBe(result.hash)
  })
})
