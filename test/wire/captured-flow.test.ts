import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatIp } from '../../src/wire/address.ts'
import { readCapturedFlow } from '../../src/wire/captured-flow.ts'
import { seed } from '../support/seed.ts'
import { hex } from './packets.ts'

const ETHERNET = 1
const MACS = '020000000001 020000000002'
/** 10.0.0.10 > 10.0.0.100: 20 + 20 + 5 bytes; the checksums are those of a network card that fills them in later. */
const IPV4 = '45 00 002d 0001 4000 40 06 0000 0a00000a 0a000064'
const TCP = '9c41 0050 000003e8 000007d0 50 18 03e8 0000 0000'
const IPV6 = '60000000 0019 06 40 fd000000000000000000000000000010 fd000000000000000000000000000100'
const DATA = '68656c6c6f'

/** The flow of a frame of this link type, in a line. */
function flow(text: string, linkType = ETHERNET, wireBytes = hex(text).length): string | undefined {
  const read = readCapturedFlow(hex(text), linkType, wireBytes)
  if (read === undefined) return undefined
  const { protocol, src, sport, dst, dport, flags, seq, ack, dataBytes } = read
  return `${protocol} ${formatIp(src)} ${sport} > ${formatIp(dst)} ${dport} ${flags} ${seq} ${ack} ${dataBytes}`
}

const SEGMENT = 'tcp 10.0.0.10 40001 > 10.0.0.100 80 24 1000 2000 5'
const SEGMENT6 = 'tcp fd00::10 40001 > fd00::100 80 24 1000 2000 5'

describe('the flow of a captured frame', () => {
  it.each([
    ['Ethernet', 1, `${MACS} 0800 ${IPV4}${TCP}${DATA}`, SEGMENT],
    ['a VLAN', 1, `${MACS} 8100 0005 0800 ${IPV4}${TCP}${DATA}`, SEGMENT],
    ['a VLAN in a VLAN', 1, `${MACS} 88a8 0006 8100 0005 0800 ${IPV4}${TCP}${DATA}`, SEGMENT],
    ['IPv6', 1, `${MACS} 86dd ${IPV6}${TCP}${DATA}`, SEGMENT6],
    ['tcpdump -i any', 113, `0000 0001 0006 020000000001 0000 0800 ${IPV4}${TCP}${DATA}`, SEGMENT],
    ['tcpdump -i any of today', 276, `0800 0000 00000002 0001 00 06 0200000000010000 ${IPV4}${TCP}${DATA}`, SEGMENT],
    ['a tunnel device', 101, `${IPV4}${TCP}${DATA}`, SEGMENT],
    ['a tunnel device, IPv6', 101, `${IPV6}${TCP}${DATA}`, SEGMENT6],
    ['PPP', 9, `0021 ${IPV4}${TCP}${DATA}`, SEGMENT],
    ['the loopback device of a BSD', 0, `02000000 ${IPV4}${TCP}${DATA}`, SEGMENT],
  ])('is read from %s', (_what, linkType, text, expected) => {
    expect(flow(text, linkType)).toBe(expected)
  })

  it('has the bytes of the wire where the capture cut the frame', () => {
    expect(flow(`${MACS} 0800 ${IPV4}${TCP}`, ETHERNET, 59)).toBe(SEGMENT)
    // Of the TCP header, as much as has the flags.
    expect(flow(`${MACS} 0800 ${IPV4}${TCP}`.slice(0, -16), ETHERNET, 59)).toBeUndefined()
    expect(flow(`${MACS} 0800 ${IPV4}9c41 0050 000003e8 000007d0 50 18`, ETHERNET, 59)).toBe(SEGMENT)
  })

  it('has the bytes of the wire where a network card cuts the segment: the header says 0', () => {
    // 14 + 20 + 20 of headers, then 60,000.
    expect(flow(`${MACS} 0800 ${IPV4.replace('002d', '0000')}${TCP}`, ETHERNET, 60_054)).toContain(' 60000')
    expect(flow(`${MACS} 86dd ${IPV6.replace('0019', '0000')}${TCP}`, ETHERNET, 60_074)).toContain(' 60000')
  })

  it('skips options of both families, and counts only data', () => {
    // 24 bytes of IPv4 header with 4 of options, and a TCP header of 24: 49 - 48 = 1 byte of data.
    const header = `46 00 0031 0001 4000 40 06 0000 0a00000a 0a000064 01010101`
    expect(flow(`${MACS} 0800 ${header}9c41 0050 000003e8 000007d0 60 18 03e8 0000 0000 01010101 00`)).toMatch(/ 2000 1$/)
    // A hop-by-hop header of 8 bytes: 25 + 8 = 0x21.
    const ipv6 = IPV6.replace('0019 06', '0021 00')
    expect(flow(`${MACS} 86dd ${ipv6} 06 00 010400000000 ${TCP}${DATA}`)).toBe(SEGMENT6)
  })

  it('reads datagrams', () => {
    const udp = IPV4.replace('40 06', '40 11').replace('002d', '0021')
    expect(flow(`${MACS} 0800 ${udp} 9c41 0035 000d 0000 ${DATA}`)).toBe('udp 10.0.0.10 40001 > 10.0.0.100 53 0 0 0 5')
  })

  it.each([
    ['ARP', 1, `${MACS} 0806 0001 0800 06 04 0001 020000000002 0a00000a 000000000000 0a000064`],
    ['ICMP', 1, `${MACS} 0800 ${IPV4.replace('40 06', '40 01')} 0800 0000 0000 0000`],
    ['a later piece of a packet', 1, `${MACS} 0800 ${IPV4.replace('4000', '00b9')}${TCP}`],
    ['a header of IPv4 that is cut', 1, `${MACS} 0800 ${IPV4.slice(0, 20)}`],
    ['no packet at all', 1, `${MACS} 0800`],
    ['a link type that is not known', 105, `${IPV4}${TCP}${DATA}`],
    ['nothing', 1, ''],
  ])('is none of %s', (_what, linkType, text) => {
    expect(flow(text, linkType)).toBeUndefined()
  })

  it(`is read or refused, whatever the bytes (seed ${seed})`, () => {
    const types = fc.constantFrom(0, 1, 9, 12, 101, 108, 113, 276, 5_000)
    fc.assert(fc.property(fc.uint8Array({ maxLength: 90 }), types, fc.nat(100_000), (bytes, linkType, wireBytes) => {
      const read = readCapturedFlow(bytes, linkType, wireBytes)
      expect(read === undefined || (read.dataBytes >= 0 && read.sport <= 65_535 && read.dport <= 65_535)).toBe(true)
    }), { seed, numRuns: 2_000 })
  })
})
