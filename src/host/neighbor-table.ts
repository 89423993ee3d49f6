/**
 * The neighbor table of one device: who has which Ethernet address, how sure that is, and what waits for an answer.
 * Follows net/core/neighbour.c: neigh_update(), __neigh_event_send(), neigh_timer_handler().
 * The reachable time is 30 s flat (Linux draws it from 15..45 s); entries are not garbage-collected.
 * @module
 */
import { NS_PER_MILLISECOND, NS_PER_SECOND } from '../base/units.ts'
import type { Actor } from '../sim/event-queue.ts'
import type { Simulator } from '../sim/simulator.ts'
import { Timer } from '../sim/timer.ts'
import { MAC_ZERO, type IpAddr, type MacAddr } from '../wire/address.ts'
import { totalBytes, type IpPacket } from '../wire/ip-packet.ts'

/** NUD states, as `ip neigh` prints them in capitals. */
export type NeighborState = 'none' | 'incomplete' | 'reachable' | 'stale' | 'delay' | 'probe' | 'failed' | 'permanent'

/** How the table reaches its device. */
export interface NeighborPort {
  /** Asks who has the address: to `mac` alone when it is given, else to all. `packet` is what waits last. */
  solicit(addr: IpAddr, mac: MacAddr | undefined, packet: IpPacket | undefined): void
  /** The address is known: send the packet. */
  transmit(packet: IpPacket, mac: MacAddr): void
  /** The address is known now: send the packet, which was held until now. */
  release(packet: IpPacket, mac: MacAddr): void
  /** The neighbor did not answer, the queue was full, or the device went down: the packet was held and dies. */
  giveUp(packet: IpPacket, reason: 'neighbor-failed' | 'neighbor-queue-full' | 'device-down'): void
  /** The packet waits here from now on. */
  hold(packet: IpPacket): void
}

/** base_reachable_time_ms, without its random factor. */
const REACHABLE_NS = 30 * NS_PER_SECOND
/** delay_first_probe_time. */
const DELAY_NS = 5 * NS_PER_SECOND
/** retrans_time_ms is 1 s; timers of that length go off on a grid of 32 ms (8 ticks of 4 ms), so that it takes 32 steps. */
const RETRANSMIT_NS = 32 * 32 * NS_PER_MILLISECOND
/** ucast_solicit and mcast_solicit. */
const UNICAST_PROBES = 3
const MULTICAST_PROBES = 3
/** locktime: how long an entry just changed defends itself against another answer. */
const LOCK_NS = NS_PER_SECOND
/** unres_qlen_bytes, and what a queued packet counts for beside its bytes (the sk_buff around it). */
const QUEUE_BYTES_MAX = 212_992
const QUEUED_PACKET_OVERHEAD_BYTES = 768

/** The states with an address that an entry can be put into. */
export type GivenState = 'permanent' | 'reachable' | 'stale' | 'delay' | 'probe'

const VALID: ReadonlySet<NeighborState> = new Set(['permanent', 'reachable', 'probe', 'stale', 'delay'])

/** What a change may do: put another address in a valid entry's place; touch a permanent entry. */
interface Authority {
  readonly mayOverride: boolean
  readonly isAdmin: boolean
}

const OVERRIDING: Authority = { mayOverride: true, isAdmin: false }

/** One neighbor. */
export class Neighbor {
  readonly addr: IpAddr
  /** Live. */
  mac: MacAddr = MAC_ZERO
  /** Live. */
  state: NeighborState = 'none'
  /** When the entry last changed, and was last confirmed. Live. */
  updatedNs = -Infinity
  confirmedNs = -Infinity
  probes = 0
  /** It says of itself that it is a router; IPv6 only. Live. */
  isRouter = false
  readonly queue: IpPacket[] = []
  queueBytes = 0
  readonly timer: Timer

  constructor(addr: IpAddr, sim: Simulator, owner: Actor) {
    this.addr = addr
    this.timer = new Timer(sim, owner, 0, this)
  }

  /** True when frames can be addressed to it. */
  get isValid(): boolean {
    return VALID.has(this.state)
  }
}

/** The neighbors of one device. */
export class NeighborTable implements Actor {
  readonly #sim: Simulator
  readonly #port: NeighborPort
  readonly #entries = new Map<IpAddr, Neighbor>()

  constructor(sim: Simulator, port: NeighborPort) {
    this.#sim = sim
    this.#port = port
  }

