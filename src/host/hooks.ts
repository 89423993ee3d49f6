/**
 * The five netfilter hooks of IPv4. netfilter and IPVS register here; a packet passes the functions of a hook by priority.
 * @module
 */
import type { IpPacket } from '../wire/ip-packet.ts'
import type { Device } from './device.ts'
import type { Tracking } from './netfilter/conntrack-entry.ts'

/** Where in the walk of a packet a hook sits. */
export type HookPoint = 'prerouting' | 'localIn' | 'forward' | 'localOut' | 'postrouting'

/** What a host knows of a packet beside its bytes while the packet passes through it (the rest of an sk_buff). Live. */
export interface Passage {
  /** Where it came in; undefined for what the host itself made. */
  readonly inDevice: Device | undefined
  /** Where it will leave; known in forward, localOut and postrouting. */
  outDevice: Device | undefined
  /** IPVS has handled it (skb->ipvs_property): its hooks let it pass. */
  fromIpvs: boolean
  /** Not tracked by conntrack (IP_CT_UNTRACKED). */
  untracked: boolean
  /** A hook has changed what its way depends on: it is to be looked up anew behind the hooks (ip_route_me_harder). */
  reroutes: boolean
  /** What conntrack says of it; undefined where nothing tracks, and for a packet it finds invalid. */
  conntrack: Tracking | undefined
}

/** The passage of a packet that comes in by `inDevice`, or (without one) of the host's own that leaves by `outDevice`. */
export function newPassage(inDevice: Device | undefined, outDevice: Device | undefined): Passage {
  return { inDevice, outDevice, fromIpvs: false, untracked: false, reroutes: false, conntrack: undefined }
}

/** A function at a hook. Returns the packet to go on with (rewritten or not), or undefined when it has consumed or dropped it. */
export type HookFunction = (packet: IpPacket, passage: Passage) => IpPacket | undefined

interface Registration {
  readonly owner: string
  readonly priority: number
  readonly run: HookFunction
}

/** Priorities of Linux (enum nf_ip_hook_priorities, and those of ip_vs_core.c). Smaller runs first. */
export const HOOK_PRIORITY = {
  raw: -300, conntrack: -200, mangle: -150, natDst: -100, ipvsLocalOutReply: -99, ipvsLocalOutRequest: -98, filter: 0,
  ipvsLocalInReply: 98, ipvsLocalInRequest: 99, natSrc: 100,
  ipvsForwardIcmp: 99, ipvsForwardReply: 100, conntrackConfirm: 2_147_483_647,
} as const

/** The hooks of one host. */
export class Hooks {
  readonly prerouting: Registration[] = []
  readonly localIn: Registration[] = []
  readonly forward: Registration[] = []
  readonly localOut: Registration[] = []
  readonly postrouting: Registration[] = []
  /** True while anything is registered anywhere: without it, packets need no passage. Live. */
  inUse = false

  /** Adds a function. Functions of one priority run in the order of registration. */
  register(point: HookPoint, owner: string, priority: number, run: HookFunction): void {
    const list = this[point]
    let index = list.length
    while (index > 0 && (list[index - 1] as Registration).priority > priority) index--
    list.splice(index, 0, { owner, priority, run })
    this.inUse = true
  }

  /** Removes all functions of an owner. */
  unregister(owner: string): void {
    for (const list of [this.prerouting, this.localIn, this.forward, this.localOut, this.postrouting]) {
      for (let i = list.length - 1; i >= 0; i--) if (list[i]?.owner === owner) list.splice(i, 1)
    }
    this.inUse = [this.prerouting, this.localIn, this.forward, this.localOut, this.postrouting].some((list) => list.length > 0)
  }

  /** Runs the functions of a point in order, until one does not return a packet. */
  run(point: HookPoint, packet: IpPacket, passage: Passage): IpPacket | undefined {
    const list = this.#functionsAt(point)
    let current: IpPacket | undefined = packet
    for (let i = 0; i < list.length && current !== undefined; i++) current = (list[i] as Registration).run(current, passage)
    return current
  }

  /** A choice of five is quicker than a property by name, and this is asked for each packet. */
  #functionsAt(point: HookPoint): readonly Registration[] {
    switch (point) {
      case 'prerouting': return this.prerouting
      case 'localIn': return this.localIn
      case 'forward': return this.forward
      case 'localOut': return this.localOut
      case 'postrouting': return this.postrouting
    }
  }
}
