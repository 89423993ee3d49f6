/**
 * Reads off a world how the rules of IPVS came to be: each command that changed them, and what it took away and added.
 * @module
 */
import { commandText, linesBeyond } from '../admin/ipvsadm/rules-text.ts'
import type { RulesChange } from '../ipvs/control/history.ts'
import { findIpvs } from '../ipvs/director.ts'
import type { RulesChangeResult, RulesHistory } from './result.ts'
import type { World } from './world.ts'

/** The histories of all hosts that have one, in the order of the scenario. */
export function rulesHistories(world: World): RulesHistory[] {
  return [...world.hosts.values()].flatMap((host) => {
    const changes = findIpvs(host)?.history ?? []
    return changes.length === 0 ? [] : [{ host: host.name, changes: changes.map(resultOf) }]
  })
}

function resultOf({ atNs, command, before, after, patches, inversePatches }: RulesChange): RulesChangeResult {
  const [old, now] = [linesBeyond(before, after), linesBeyond(after, before)]
  return {
    atNs, command: `ipvsadm ${commandText(command)}`, removed: without(old, now), added: without(now, old),
    patches, inversePatches,
  }
}

/** No two lines of a tree are the same, so that their order need not be looked at. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others)
  return lines.filter((line) => !known.has(line))
}
