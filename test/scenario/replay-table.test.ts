import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readTable } from '../../src/scenario/replay-table.ts'
import { seed } from '../support/seed.ts'

/** Each request as milliseconds, source, bytes sent and bytes replied; or what is wrong, and where. */
function read(...lines: string[]): unknown {
  const table = readTable(lines.join('\n'))
  if (!table.ok) {
    const { line, message, expected, nearest } = table.error
    return [line, message, ...expected === undefined ? [] : [expected], ...nearest === undefined ? [] : [`${nearest}?`]]
  }
  return table.value.map(({ afterNs, source, sendBytes, replyBytes }) => [afterNs / 1e6, source, sendBytes, replyBytes])
}

describe('a table of requests', () => {
  it(`is read or refused, whatever the text (seed ${seed})`, () => {
    const part = fc.constantFrom('time', 'source', ',', '"', '""', ' ', '\n', '\r', '1', '2.5', 'x', '-')
    const text = fc.array(part).map((parts) => parts.join(''))
    fc.assert(fc.property(text, (rows) => {
      for (const table of [rows, `time,source\n${rows}`]) {
        const result = readTable(table)
        if (result.ok) expect(result.value.every(({ afterNs }, i) => afterNs >= (result.value[i - 1]?.afterNs ?? 0))).toBe(true)
        else expect(result.error.line).toBeLessThanOrEqual(table.split('\n').length)
      }
    }), { seed, numRuns: 2_000 })
  })

  it('takes time in proportion to its length, whatever stands in it', () => {
    const long = [' '.repeat(2_000_000) + '"x', '"'.repeat(2_000_001), ','.repeat(2_000_000), '\n'.repeat(2_000_000)]
    const before = process.cpuUsage().user
    for (const text of long) readTable(`time,source\n0,${text}`)
    expect((process.cpuUsage().user - before) / 1e6).toBeLessThan(3)
  })

  it('has a request a row, of 32 bytes with a reply of 64 unless it says otherwise; without sources, clients take turns', () => {
    expect(read('time', '0', '1.5')).toEqual([[0, 0, 32, 64], [1500, 1, 32, 64]])
    expect(read('Time,SEND,reply', '0,200,4000')).toEqual([[0, 0, 200, 4000]])
  })

  it('counts time from its earliest row, wherever that stands, exactly', () => {
    expect(read('source,time', 'b,1700000000.000000250', 'a,1700000000')).toEqual([[0, 0, 32, 64], [0.00025, 1, 32, 64]])
  })

  it('spreads the requests of a row over the time up to the next one; the last row lasts as long as the one before', () => {
    const sourced = [[0, 0], [500, 0], [1000, 0], [1500, 0], [2000, 0], [2000, 1], [3000, 0]].map((row) => [...row, 32, 64])
    expect(read('time,source,requests', '10,a,4', '12,a,2', '12,b,1')).toEqual(sourced)
    // A row alone has no length, and one of no requests only lasts.
    expect(read('time,requests', '5,2')).toEqual([[0, 0, 32, 64], [0, 1, 32, 64]])
    expect(read('time,requests', '0,0', '1,2')).toEqual([[1000, 0, 32, 64], [1500, 1, 32, 64]])
  })

  it('is read with quotes, blanks, blank lines, the line ends of Windows, and any text as a source', () => {
    expect(read('"time", source\r', '0,"a, ""the"" office"\r', '', '1,a\r', '2,"a, ""the"" office"'))
      .toEqual([[0, 0, 32, 64], [1000, 1, 32, 64], [2000, 0, 32, 64]])
  })

  it.each([
    [['tiem', '0'], [1, 'unknown column `tiem`', 'one of time, source, requests, send, reply', 'time?']],
    [['source'], [1, 'the column `time` is missing']],
    [[''], [1, 'the column `time` is missing']],
    [['time,time'], [1, 'the column `time` is there twice']],
    [['time,send', '0'], [2, '1 fields', '2, as many as columns']],
    [['time', '0,1,2,3,4,5,6,7'], [2, 'too many fields', '1, as many as columns']],
    [['', 'time', '', '0', 'x'], [5, 'cannot read `x` as `time`', 'seconds such as 12.5']],
    [['time,source', '0,a"b'], [2, 'a quote is not closed, or stands inside a field']],
    [['time', '', 'x'], [3, 'cannot read `x` as `time`', 'seconds such as 12.5']],
    [['time', '-1'], [2, 'cannot read `-1` as `time`', 'seconds such as 12.5']],
    [['time,send', '0,1e3'], [2, 'cannot read `1e3` as `send`', 'a whole number 0..67108864']],
    [['time,reply', '0,67108865'], [2, 'cannot read `67108865` as `reply`', 'a whole number 0..67108864']],
    [['time,requests', '0,600000', '1,600000'], [3, 'more than 1000000 requests']],
    [['time,source', '0,"a'], [2, 'a quote is not closed, or stands inside a field']],
    [['time,source', '0,"a"b'], [2, 'a quote is not closed, or stands inside a field']],
  ])('%j is refused', (lines, problem) => {
    expect(read(...lines)).toEqual(problem)
  })
})
