/**
 * Plugging: joins a nic to a bridge, or two nics to each other.
 * @module
 */
import type { Simulator } from '../sim/simulator.ts'
import type { Bridge } from './bridge.ts'
import { LinkDirection, type LinkOptions } from './link.ts'
import type { Nic } from './nic.ts'

/** Both directions of one cable. */
export interface Cable {
  /** From the nic (of a point-to-point link: from its first end). */
  readonly up: LinkDirection
  readonly down: LinkDirection
  /** True when it leads to a bridge: chance acts on the way up only. */
  readonly isBridged: boolean
}

/**
 * Plugs a nic into a bridge. Loss, duplication and reordering act on the way to the bridge only, so that a frame that
 * crosses a segment meets them once; rate, delay and queue act on both ways.
 */
export function plugIntoBridge(sim: Simulator, nic: Nic, bridge: Bridge, options: LinkOptions): Cable {
  const port = bridge.addPort()
  const faultless: LinkOptions = { ...options, lossProbability: 0, duplicateProbability: 0, reorderProbability: 0 }
  const up = new LinkDirection(sim, `${nic.name}>${bridge.name}`, { from: nic, to: port }, options)
  const down = new LinkDirection(sim, `${bridge.name}>${nic.name}`, { from: port, to: nic }, faultless)
  nic.plugInto(up)
  port.plugInto(down)
  return { up, down, isBridged: true }
}

/** Joins two nics by a point-to-point link; faults act on both directions. */
export function plugTogether(sim: Simulator, ends: { readonly first: Nic, readonly second: Nic }, options: LinkOptions): Cable {
  const { first, second } = ends
  const up = new LinkDirection(sim, `${first.name}>${second.name}`, { from: first, to: second }, options)
  const down = new LinkDirection(sim, `${second.name}>${first.name}`, { from: second, to: first }, options)
  first.plugInto(up)
  second.plugInto(down)
  return { up, down, isBridged: false }
}
