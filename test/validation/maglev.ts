/**
 * Maglev hashing as it was published (Eisenbud et al., NSDI 2016, section 3.4), as a scheduler that is brought along: a table of
 * any prime size, without the weights that Linux adds.
 * @module
 */
import { hashText } from '../../src/base/hash.ts'
import type { Destination } from '../../src/ipvs/destination.ts'
import type { SchedulerFactory } from '../../src/ipvs/scheduler/scheduler.ts'

/** The published algorithm with `size` slots, a prime. The slot of a client is that of its address. */
export function publishedMaglev(size: number): SchedulerFactory {
  return (pool) => {
    let slots: Destination[] = []
    const fill = (): void => void (slots = maglevTable(pool.destinations, size))
    fill()
    return { pick: ({ src }) => slots[hashText(`client ${src}`) % size], added: fill, removed: fill, updated: fill }
  }
}

/** The table: every server takes the next free slot of its own permutation, in turn. */
export function maglevTable(servers: readonly Destination[], size: number): Destination[] {
  const slots: Destination[] = []
  const walks = servers.map((server) => ({
    server, slot: hashText(`offset ${server.addr}`) % size, skip: hashText(`skip ${server.addr}`) % (size - 1) + 1,
  }))
  for (let filled = 0; filled < size && walks.length > 0;) {
    for (const walk of walks) {
      if (filled === size) break
      while (slots[walk.slot] !== undefined) walk.slot = (walk.slot + walk.skip) % size
      slots[walk.slot] = walk.server
      filled++
    }
  }
  return slots
}
