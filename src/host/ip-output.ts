/**
 * IPv4 on its way out: routing, localOut, postrouting, fragmentation, and the device's own way of sending.
 * Follows __ip_local_out(), ip_output(), ip_fragment() and ip_finish_output2() in net/ipv4/ip_output.c.
 * A broadcast is not also delivered to the sender itself.
 * @module
 */
import type { Actor } from '../sim/event-queue.ts'
import { MAC_BROADCAST, type IpAddr } from '../wire/address.ts'
import { pppFrame } from '../wire/frame.ts'
import { ipPacket, IPV4_HEADER_BYTES, totalBytes, withMark, type IpPacket } from '../wire/ip-packet.ts'
import type { Errno } from './errno.ts'
import { fragment } from './fragments.ts'
import { newPassage, type Passage } from './hooks.ts'
import type { Host } from './host.ts'
import type { SendRequest } from './ip-service.ts'
import { byRoute, describeRoute, dropLarge } from './ip-input.ts'
import { nextHopOf, routeMtuBytes, type Route } from './routing.ts'
import type { SysctlCell } from './sysctl.ts'

/** A packet on its way round by `lo`, and what was known of it on its way out. */
interface Looped {
  readonly packet: IpPacket
  readonly passage: Passage | undefined
}

/** The sending half of a host's IP. */
export class IpOutput implements Actor {
  readonly #host: Host
  readonly #defaultTtl: SysctlCell
  #nextIdent = 1

  constructor(host: Host) {
    this.#host = host
    this.#defaultTtl = host.sysctl.cell('net.ipv4.ip_default_ttl')
  }

  /** Sends what an endpoint of this host asks for. See `IpService.sendPacket`. */
  send(request: SendRequest): Errno | undefined {
    const host = this.#host
    const { dst, payloadBytes, dontFragment } = request
    const route = host.routing.lookup(dst, request)
    const refused = refusal(route)
    if (refused !== undefined) return refused
    const mtuBytes = this.#pathMtuBytes(route, dst)
    const packet = ipPacket({
      uid: host.sim.nextPacketUid(), src: request.src === 0 ? route.source : request.src, dst, protocol: request.protocol,
      payload: request.payload, payloadBytes, ttl: request.ttl ?? this.#defaultTtl.value, tos: request.tos ?? 0,
      ident: this.takeIdent(),
      dontFragment: dontFragment === 'if-it-fits' ? IPV4_HEADER_BYTES + payloadBytes <= mtuBytes : dontFragment,
    })
    host.ledger.originated++
    this.#localOut(packet, route, mtuBytes)
    return undefined
  }

  /** The next identification: they count up, over all packets that the host makes. */
  takeIdent(): number {
    this.#nextIdent = (this.#nextIdent + 1) & 0xffff
    return this.#nextIdent
  }

  /** Sends a packet that IPVS has turned by the route that it has found, which need not lead to where it is addressed. */
  sendIpvs(packet: IpPacket, route: Route, passage: Passage): void {
    const host = this.#host
    if (route.type !== 'unicast') return host.drop(packet, 'ipvs-no-route')
    host.trace?.decision(host, packet, byRoute('send', route))
    passage.fromIpvs = true
    passage.outDevice = route.device
    passage.reroutes = false
    const passed = host.hooks.localOut.length === 0 ? packet : host.hooks.run('localOut', packet, passage)
    if (passed !== undefined) this.emitBy(route, passed, passage)
  }

  /** Sends a packet that has passed its hooks by `route`, or where a hook has asked for another look, by what is found now. */
  emitBy(route: Route, packet: IpPacket, passage: Passage, mtuBytes?: number): void {
    if (!passage.reroutes || route.type === 'local') return this.emit(packet, route, passage, mtuBytes)
    const host = this.#host
    const way = host.routing.lookup(packet.dst, packet)
    if (refusal(way) !== undefined) return host.drop(packet, 'no-route')
    if (way !== route) host.trace?.decision(host, packet, { by: 'route', text: `send ${describeRoute(way)}, looked up anew` })
    passage.outDevice = way.device
    this.emit(packet, way, passage)
  }

