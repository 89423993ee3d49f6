/**
 * Neighbor discovery (RFC 4861) and the question whether an address is free (RFC 4862 5.4), as Linux does them. Follows
 * ndisc_solicit(), ndisc_recv_ns() and ndisc_recv_na() in net/ipv6/ndisc.c, addrconf_dad_start() and its kin in addrconf.c.
 * Router discovery, redirects, proxies, anycast and optimistic addresses are not modelled, nor is the nonce of a question about
 * an own address (enhanced_dad), which makes it 8 bytes longer on a wire.
 * @module
 */
import { NS_PER_SECOND } from '../../base/units.ts'
import type { Actor } from '../../sim/event-queue.ts'
import {
  IPV6_ALL_HOSTS, IPV6_ANY, isMulticast, solicitedNodeOf, type IpAddr, type MacAddr,
} from '../../wire/address.ts'
import { IPPROTO_ICMPV6, type IpPacket } from '../../wire/ip-packet.ts'
import {
  neighborAdvertisement, neighborBytes, neighborSolicitation, NEIGHBOR_SOLICITATION, type NeighborMessage,
} from '../../wire/neighbor-message.ts'
import { settleIpv6Address } from '../config/ipv6-config.ts'
import { findDeviceConfig, type NetConfig } from '../config/net-config.ts'
import type { Device } from '../device.ts'
import type { Host } from '../host.ts'

/** What neighbors send to each other has not passed a router. */
const HOP_LIMIT = 255
/** rtr_solicitation_delay: the question begins within this time. */
const START_DELAY_NS = NS_PER_SECOND
/** retrans_time: how long to wait for an objection after each question. */
const RETRANSMIT_NS = NS_PER_SECOND

/** An address that is being asked for. */
interface Doubt {
  readonly device: string
  readonly addr: IpAddr
  questionsLeft: number
}

/** Neighbor discovery of one host. */
export class NeighborDiscovery implements Actor {
  readonly #host: Host
  readonly #doubts: Doubt[] = []

  constructor(host: Host) {
    this.#host = host
  }

