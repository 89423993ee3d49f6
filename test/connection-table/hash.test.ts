import { describe, expect, it } from 'vitest'
import { hashIpv4, hashIpv6 } from '../../src/connection-table/hash.ts'
import { codeOf, isWanted, replyCodeOf, wantedByReply, wantedByRequest, wantedTemplate } from '../../src/connection-table/key.ts'

describe('hashIpv4', () => {
  it('is 0 for the key of nothing but zeros under seed 0', () => {
    expect(hashIpv4(0, 0, 0, 0)).toBe(0)
  })

  it('multiplies, folds and adds a word, three times', () => {
    // By hand for client 1, ports 0, service 0: h1 = 0x9e3779b1; h1 ^ h1 >>> 15 = 0x9e3779b1 ^ 0x00013c6e = 0x9e3645df.
    const h1 = 0x9e3645df
    const h2 = Number(BigInt(h1) * 0x85ebca6bn & 0xffffffffn)
    const h3 = Number(BigInt((h2 ^ h2 >>> 13) >>> 0) * 0xc2b2ae35n & 0xffffffffn)
    expect(hashIpv4(0, 1, 0, 0) >>> 0).toBe((h3 ^ h3 >>> 16) >>> 0)
  })

  it('depends on the seed, and on each word', () => {
    const hashes = [hashIpv4(0, 1, 2, 3), hashIpv4(1, 1, 2, 3), hashIpv4(0, 2, 2, 3), hashIpv4(0, 1, 3, 3), hashIpv4(0, 1, 2, 4)]
    expect(new Set(hashes).size).toBe(5)
  })

  it('spreads clients that follow each other over all of 256 parts', () => {
    const counts = new Int32Array(256)
    for (let i = 0; i < 65_536; i++) (counts[hashIpv4(7, 0x0a000000 + i, 80, 0xc0a80001) >>> 24] as number)++
    // 256 in each on average.
    expect(Math.min(...counts)).toBeGreaterThan(128)
    expect(Math.max(...counts)).toBeLessThan(384)
  })
})

describe('hashIpv6', () => {
  it('depends on each of the nine words, and on where they begin', () => {
    const words = Int32Array.from({ length: 10 }, (_, i) => i)
    const first = hashIpv6(1, words, 0)
    expect(hashIpv6(1, words, 1)).not.toBe(first)
    for (let i = 0; i < 9; i++) {
      const changed = words.slice()
      changed[i] = 77
      expect(hashIpv6(1, changed, 0)).not.toBe(first)
    }
  })
})

describe('the code of an entry', () => {
  it('has the protocol in two bits, and one for each direction that finds it', () => {
    expect([codeOf(6, 'direct'), codeOf(17, 'nat'), replyCodeOf(codeOf(17, 'nat'))]).toEqual([0b1100, 0b0101, 0b1001])
    expect([codeOf(132, 'template'), codeOf(0, 'template')]).toEqual([0b0010, 0b0011])
  })

  it('is wanted by those directions alone', () => {
    const wanted = [wantedByRequest(6), wantedByReply(6), wantedTemplate(6), wantedByRequest(17)]
    const who = (code: number): boolean[] => wanted.map((each) => isWanted(code, each))
    expect(who(codeOf(6, 'direct'))).toEqual([true, true, false, false])
    expect(who(codeOf(6, 'nat'))).toEqual([true, false, false, false])
    expect(who(replyCodeOf(codeOf(6, 'nat')))).toEqual([false, true, false, false])
    expect(who(codeOf(6, 'template'))).toEqual([false, false, true, false])
  })

  it('is of a protocol that IPVS knows', () => {
    expect(() => codeOf(47, 'direct')).toThrow('TCP, UDP, SCTP')
  })
})