  /** All entries, in the order in which they were made. */
  entries(): readonly Neighbor[] {
    return [...this.#entries.values()]
  }

  /** The entry of an address. */
  find(addr: IpAddr): Neighbor | undefined {
    return this.#entries.get(addr)
  }

  /** Sends a packet to a neighbor: at once when its address is known, else after asking. */
  output(packet: IpPacket, nextHop: IpAddr): void {
    const neighbor = this.#obtain(nextHop)
    const state = neighbor.state
    if (state === 'reachable' || state === 'permanent' || state === 'delay' || state === 'probe') {
      this.#port.transmit(packet, neighbor.mac)
      return
    }
    if (state === 'stale') {
      // Use it, but make sure that something confirms it within the next seconds.
      neighbor.state = 'delay'
      neighbor.updatedNs = this.#sim.nowNs
      neighbor.timer.armIn(DELAY_NS)
      this.#port.transmit(packet, neighbor.mac)
      return
    }
    this.#enqueue(neighbor, packet)
    if (state !== 'incomplete') this.#startAsking(neighbor)
  }

  /** Somebody asked us (or announced itself): what a question tells of the asker. Makes the entry if need be. */
  learnFromRequest(addr: IpAddr, mac: MacAddr): void {
    this.#update(this.#obtain(addr), mac, 'stale', OVERRIDING)
  }

  /**
   * An ARP packet that was no question for us: changes an entry that exists. A unicast reply makes it reachable. An
   * entry just changed defends itself, but not against one that announces itself.
   */
  learnFromReply(addr: IpAddr, mac: MacAddr, from: { readonly isUnicastReply: boolean, readonly isAnnouncement: boolean }): void {
    const neighbor = this.#entries.get(addr)
    if (neighbor === undefined) return
    const mayOverride = from.isAnnouncement || this.#sim.nowNs > neighbor.updatedNs + LOCK_NS
    this.#update(neighbor, mac, from.isUnicastReply ? 'reachable' : 'stale', { mayOverride, isAdmin: false })
  }

  /**
   * An advertisement of IPv6: changes an entry that exists and is not failed; without an address it only confirms the one that
   * is known. One that may not override makes an entry that disagrees doubtful (ndisc_recv_na, NEIGH_UPDATE_F_WEAK_OVERRIDE).
   */
  learnFromAdvertisement(
    addr: IpAddr, mac: MacAddr | undefined,
    flags: { readonly isRouter?: boolean, readonly isSolicited: boolean, readonly isOverride: boolean },
  ): void {
    const neighbor = this.#entries.get(addr)
    if (neighbor === undefined || neighbor.state === 'failed' || neighbor.state === 'permanent') return
    if (mac === undefined && !neighbor.isValid) return
    const told = mac ?? neighbor.mac
    const disagrees = neighbor.isValid && told !== neighbor.mac && !flags.isOverride
    if (disagrees && neighbor.state !== 'reachable') return
    if (disagrees) return this.#update(neighbor, neighbor.mac, 'stale', { mayOverride: false, isAdmin: true })
    this.#update(neighbor, told, flags.isSolicited ? 'reachable' : 'stale', OVERRIDING)
    neighbor.isRouter = flags.isRouter === true
  }

  /** Sees to it that a neighbor gets known, without a packet for it. True when its address is known already. */
  makeKnown(addr: IpAddr): boolean {
    const neighbor = this.#obtain(addr)
    if (neighbor.isValid) return true
    if (neighbor.state !== 'incomplete') this.#startAsking(neighbor)
    return false
  }

  /** Sets an entry as an admin does (`arp -s`, `ip neigh add`): for good, or in a state that goes on from there. */
  set(addr: IpAddr, mac: MacAddr, state: GivenState): void {
    this.#update(this.#obtain(addr), mac, state, { mayOverride: true, isAdmin: true })
  }

  /** Makes an entry invalid, as an admin does. What waits for an answer goes on waiting, unless it is told that none comes. */
  unset(addr: IpAddr, state: 'none' | 'incomplete' | 'failed'): void {
    const neighbor = this.#obtain(addr)
    neighbor.timer.cancel()
    neighbor.state = state
    neighbor.updatedNs = this.#sim.nowNs
    if (state === 'failed') this.#giveUp(neighbor, 'neighbor-failed')
  }

  /** An upper layer knows that the neighbor is alive. */
  confirm(addr: IpAddr): void {
    const neighbor = this.#entries.get(addr)
    if (neighbor !== undefined && neighbor.isValid) neighbor.confirmedNs = this.#sim.nowNs
  }

  /** Removes an entry; what waited for it dies. False when there is none. */
  remove(addr: IpAddr): boolean {
    const neighbor = this.#entries.get(addr)
    if (neighbor === undefined) return false
    this.#entries.delete(addr)
    neighbor.timer.cancel()
    this.#giveUp(neighbor, 'neighbor-failed')
    return true
  }

  /** The device went down: all entries go, the permanent ones too, and nobody is told of what waited (neigh_ifdown). */
  clear(): void {
    const neighbors = this.entries()
    this.#entries.clear()
    for (const neighbor of neighbors) {
      neighbor.timer.cancel()
      this.#giveUp(neighbor, 'device-down')
    }
  }

  /** The timer of an entry fired. */
  onEvent(_kind: number, data: unknown): void {
    const neighbor = data as Neighbor
    const nowNs = this.#sim.nowNs
    if (neighbor.state === 'reachable') {
      if (nowNs < neighbor.confirmedNs + REACHABLE_NS) {
        neighbor.timer.armAt(neighbor.confirmedNs + REACHABLE_NS)
      } else {
        // Use does not count here: Linux notes it only while an entry is not sure, which is long ago.
        neighbor.state = 'stale'
        neighbor.updatedNs = nowNs
      }
      return
    }
    if (neighbor.state === 'delay') {
      if (nowNs < neighbor.confirmedNs + DELAY_NS) {
        neighbor.state = 'reachable'
        neighbor.updatedNs = nowNs
        neighbor.timer.armAt(neighbor.confirmedNs + REACHABLE_NS)
        return
      }
      neighbor.state = 'probe'
      neighbor.updatedNs = nowNs
      neighbor.probes = 0
    }
    if (neighbor.state === 'probe' || neighbor.state === 'incomplete') this.#askAgain(neighbor)
  }

  #obtain(addr: IpAddr): Neighbor {
    let neighbor = this.#entries.get(addr)
    if (neighbor === undefined) {
      neighbor = new Neighbor(addr, this.#sim, this)
      this.#entries.set(addr, neighbor)
    }
    return neighbor
  }

  #startAsking(neighbor: Neighbor): void {
    neighbor.state = 'incomplete'
    neighbor.updatedNs = this.#sim.nowNs
    // Unicast probes make no sense without an address: the count begins behind them.
    neighbor.probes = UNICAST_PROBES
    this.#askAgain(neighbor)
  }

