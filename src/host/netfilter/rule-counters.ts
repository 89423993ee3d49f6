/**
 * Packets and bytes that rules and policies have seen. Live, and apart from the rules: a rule keeps its counts while others
 * come and go.
 * @module
 */
import type { ChainPlace } from '../config/netfilter-changes.ts'

/** One pair of counts. Live. */
export interface Counter {
  packets: number
  bytes: number
}

/** The counters of one host. */
export class RuleCounters {
  readonly #rules = new Map<number, Counter>()
  readonly #policies = new Map<string, Counter>()

  /** The counter of a rule by its id. */
  rule(id: number): Counter {
    return entryOf(this.#rules, id)
  }

  /** The counter of a built-in chain's policy. */
  policy({ table, chain }: ChainPlace): Counter {
    return entryOf(this.#policies, `${table}/${chain}`)
  }

  /** Forgets the counters of rules that are gone. */
  keepRules(ids: ReadonlySet<number>): void {
    for (const id of [...this.#rules.keys()]) if (!ids.has(id)) this.#rules.delete(id)
  }
}

/** Counts one packet. */
export function count(counter: Counter, bytes: number): void {
  counter.packets++
  counter.bytes += bytes
}

function entryOf<K>(map: Map<K, Counter>, key: K): Counter {
  let counter = map.get(key)
  if (counter === undefined) {
    counter = { packets: 0, bytes: 0 }
    map.set(key, counter)
  }
  return counter
}
