import { describe, expect, it } from 'vitest'
import { tableLines } from '../../src/report/table.ts'

describe('a table', () => {
  it('lines up words to the left and numbers to the right', () => {
    expect(tableLines([['', 'nat', 'dr'], ['requests', '2,000', '7'], ['ok', '12', '']], ['left', 'right'])).toEqual([
      '            nat  dr', // 8 + 2 + 5 + 2 + 2 columns
      'requests  2,000   7',
      'ok           12',
    ])
  })

  it('counts two columns for wide letters and none for combining marks', () => {
    // Two wide letters are 4 columns; e with an acute accent is 1.
    expect(tableLines([['\u670d\u52a1', '1'], ['e\u0301', '22'], ['abcd', '3']], ['left', 'right'])).toEqual([
      '\u670d\u52a1   1', 'e\u0301     22', 'abcd   3',
    ])
  })

  it('makes names harmless before it measures them', () => {
    expect(tableLines([['\u001b[2Jrs1\n', 'x'], ['a', 'y']], ['left'])).toEqual(['\ufffd[2Jrs1\ufffd  x', 'a         y'])
  })

  it('is nothing without rows', () => {
    expect(tableLines([], ['left'])).toEqual([])
  })
})
