/**
 * The second model of the schedulers that keep the servers of an address together: lblc and lblcr.
 * @module
 */
import { isFree, lightest, overhead, type ModelServer, type SchedulerModel } from './scheduler-model.ts'

/** How long an entry, and a set as it is, lasts: 24 hours. Entries are looked through every half an hour. */
const DAY_SECONDS = 86_400
const COLLECTION_SECONDS = 1860

/** More active connections than its weight, while another has fewer than half as many as its own. */
function isTooBusy(server: ModelServer, servers: readonly ModelServer[]): boolean {
  return server.active > server.weight && servers.some(({ active, weight }) => active * 2 < weight)
}

const isUsable = (server: ModelServer): boolean => server.isListed && server.weight > 0

/** True while an entry that was last used then may or may not be there. */
function isBeingCollected(usedAt: number, now: number): boolean {
  return now - usedAt >= DAY_SECONDS && now - usedAt <= DAY_SECONDS + COLLECTION_SECONDS
}

/** lblc: one server for each address asked for. The overload flag keeps new addresses from it, not those it has. */
export function lblcModel(): SchedulerModel {
  const entries = new Map<number, { server: ModelServer, usedAt: number }>()
  return {
    isUnsure: (now) => [...entries.values()].some(({ usedAt }) => isBeingCollected(usedAt, now)),
    pick: ({ servers, flow, now }) => {
      const entry = entries.get(flow.target)
      if (entry !== undefined && now - entry.usedAt <= DAY_SECONDS) {
        entry.usedAt = now
        if (isUsable(entry.server) && !isTooBusy(entry.server, servers)) return entry.server
      }
      const picked = lightest(servers.filter(isFree), overhead)
      if (picked !== undefined) entries.set(flow.target, { server: picked, usedAt: now })
      return picked
    },
  }
}

interface ServerSet {
  /** The newest member first. */
  members: ModelServer[]
  changedAt: number
  usedAt: number
}

/** lblcr: a set of servers for each address asked for. */
export function lblcrModel(): SchedulerModel {
  const sets = new Map<number, ServerSet>()
  return {
    isUnsure: (now) => [...sets.values()].some(({ usedAt, changedAt }) => (
      isBeingCollected(usedAt, now) || now - changedAt === DAY_SECONDS)),
    pick: ({ servers, flow, now }) => {
      let set = sets.get(flow.target)
      if (set !== undefined && now - set.usedAt > DAY_SECONDS) {
        sets.delete(flow.target)
        set = undefined
      }
      let best: ModelServer | undefined
      if (set !== undefined) {
        set.usedAt = now
        best = lightest(set.members.filter(isFree), overhead)
        if (set.members.length > 1 && now - set.changedAt > DAY_SECONDS) dropHeaviest(set, now)
        if (best !== undefined && !isTooBusy(best, servers)) return best
      }
      const picked = lightest(servers.filter(isFree), overhead)
      if (picked === undefined) return undefined
      if (set === undefined) sets.set(flow.target, { members: [picked], changedAt: now, usedAt: now })
      else if (!set.members.includes(picked)) {
        set.members.unshift(picked)
        set.changedAt = now
      }
      return picked
    },
  }
}

/** Takes the member with the most load for its weight out; drained ones stay. */
function dropHeaviest(set: ServerSet, now: number): void {
  const isMore = (a: ModelServer, b: ModelServer): boolean => (
    BigInt(overhead(a)) * BigInt(b.weight) > BigInt(overhead(b)) * BigInt(a.weight)
  )
  const heaviest = set.members.filter(({ weight }) => weight > 0).reduce<ModelServer | undefined>(
    (most, other) => (most && !isMore(other, most) ? most : other), undefined,
  )
  if (heaviest === undefined) return
  set.members = set.members.filter((member) => member !== heaviest)
  set.changedAt = now
}
