/** A scheduler of one's own: every new connection draws its server by lot, a server of weight 3 having three lots. */
export const schedulers = {
  lottery: (pool) => ({
    pick() {
      const open = pool.destinations.filter(({ weight, overloaded }) => weight > 0 && !overloaded)
      let lot = pool.random() * open.reduce((sum, { weight }) => sum + weight, 0)
      return open.find(({ weight }) => (lot -= weight) < 0)
    },
  }),
}
