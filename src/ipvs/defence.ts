/**
 * How a director defends itself: drop_packet refuses one new connection in so many, drop_entry ends half-open connections,
 * secure_tcp has a state table of its own. Mode 3 means always; a mode 1 becomes 2, which defends, while less memory is free
 * than amemthresh, and 1 again when there is enough. Nothing takes memory here: all of the machine's is free at all times.
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

const PAGE_BYTES = 4096
/** The modes that look at memory: while there is enough, and while there is not. */
const AUTOMATIC = 1
const AUTOMATIC_ACTIVE = 2
const DEFENCES = ['drop_entry', 'drop_packet', 'secure_tcp'] as const
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

  /** A setting has changed. Linux looks at amemthresh each second, and at the modes at once. */
  update(name: keyof IpvsSettings): void {
    if (name !== 'amemthresh' && !DEFENCES.some((defence) => defence === name)) return
    const settings = this.#settings
    const isShort = this.#missingPages > 0
    for (const defence of DEFENCES) {
      const mode = settings[defence]
      const right = isShort ? AUTOMATIC_ACTIVE : AUTOMATIC
      if ((mode === AUTOMATIC || mode === AUTOMATIC_ACTIVE) && mode !== right) {
        // This comes back here, with the right mode.
        this.#host.sysctl.set(`net.ipv4.vs.${defence}`, String(right))
      }
    }
    this.#connections.isSecure = settings.secure_tcp > AUTOMATIC
    if (settings.drop_entry <= AUTOMATIC) this.#timer.cancel()
    else if (!this.#timer.isArmed) this.#timer.armIn(NS_PER_SECOND)
  }

  /** True for a packet that asks for a connection and must not get one (ip_vs_todrop). */
  refusesPacket(): boolean {
    const { drop_packet: mode, amemthresh, am_droprate: rate } = this.#settings
    if (mode <= AUTOMATIC) return false
    if (--this.#packetsUntilDrop > 0) return false
    this.#packetsUntilDrop = mode === AUTOMATIC_ACTIVE ? Math.floor(amemthresh / this.#missingPages) : rate
    return true
  }

  /** How many pages less than amemthresh are free; negative where there is enough. */
  get #missingPages(): number {
    return this.#settings.amemthresh - Math.floor(this.#host.profile.memoryBytes / PAGE_BYTES)
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
