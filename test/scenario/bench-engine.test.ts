import { describe, expect, it } from 'vitest'
import { EngineBench, engineBenchFault } from '../../src/scenario/bench-engine.ts'

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

describe('the other scenarios', () => {
  /** An ARP request crosses the link up, and that down of each other port; its reply crosses two. */
  const arpHops = (ports: number): number => 1 + (ports - 1) + 2
  const [front, back] = [8 + 1, 10 + 1]
  // All clients ask for the router, and the router for all servers.
  const arpOfRouter = 8 * arpHops(front) + 10 * arpHops(back)
  // 16 flows are two addresses for each client, of which it tells one when it asks: the router asks for the other.
  const arpOfAddresses = 8 * arpHops(front)
  // With a director on the switch of the servers: the router asks for the service, the director and the servers each other's.
  const arpOfDirector = 8 * arpHops(front) + (1 + 10 + 10) * arpHops(back + 1) + arpOfAddresses

  it.each([
    { network: 'ptp', forward: 'nat', hops: 4 * 2000 },
    { network: 'ptp', forward: 'dr', hops: 4 * 2000 },
    { network: 'ptp', forward: 'tun', hops: 4 * 2000 },
    // Client, switch, router, switch, server, and back.
    { network: 'switched', forward: 'route', hops: 8 * 2000 + arpOfRouter },
    { network: 'switched', forward: 'nat', hops: 8 * 2000 + arpOfRouter + arpOfAddresses },
    // Requests go from the switch to the director and back to it.
    { network: 'switched', forward: 'dr', hops: 10 * 2000 + arpOfDirector },
    { network: 'switched', forward: 'tun', hops: 10 * 2000 + arpOfDirector },
  ] as const)('datagrams cross as many links as they must: $network $forward', ({ network, forward, hops }) => {
    const flows = forward === 'route' ? {} : { flows: 16 }
    const result = new EngineBench({ network, forward, servers: 10, requests: 2000, ...flows }).run()
    expect(result).toMatchObject({ answers: 2000, lost: 0, hops })
  })

  it('ends at the same moment through a director, but for the header of a tunnel', () => {
    const endNs = (forward: 'nat' | 'dr' | 'tun'): number =>
      new EngineBench({ forward, servers: 10, requests: 2000, flows: 2000 }).run().endNs
    // The last of 2000 requests, and one way of 542 bytes as above: servers answer in turn, so that nobody waits.
    const last = 1_000_000 + 1999 * 1250 + 2 * (433 + 50_000 + 4336 + 10_000)
    // 20 bytes at 1 Gbit/s.
    expect([endNs('nat'), endNs('dr'), endNs('tun')]).toEqual([last, last, last + 160])
  })

  it.each(['route', 'nat', 'dr', 'tun'] as const)('flows of TCP go to their end, each of 22 packets: %s', (forward) => {
    const run = (network: 'ptp' | 'switched') =>
      new EngineBench({ traffic: 'tcp', network, forward, servers: 10, requests: 200 }).run()
    // SYN, SYN and ACK, ACK; request and its ACK; 7 segments of an answer of 10,000 bytes, each acknowledged; the server's FIN,
    // the client's, which acknowledges it, and the last ACK.
    expect(run('ptp')).toMatchObject({ answers: 200, lost: 0, hops: 200 * 22 * 2 })
    expect(run('switched')).toMatchObject({ answers: 200, lost: 0 })
  })

  it.each(['route', 'nat', 'dr', 'tun'] as const)('connections stay open: %s', (forward) => {
    const result = new EngineBench({ traffic: 'hold', forward, servers: 10, requests: 300 }).run()
    // Three packets, two links each.
    expect(result).toMatchObject({ answers: 300, lost: 0, hops: 300 * 3 * 2 })
  })

  it('are refused where they do not fit', () => {
    expect(engineBenchFault({ servers: 10_000, requests: 20_000 })).toBe(undefined)
    expect(engineBenchFault({ servers: 1001, requests: 2002, network: 'switched' })).toContain('1..1000')
    expect(() => new EngineBench({ servers: 1, requests: 2, flows: 3 })).toThrow('--flows is for a director')
  })
})
