/**
 * IPv6 on its way out: routing, localOut, postrouting, fragmentation by the sender, and the device's own way of sending.
 * Follows ip6_xmit(), ip6_output(), ip6_fragment() and ip6_finish_output2() in net/ipv6/ip6_output.c. Tunnels carry no IPv6;
 * what is sent to a group is not also delivered to the sender itself.
 * @module
 */
import type { Actor } from '../../sim/event-queue.ts'
import { isMulticast, multicastMacOf, IPV6_ANY, type IpAddr } from '../../wire/address.ts'
import { pppFrame } from '../../wire/frame.ts'
import { ICMP_UNREACHABLE, UNREACHABLE_FRAGMENTATION_NEEDED } from '../../wire/icmp-message.ts'
import { ipPacket, IPV6_HEADER_BYTES, totalBytes, withMark, type IpPacket } from '../../wire/ip-packet.ts'
import type { Device } from '../device.ts'
import type { Errno } from '../errno.ts'
import { fragment } from '../fragments.ts'
import { newPassage, type Passage } from '../hooks.ts'
import type { Host } from '../host.ts'
import { describeRoute } from '../ip-input.ts'
import { refusal } from '../ip-output.ts'
import type { SendRequest } from '../ip-service.ts'
import { nextHopOf, type Route } from '../routing.ts'

/** Hop limit of what endpoints send to a group (IPV6_DEFAULT_MCASTHOPS). */
const GROUP_HOP_LIMIT = 1

/** A packet on its way round by `lo`, and what was known of it on its way out. */
interface Looped {
  readonly packet: IpPacket
  readonly passage: Passage | undefined
}

/** The sending half of a host's IPv6. */
export class Ipv6Output implements Actor {
  readonly #host: Host
  #nextIdent = 1

  constructor(host: Host) {
    this.#host = host
  }

  /** Sends what an endpoint of this host asks for, by `device` where it is given. See `IpService.sendPacket`. */
  send(request: SendRequest, device?: Device): Errno | undefined {
    const host = this.#host
    const route = host.ipv6.routing.lookup(request.dst, device ?? host.ipv6.routing.linkOf(request.src))
    const refused = refusal(route)
    if (refused !== undefined) return refused
    const isChosen = request.src === 0 || request.src === IPV6_ANY
    this.#localOut(this.#make(request, isChosen ? route.source : request.src, route.device), route)
    return undefined
  }

  /** Sends a message of neighbor discovery: to a neighbor on the link of the device, from just this source. */
  sendOnLink(request: SendRequest, device: Device): void {
    const route: Route = {
      type: 'unicast', device, nextHop: undefined, gateway: undefined, source: request.src, via: undefined,
    }
    this.#localOut(this.#make(request, request.src, device), route)
  }

  /** Sends a packet that IPVS has turned. See `IpOutput.sendIpvs`. */
  sendIpvs(packet: IpPacket, route: Route, passage: Passage): void {
    const host = this.#host
    if (route.type !== 'unicast') return host.drop(packet, 'ipvs-no-route')
    host.trace?.decision(host, packet, { by: 'route', text: `send ${describeRoute(route)}` })
    passage.fromIpvs = true
    passage.outDevice = route.device
    const { hooks } = host.ipv6
    const passed = hooks.localOut.length === 0 ? packet : hooks.run('localOut', packet, passage)
    if (passed !== undefined) this.emit(passed, route, passage)
  }

  /**
   * Postrouting and out: the packet is ready but for fragmentation, and has its route. What may be cut is cut to `roomBytes`:
   * the path MTU that is known, unless given.
   */
  emit(packet: IpPacket, route: Route, passage: Passage | undefined, roomBytes?: number): void {
    const host = this.#host
    const { hooks } = host.ipv6
    let current: IpPacket | undefined = packet
    if (passage !== undefined && hooks.postrouting.length > 0) current = hooks.run('postrouting', packet, passage)
    if (current === undefined) return
    current = withMark(current, 0)
    if (route.type === 'local') return this.#loop(current, passage)
    const mtuBytes = roomBytes
      ?? Math.min(route.device.config.mtuBytes, host.paths.find(current.dst, host.sim.nowNs) ?? Infinity)
    if (totalBytes(current) <= mtuBytes) return this.#toDevice(current, route)
    if (current.dontFragment) {
      host.sendIcmpError(current, { type: ICMP_UNREACHABLE, code: UNREACHABLE_FRAGMENTATION_NEEDED, rest: mtuBytes })
      return host.drop(current, 'too-big')
    }
    const pieces = fragment(current, mtuBytes)
    host.trace?.decision(host, current, { by: 'fragment', text: `cut into ${pieces.length} pieces for MTU ${mtuBytes}` })
    host.ledger.fragmented += pieces.length - 1
    for (const piece of pieces) this.#toDevice(piece, route)
  }

  /** A packet for this host itself comes round by `lo`. */
  onEvent(_kind: number, data: unknown): void {
    const { packet, passage } = data as Looped
    this.#host.release(packet)
    this.#host.ipv6.input.receive(packet, this.#host.loopback, passage)
  }

  #make(request: SendRequest, src: IpAddr, device: Device): IpPacket {
    const host = this.#host
    const { payloadBytes } = request
    host.ledger.originated++
    this.#nextIdent = (this.#nextIdent + 1) >>> 0
    const ttl = request.ttl
      ?? (isMulticast(request.dst) ? GROUP_HOP_LIMIT : host.sysctl.int(`net.ipv6.conf.${device.name}.hop_limit`))
    const dontFragment = request.dontFragment !== 'if-it-fits' ? request.dontFragment
      : IPV6_HEADER_BYTES + payloadBytes <= host.pathMtuBytes(request.dst)
    return ipPacket({
      uid: host.sim.nextPacketUid(), src, dst: request.dst, protocol: request.protocol, payload: request.payload,
      payloadBytes, ttl, tos: request.tos ?? 0, ident: this.#nextIdent, dontFragment,
    })
  }

  #localOut(packet: IpPacket, route: Route): void {
    const host = this.#host
    const { hooks } = host.ipv6
    host.trace?.decision(host, packet, { by: 'route', text: `send ${describeRoute(route)}` })
    if (!hooks.inUse) return this.emit(packet, route, undefined)
    const passage = newPassage(undefined, route.device)
    const passed = hooks.localOut.length === 0 ? packet : hooks.run('localOut', packet, passage)
    if (passed !== undefined) this.emit(passed, route, passage)
  }

  #toDevice(packet: IpPacket, route: Route): void {
    const { device } = route
    const host = this.#host
    if (!device.config.isUp) return host.drop(packet, 'device-down')
    switch (device.config.kind) {
      case 'ethernet':
        if (isMulticast(packet.dst)) host.transmitFrame(device, packet, multicastMacOf(packet.dst))
        else if (device.ipv6Neighbors !== undefined && device.config.usesArp) {
          device.ipv6Neighbors.output(packet, nextHopOf(route, packet.dst))
        } else host.transmitFrame(device, packet, device.config.mac)
        return
      case 'ppp':
        host.ledger.sent++
        device.nic?.send(pppFrame(packet))
        return
      case 'loopback': return this.#loop(packet, undefined)
      case 'ipip':
      case 'gre':
      case 'dummy': return host.drop(packet, 'blackhole')
    }
  }

  #loop(packet: IpPacket, passage: Passage | undefined): void {
    this.#host.hold(packet)
    const looped: Looped = { packet, passage }
    this.#host.sim.schedule(this.#host.sim.nowNs, this, 0, looped)
  }
}
