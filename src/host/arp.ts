/**
 * ARP as Linux answers and asks it: arp_ignore, arp_announce, arp_filter, proxy ARP, arptables, and whom a question teaches.
 * Follows arp_process(), arp_ignore(), arp_filter() and arp_solicit() in net/ipv4/arp.c. arp_accept is not modelled.
 * @module
 */
import {
  inPrefix, IPV4_ANY, isLoopback, isMulticast, MAC_BROADCAST, MAC_ZERO, type IpAddr, type MacAddr,
} from '../wire/address.ts'
import { ARP_REPLY, ARP_REQUEST, arpPacket, type ArpPacket } from '../wire/arp-packet.ts'
import { ethernetFrame, type Frame } from '../wire/frame.ts'
import type { IpPacket } from '../wire/ip-packet.ts'
import { ArpFilter } from './arp-filter.ts'
import { ArpProxy } from './arp-proxy.ts'
import type { Device } from './device.ts'
import type { Host } from './host.ts'
import { isMartianSource } from './routing.ts'

/** The ARP module of one host. */
export class Arp {
  /** Questions asked and answers given, announcements among them. Live. */
  requestsSent = 0
  repliesSent = 0
  /** The rules of arptables. */
  readonly filter = new ArpFilter()
  readonly #host: Host
  readonly #proxy: ArpProxy
  /** Waits for replies, as arping does. Called with each reply that comes in. */
  readonly #listeners = new Set<(device: Device, packet: ArpPacket) => void>()

  constructor(host: Host) {
    this.#host = host
    this.#proxy = new ArpProxy(host, (device, frame, packet) => this.#process(device, frame, packet, true))
  }

  /** Calls `listener` for every ARP packet until the function that it returns is called. */
  listen(listener: (device: Device, packet: ArpPacket) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Takes an ARP packet that arrived. */
  receive(device: Device, frame: Frame, packet: ArpPacket): void {
    for (const listener of [...this.#listeners]) listener(device, packet)
    if (device.neighbors === undefined || !device.config.usesArp || !device.config.isUp) return
    const passed = this.#filtered(device, packet, 'INPUT')
    if (passed !== undefined) this.#process(device, frame, passed, false)
  }

  /** `hasWaited`: a question that proxy ARP has put off, and that is asked once more now. */
  #process(device: Device, frame: Frame, packet: ArpPacket, hasWaited: boolean): void {
    const { neighbors } = device
    if (neighbors === undefined || isMulticast(packet.tpa) || isLoopback(packet.tpa)) return
    if (packet.op === ARP_REQUEST && this.#leadsHere(packet, device)) {
      if (packet.spa !== IPV4_ANY) {
        if (this.#ignores(device, packet) || this.#filters(device, packet)) return
        neighbors.learnFromRequest(packet.spa, packet.sha)
      } else if (this.#ignores(device, packet)) {
        return
      }
      this.#reply(device, packet, 'answered')
      return
    }
    if (packet.spa === IPV4_ANY) return
    if (packet.op === ARP_REQUEST && this.#proxy.answersFor(device, packet)) {
      neighbors.learnFromRequest(packet.spa, packet.sha)
      if (hasWaited || frame.dst === device.config.mac || !this.#proxy.delays(device)) {
        this.#reply(device, packet, 'answered by proxy ARP')
      } else {
        this.#proxy.putOff(device, frame, packet)
      }
      return
    }
    neighbors.learnFromReply(packet.spa, packet.sha, {
      isUnicastReply: packet.op === ARP_REPLY && frame.dst === device.config.mac, isAnnouncement: this.#isAnnouncement(packet),
    })
  }

  /** Asks for `target`; `packet` is what is to be sent there, whose source may become the sender's address. */
  solicit(device: Device, target: IpAddr, mac: MacAddr | undefined, packet: IpPacket | undefined): void {
    const sender = { sha: device.config.mac, spa: this.#announced(device, target, packet) }
    this.#send(device, mac ?? MAC_BROADCAST, arpPacket(ARP_REQUEST, sender, { tha: MAC_ZERO, tpa: target }))
  }

  /**
   * Sends a question: to `to` alone when it is given, else to all. `tha` fills the field that the answer is to fill. It is a
   * tool's (arping), whose packet socket passes arptables by.
   */
  request(
    device: Device,
    question: { readonly spa: IpAddr, readonly tpa: IpAddr, readonly to: MacAddr | undefined, readonly tha: MacAddr },
  ): void {
    const sha = device.config.mac
    const packet = arpPacket(ARP_REQUEST, { sha, spa: question.spa }, { tha: question.tha, tpa: question.tpa })
    this.requestsSent++
    device.nic?.send(ethernetFrame(question.to ?? MAC_BROADCAST, sha, packet))
  }

  /** Sends an unasked reply for `addr` to all, as `arping -A` and keepalived do; with `op` a request, as `arping -U`. */
  announce(device: Device, addr: IpAddr, op: number): void {
    const sha = device.config.mac
    const tha = op === ARP_REPLY ? sha : MAC_BROADCAST
    if (op === ARP_REPLY) this.repliesSent++
    else this.requestsSent++
    device.nic?.send(ethernetFrame(MAC_BROADCAST, sha, arpPacket(op, { sha, spa: addr }, { tha, tpa: addr })))
  }

  #reply(device: Device, packet: ArpPacket, outcome: string): void {
    this.#host.trace?.arp(this.#host, device, packet, outcome)
    this.#send(device, packet.sha, arpPacket(
      ARP_REPLY, { sha: device.config.mac, spa: packet.tpa }, { tha: packet.sha, tpa: packet.spa },
    ))
  }

  /** Sends what the kernel itself says: arptables sees it first. The frame's own addresses stay as they are. */
  #send(device: Device, to: MacAddr, packet: ArpPacket): void {
    const passed = this.#filtered(device, packet, 'OUTPUT')
    if (passed === undefined) return
    if (packet.op === ARP_REPLY) this.repliesSent++
    else this.requestsSent++
    device.nic?.send(ethernetFrame(to, device.config.mac, passed))
  }

