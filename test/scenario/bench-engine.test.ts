import { describe, expect, it } from 'vitest'
import { EngineBench } from '../../src/scenario/bench-engine.ts'

/** What ns-3 3.37 says of the same scenario with 100,000 requests, to the microsecond: see bench/peers. */
const NS3_END_US = 126_131

describe('the scenario that the engine is measured by', () => {
  it.each([10, 100])('crosses four links a request, loses nothing and ends when ns-3 ends (%i servers)', (servers) => {
    const result = new EngineBench({ servers, requests: 100_000 }).run()
    expect(result).toMatchObject({
      // Client to router to server and back; every request is one more event, that of its asker.
      answers: 100_000, hops: 4 * 100_000, events: 5 * 100_000, lost: 0,
    })
    expect(Math.floor(result.endNs / 1000)).toBe(NS3_END_US)
  })

  it('gives each pair as many requests, and leaves the remainder out', () => {
    // 3 servers are 6 pairs; 20 = 6 x 3 + 2.
    expect(new EngineBench({ servers: 3, requests: 20 }).run()).toMatchObject({ answers: 18, hops: 4 * 18 })
    expect(new EngineBench({ servers: 3, requests: 5 }).run()).toMatchObject({ answers: 0, hops: 0, endNs: 0 })
  })

  it('takes as long as its links say', () => {
    // 542 bytes are 4336 bits: 433 ns at 10 Gbit/s and 4336 ns at 1 Gbit/s, each once a way, with 50 us and 10 us of delay.
    // The second request reaches the router 1250 ns after the first, and leaves it when the first has left: 4336 ns after it.
    const oneWay = 433 + 50_000 + 4336 + 10_000
    expect(new EngineBench({ servers: 1, requests: 2 }).run().endNs).toBe(1_000_000 + 2 * oneWay + 4336)
  })

  it('comes to the same each time, and to something else with another size', () => {
    const hash = (requests: number): string => new EngineBench({ servers: 2, requests }).run().hash
    expect(hash(400)).toBe(hash(400))
    expect(hash(400)).not.toBe(hash(404))
  })
})
