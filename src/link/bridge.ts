/**
 * A learning switch (IEEE 802.1D without spanning tree): learns where an address was seen, floods what it does not know.
 * It forwards a frame the moment it has it whole. A flood goes to the port plugged in last first, as the Linux bridge's does.
 * @module
 */
import { NS_PER_SECOND } from '../base/units.ts'
import type { Simulator } from '../sim/simulator.ts'
import { MAC_BROADCAST, type MacAddr } from '../wire/address.ts'
import type { Frame } from '../wire/frame.ts'
import type { LinkDirection, LinkEnd } from './link.ts'

/** How long an address is remembered after it was last seen. */
const AGEING_NS = 300 * NS_PER_SECOND

/** A port of a bridge: the far end of a host's link. */
export class BridgePort implements LinkEnd {
  /** Live: the bridge's own side is always up; the nic at the other end may not be. */
  readonly isUp = true
  readonly #bridge: Bridge
  #link: LinkDirection | undefined

  constructor(bridge: Bridge) {
    this.#bridge = bridge
  }

  /** Sets the direction that leads from this port to its nic. */
  plugInto(link: LinkDirection): void {
    this.#link = link
  }

  /** The direction that leads away from the bridge. */
  get link(): LinkDirection | undefined {
    return this.#link
  }

  /** The link's call. */
  arrive(frame: Frame): void {
    this.#bridge.forward(this, frame)
  }
}

interface Learnt {
  port: BridgePort
  seenNs: number
}

/** One switch: a segment. */
export class Bridge {
  readonly name: string
  readonly #sim: Simulator
  readonly #ports: BridgePort[] = []
  readonly #learnt = new Map<MacAddr, Learnt>()

  constructor(sim: Simulator, name: string) {
    this.#sim = sim
    this.name = name
  }

  /** Adds a port. */
  addPort(): BridgePort {
    const port = new BridgePort(this)
    this.#ports.push(port)
    return port
  }

  /** A frame came in by `from`: sends it where its destination was seen, else to every other port. */
  forward(from: BridgePort, frame: Frame): void {
    const nowNs = this.#sim.nowNs
    this.#sim.frames.bridged++
    this.#learn(frame.src, from, nowNs)
    const learnt = frame.dst === MAC_BROADCAST ? undefined : this.#learnt.get(frame.dst)
    if (learnt !== undefined && nowNs - learnt.seenNs <= AGEING_NS) {
      // A frame for the segment it came from has arrived already.
      if (learnt.port !== from) this.#send(learnt.port, frame)
      return
    }
    for (let i = this.#ports.length - 1; i >= 0; i--) {
      const port = this.#ports[i] as BridgePort
      if (port !== from) this.#send(port, frame)
    }
  }

  #send(port: BridgePort, frame: Frame): void {
    if (port.link === undefined) return
    this.#sim.frames.forwardedByBridge++
    port.link.send(frame)
  }

  #learn(mac: MacAddr, port: BridgePort, nowNs: number): void {
    const learnt = this.#learnt.get(mac)
    if (learnt === undefined) {
      this.#learnt.set(mac, { port, seenNs: nowNs })
    } else {
      learnt.port = port
      learnt.seenNs = nowNs
    }
  }
}
