/**
 * Names that a cluster takes for itself: hosts and segments of the file, and its own parts, must not have them too.
 * @module
 */
import { CLIENT_GROUP, namesOfServers, ROUTER_NAME } from './cluster-layout.ts'
import type { Problem } from './problems.ts'
import type { Scenario } from './scenario.ts'
import type { Path } from './source-tree.ts'
import { broadcastOf, networkOf } from '../wire/address.ts'

const SEGMENTS = ['wan', 'lan', 'inside', 'far1', 'far2']

/** Checks the names and the VIP of a cluster; nothing without one. */
export function checkClusterNames(scenario: Scenario): Problem[] {
  const { cluster, source } = scenario
  if (cluster === undefined) return []
  const problems: Problem[] = []
  const taken = new Map<string, string>([[ROUTER_NAME, 'the router'], [CLIENT_GROUP, 'the clients']])
  for (let i = 1; i <= cluster.clients; i++) taken.set(`${CLIENT_GROUP}${i}`, 'a client')
  const claim = (name: string, owner: string, path: Path): void => {
    const before = taken.get(name)
    const message = `\`${name}\` is already the name of ${before}`
    if (before !== undefined) problems.push(source.problem(path, { code: 'LVS1050', message }))
    else taken.set(name, owner)
  }
  claim(cluster.director.name, 'the director', ['cluster', 'director', 'name'])
  const total = namesOfServers(cluster).length
  const complained = new Set<number>()
  for (const { name, spec } of namesOfServers(cluster)) {
    const index = cluster.realServers.indexOf(spec)
    if (!complained.has(index) && taken.has(name)) claim(name, '', ['cluster', 'real_servers', index, 'name'])
    if (taken.has(name)) complained.add(index)
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
  if (total > 200) {
    const text = { code: 'LVS1056', message: `${total} real servers`, expected: 'at most 200' } as const
    problems.push(source.problem(['cluster', 'real_servers'], text))
  }
  if (cluster.vip === networkOf(cluster.vip, 24) || cluster.vip === broadcastOf(cluster.vip, 24)) {
    const text = { code: 'LVS1051', message: 'the VIP is the network or broadcast address of its /24' } as const
    problems.push(source.problem(['cluster', 'vip'], text))
  }
  return problems
}
