import { describe, expect, it } from 'vitest'
import { compareText, type ComparedMode } from '../../src/report/compare-text.ts'
import { PLAIN_STYLE } from '../../src/report/style.ts'
import { summariseMode } from '../../src/scenario/comparison.ts'
import type { RunResult } from '../../src/scenario/result.ts'
import { hostOf, requestOf, resultOf } from './results.ts'

const PLAIN = { style: PLAIN_STYLE, isAscii: true }

function compared(changes: Partial<RunResult>): ComparedMode {
  const result = resultOf(changes)
  return { result, summary: summariseMode(result, 'lb') }
}

describe('the text of a comparison', () => {
  it('has a column for each mode and a row for each figure', () => {
    const link = {
      name: 'client1.eth0>wan', sentFrames: 1500, sentBytes: 0, deliveredFrames: 0, lostFrames: 0, busyNs: 1_000_000,
    }
    const director = hostOf('lb', {
      packets: { received: 1200, originated: 0, sent: 1100, consumed: 0, dropped: 100, held: 0 },
      drops: { 'cpu-queue-full': 100 },
      nics: [{ name: 'lb.eth0', rxFrames: 1201, rxBytes: 123_456, txFrames: 1101, txBytes: 65_432 }],
      cpu: { busyNs: 1_800_000, queuePeakFrames: 64, droppedFrames: 100 }, arp: { requestsSent: 3, repliesSent: 2 },
    })
    const nat = compared({
      mode: 'nat', hosts: [director], links: [link], traffic: [{ name: 'a', kind: 'http', requests: [requestOf()] }],
      checks: [{ text: 'requests: ok = 2', passed: false, actual: '1', file: 'web.lvs.yaml', line: 9 }],
    })
    const dr = compared({
      mode: 'dr', hosts: [hostOf('lb')], links: [],
      traffic: [{ name: 'a', kind: 'http', requests: [requestOf({ outcome: 'timeout', answeredBy: undefined, endNs: 3e9 })] }],
    })
    expect(compareText([nat, dr], PLAIN).split('\n')).toEqual([
      'web: 2 modes, same traffic, seed 42',
      '',
      '                                      nat                dr',
      'requests                                1                 1',
      'ok                                      1                 0',
      'failed: timeout                         0                 1',
      'answered by rs1                         1                 0',
      'latency p50                       2.00 ms                 -',
      'latency p90                       2.00 ms                 -',
      'latency p99                       2.00 ms                 -',
      'throughput                    4.00 Mbit/s           0 bit/s', // 8000 bits in 2 ms
      'packets into director               1,200                 0',
      'packets out of director             1,100                 0',
      'bytes into director               123,456                 0',
      'bytes out of director              65,432                 0',
      'CPU of director                     90.0%                 -', // 1.8 of 2 ms
      'longest queue of it                    64                 -',
      'bottleneck                CPU of lb 90.0%                 -',
      'frames on wan                       1,500                 -',
      'ARP requests                            3                 0',
      'ARP replies                             2                 0',
      'dropped: cpu-queue-full               100                 0',
      'frames lost                             0                 0',
      'hash                     0123456789abcdef  0123456789abcdef',
      '',
      'nat: 0 of 1 expectation held',
      '  FAIL requests: ok = 2: 1 (web.lvs.yaml:9)',
      'dr: 0 of 0 expectations held',
      '',
    ])
  })

  it('compares nothing with nothing', () => {
    expect(compareText([], PLAIN)).toBe('nothing to compare\n')
  })

  it('keeps its columns under names of any script', () => {
    const wide = compared({
      hosts: [hostOf('lb')],
      traffic: [{ name: 'a', kind: 'http', requests: [requestOf({ answeredBy: '\u670d\u52a1\u5668\u001b[1m' })] }],
    })
    const lines = compareText([wide], PLAIN).split('\n')
    // 12 of `answered by `, 6 of three wide letters, 4 of the rest; the widest title has 23, a gap of 2, the hash 16.
    expect(lines).toContain(`answered by \u670d\u52a1\u5668\ufffd[1m ${' '.repeat(41 - 22 - 2)}1`)
  })
})
