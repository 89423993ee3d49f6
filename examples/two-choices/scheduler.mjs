/**
 * Two choices with moving averages: of two servers drawn by weight, the one with less load for its weight, which is what it has
 * now and what it has had on average of late. A server that was busy a moment ago is not flooded when it falls idle.
 */
const MEMORY_NS = 2e9

export const schedulers = {
  twochoices: (pool) => {
    const averages = new Map()
    /** The moving average of the active connections: what is as old as the memory counts half. */
    const average = (server) => {
      const { load, atNs } = averages.get(server) ?? { load: 0, atNs: pool.nowNs }
      const agedNs = pool.nowNs - atNs
      const next = load + (server.activeConns - load) * agedNs / (agedNs + MEMORY_NS)
      averages.set(server, { load: next, atNs: pool.nowNs })
      return next
    }
    const loadOf = (server) => (server.activeConns + average(server)) / server.weight
    const draw = (servers) => {
      let lot = pool.random() * servers.reduce((sum, { weight }) => sum + weight, 0)
      return servers.find(({ weight }) => (lot -= weight) < 0)
    }
    return {
      pick() {
        const open = pool.destinations.filter(({ weight, overloaded }) => weight > 0 && !overloaded)
        if (open.length === 0) return undefined
        const [one, other] = [draw(open), draw(open)]
        return loadOf(other) < loadOf(one) ? other : one
      },
    }
  },
}
