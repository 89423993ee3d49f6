/**
 * Random networks keep the invariants, run after run the same; and the invariants are worth something: each of several planted
 * faults breaks one of them within the same number of runs. FUZZ_RUNS says how many networks are tried.
 * @module
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BridgePort } from '../../src/link/bridge.ts'
import type { Frame } from '../../src/wire/frame.ts'
import { violationsOf } from '../support/invariants.ts'
import { buildTopology, topologyPlan, type Topology } from '../support/random-topology.ts'
import { seed } from '../support/seed.ts'

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 1000)

describe(`random networks (seed ${seed}, ${RUNS} runs)`, () => {
  it('never break an invariant, never meet a limit, and always replay to the same hash', () => {
    fc.assert(fc.property(topologyPlan, (plan) => {
      const [first, again] = [buildTopology(plan), buildTopology(plan)]
      expect(violationsOf(first)).toEqual([])
      expect(violationsOf(again)).toEqual([])
      expect([again.lan.sim.hash.digest(), again.lan.sim.eventCount])
        .toEqual([first.lan.sim.hash.digest(), first.lan.sim.eventCount])
    }), { seed, numRuns: RUNS })
  }, 600_000)
})

/** Faults that a mistake in the sources could be, put into a network after it was built; and what gives each away. */
const FAULTS: readonly (readonly [name: string, complaint: string, plant: (topology: Topology) => void])[] = [
  ['a packet that is used counts twice', 'the books are off', ({ hosts }) => {
    for (const host of hosts) {
      const consume = host.consume.bind(host)
      host.consume = (packet, by) => {
        host.ledger.consumed++
        consume(packet, by)
      }
    }
  }],
  ['a packet that is dropped is not accounted for', 'the books are off', ({ hosts }) => {
    for (const host of hosts) host.drop = () => undefined
  }],
  ['a bridge floods back to where a frame came from', 'got a frame of its own', ({ lan }) => {
    for (const bridge of lan.bridges.values()) {
      const forward = bridge.forward.bind(bridge)
      bridge.forward = (from: BridgePort, frame: Frame) => {
        forward(from, frame)
        from.link?.send(frame)
      }
    }
  }],
  ['a timer fires twice', 'asked twice within a second', ({ hosts }) => {
    for (const { neighbors } of hosts.flatMap((host) => host.devices)) {
      if (neighbors === undefined) continue
      const onEvent = neighbors.onEvent.bind(neighbors)
      neighbors.onEvent = (kind, data) => {
        onEvent(kind, data)
        onEvent(kind, data)
      }
    }
  }],
  ['a reply through NAT keeps the address of the server', 'to whom it never wrote', ({ cluster }) => {
    const hooks = cluster?.director.hooks
    if (hooks !== undefined) hooks.forward.length = 0
  }],
  ['a router takes nothing from the TTL', 'sent on a packet with TTL', ({ hosts }) => {
    for (const { output } of hosts) {
      const emit = output.emit.bind(output)
      output.emit = (packet, ...rest) => emit(packet.ttl === 63 ? { ...packet, ttl: 64 } : packet, ...rest)
    }
  }],
  ['time goes back', 'time went back', ({ lan: { sim } }) => {
    const schedule = sim.schedule.bind(sim)
    let count = 0
    sim.schedule = (timeNs, actor, kind, data) => {
      if (++count % 20 !== 0) return schedule(timeNs, actor, kind, data)
      // Handles the event at once, in its own time, and comes back from there.
      const { nowNs } = sim
      sim.nowNs = timeNs
      actor.onEvent(kind, data)
      sim.nowNs = nowNs
    }
  }],
]

describe(`a planted fault (seed ${seed}, ${RUNS} runs)`, () => {
  it.each(FAULTS)('is found: %s', (_name, complaint, plant) => {
    const plans = fc.sample(topologyPlan, { seed, numRuns: RUNS })
    const found = plans.some((plan) => {
      const topology = buildTopology(plan)
      plant(topology)
      return violationsOf(topology).some((violation) => violation.includes(complaint))
    })
    expect(found).toBe(true)
  }, 600_000)
})
