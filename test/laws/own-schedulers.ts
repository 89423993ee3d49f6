/**
 * Schedulers as users write them, on `pool.destinations` alone: each of the known kinds done right, with what can be done
 * wrong as an option. They share no code with those of lvsim.
 * @module
 */
import type { Destination, Flow, Pool, SchedulerFactory } from '../../src/laws/laws.ts'

const DAY_NS = 86_400e9

/** Those that may be picked, the first listed first. */
export function open({ destinations }: Pool): Destination[] {
  return destinations.filter(({ weight, overloaded }) => weight > 0 && !overloaded)
}

/** The first of the least. */
export function least(all: readonly Destination[], measure: (server: Destination) => number): Destination | undefined {
  return all.reduce<Destination | undefined>((best, one) => (best && measure(best) <= measure(one) ? best : one), undefined)
}

/** A scheduler that remembers nothing. */
export function plain(pick: (pool: Pool, flow: Flow) => Destination | undefined): SchedulerFactory {
  return (pool) => ({ pick: (flow) => pick(pool, flow) })
}

/** A scheduler that picks the first of the least. */
export function leastBy(measure: (server: Destination) => number): SchedulerFactory {
  return plain((pool) => least(open(pool), measure))
}

/** As the kernel counts: an active connection is 256 inactive ones. */
export const overhead = ({ activeConns, inactiveConns }: Destination): number => activeConns * 256 + inactiveConns

/** Exact up to the loads that trials have most of the time; the others are the business of lvsim's own wlc. */
export const lc = leastBy(overhead)
export const wlc = leastBy((server) => overhead(server) / server.weight)
export const sed = leastBy(({ activeConns, weight }) => (activeConns + 1) / weight)
export const nq = plain((pool) => (
  open(pool).find(({ activeConns }) => activeConns === 0)
    ?? least(open(pool), ({ activeConns, weight }) => (activeConns + 1) / weight)))
export const fo = leastBy(({ weight }) => -weight)
export const ovf = plain((pool) => (
  least(open(pool).filter((server) => server.activeConns <= server.weight), (server) => -server.weight)))

/** Round robin. `forgetsRemovals`: the walk stays at its place in the list when somebody before it is removed. */
export function rr({ forgetsRemovals = false } = {}): SchedulerFactory {
  return (pool) => {
    let last = -1
    return {
      pick() {
        const { destinations } = pool
        const indexes = destinations.map((_, i) => (last + 1 + i) % destinations.length)
        const index = indexes.find((i) => (destinations[i]?.weight ?? 0) > 0 && destinations[i]?.overloaded === false)
        if (index === undefined) return undefined
        last = index
        return destinations[index]
      },
      added: () => void (last >= 0 && last++),
      removed: (index) => void (!forgetsRemovals && index <= last && last--),
    }
  }
}

function divisorOf(weights: readonly number[]): number {
  const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))
  return weights.reduce(gcd, 0) || 1
}

/** What can be done wrong about weighted round robin. */
export interface WrrFaults {
  /** How the weights are divided. */
  readonly divisor?: (weights: readonly number[]) => number
  /** The order of the picks of one cycle. */
  readonly order?: (cycle: readonly Destination[]) => readonly Destination[]
}

/** Weighted round robin: from level to level, each time those whose weight reaches it. */
export function wrr({ divisor = divisorOf, order = (cycle) => cycle }: WrrFaults = {}): SchedulerFactory {
  return (pool) => {
    let cycle: readonly Destination[] = []
    let next = 0
    const renew = (): void => {
      const by = divisor(pool.destinations.map(({ weight }) => weight))
      const turnsOf = ({ weight }: Destination): number => Math.floor(weight / by)
      const levels = Array.from({ length: Math.max(0, ...pool.destinations.map(turnsOf)) }, (_, i) => i + 1).reverse()
      cycle = order(levels.flatMap((level) => pool.destinations.filter((server) => turnsOf(server) >= level)))
      next = 0
    }
    return {
      pick() {
        const place = cycle.findIndex((_, i) => cycle[(next + i) % cycle.length]?.overloaded === false)
        if (place < 0) return undefined
        next = (next + place + 1) % cycle.length
        return cycle.at(next - 1)
      },
      added: renew, removed: renew, updated: renew,
    }
  }
}

