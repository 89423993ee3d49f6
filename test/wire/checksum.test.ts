import { describe, expect, it } from 'vitest'
import { internetChecksum, onesComplementSum, pseudoHeaderSum } from '../../src/wire/checksum.ts'
import { hex, ip } from './packets.ts'

describe('internet checksum', () => {
  it('sums the example of RFC 1071 section 3', () => {
    // 0001 + f203 + f4f5 + f6f7 = 2ddf0; 2 + ddf0 = ddf2; its complement is 220d.
    const bytes = hex('00 01 f2 03 f4 f5 f6 f7')
    expect(onesComplementSum(bytes, 0, 8, 0)).toBe(0xddf2)
    expect(internetChecksum(bytes, 0, 8)).toBe(0x220d)
  })

  it('takes an odd last byte as the upper half of a word', () => {
    // 0001 + f200 = f201.
    expect(onesComplementSum(hex('00 01 f2'), 0, 3, 0)).toBe(0xf201)
  })

  it('sums only the part it is asked for', () => {
    expect(onesComplementSum(hex('ff ff 12 34 ff'), 2, 4, 0)).toBe(0x1234)
  })

  it('carries around more than once', () => {
    // ffff + ffff + 1 = 1ffff; 1 + ffff = 10000; 1 + 0 = 1.
    expect(onesComplementSum(hex('ff ff ff ff'), 0, 4, 1)).toBe(1)
  })

  it('of an IPv4 header makes the whole sum to all ones', () => {
    // With the checksum in its place the sum is all ones.
    const header = '45 00 00 73 00 00 40 00 40 11 XXXX c0 a8 00 01 c0 a8 00 c7'
    expect(internetChecksum(hex(header.replace('XXXX', '0000')), 0, 20)).toBe(0xb861)
    expect(onesComplementSum(hex(header.replace('XXXX', 'b861')), 0, 20, 0)).toBe(0xffff)
  })

  it('adds addresses, protocol and length for the pseudo header', () => {
    // 0a00 + 000a + 0a00 + 0064 + 6 + 20 = 5120 + 110 + 26.
    expect(pseudoHeaderSum({ src: ip('10.0.0.10'), dst: ip('10.0.0.100') }, 6, 20)).toBe(5256)
  })
})
