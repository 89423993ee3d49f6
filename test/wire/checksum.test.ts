import { describe, expect, it } from 'vitest'
import { parseIpv6, type IpAddr } from '../../src/wire/address.ts'
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

  it('takes bytes that are not there as zeros', () => {
    expect(onesComplementSum(hex('12 34'), 0, 6, 0)).toBe(0x1234)
    expect(onesComplementSum(hex('12 34 56'), 0, 4, 0)).toBe(0x1234 + 0x5600)
    expect(onesComplementSum(hex('12 34'), 0, 5, 0)).toBe(0x1234)
  })

  it('begins and ends where it is told, at odd places too', () => {
    // 0203 + 0400 = 0603; the last byte, ff, is not meant.
    expect(onesComplementSum(hex('01 02 03 04 ff'), 1, 4, 0)).toBe(0x0603)
    expect(onesComplementSum(hex('01 02'), 1, 1, 7)).toBe(7)
  })

  it('leaves a sum of ffff as it is, and carries one of 10000', () => {
    expect(onesComplementSum(hex('ff ff'), 0, 2, 0)).toBe(0xffff)
    // ffff + 1 = 10000; 1 + 0 = 1.
    expect(onesComplementSum(hex('ff ff'), 0, 2, 1)).toBe(1)
  })

  it('adds what a pseudo header has summed', () => {
    // 1234 + 1111 = 2345; its complement is dcba.
    expect(internetChecksum(hex('12 34'), 0, 2, 0x1111)).toBe(0xdcba)
  })

  it('takes a high address in halves', () => {
    // fffe + fffd + fffc + fffb + 11 + 8 = 65534 + 65533 + 65532 + 65531 + 17 + 8.
    const [src, dst] = ['255.254.255.253', '255.252.255.251'].map(ip) as [IpAddr, IpAddr]
    expect(pseudoHeaderSum({ src, dst }, 17, 8)).toBe(262_155)
  })

  it('adds both addresses, all 32 bits of the length, and the protocol for the pseudo header of IPv6', () => {
    const [src, dst] = ['fe80::1:2', '2001:db8::ffff:3'].map(parseIpv6) as [IpAddr, IpAddr]
    // fe80 + 1 + 2 + 2001 + 0db8 + ffff + 3 = 65152 + 1 + 2 + 8193 + 3512 + 65535 + 3 = 142398.
    // 58 is ICMPv6. A length of 65536 + 20 is 1 + 20 in halves.
    expect(pseudoHeaderSum({ src, dst }, 58, 20)).toBe(142_398 + 58 + 20)
    expect(pseudoHeaderSum({ src, dst }, 58, 65_556)).toBe(142_398 + 58 + 1 + 20)
  })

  it('of an ICMPv6 echo request makes the whole sum to all ones', () => {
    // ::1 to ::1, 8 bytes: type 128, identifier 1, sequence number 1. 8000 + 1 + 1 + (1 + 1 + 3a + 8) = 8046; complement 7fb9.
    const loopback = parseIpv6('::1') as IpAddr
    const sum = pseudoHeaderSum({ src: loopback, dst: loopback }, 58, 8)
    expect(internetChecksum(hex('80 00 00 00 00 01 00 01'), 0, 8, sum)).toBe(0x7fb9)
    expect(onesComplementSum(hex('80 00 7f b9 00 01 00 01'), 0, 8, sum)).toBe(0xffff)
  })
})
