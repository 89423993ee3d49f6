/**
 * Proxy ARP: answering for hosts behind this one, by proxy_arp, by proxy_arp_pvlan, or by an entry, after a random delay.
 * Follows arp_fwd_proxy() and arp_fwd_pvlan() in net/ipv4/arp.c, and pneigh_enqueue() in net/core/neighbour.c.
 * Delays are whole ticks of 4 ms (HZ=250) from the host's random stream.
 * @module
 */
import { NS_PER_MILLISECOND } from '../base/units.ts'
import type { Actor } from '../sim/event-queue.ts'
import type { ArpPacket } from '../wire/arp-packet.ts'
import type { Frame } from '../wire/frame.ts'
import type { Device } from './device.ts'
import type { Host } from './host.ts'
import { isMartianSource } from './routing.ts'

const TICK_NS = 4 * NS_PER_MILLISECOND
/** proxy_delay counts hundredths of a second (USER_HZ), of which one is 2.5 ticks. */
const TICKS_PER_HUNDREDTH = 2.5

/** A question that waits. */
interface PutOff {
  readonly device: Device
  readonly frame: Frame
  readonly packet: ArpPacket
}

/** The proxy of one host. */
export class ArpProxy implements Actor {
  readonly #host: Host
  readonly #askAgain: (device: Device, frame: Frame, packet: ArpPacket) => void
  readonly #waiting = new Map<Device, number>()

  /** `askAgain` is given each question that was put off, when its time has come. */
  constructor(host: Host, askAgain: (device: Device, frame: Frame, packet: ArpPacket) => void) {
    this.#host = host
    this.#askAgain = askAgain
  }

  /**
   * True when the host answers for the target of a question: it forwards, the packet could go on from the asker to the target,
   * and a sysctl or an entry says so. Out by the way it came in is for proxy_arp_pvlan alone.
   */
  answersFor(device: Device, { spa, tpa }: ArpPacket): boolean {
    const { routing, sysctl, net } = this.#host
    if (!routing.forwards(device) || isMartianSource(spa)) return false
    const route = routing.lookup(tpa, { src: spa }, device)
    if (route.type !== 'unicast') return false
    const verdict = routing.validateSource(spa, device, route.device, { dst: tpa, mark: 0 })
    if (verdict !== 'on-link' && verdict !== 'routed') return false
    const own = `net.ipv4.conf.${device.name}`
    if (route.device === device) return spa !== tpa && sysctl.int(`${own}.proxy_arp_pvlan`) !== 0
    if (sysctl.int('net.ipv4.conf.all.proxy_arp') !== 0 || sysctl.int(`${own}.proxy_arp`) !== 0) {
      if (this.#isOtherMedium(device, route.device)) return true
    }
    return net.devices.find((config) => config.name === device.name)?.proxies?.includes(tpa) === true
  }

  /** True when answers to broadcast questions are to wait. */
  delays(device: Device): boolean {
    return this.#host.sysctl.int(`net.ipv4.neigh.${device.name}.proxy_delay`) !== 0
  }

  /** Lets a question wait for up to proxy_delay. One too many (proxy_qlen) is forgotten. */
  putOff(device: Device, frame: Frame, packet: ArpPacket): void {
    const { sysctl, sim, name } = this.#host
    const waiting = this.#waiting.get(device) ?? 0
    if (waiting > sysctl.int(`net.ipv4.neigh.${device.name}.proxy_qlen`)) return
    this.#waiting.set(device, waiting + 1)
    const ticks = Math.floor(sysctl.int(`net.ipv4.neigh.${device.name}.proxy_delay`) * TICKS_PER_HUNDREDTH)
    const question: PutOff = { device, frame, packet }
    sim.schedule(sim.nowNs + sim.stream(`arp-proxy:${name}`).int(ticks) * TICK_NS, this, 0, question)
  }

  /** The time of a question has come. */
  onEvent(_kind: number, data: unknown): void {
    const { device, frame, packet } = data as PutOff
    this.#waiting.set(device, (this.#waiting.get(device) ?? 1) - 1)
    if (device.config.isUp) this.#askAgain(device, frame, packet)
  }

  /** medium_id: 0 proxies to everywhere, -1 to nowhere, else to devices of another medium. */
  #isOtherMedium(device: Device, out: Device): boolean {
    const { sysctl } = this.#host
    const from = sysctl.int(`net.ipv4.conf.${device.name}.medium_id`)
    if (from === 0 || from === -1) return from === 0
    const to = sysctl.int(`net.ipv4.conf.${out.name}.medium_id`)
    return to !== from && to !== -1
  }
}