/** A number of 32 bits for a text. */
export function hash(text: string): number {
  let value = 0x811c9dc5
  for (const letter of text) value = Math.imul(value ^ letter.charCodeAt(0), 0x01000193)
  value = Math.imul(value ^ (value >>> 16), 0x45d9f3b)
  return (value ^ (value >>> 13)) >>> 0
}

/** Hashing into a list of slots, as many of each server as its weight. `key` says by what; `salt` and `fallback` what else. */
export function hashing(
  key: (flow: Flow, pool: Pool) => string, { weighted = true, fallback = 256, saltsEdits = false } = {},
): SchedulerFactory {
  return (pool) => {
    let salt = 0
    return {
      pick(flow) {
        const slots = pool.destinations.flatMap((server) => (
          Array<Destination>(weighted ? Math.max(1, server.weight) : 1).fill(server)))
        const home = hash(key(flow, pool) + salt) % Math.max(1, slots.length)
        const tries = (pool.schedulerFlags & 1) === 0 ? 1 : fallback
        return Array.from({ length: tries }, (_, i) => slots[(home + i) % slots.length]).find((server) => (
          server !== undefined && server.weight > 0 && !server.overloaded))
      },
      updated: () => void (saltsEdits && salt++),
    }
  }
}

/** Maglev hashing, of 1021 slots. `keyOf` names the permutation of a server, `turnsOf` says how many turns it has. */
export function maglev({ keyOf = (server: Destination, _index: number) => server.addr,
  turnsOf = (server: Destination) => server.weight } = {}): SchedulerFactory {
  const size = 1021
  return (pool) => {
    let slots: (Destination | undefined)[] = []
    const renew = (): void => {
      slots = Array.from({ length: size }, () => undefined)
      const walks = pool.destinations.map((server, index) => ({
        server, place: hash(`${keyOf(server, index)} place`) % size, step: hash(`${keyOf(server, index)} step`) % (size - 1) + 1,
      }))
      let left = walks.some(({ server }) => turnsOf(server) > 0) ? size : 0
      while (left > 0) {
        for (const walk of walks) {
          for (let turn = 0; turn < turnsOf(walk.server) && left > 0; turn++, left--) {
            while (slots[walk.place] !== undefined) walk.place = (walk.place + walk.step) % size
            slots[walk.place] = walk.server
          }
        }
      }
    }
    return {
      pick(flow) {
        const server = slots[hash(flow.src) % size]
        return server !== undefined && server.weight > 0 && !server.overloaded ? server : undefined
      },
      added: renew, removed: renew, updated: renew,
    }
  }
}

/** Rendezvous hashing: the server that draws highest for this client; one that is closed changes no other's draw. */
export const rendezvous = plain((pool, { src }) => (
  least(open(pool), (server) => Math.log((hash(`${src} ${server.addr}`) + 1) / 2 ** 32) / -server.weight)))

/** Locality, by what `key` says: a server is kept until it is crowded or, unused, for a day. */
export function locality({ key = ({ dst }: Flow) => dst, dayNs = DAY_NS, leaves = true } = {}): SchedulerFactory {
  return (pool) => {
    const kept = new Map<string, { server: Destination, atNs: number }>()
    return {
      pick(flow) {
        const entry = kept.get(key(flow))
        const isCrowded = ({ activeConns, weight }: Destination): boolean => (
          activeConns > weight && pool.destinations.some((other) => other.activeConns * 2 < other.weight))
        const mayStay = entry !== undefined && pool.nowNs - entry.atNs <= dayNs && open(pool).includes(entry.server)
        const server = mayStay && !(leaves && isCrowded(entry.server)) ? entry.server
          : least(open(pool), (one) => overhead(one) / one.weight)
        if (server !== undefined) kept.set(key(flow), { server, atNs: pool.nowNs })
        return server
      },
    }
  }
}

/** The less loaded of so many servers drawn by weight. */
export function choices(draws: number): SchedulerFactory {
  return plain((pool) => {
    const all = open(pool)
    const drawn = Array.from({ length: draws }, () => {
      let lot = pool.random() * all.reduce((sum, { weight }) => sum + weight, 0)
      return all.find(({ weight }) => (lot -= weight) < 0)
    })
    return least(drawn.filter((server) => server !== undefined), (server) => overhead(server) / server.weight)
  })
}
