import { describe, expect, it } from 'vitest'
import { startLabServer, startLabUdpServer } from '../../src/app/lab-server.ts'
import { Load } from '../../src/app/load.ts'
import { type ReplayRequest, replayRequests } from '../../src/app/replay.ts'
import { NS_PER_MILLISECOND, NS_PER_SECOND } from '../../src/base/units.ts'
import { WirePair } from '../support/wire-pair.ts'

/** Outcome, server and bytes of the answers of a replay from A to B; and bytes of data that A sent. */
function replay(protocol: 'tcp' | 'udp', sizes: readonly (readonly [send: number, reply: number])[]) {
  const wire = new WirePair({ delayNs: NS_PER_MILLISECOND })
  startLabServer(wire.b, { port: 80, name: 'rs1' })
  startLabUdpServer(wire.b, { port: 80, name: 'rs1' })
  const requests = sizes.map(([sendBytes, replyBytes], index): ReplayRequest => (
    { afterNs: index * 10 * NS_PER_MILLISECOND, source: 0, sendBytes, replyBytes }))
  const start = replayRequests(protocol, { dst: wire.b.addr, dport: 80, timeoutNs: NS_PER_SECOND }, requests)
  const load = new Load({
    name: 'x', clients: [wire.a], count: requests.length, arrivals: { law: 'recorded', requests }, start,
  })
  load.begin(0)
  wire.runFor(100 * NS_PER_SECOND)
  const payloads = wire.packets.filter(({ src }) => src === wire.a.addr).map(({ payload }) => payload)
  const sent = payloads.flatMap((payload) => (payload.kind === 'tcp' || payload.kind === 'udp' ? [payload.data.length] : []))
    .filter((bytes) => bytes > 0)
  return { sent, answers: load.records.map(({ outcome, answeredBy, bytes }) => [outcome, answeredBy, bytes]) }
}

describe('a replayed request', () => {
  it('has its recorded sizes', () => {
    const { sent, answers } = replay('tcp', [[500, 3000], [100, 64]])
    expect(sent).toEqual([500, 100])
    expect(answers).toEqual([['ok', 'rs1', 3000], ['ok', 'rs1', 64]])
  })

  it.each([0, 1, 63, 64, 65, 999, 1000, 100_000])('is understood however small, with a reply of %d bytes', (replyBytes) => {
    expect(replay('tcp', [[0, replyBytes]]).answers).toEqual([['ok', 'rs1', Math.max(64, replyBytes)]])
  })

  it('says its sizes in a first line that fits', () => {
    // `6 64` and the end of the line take 5, `10 100000` and the end 10 bytes.
    expect(replay('tcp', [[0, 0], [0, 100_000], [7, 0]]).sent).toEqual([6, 10, 7])
  })

  it('over UDP waits for a reply only where one was recorded', () => {
    const { sent, answers } = replay('udp', [[40, 120], [40, 0]])
    expect(sent).toEqual([40, 40])
    expect(answers).toEqual([['ok', 'rs1', 120], ['ok', undefined, 0]])
  })
})
