/**
 * Routes in the words of `ip route`, and the order in which the kernel lists them.
 * @module
 */
import type { NetConfig, RouteConfig } from '../../host/config/net-config.ts'
import { localRoutes } from '../../host/config/routes.ts'
import { TABLE_LOCAL, TABLE_MAIN } from '../../host/config/rules.ts'
import type { Host } from '../../host/host.ts'
import { formatIp } from '../../wire/address.ts'
import { tableText } from './tables.ts'

/** A part of a route that is not shown, because it was asked for. */
export type HiddenPart = 'via' | 'dev' | 'proto' | 'scope' | 'src' | 'metric'

/** A route, in the words that `ip route` shows it with; a blank at the end. Its table is named when `namesTable`. */
export function routeText(host: Host, route: RouteConfig, hidden: ReadonlySet<HiddenPart>, namesTable: boolean): string {
  const type = route.type === 'unicast' ? '' : `${route.type} `
  const network = route.prefixLength === 0
    ? 'default'
    : formatIp(route.network) + (route.prefixLength === 32 ? '' : `/${route.prefixLength}`)
  const shown = (part: HiddenPart, text: string): string => (hidden.has(part) ? '' : text)
  return [
    type + network, route.gateway === undefined ? '' : shown('via', `via ${formatIp(route.gateway)}`),
    route.device === '' ? '' : shown('dev', `dev ${route.device}`),
    namesTable && route.table !== TABLE_MAIN ? `table ${tableText(host, route.table)}` : '',
    route.origin === 'boot' ? '' : shown('proto', `proto ${route.origin}`),
    route.scope === 'global' ? '' : shown('scope', `scope ${route.scope}`),
    route.preferredSource === undefined ? '' : shown('src', `src ${formatIp(route.preferredSource)}`),
    route.metric === 0 ? '' : shown('metric', `metric ${route.metric}`), route.onLink ? 'onlink' : '', metricsText(route),
  ].filter((part) => part !== '').join(' ') + ' '
}

/** `mtu 1400 advmss 1360`, or nothing. */
export function metricsText({ mtuBytes, advertisedMss }: Pick<RouteConfig, 'mtuBytes' | 'advertisedMss'>): string {
  const mtu = mtuBytes === undefined ? [] : [`mtu ${mtuBytes}`]
  return [...mtu, ...(advertisedMss === undefined ? [] : [`advmss ${advertisedMss}`])].join(' ')
}

/** A table in the order in which the kernel lists it: by network, the longest prefix first, then by metric. */
export function listedRoutes({ net }: Host, table: number = TABLE_MAIN): RouteConfig[] {
  const routes = net.routes.filter((route) => route.table === table)
  return (table === TABLE_LOCAL ? [...localRoutes(net), ...routes] : routes).sort(
    (a, b) => a.network - b.network || b.prefixLength - a.prefixLength || a.metric - b.metric,
  )
}

/** All tables in the order in which the kernel lists them: by the last byte of their numbers, the newer first. */
export function listedTables({ policy }: NetConfig): number[] {
  return [TABLE_MAIN, TABLE_LOCAL, ...policy.tables].reverse().sort((a, b) => (a & 255) - (b & 255))
}
