import { describe, expect, it } from 'vitest'
import { measureFairness } from '../../src/fairness/fairness.ts'
import type { FairnessOptions } from '../../src/fairness/options.ts'
import type { FairnessResult } from '../../src/fairness/result.ts'
import { fairnessDocument } from '../../src/report/fairness-json.ts'
import { fairnessText } from '../../src/report/fairness-text.ts'
import { fairnessSentences } from '../../src/report/fairness-words.ts'
import { jsonText } from '../../src/report/json.ts'
import { PLAIN_STYLE } from '../../src/report/style.ts'

function measured(options: Partial<FairnessOptions>): FairnessResult {
  const result = measureFairness({ schedulers: ['wlc', 'rr'], weights: [2, 1], count: 2000, ...options })
  if (!result.ok) throw new Error(result.error.message)
  return result.value
}

const TEXT = { style: PLAIN_STYLE, isAscii: false }

describe('the fairness of schedulers as text', () => {
  it('has a column for each scheduler, a note for what is open, and sentences', () => {
    const lines = fairnessText(measured({ schedulers: ['wrr', 'rr'], count: 1000, seed: '1' }), TEXT).split('\n')
    expect(lines.slice(0, 10)).toEqual([
      'wrr, rr: the same 1,000 connections, seed 1',
      'arrivals poisson, 24.0/s; work exponential 100 ms; 2 servers of 1 worker each, first come first served; load 80.0%',
      '10,000 clients; inactive for 120 s after the end',
      'the last 900 count; \u00b1 is half of a 95% confidence interval, from 20 batches',
      '',
      '                         by weight                wrr               rr',
      'share of rs1 (weight 2)     66.67%      66.67% \u00b1 0.00    50.00% \u00b1 0.53',
      'share of rs2 (weight 1)     33.33%      33.33% \u00b1 0.00    50.00% \u00b1 0.53',
      'load of rs1 (speed 2)                   77.66% \u00b1 8.09    57.08% \u00b1 5.95',
      'load of rs2 (speed 1)                  78.69% \u00b1 12.18  119.85% \u00b1 14.98',
    ])
    // The interval of p99 takes 20,000 connections that count, and a tenth does not.
    expect(lines).toContain('\u00b1?: too few connections for an interval; p99 takes 22,223 of them at least, p99.9 222,223')
    expect(lines.at(-2)).toMatch(/^- /)
    expect(lines.filter((line) => line.startsWith('wait p99 '))).toEqual([expect.stringMatching(/ms \u00b1\? +grows$/)])
  })

  it('has only ASCII where the terminal has no more', () => {
    expect(fairnessText(measured({}), { ...TEXT, isAscii: true })).toMatch(/^[\n -~]+$/)
  })

  it('names of many servers only those at the ends', () => {
    const result = measured({ schedulers: ['twos'], weights: Array.from({ length: 13 }, () => 1) })
    const lines = fairnessText(result, TEXT).split('\n')
    expect(lines.filter((line) => line.startsWith('share of'))).toEqual([])
    const extremes = lines.filter((line) => /^(least|most) share for its weight +\u00d71 +rs\d+ \u00d7[01]\.\d{3}$/.test(line))
    expect(extremes).toHaveLength(2)
    expect(lines.filter((line) => /^highest load +\d+\.\d\d% \u00b1 /.test(line))).toHaveLength(1)
  })

  it.each<[Partial<FairnessOptions>, string]>([
    [{ arrivals: { law: 'pareto', shape: 1.5 }, work: { law: 'pareto', meanNs: 1e8, shape: 3 } },
      'arrivals pareto (shape 1.5), 24.0/s; work pareto 100 ms (shape 3); 2 servers of 1 worker each, first come first served; '],
    [{ work: { law: 'uniform', fromNs: 1e6, toNs: 3e6 }, workers: 4, discipline: 'shared' },
      'work uniform 1.00 ms to 3.00 ms; 2 servers of 4 workers each, shared by all at once; load 80.0%'],
    [{ work: { law: 'lognormal', meanNs: 1e8, cv: 2 }, workers: Infinity, ratePerSecond: 5, clients: 1, persistenceSeconds: 60 },
      'work lognormal 100 ms (cv 2); 2 servers at which nobody waits\n1 client, persistent for 60 s; inactive'],
  ])('says in its head what ran: %j', (options, head) => {
    expect(fairnessText(measured(options), TEXT)).toContain(head)
  })
})