  /** Begins to ask for addresses of devices that are up, new and tentative, and ends it for those that are gone. */
  watch(net: NetConfig): void {
    const { sim, name, sysctl } = this.#host
    const isUp = (device: string): boolean => findDeviceConfig(net, device)?.isUp === true
    const tentative = net.ipv6.addresses.filter(({ device, state }) => state === 'tentative' && isUp(device))
    const isTentative = (doubt: Doubt): boolean =>
      tentative.some(({ device, addr }) => device === doubt.device && addr === doubt.addr)
    for (let i = this.#doubts.length - 1; i >= 0; i--) if (!isTentative(this.#doubts[i] as Doubt)) this.#doubts.splice(i, 1)
    for (const { device, addr } of tentative) {
      if (this.#doubts.some((doubt) => doubt.device === device && doubt.addr === addr)) continue
      const asks = ['all', device].some((conf) => sysctl.int(`net.ipv6.conf.${conf}.accept_dad`) > 0)
      const doubt = { device, addr, questionsLeft: asks ? sysctl.int(`net.ipv6.conf.${device}.dad_transmits`) : 0 }
      this.#doubts.push(doubt)
      const delayNs = asks ? sim.stream(`ipv6:${name}`).int(START_DELAY_NS) : 0
      sim.schedule(sim.nowNs + delayNs, this, 0, doubt)
    }
  }

  /** Time for the next question about an address, or nobody has objected. */
  onEvent(_kind: number, data: unknown): void {
    const host = this.#host
    const doubt = data as Doubt
    if (!this.#doubts.includes(doubt)) return
    const device = host.findDevice(doubt.device)
    if (device === undefined) return
    if (doubt.questionsLeft === 0) {
      host.reconfigure(settleIpv6Address(host.net, doubt.device, doubt.addr, 'valid'))
      return
    }
    doubt.questionsLeft--
    this.#send(device, IPV6_ANY, solicitedNodeOf(doubt.addr), neighborSolicitation(doubt.addr, undefined))
    host.sim.schedule(host.sim.nowNs + RETRANSMIT_NS, this, 0, doubt)
  }

  /**
   * Asks for `target`: it alone when `mac` is known, else its group. From the source of `packet`, which is to be sent there, if
   * the device has that address, else from its link-local one; without one it cannot ask.
   */
  solicit(device: Device, target: IpAddr, mac: MacAddr | undefined, packet: IpPacket | undefined): void {
    const { routing } = this.#host.ipv6
    const isOwn = packet !== undefined && routing.findAddress(device, packet.src)?.state === 'valid'
    const src = isOwn ? packet.src : routing.linkLocalOf(device)
    if (src === undefined) return
    const dst = mac === undefined ? solicitedNodeOf(target) : target
    this.#send(device, src, dst, neighborSolicitation(target, device.config.mac))
  }

  /** Takes a message; accounts for the packet in any case. */
  receive(packet: IpPacket, message: NeighborMessage, device: Device): void {
    const host = this.#host
    const isFit = packet.ttl === HOP_LIMIT && !isMulticast(message.target) && device.ipv6Neighbors !== undefined
      && device.config.usesArp
    if (!isFit) return host.drop(packet, 'icmp-ignored')
    host.consume(packet, 'icmp')
    if (message.type === NEIGHBOR_SOLICITATION) this.#answer(packet, message, device)
    else this.#learn(packet, message, device)
  }

  #answer(packet: IpPacket, message: NeighborMessage, device: Device): void {
    const { target, linkAddress } = message
    const own = this.#host.ipv6.routing.findAddress(device, target)
    const isDoubt = packet.src === IPV6_ANY
    // Who is in doubt asks the group, and has no name yet (RFC 4861 7.1.1).
    if (own === undefined || (isDoubt && (linkAddress !== undefined || !isMulticast(packet.dst)))) return
    if (own.state !== 'valid') {
      // Two that ask for one address at the same time both go without it; a mere question is not answered.
      if (isDoubt && own.state === 'tentative') this.#lose(device, target)
      return
    }
    const isRouter = this.#host.sysctl.int(`net.ipv6.conf.${device.name}.forwarding`) !== 0
    if (isDoubt) {
      const flags = { isRouter, isSolicited: false, isOverride: true }
      return this.#send(device, target, IPV6_ALL_HOSTS, neighborAdvertisement(target, device.config.mac, flags))
    }
    // Who was asked directly is known by its address already: the answer need not name it.
    const toGroup = isMulticast(packet.dst)
    if (linkAddress !== undefined) device.ipv6Neighbors?.learnFromRequest(packet.src, linkAddress)
    const flags = { isRouter, isSolicited: true, isOverride: toGroup }
    this.#send(device, target, packet.src, neighborAdvertisement(target, toGroup ? device.config.mac : undefined, flags))
  }

  #learn(packet: IpPacket, message: NeighborMessage, device: Device): void {
    const { target, isRouter, isSolicited, isOverride, linkAddress } = message
    if (isMulticast(packet.dst) && isSolicited) return
    const own = this.#host.ipv6.routing.findAddress(device, target)
    if (own?.state === 'tentative') return this.#lose(device, target)
    if (own !== undefined) return
    device.ipv6Neighbors?.learnFromAdvertisement(target, linkAddress, { isRouter, isSolicited, isOverride })
  }

  /** Somebody else has the address (addrconf_dad_failure). */
  #lose(device: Device, addr: IpAddr): void {
    this.#host.reconfigure(settleIpv6Address(this.#host.net, device.name, addr, 'failed'))
  }

  #send(device: Device, src: IpAddr, dst: IpAddr, payload: NeighborMessage): void {
    this.#host.ipv6.output.sendOnLink({
      src, dst, protocol: IPPROTO_ICMPV6, payload, payloadBytes: neighborBytes(payload), ttl: HOP_LIMIT, dontFragment: true,
    }, device)
  }
}
