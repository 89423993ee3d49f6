/**
 * What the parts of a director share on a packet's way: the host, the tables, the settings, the counters.
 * @module
 */
import type { Host } from '../host/host.ts'
import type { Decision } from '../host/trace.ts'
import type { Connection } from './connection.ts'
import type { Connections } from './connections.ts'
import type { Defence } from './defence.ts'
import type { ServiceTable } from './service-table.ts'
import type { EstimatorClock, Stats } from './stats.ts'
import type { IpvsSettings } from './sysctls.ts'
import { TCP_STATE_NAMES } from './tcp-states.ts'

/** The parts of one director. */
export interface IpvsParts {
  readonly host: Host
  readonly settings: IpvsSettings
  readonly services: ServiceTable
  readonly connections: Connections
  readonly defence: Defence
  /** What all of its counters go by. */
  readonly clock: EstimatorClock
  /** Counters of the whole director. */
  readonly totals: Stats
  /** Identification of the last outer packet of a tunnel. Live. */
  tunnelIdent: number
  /** What this director's hash of flows begins with. */
  readonly flowSeed: number
}

/** A decision of IPVS, for those who explain a run. */
export function byIpvs(text: string): Decision {
  return { by: 'ipvs', text }
}

/** A connection's state in an explanation: `SYN_RECV -> ESTABLISHED`, or one name where it has not changed. */
export function changeOf(before: number, connection: Connection): string {
  const now = connection.stateName
  return before === connection.state ? now : `${TCP_STATE_NAMES[before]} -> ${now}`
}