describe('what the fairness of schedulers means', () => {
  it('is said of shares, of too much work, and of who answers soonest', () => {
    const sentences = fairnessSentences(measured({ schedulers: ['wrr', 'rr', 'sed'], count: 20_000 }))
    expect(sentences).toEqual([
      'wrr gives every server what its weight asks for, exactly.',
      'rr gives rs1 50.0% (its weight asks for 66.7%), rs2 50.0% (33.3%): it goes round, whatever the weights.',
      expect.stringMatching(/^rr gives more work than can be done to rs2 \(1[12]\d\.\d% of what it can do\): the queues grow/),
      expect.stringMatching(/^sed gives rs1 6\d\.\d% \(its weight asks for 66\.7%\), rs2 3\d\.\d% \(33\.3%\): it sends each/),
      expect.stringMatching(/^sed answers soonest: 1\d\d ms \u00b1 \d+\.\d ms on average\.$/),
      expect.stringMatching(/^wrr takes \d\d\.\d ms \u00b1 [\d.]+ ms longer than sed, \d+\.\d% of its time\.$/),
    ])
  })

  it('is that there are too few connections to tell', () => {
    const sentences = fairnessSentences(measured({ schedulers: ['wlc', 'sed'], count: 5000, load: 0.7 }))
    // See the same in test/fairness/fairness.test.ts: 1.49 ms and 2.25 ms, so 5000 (2.25 / 1.49)^2.
    expect(sentences.at(-1)).toBe(
      'Between wlc and sed these connections are too few to tell, 1.49 ms \u00b1 2.25 ms; some 12,000 would.')
  })

  it('is that two of them are alike', () => {
    const sentences = fairnessSentences(measured({ schedulers: ['lc', 'wlc'], weights: [1, 1] }))
    expect(sentences.at(-1)).toBe('wlc and lc answer alike: less than 1% apart.')
  })

  it('is that the table is still filling, for those who look at inactive connections', () => {
    // 200 of 24 a second: 8.33 s, less than 120 s.
    expect(fairnessSentences(measured({ schedulers: ['wlc', 'sed'] }))[0]).toBe(
      'The 8.33 s that do not count are shorter than the 120 s for which connections stay inactive, and wlc would count these: '
        + 'the table is still filling. It takes more connections.')
    expect(fairnessSentences(measured({ schedulers: ['wlc'], finSeconds: 8 }))[0]).not.toContain('inactive')
    expect(fairnessSentences(measured({ schedulers: ['sed'] }))[0]).not.toContain('inactive')
  })

  it('is that a mean wait has no limit, where some wait for work without variance', () => {
    const work = { law: 'pareto', meanNs: 1e8, shape: 1.5 } as const
    const said = (options: Partial<FairnessOptions>): string => (
      fairnessSentences(measured({ schedulers: ['sed'], work, ...options }))[0] ?? '')
    expect(said({})).toBe(
      'Work of this shape, 2 or less, has no variance: the mean wait grows with the length of the run. Look at quantiles.')
    expect(said({ discipline: 'shared' })).not.toContain('variance')
    expect(said({ work: { ...work, shape: 2.1 } })).not.toContain('variance')
  })

  it('is who is refused, and who only stays where he is', () => {
    const refused = fairnessSentences(measured({ schedulers: ['sh'], weights: [1, 0], load: 0.2 }))
    expect(refused[0]).toMatch(/^sh refuses (4|5)\d\.\d% of the connections\.$/)
    const persistent = { clients: 3, persistenceSeconds: 100 }
    const sticky = fairnessSentences(measured({ schedulers: ['rr'], weights: [1, 1], load: 0.3, ...persistent }))
    expect(sticky[0]).toMatch(/: it goes round, whatever the weights, and clients stay where they are\.$/)
  })

  it('is that one batch follows the other', () => {
    // Just above what can be done for as long as the run lasts, but not for certain: each batch waits longer than the one before.
    const sentences = fairnessSentences(measured({ schedulers: ['rr'], weights: [1], load: 0.99, count: 20_000 }))
    expect(sentences).toContainEqual(expect.stringContaining('the run is too short, its intervals too narrow'))
  })
})

describe('the fairness of schedulers as a document', () => {
  it('has all of it, and nothing that JSON cannot hold', () => {
    const result = measured({ workers: Infinity, ratePerSecond: 5 })
    const document = JSON.parse(jsonText(fairnessDocument(result))) as Record<string, unknown>
    expect(document).toMatchObject({ schemaVersion: 1, kind: 'fairness', passed: true, level: 'connection', best: result.best })
    expect(document['setting']).toEqual(JSON.parse(JSON.stringify(result.setting)))
    expect(document['schedulers']).toHaveLength(2)
  })
})
