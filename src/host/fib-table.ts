/**
 * One routing table, ready to be looked through by longest prefix, as fib_table_lookup() does.
 * @module
 */
import { networkOf, type IpAddr } from '../wire/address.ts'
import type { RouteConfig } from './config/net-config.ts'

/** The routes of a table. */
export class FibTable {
  /** Lengths of prefixes that occur, the longest first, each with its routes by network. */
  readonly #levels: { readonly prefixLength: number, readonly routes: Map<IpAddr, RouteConfig[]> }[] = []

  /**
   * Takes the routes of one table, or of those that are one (`local` and `main`). Among equals those of the higher table come
   * first, then those of the smaller metric; then the order of adding decides.
   */
  constructor(routes: readonly RouteConfig[]) {
    const sorted = [...routes].sort((a, b) => b.prefixLength - a.prefixLength || b.table - a.table || a.metric - b.metric)
    for (const route of sorted) {
      let level = this.#levels.at(-1)
      if (level?.prefixLength !== route.prefixLength) {
        this.#levels.push(level = { prefixLength: route.prefixLength, routes: new Map() })
      }
      const others = level.routes.get(route.network)
      if (others === undefined) level.routes.set(route.network, [route])
      else others.push(route)
    }
  }

  /** The first route to `dst` that will do; undefined when there is none. */
  find(dst: IpAddr, willDo: (route: RouteConfig) => boolean): RouteConfig | undefined {
    for (const { prefixLength, routes } of this.#levels) {
      const found = routes.get(networkOf(dst, prefixLength))?.find(willDo)
      if (found !== undefined) return found
    }
    return undefined
  }
}