  #askAgain(neighbor: Neighbor): void {
    const isProbe = neighbor.state === 'probe'
    if (neighbor.probes >= UNICAST_PROBES + (isProbe ? 0 : MULTICAST_PROBES)) {
      neighbor.state = 'failed'
      neighbor.updatedNs = this.#sim.nowNs
      this.#giveUp(neighbor, 'neighbor-failed')
      return
    }
    neighbor.probes++
    neighbor.timer.armIn(RETRANSMIT_NS)
    this.#port.solicit(neighbor.addr, isProbe ? neighbor.mac : undefined, neighbor.queue.at(-1))
  }

  /** neigh_update(): a valid entry keeps its address unless `mayOverride`, and its state when only `stale` is news. */
  #update(neighbor: Neighbor, mac: MacAddr, state: GivenState, by: Authority): void {
    const nowNs = this.#sim.nowNs
    const wasValid = neighbor.isValid
    const isSame = wasValid && neighbor.mac === mac
    if (neighbor.state === 'permanent' && !by.isAdmin) return
    if (state === 'permanent' || state === 'reachable') neighbor.confirmedNs = nowNs
    if (wasValid && !isSame && !by.mayOverride) return
    const next = isSame && state === 'stale' && !by.isAdmin ? neighbor.state : state
    if (next !== neighbor.state || !isSame) neighbor.updatedNs = nowNs
    // An address that only somebody claimed is nothing that was confirmed.
    if (!isSame && state === 'stale') neighbor.confirmedNs = nowNs - 2 * REACHABLE_NS
    if (next !== neighbor.state) {
      neighbor.timer.cancel()
      if (next === 'reachable') neighbor.timer.armIn(REACHABLE_NS)
      else if (next === 'delay' || next === 'probe') neighbor.timer.armIn(0)
      neighbor.probes = 0
      neighbor.state = next
    }
    neighbor.mac = mac
    if (!wasValid) {
      const waiting = neighbor.queue.splice(0)
      neighbor.queueBytes = 0
      for (const packet of waiting) this.#port.release(packet, mac)
    }
  }

  #enqueue(neighbor: Neighbor, packet: IpPacket): void {
    this.#port.hold(packet)
    const bytes = totalBytes(packet) + QUEUED_PACKET_OVERHEAD_BYTES
    while (neighbor.queue.length > 0 && neighbor.queueBytes + bytes > QUEUE_BYTES_MAX) {
      // The oldest makes room for the newest.
      const oldest = neighbor.queue.shift() as IpPacket
      neighbor.queueBytes -= totalBytes(oldest) + QUEUED_PACKET_OVERHEAD_BYTES
      this.#port.giveUp(oldest, 'neighbor-queue-full')
    }
    neighbor.queue.push(packet)
    neighbor.queueBytes += bytes
  }

  #giveUp(neighbor: Neighbor, reason: 'neighbor-failed' | 'device-down'): void {
    const waiting = neighbor.queue.splice(0)
    neighbor.queueBytes = 0
    for (const packet of waiting) this.#port.giveUp(packet, reason)
  }
}