  /**
   * Postrouting and out: the packet is ready but for fragmentation, and has its route. What is cut to fit is cut to
   * `mtuBytes`: the path MTU that is known, unless given (who forwards goes by the device alone).
   */
  emit(packet: IpPacket, route: Route, passage: Passage | undefined, mtuBytes?: number): void {
    const host = this.#host
    let current: IpPacket | undefined = packet
    if (passage !== undefined && host.hooks.postrouting.length > 0) current = host.hooks.run('postrouting', packet, passage)
    if (current === undefined) return
    // Marks leave no host; round by lo they go with the packet.
    if (route.type === 'local') return this.#loop(current, passage)
    if (current.mark !== 0) current = withMark(current, 0)
    const roomBytes = mtuBytes ?? this.#pathMtuBytes(route, current.dst)
    if (totalBytes(current) <= roomBytes) this.#toDevice(current, route)
    else this.#emitPieces(current, route, roomBytes)
  }

  /** A packet for this host itself comes round by `lo`. */
  onEvent(_kind: number, data: unknown): void {
    const { packet, passage } = data as Looped
    this.#host.release(packet)
    this.#host.input.receive(packet, this.#host.loopback, passage)
  }

  #localOut(packet: IpPacket, route: Route, mtuBytes: number): void {
    const host = this.#host
    host.trace?.decision(host, packet, byRoute('send', route))
    if (host.hooks.inUse === false) this.emit(packet, route, undefined, mtuBytes)
    else this.#localOutByHooks(packet, route)
  }

  #localOutByHooks(packet: IpPacket, route: Route): void {
    const host = this.#host
    const passage = newPassage(undefined, route.device)
    if (host.hooks.localOut.length === 0) return this.emit(packet, route, passage)
    const passed = host.hooks.run('localOut', packet, passage)
    if (passed === undefined) return
    // NAT: another destination has another way, whatever it was before.
    if (passed.dst === packet.dst) return this.emitBy(route, passed, passage)
    const way = host.routing.lookup(passed.dst, passed)
    if (refusal(way) !== undefined) return host.drop(passed, 'no-route')
    passage.outDevice = way.device
    this.emit(passed, way, passage)
  }

  /** What fits the route, and the path as far as it is known. */
  #pathMtuBytes(route: Route, dst: IpAddr): number {
    const bytes = routeMtuBytes(route)
    const learnt = this.#host.paths.find(dst, this.#host.sim.nowNs)
    return learnt === undefined || learnt > bytes ? bytes : learnt
  }

  #emitPieces(packet: IpPacket, route: Route, mtuBytes: number): void {
    const host = this.#host
    if (packet.dontFragment) return dropLarge(host, packet, mtuBytes)
    const pieces = fragment(packet, mtuBytes)
    host.trace?.decision(host, packet, { by: 'fragment', text: `cut into ${pieces.length} pieces for MTU ${mtuBytes}` })
    host.ledger.fragmented += pieces.length - 1
    for (const piece of pieces) this.#toDevice(piece, route)
  }

  #toDevice(packet: IpPacket, route: Route): void {
    const device = route.device
    const host = this.#host
    const { kind, isUp } = device.config
    if (isUp === false) return host.drop(packet, 'device-down')
    switch (kind) {
      case 'ppp':
        host.ledger.sent++
        device.nic?.send(pppFrame(packet))
        return
      case 'ethernet': return this.#toNeighbor(packet, route)
      case 'ipip':
      case 'gre': return host.tunnels.send(packet, device, route)
      case 'loopback': return this.#loop(packet, undefined)
      case 'dummy': return host.drop(packet, 'blackhole')
    }
  }

  #toNeighbor(packet: IpPacket, route: Route): void {
    const { device } = route
    if (route.type === 'broadcast') this.#host.transmitFrame(device, packet, MAC_BROADCAST)
    else if (device.neighbors !== undefined && device.config.usesArp) {
      device.neighbors.output(packet, nextHopOf(route, packet.dst))
    } else this.#host.transmitFrame(device, packet, device.config.mac)
  }

  #loop(packet: IpPacket, passage: Passage | undefined): void {
    this.#host.hold(packet)
    const looped: Looped = { packet, passage }
    this.#host.sim.schedule(this.#host.sim.nowNs, this, 0, looped)
  }
}

/** How a route that leads nowhere is told to an endpoint; undefined for one that leads somewhere. */
export function refusal(route: Route): Errno | undefined {
  switch (route.type) {
    case 'none': return 'ENETUNREACH'
    case 'unreachable': return 'EHOSTUNREACH'
    case 'prohibit': return 'EACCES'
    case 'blackhole': return 'EINVAL'
    default: return undefined
  }
}
