import { describe, expect, it } from 'vitest'
import { type CapturedRequests, type CapturePick, findRequests } from '../../src/app/captured-requests.ts'
import { formatIp } from '../../src/wire/address.ts'
import { ip } from '../wire/packets.ts'
import { captureOfLines } from './captures.ts'

const C = '10.0.0.10:40001'
const S = '10.0.0.100:80'
const WEB: CapturePick = { protocol: 'tcp', port: 80, address: undefined }
const DNS: CapturePick = { protocol: 'udp', port: 53, address: undefined }

/** A connection with a request of 100 bytes and a reply of 3,000. */
const CONNECTION = [
  `10 ${C} > ${S} S 1000`, `11 ${S} > ${C} SA 5000 1001`, `12 ${C} > ${S} A 1001 5001`, `12 ${C} > ${S} A 1001 5001 100`,
  `13 ${S} > ${C} A 5001 1101 1460`, `13 ${S} > ${C} A 6461 1101 1460`, `13 ${S} > ${C} A 7921 1101 80`,
  `14 ${C} > ${S} FA 1101 8001`, `15 ${S} > ${C} FA 8001 1102`, `16 ${C} > ${S} A 1102 8002`,
]

/** Each request as milliseconds, source, bytes sent and bytes replied. */
function rows({ requests }: CapturedRequests): number[][] {
  return requests.map(({ afterNs, source, sendBytes, replyBytes }) => [afterNs / 1e6, source, sendBytes, replyBytes])
}

describe('the connections of a capture', () => {
  it('begin with a SYN, and have the bytes of both directions', () => {
    const found = findRequests(captureOfLines(['5 10.0.0.9:1 > 10.0.0.8:2 U 0 0 4', ...CONNECTION]), WEB)
    // Times count from the first frame, whatever that is.
    expect(rows(found)).toEqual([[5, 0, 100, 3000]])
    expect(found).toMatchObject({ sourceCount: 1, frameCount: 11, otherCount: 1, headlessCount: 0, repeatedCount: 0 })
  })

  it('count bytes that were sent again, or captured twice, once', () => {
    const twice = CONNECTION.flatMap((line) => [line, line])
    const found = findRequests(captureOfLines(twice), WEB)
    expect(rows(found)).toEqual([[0, 0, 100, 3000]])
    expect(found.repeatedCount).toBe(1)
  })

  it('take the reply from the acknowledgements where only the client was captured, without its FIN', () => {
    const ofClient = CONNECTION.filter((line) => line.includes(` ${C} > `))
    // The last acknowledgement, 8002, less the first, 5001, less the server's FIN.
    expect(rows(findRequests(captureOfLines(ofClient), WEB))).toEqual([[0, 0, 100, 3000]])
  })

  it('tell a port that is used again from a SYN that is sent again', () => {
    const found = findRequests(captureOfLines([...CONNECTION, `900 ${C} > ${S} S 777000`, `1900 ${C} > ${S} S 777000`]), WEB)
    expect(rows(found)).toEqual([[0, 0, 100, 3000], [890, 0, 0, 0]])
    expect(found.repeatedCount).toBe(1)
  })

  it('count bytes past the end of the sequence numbers', () => {
    // 4,294,967,290 is 6 below 2^32: 1 for the SYN, 5 bytes to the end, 95 beyond.
    const found = findRequests(captureOfLines([
      `0 ${C} > ${S} S 4294967290`, `1 ${C} > ${S} A 4294967291 1 60`, `2 ${C} > ${S} A 55 1 40`,
    ]), WEB)
    expect(rows(found)).toEqual([[0, 0, 100, 0]])
  })

  it('number their sources as they first appear, and keep the order of time, not of the file', () => {
    const found = findRequests(captureOfLines([
      `9 10.0.0.12:1000 > ${S} S 1`, `1 10.0.0.11:1000 > ${S} S 1`, `5 10.0.0.12:2000 > ${S} S 1`, `6 10.0.0.11:3000 > ${S} S 1`,
    ]), WEB)
    expect(rows(found).map(([ms, source]) => [ms, source])).toEqual([[0, 0], [4, 1], [5, 0], [8, 1]])
    expect(found.sourceCount).toBe(2)
  })

  it('are only those to the wanted port and address; the rest is counted', () => {
    const lines = [
      `0 ${C} > ${S} S 1`, `1 ${C} > 10.0.1.11:80 S 1`, `2 ${C} > 10.0.1.11:8080 S 1`, `2.5 ${C} > 10.0.1.11:8080 S 1`,
      `3 10.0.0.11:7 > ${S} A 9 9 10`, `4 10.0.0.11:7 > ${S} A 19 9 10`,
    ]
    const both = findRequests(captureOfLines(lines), WEB)
    expect(rows(both).map(([ms]) => ms)).toEqual([0, 1])
    expect(both.addresses.map(formatIp)).toEqual(['10.0.0.100', '10.0.1.11'])
    expect(both).toMatchObject({ headlessCount: 1, otherCount: 2 })
    expect([...both.ports]).toEqual([[80, 2], [8080, 1]])
    const one = findRequests(captureOfLines(lines), { ...WEB, address: ip('10.0.1.11') })
    expect(rows(one).map(([ms]) => ms)).toEqual([1])
  })
})

describe('the datagrams of a capture', () => {
  it('are a request each, with the first reply of their flow before the next one', () => {
    const found = findRequests(captureOfLines([
      '0 10.0.0.10:5000 > 10.0.0.100:53 U 0 0 40', '1 10.0.0.100:53 > 10.0.0.10:5000 U 0 0 120',
      '1.5 10.0.0.100:53 > 10.0.0.10:5000 U 0 0 7', '2 10.0.0.10:5000 > 10.0.0.100:53 U 0 0 41',
      '3 10.0.0.11:5000 > 10.0.0.100:53 U 0 0 42', '4 10.0.0.100:53 > 10.0.0.11:5000 U 0 0 130',
    ]), DNS)
    expect(rows(found)).toEqual([[0, 0, 40, 120], [2, 0, 41, 0], [3, 1, 42, 130]])
    expect([...found.ports]).toEqual([[53, 2]])
  })

  it('are told from their replies where both ends have the same port', () => {
    const found = findRequests(captureOfLines([
      '0 10.0.0.10:53 > 10.0.0.100:53 U 0 0 40', '1 10.0.0.100:53 > 10.0.0.10:53 U 0 0 120',
      '2 10.0.0.10:53 > 10.0.0.100:53 U 0 0 41',
    ]), DNS)
    expect(rows(found)).toEqual([[0, 0, 40, 120], [2, 0, 41, 0]])
  })
})
