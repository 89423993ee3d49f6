/**
 * Names that a cluster takes for itself: hosts and segments of the file, and its own parts, must not have them too.
 * @module
 */
import { broadcastOf, networkOf } from '../wire/address.ts'
import { CLIENT_GROUP, namesOfServers, ROUTER_NAME } from './cluster-layout.ts'
import type { Problem } from './problems.ts'
import type { Scenario } from './scenario.ts'
import type { Path } from './source-tree.ts'

const SEGMENTS = ['wan', 'lan', 'inside', 'far1', 'far2']

/** Checks the names and the VIP of a cluster; nothing without one. */
export function checkClusterNames(scenario: Scenario): Problem[] {
  const { cluster, source } = scenario
  if (cluster === undefined) return []
  const problems: Problem[] = []
  const taken = new Map<string, string>([[ROUTER_NAME, 'the router'], [CLIENT_GROUP, 'the clients']])
  for (let i = 1; i <= cluster.clients; i++) taken.set(`${CLIENT_GROUP}${i}`, 'a client')
  const clash = (name: string, path: Path): void => {
    const owner = taken.get(name)
    const message = `\`${name}\` is already the name of ${owner}`
    if (owner !== undefined) problems.push(source.problem(path, { code: 'LVS1050', message }))
  }
  clash(cluster.director.name, ['cluster', 'director', 'name'])
  taken.set(cluster.director.name, 'the director')
  for (const { name, spec } of namesOfServers(cluster)) {
    clash(name, ['cluster', 'real_servers', cluster.realServers.indexOf(spec), 'name'])
    taken.set(name, 'a real server')
  }
  for (const [name, host] of scenario.hosts) {
    const message = `\`${name}\` is already the name of ${taken.get(name)} of the cluster`
    if (taken.has(name)) problems.push(source.problemAt(source.keyAt(host.path), { code: 'LVS1050', message }))
  }
  for (const name of scenario.segments.keys()) {
    const message = `\`${name}\` is already a segment of the cluster`
    if (SEGMENTS.includes(name)) problems.push(source.problemAt(source.keyAt(['segments', name]), { code: 'LVS1050', message }))
  }
  if (cluster.vip === networkOf(cluster.vip, 24) || cluster.vip === broadcastOf(cluster.vip, 24)) {
    const text = { code: 'LVS1051', message: 'the VIP is the network or broadcast address of its /24' } as const
    problems.push(source.problem(['cluster', 'vip'], text))
  }
  return problems
}
