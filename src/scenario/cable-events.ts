/**
 * What happens to cables in the middle of a run: plugged, pulled, slower, lossier.
 * @module
 */
import { present } from '../base/assert.ts'
import type { Cable } from '../link/cable.ts'
import type { LinkDirection, LinkOptions } from '../link/link.ts'
import type { Scenario, TimedEvent } from './scenario.ts'
import type { World } from './world.ts'

type CableEvent = Exclude<TimedEvent, { readonly kind: 'command' }>
type Change = CableEvent['change']

/** Carries an event out, on the cable of its nic or on all cables of its segment. */
export function changeCables(world: World, scenario: Scenario, event: CableEvent): void {
  if (event.kind === 'nic') {
    change(present(world.cables.get(`${event.host}.${event.nic}`), 'the cable of a nic'), event.change)
    return
  }
  for (const host of scenario.hosts.values()) {
    for (const [device, nic] of host.interfaces) {
      if (nic.segment !== event.segment) continue
      change(present(world.cables.get(`${host.name}.${device}`), 'the cable of a nic'), event.change)
    }
  }
}

/** On a segment's cable, chance acts on the way to the switch only: the way back keeps to none. */
function change(cable: Cable, wanted: Change): void {
  const { up, ...options } = { up: undefined, ...wanted }
  for (const direction of [cable.up, cable.down]) {
    if (up !== undefined) direction.isUp = up
    direction.setOptions(changed(direction, options, cable.isBridged && direction === cable.down))
  }
}

function changed(direction: LinkDirection, options: Omit<Change, 'up'>, isFaultless: boolean): LinkOptions {
  const next = { ...direction.options, ...options }
  return isFaultless ? { ...next, lossProbability: 0, duplicateProbability: 0, reorderProbability: 0 } : next
}
