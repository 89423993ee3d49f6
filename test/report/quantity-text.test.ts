import { describe, expect, it } from 'vitest'
import { formatBitRate, formatBytes, formatCount, formatShare, plural } from '../../src/report/quantity-text.ts'

describe('quantities', () => {
  it('have a comma before every third digit', () => {
    expect([0, 999, 1000, 1_234_567].map(formatCount)).toEqual(['0', '999', '1,000', '1,234,567'])
  })

  it('have three digits and the unit that fits', () => {
    expect([0, 999, 1000, 12_345, 999_499, 999_500, 1.5e12].map(formatBytes))
      .toEqual(['0 B', '999 B', '1.00 kB', '12.3 kB', '999 kB', '1.00 MB', '1.50 TB'])
    expect([93_400_000, 1e16].map(formatBitRate)).toEqual(['93.4 Mbit/s', '10000 Tbit/s'])
  })

  it('are shares in per cent, and one thing or several', () => {
    expect([0, 0.1234, 1].map(formatShare)).toEqual(['0.0%', '12.3%', '100.0%'])
    expect([plural(1, 'mode'), plural(1500, 'mode')]).toEqual(['1 mode', '1,500 modes'])
  })
})
