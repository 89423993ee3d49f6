import { describe, expect, it } from 'vitest'
import { nearestWord } from '../../src/scenario/nearest.ts'

describe('nearestWord', () => {
  it.each([
    ['adresses', 'addresses'], ['segmnet', 'segment'], ['WLC', 'wlc'], ['wcl', 'wlc'], ['hots', 'hosts'],
    ['real_server', 'real_servers'],
  ])('takes %s for %s', (typed, meant) => {
    expect(nearestWord(typed, ['name', 'hosts', 'segment', 'addresses', 'wlc', 'rr', 'real_servers'])).toBe(meant)
  })

  it('keeps the first candidate on a tie', () => {
    expect(nearestWord('rs3', ['rs1', 'rs2'])).toBe('rs1')
  })

  it('has no idea when every letter would have to change, or more than a third', () => {
    expect(nearestWord('c', ['a', 'b'])).toBeUndefined()
    expect(nearestWord('interfaces', ['name', 'traffic'])).toBeUndefined()
    expect(nearestWord('', ['a'])).toBeUndefined()
  })

  it('does not compare very long words', () => {
    expect(nearestWord(`${'x'.repeat(41)}`, [`${'x'.repeat(40)}`])).toBeUndefined()
  })
})