  #filtered(device: Device, packet: ArpPacket, chain: 'INPUT' | 'OUTPUT'): ArpPacket | undefined {
    const outcome = this.filter.pass(packet, { chain, device: device.name })
    if (outcome.kind === 'passed') return outcome.packet
    this.#host.trace?.arp(this.#host, device, packet, `dropped by arptables: ${outcome.by}`)
    return undefined
  }

  /**
   * The question passes input routing as a packet from its sender to its target would: to here, and from a source that
   * is allowed.
   */
  #leadsHere(packet: ArpPacket, device: Device): boolean {
    const routing = this.#host.routing
    const route = routing.lookup(packet.tpa, { src: packet.spa }, device)
    if (route.type !== 'local') return false
    if (packet.spa === IPV4_ANY) return true
    if (isMartianSource(packet.spa)) return false
    const verdict = routing.validateSource(packet.spa, device, undefined, { dst: packet.tpa, mark: 0 })
    return verdict === 'on-link' || verdict === 'routed'
  }

  /** arp_is_garp(): somebody tells of itself; a reply must name itself as the target altogether. */
  #isAnnouncement(packet: ArpPacket): boolean {
    return packet.spa === packet.tpa && (packet.op === ARP_REQUEST || packet.sha === packet.tha)
      && this.#host.routing.lookup(packet.spa).type === 'unicast'
  }

  #ignores(device: Device, packet: ArpPacket): boolean {
    const mode = this.#conf(device, 'arp_ignore')
    const isIgnored = this.#isIgnored(mode, device, packet)
    if (isIgnored) this.#host.trace?.arp(this.#host, device, packet, `ignored by arp_ignore=${mode}`)
    return isIgnored
  }

  #isIgnored(mode: number, device: Device, { spa, tpa }: ArpPacket): boolean {
    const addresses = device.config.addresses
    switch (mode) {
      case 0: return false
      // Only for addresses of the device the question came in by.
      case 1: return !addresses.some((a) => a.addr === tpa)
      // And one of its networks must hold both that address and the asker's.
      case 2: return !addresses.some((a) => a.addr === tpa)
        || !addresses.some((a) => inPrefix(tpa, a.addr, a.prefixLength) && inPrefix(spa, a.addr, a.prefixLength))
      // Not for addresses of host scope.
      case 3: return !this.#host.net.devices.some((d) => d.addresses.some((a) => a.addr === tpa && a.scope !== 'host'))
      case 8: return true
      default: return false
    }
  }

  /** arp_filter: answer only by the device that a packet to the asker would leave by. */
  #filters(device: Device, packet: ArpPacket): boolean {
    if (this.#conf(device, 'arp_filter') === 0) return false
    const back = this.#host.routing.lookup(packet.spa, { src: packet.tpa })
    return back.type !== 'unicast' || back.device !== device
  }

  /** arp_announce: which of its addresses a host gives when it asks. */
  #announced(device: Device, target: IpAddr, packet: IpPacket | undefined): IpAddr {
    const mode = this.#conf(device, 'arp_announce')
    const src = packet?.src
    if (src !== undefined && mode < 2 && this.#host.routing.isLocal(src)) {
      const isOnTargetsNetwork = device.config.addresses.some((a) => inPrefix(src, a.addr, a.prefixLength)
        && inPrefix(target, a.addr, a.prefixLength))
      if (mode === 0 || isOnTargetsNetwork) return src
    }
    return this.#host.routing.selectSource(device, target, 'link')
  }

  #conf(device: Device, name: string): number {
    const { sysctl } = this.#host
    return Math.max(sysctl.int(`net.ipv4.conf.all.${name}`), sysctl.int(`net.ipv4.conf.${device.name}.${name}`))
  }
}
