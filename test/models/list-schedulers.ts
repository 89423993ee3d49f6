/**
 * The second model of the schedulers that go by the list of servers: rr wrr lc wlc sed nq fo ovf.
 * @module
 */
import { gcdOf, isFree, lightest, overhead, type ModelServer, type Question, type SchedulerModel } from './scheduler-model.ts'

/** rr: the next free one after the last picked, round and round. */
export function rrModel(): SchedulerModel {
  let last: ModelServer | undefined
  return {
    changed: (servers, gone) => {
      // The place before a deleted one; before the first one is the head of the list.
      if (gone !== undefined && gone.server === last) last = servers[gone.place - 1]
    },
    pick: ({ servers }) => {
      const start = last === undefined ? 0 : servers.indexOf(last) + 1
      const walk = [...servers.slice(start), ...servers.slice(0, start)]
      const picked = walk.find(isFree)
      if (picked !== undefined) last = picked
      return picked
    },
  }
}

/** wrr: walks the list again and again, each time for a smaller weight. */
export function wrrModel(servers: readonly ModelServer[]): SchedulerModel {
  let place = -1
  let step = 1
  let most = 0
  let level = 0
  const measure = (list: readonly ModelServer[]): void => {
    const weights = list.map(({ weight }) => weight)
    place = -1
    step = gcdOf(weights.filter((weight) => weight > 0))
    most = Math.max(0, ...weights) - (step - 1)
  }
  measure(servers)
  level = most
  return {
    changed: (list) => {
      measure(list)
      if (level === 0 || level > most) level = most
      else if (step > 1) level = Math.floor(level / step) * step + 1
    },
    pick: ({ servers: list }) => {
      if (most <= 0) return undefined
      if (!list.some(isFree)) {
        // The walk gives up after one round for the smallest weight. Where the first round was for that and began in the middle
        // of the list, the last one ends there.
        if (place !== -1 && level <= step) {
          level = 1
        } else {
          place = -1
          level = most
        }
        return undefined
      }
      for (;;) {
        for (place++; place < list.length; place++) {
          const server = list[place] as ModelServer
          if (!server.isOverloaded && server.weight >= level) return server
        }
        place = -1
        level -= step
        if (level <= 0) level = most
      }
    },
  }
}

/** lc: the least overhead. */
export const lcModel = (): SchedulerModel => ({
  pick: ({ servers }) => servers.filter(isFree).reduce<ModelServer | undefined>(
    (best, other) => (best && overhead(best) <= overhead(other) ? best : other), undefined,
  ),
})

/** wlc: the least overhead for its weight. */
export const wlcModel = (): SchedulerModel => ({ pick: ({ servers }) => lightest(servers.filter(isFree), overhead) })

const expectedDelay = ({ servers }: Question): ModelServer | undefined => (
  lightest(servers.filter(isFree), ({ active }) => active + 1)
)

/** sed: the least of what it would have with one more active connection, for its weight. */
export const sedModel = (): SchedulerModel => ({ pick: expectedDelay })

/** nq: the first one with nothing active, else as sed. */
export const nqModel = (): SchedulerModel => ({
  pick: (question) => question.servers.find((server) => isFree(server) && server.active === 0) ?? expectedDelay(question),
})

const heaviest = (servers: readonly ModelServer[]): ModelServer | undefined => (
  servers.find(({ weight }) => weight === Math.max(...servers.map((server) => server.weight)))
)

/** fo: the heaviest. */
export const foModel = (): SchedulerModel => ({ pick: ({ servers }) => heaviest(servers.filter(isFree)) })

/** ovf: the heaviest that has no more active connections than its weight. */
export const ovfModel = (): SchedulerModel => ({
  pick: ({ servers }) => heaviest(servers.filter((server) => isFree(server) && server.active <= server.weight)),
})
