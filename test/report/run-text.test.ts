import { describe, expect, it } from 'vitest'
import { failuresText, runText } from '../../src/report/run-text.ts'
import { PLAIN_STYLE, type TextOptions } from '../../src/report/style.ts'
import type { RunResult } from '../../src/scenario/result.ts'
import { hostOf, requestOf, resultOf } from './results.ts'

const PLAIN: TextOptions = { style: PLAIN_STYLE, isAscii: true }
const HELD = { text: 'requests: ok = 4', passed: true, actual: '4', file: 'web.lvs.yaml', line: 30 }
const FAILED = { text: 'answered by rs2 = 2', passed: false, actual: '1 of 4', file: 'web.lvs.yaml', line: 31 }

/** Lines of the report after its header and the blank line that follows. */
function body(changes: Partial<RunResult>, options = PLAIN): string[] {
  return runText(resultOf(changes), options).split('\n').slice(3, -1)
}

describe('the text of a run', () => {
  it('is its header when nothing happened', () => {
    expect(runText(resultOf(), PLAIN)).toBe(
      'web (dr)\nseed 42, hash 0123456789abcdef, 1.25 s simulated, 12,345 events, 1 frame\n',
    )
  })

  it('sums up traffic: how it ended, who answered, how long it took', () => {
    // Starts 0, 1, 2, 3 ms; the answered ones took 2, 3 and 10 ms: from 0 to 12 ms, 3 in 12 ms are 250 a second.
    const requests = [
      requestOf(), requestOf({ startNs: 1_000_000, endNs: 4_000_000, answeredBy: 'rs10' }),
      requestOf({ startNs: 2_000_000, endNs: 12_000_000, answeredBy: 'rs2' }),
      requestOf({ startNs: 3_000_000, endNs: 5_000_000, outcome: 'refused', answeredBy: undefined, bytes: 0 }),
    ]
    expect(body({ traffic: [{ name: 'browsers', kind: 'http', requests }] })).toEqual([
      'browsers (http): 4 requests in 12.0 ms, 3 ok, 1 failed',
      '  failed       1 refused',
      '  answered by  rs1 1, rs2 1, rs10 1',
      '  latency      p50 3.00 ms, p90 10.0 ms, p99 10.0 ms, max 10.0 ms (n = 3)',
      '  answers      3.00 kB, 2.00 Mbit/s, 250 requests/s', // 3000 * 8 / 0.012 = 2e6
    ])
  })

  it('says when traffic made no request, or nobody answered', () => {
    const failed = [requestOf({ outcome: 'timeout', answeredBy: undefined, bytes: 0, endNs: 3_000_000_000 })]
    expect(body({ traffic: [{ name: 'a', kind: 'http', requests: [] }, { name: 'b', kind: 'udp', requests: failed }] })).toEqual([
      'a (http): no requests', '', 'b (udp): 1 request in 3.00 s, 0 ok, 1 failed', '  failed  1 timeout',
    ])
  })

  it('shows observations as a shell session, with what came on stderr and the exit code', () => {
    const observed = {
      name: 'table', host: 'lb', command: 'ipvsadm -Ln', atNs: 850_000_000, stdout: 'Prot\tLocal\nTCP\n', stderr: 'oh\n',
      exitCode: 2, complaints: [],
    }
    expect(body({ observations: [observed] })).toEqual([
      'lb# ipvsadm -Ln  # table, at 600 ms', 'Prot\tLocal', 'TCP', 'oh', '(exit code 2)',
    ])
  })

  it('shows commands of the setup only when they complained', () => {
    const fine = { name: 'setup', host: 'rs1', command: 'a\nb', atNs: 0, stdout: 'x\n', stderr: '', exitCode: 0, complaints: [] }
    const wrong = { ...fine, host: 'lb', command: 'ipvsadm -A -t x', stderr: 'illegal\n', exitCode: 255 }
    expect(body({ setup: [fine, wrong] })).toEqual(['lb# ipvsadm -A -t x (exit code 255)', 'illegal'])
  })

  it('shows warnings, each below the command that it is about', () => {
    expect(body({ warnings: [{ host: 'lb', command: 'ipvsadm -Sn', text: 'look out' }] })).toEqual([
      'warning: lb# ipvsadm -Sn', '  look out',
    ])
  })

  it('lists what died where, and the links that lost frames', () => {
    const link = { name: 'lan>rs1.eth0', sentFrames: 9, sentBytes: 900, deliveredFrames: 8, lostFrames: 1, busyNs: 0 }
    expect(body({
      hosts: [hostOf('client'), hostOf('router', { drops: { 'rp-filter': 1200, 'no-route': 3 } })],
      links: [link, { ...link, name: 'rs1.eth0>lan', lostFrames: 0 }],
    })).toEqual([
      'dropped packets and lost frames',
      '  router        rp-filter    1,200',
      '  router        no-route         3',
      '  lan>rs1.eth0  frames lost      1',
    ])
  })

  it('marks what held and what did not, with its place', () => {
    expect(body({ checks: [HELD, FAILED] })).toEqual([
      'expectations: 1 of 2 held',
      '  ok   requests: ok = 4: 4',
      '  FAIL answered by rs2 = 2: 1 of 4 (web.lvs.yaml:31)',
    ])
    const marks = body({ checks: [HELD, FAILED] }, { ...PLAIN, isAscii: false }).slice(1).map((line) => line[2])
    expect(marks).toEqual(['\u2713', '\u2717'])
  })

  it('ends with the limit or the problem that ended the run', () => {
    const problem = {
      code: 'LVS1060', file: 'web.lvs.yaml', line: 7, column: 9, endColumn: 12, message: 'lb: foo: this command is not modelled',
      sourceLine: '        foo bar',
    } as const
    expect(body({ limit: { limit: 'events', bound: 1000, timeNs: 5e8 }, problem })).toEqual([
      'stopped at 0.5 s: the limit of 1000 events was reached',
      'web.lvs.yaml:7:9: error LVS1060: lb: foo: this command is not modelled', '7 |         foo bar', '  |         ^^^',
    ])
  })

  it('lets no name and no output move the cursor', () => {
    const hostile = '\u001b]0;x\u0007\u202e'
    const text = runText(resultOf({
      scenario: hostile, seed: hostile,
      traffic: [{ name: hostile, kind: hostile, requests: [requestOf({ answeredBy: hostile })] }],
      hosts: [hostOf(hostile, { drops: { 'rp-filter': 1 } })],
      observations: [{
        name: hostile, host: hostile, command: hostile, atNs: 3e8, stdout: hostile, stderr: hostile, exitCode: 0, complaints: [],
      }],
      checks: [{ ...FAILED, text: hostile, actual: hostile, file: hostile }],
    }), PLAIN)
    expect(text.match(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/g)).toBeNull()
    expect(text.match(/\ufffd/g)?.length).toBeGreaterThan(20)
  })

  it('marks with the style that it is given', () => {
    const style = { ...PLAIN_STYLE, red: (text: string) => `<r>${text}</r>`, bold: (text: string) => `<b>${text}</b>` }
    expect(runText(resultOf({ checks: [FAILED] }), { style, isAscii: true })).toContain('<b>web (dr)</b>\n')
    expect(failuresText(resultOf({ checks: [HELD, FAILED] }), { style, isAscii: true }))
      .toBe('<r>FAIL</r> answered by rs2 = 2: 1 of 4 (web.lvs.yaml:31)\n')
  })
})

describe('the failures of a run', () => {
  it('are nothing when everything held', () => {
    expect(failuresText(resultOf({ checks: [HELD] }), PLAIN)).toBe('')
  })
})
