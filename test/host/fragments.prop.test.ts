/**
 * Cutting packets up and putting them together again.
 * @module
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Reassembly, fragment } from '../../src/host/fragments.ts'
import { decodePacket } from '../../src/wire/decode.ts'
import { encodePacket } from '../../src/wire/encode.ts'
import { ipPacket, isFragment, totalBytes, type IpPacket } from '../../src/wire/ip-packet.ts'
import { udpBytes, udpDatagram } from '../../src/wire/udp-datagram.ts'
import { ip, Lan } from '../support/lan.ts'
import { seed } from '../support/seed.ts'

function packetOf(dataBytes: number, ident = 1): IpPacket {
  const payload = udpDatagram({ sport: 1, dport: 2 }, new Uint8Array(dataBytes))
  return ipPacket({
    uid: ident, src: ip('10.0.0.1'), dst: ip('10.0.0.2'), protocol: 17, payload, payloadBytes: udpBytes(payload), ident,
    dontFragment: false,
  })
}

const size = fc.integer({ min: 0, max: 9_000 })
const sizeList = fc.array(size, { minLength: 1, maxLength: 4 })
const mtu = fc.oneof(fc.integer({ min: 68, max: 200 }), fc.integer({ min: 68, max: 1500 }))

describe(`fragments (seed ${seed})`, () => {
  it('always fit, follow each other without a gap, and all but the last are a multiple of 8 bytes', () => {
    fc.assert(fc.property(size, mtu, (dataBytes, mtuBytes) => {
      const packet = packetOf(dataBytes)
      const pieces = fragment(packet, mtuBytes)
      if (totalBytes(packet) <= mtuBytes) {
        expect(pieces).toEqual([packet])
        return
      }
      let nextBytes = 0
      pieces.forEach((piece, index) => {
        const isLast = index === pieces.length - 1
        expect([totalBytes(piece) <= mtuBytes, piece.fragmentOffsetBytes, piece.moreFragments])
          .toEqual([true, nextBytes, !isLast])
        if (!isLast) expect(piece.payloadBytes % 8).toBe(0)
        nextBytes += piece.payloadBytes
      })
      expect(nextBytes).toBe(packet.payloadBytes)
      // As few as can be.
      const roomBytes = (mtuBytes - 20) & ~7
      expect(pieces.length).toBe(Math.max(1, Math.ceil((packet.payloadBytes - (mtuBytes - 20)) / roomBytes) + 1))
    }), { seed, numRuns: 500 })
  })

  it('cut again and mixed up with others, round-trip to the packet that they came from', () => {
    fc.assert(fc.property(sizeList, mtu, mtu, fc.infiniteStream(fc.nat()), (sizes, first, second, order) => {
      const lan = new Lan()
      const host = lan.host('a')
      const reassembly = new Reassembly(host)
      const packets = sizes.map((dataBytes, index) => packetOf(dataBytes, index + 1))
      const pieces = packets.flatMap((packet) => fragment(packet, first).flatMap((piece) => fragment(piece, second)))
      host.ledger.received = pieces.length
      const keys = order[Symbol.iterator]()
      const keyed = pieces.map((piece) => ({ piece, key: keys.next().value as number })).sort((a, b) => a.key - b.key)
      const wholes = keyed.flatMap(({ piece }) => (isFragment(piece) ? reassembly.add(piece, 'delivery') ?? [] : piece))
      expect([...wholes].sort((a, b) => a.ident - b.ident)).toEqual(packets)
      expect([host.ledger.held, host.sim.livePackets]).toEqual([0, 0])
      // Each packet that came out is one that came in; the rest vanished into them.
      expect(host.ledger.balance()).toBe(packets.length)
    }), { seed, numRuns: 100 })
  })

  it('never make a packet while one of them is missing, and die of old age', () => {
    const [large, narrow] = [fc.integer({ min: 500, max: 9_000 }), fc.integer({ min: 68, max: 400 })]
    fc.assert(fc.property(large, narrow, fc.nat(), (dataBytes, mtuBytes, which) => {
      const lan = new Lan()
      const host = lan.host('a')
      const reassembly = new Reassembly(host)
      const pieces = fragment(packetOf(dataBytes), mtuBytes)
      const missing = which % pieces.length
      pieces.forEach((piece, index) => {
        if (index !== missing) expect(reassembly.add(piece, 'delivery')).toBe(undefined)
      })
      expect(host.ledger.held).toBe(pieces.length - 1)
      lan.sim.run(Infinity)
      expect([lan.sim.nowNs, host.ledger.held, host.drops.get('reassembly-timeout')])
        .toEqual([30_000_000_000, 0, pieces.length - 1])
    }), { seed, numRuns: 50 })
  })

  it('that are known by their bytes alone always make the packet that those bytes are', () => {
    const [large, narrow] = [fc.integer({ min: 100, max: 3_000 }), fc.integer({ min: 68, max: 100 })]
    fc.assert(fc.property(large, narrow, fc.boolean(), (dataBytes, mtuBytes, isMixed) => {
      const host = new Lan().host('a')
      const reassembly = new Reassembly(host)
      const packet = packetOf(dataBytes)
      const pieces = fragment(packet, mtuBytes).map((piece, index) => {
        const read = decodePacket(encodePacket(piece), piece.uid)
        return read.ok && !(isMixed && index === 0) ? read.value : piece
      })
      expect(pieces.flatMap((piece) => reassembly.add(piece, 'delivery') ?? [])).toEqual([packet])
    }), { seed, numRuns: 50 })
  })
})
