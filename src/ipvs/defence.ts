/**
 * How a director defends itself: drop_packet refuses one new connection in so many, drop_entry ends half-open connections,
 * secure_tcp has a state table of its own. Mode 3 means always; modes 1 and 2 begin when memory is short, which it never is here.
 * Follows update_defense_level() in ip_vs_ctl.c and ip_vs_random_dropentry(), todrop_entry() in ip_vs_conn.c.
 * @module
 */
import { NS_PER_SECOND } from '../base/units.ts'
import type { Host } from '../host/host.ts'
import type { RandomStream } from '../sim/random.ts'
import { Timer } from '../sim/timer.ts'
import { IPPROTO_TCP } from '../wire/ip-packet.ts'
import type { Connection } from './connection.ts'
import type { Connections } from './connections.ts'
import type { IpvsSettings } from './sysctls.ts'
import { TCP_STATE } from './tcp-states.ts'
import { ticksAt } from './timeouts.ts'

/** The mode that does not look at memory. */
const ALWAYS = 3
/** drop_entry looks at so small a share of the table each second. */
const SCAN_SHARE = 32
/** Idle for so long, a connection may be dropped. */
const IDLE_SECONDS = 60
/** How often a connection is spared, by the number of packets it has had (todrop_rate). */
const SPARED = [0, 1, 2, 3, 4, 5, 6, 7, 8]

/** The defences of one director. */
export class Defence {
  readonly #host: Host
  readonly #settings: IpvsSettings
  readonly #connections: Connections
  readonly #timer: Timer
  readonly #chance: RandomStream
  readonly #spare = [...SPARED]
  #packetsUntilDrop = 0

  constructor(host: Host, settings: IpvsSettings, connections: Connections) {
    this.#host = host
    this.#settings = settings
    this.#connections = connections
    this.#timer = new Timer(host.sim, this, 0, undefined)
    this.#chance = host.sim.stream(`ipvs:${host.name}:drop-entry`)
  }

  /** A setting has changed. */
  update(): void {
    this.#connections.isSecure = this.#settings.secure_tcp === ALWAYS
    if (this.#settings.drop_entry !== ALWAYS) this.#timer.cancel()
    else if (!this.#timer.isArmed) this.#timer.armIn(NS_PER_SECOND)
  }

  /** True for a packet that asks for a connection and must not get one (ip_vs_todrop). */
  refusesPacket(): boolean {
    if (this.#settings.drop_packet !== ALWAYS) return false
    if (--this.#packetsUntilDrop > 0) return false
    this.#packetsUntilDrop = this.#settings.am_droprate
    return true
  }

  /** The timer's call: a share of the table is looked over, by chance. */
  onEvent(): void {
    this.#timer.armIn(NS_PER_SECOND)
    for (const connection of [...this.#connections.table]) {
      if (this.#chance.int(SCAN_SHARE) === 0 && this.#isDispensable(connection)) this.#connections.delete(connection)
    }
  }

  #isDispensable(connection: Connection): boolean {
    if (connection.controlledCount > 0) return false
    if (connection.isTemplate) return !connection.assured
    if (connection.protocol !== IPPROTO_TCP) return this.#isIdle(connection)
    switch (connection.state) {
      case TCP_STATE.SYN_RECV:
      case TCP_STATE.SYNACK: return true
      case TCP_STATE.ESTABLISHED: return this.#isIdle(connection)
      default: return false
    }
  }

  #isIdle(connection: Connection): boolean {
    const { sim, profile } = this.#host
    const idleTicks = ticksAt(sim.nowNs, profile.hz) - (connection.expiresTick - connection.timeoutSeconds * profile.hz)
    if (idleTicks < IDLE_SECONDS * profile.hz) return false
    const packets = connection.inPackets
    const left = this.#spare[packets]
    if (left === undefined || packets === 0) return false
    this.#spare[packets] = left - 1
    if (left - 1 > 0) return false
    this.#spare[packets] = SPARED[packets] ?? 0
    return true
  }
}
