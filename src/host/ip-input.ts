/**
 * IPv4 on its way in: prerouting, the routing decision, local delivery or forwarding.
 * Follows ip_rcv(), ip_route_input_slow(), ip_local_deliver() and ip_forward() in net/ipv4. Multicast is not modelled:
 * a multicast packet is dropped as not for us.
 * @module
 */
import { formatIp, IPV4_ANY, IPV4_BROADCAST, isLoopback, isMulticast } from '../wire/address.ts'
import {
  ICMP_TIME_EXCEEDED, ICMP_UNREACHABLE, UNREACHABLE_ADMIN_PROHIBITED, UNREACHABLE_FRAGMENTATION_NEEDED, UNREACHABLE_HOST,
  UNREACHABLE_NET, UNREACHABLE_PROTOCOL,
} from '../wire/icmp-message.ts'
import {
  IPPROTO_GRE, IPPROTO_ICMP, IPPROTO_IPIP, isFragment, totalBytes, withTtlDecremented, type IpPacket,
} from '../wire/ip-packet.ts'
import type { Device } from './device.ts'
import { Reassembly, type ReassemblyAsker } from './fragments.ts'
import { newPassage, type Passage } from './hooks.ts'
import type { Host } from './host.ts'
import { maySendRedirect } from './redirects.ts'
import { isMartianSource, nextHopOf, routeMtuBytes, type Route } from './routing.ts'
import type { Decision } from './trace.ts'

/** The receiving half of a host's IP. */
export class IpInput {
  readonly #host: Host
  readonly #reassembly: Reassembly

  constructor(host: Host) {
    this.#host = host
    this.#reassembly = new Reassembly(host)
  }

  /**
   * Takes a packet that `device` received. What comes round by `lo` brings the passage of its way out: it is still handled by
   * IPVS, or untracked, if it was (loopback_xmit() wipes nothing).
   */
  receive(packet: IpPacket, device: Device, before?: Passage): void {
    const hooks = this.#host.hooks
    if (hooks.inUse === false) return this.#route(packet, device, undefined)
    const passage = newPassage(device, undefined)
    if (before !== undefined) {
      passage.fromIpvs = before.fromIpvs
      passage.untracked = before.untracked
    }
    const passed = hooks.prerouting.length === 0 ? packet : hooks.run('prerouting', packet, passage)
    if (passed !== undefined) this.#route(passed, device, passage)
  }

  /** Puts the pieces of a packet together, for hooks that must see it whole. Undefined while some are missing. */
  reassemble(packet: IpPacket, asker: ReassemblyAsker): IpPacket | undefined {
    return isFragment(packet) ? this.#reassembly.add(packet, asker) : packet
  }

  /** Hands a packet that has passed localIn to its protocol. */
  deliver(packet: IpPacket, device: Device, passage?: Passage): void {
    const host = this.#host
    if (packet.protocol === IPPROTO_ICMP) return host.icmp.receive(packet, device)
    if (packet.protocol === IPPROTO_IPIP && host.modules.has('ipip')) return host.tunnels.receive(packet, passage)
    if (packet.protocol === IPPROTO_GRE && host.modules.has('ip_gre')) return host.tunnels.receive(packet, passage)
    const transport = host.transport(packet.protocol)
    if (transport !== undefined) return transport.receive(packet, device)
    host.sendIcmpError(packet, { type: ICMP_UNREACHABLE, code: UNREACHABLE_PROTOCOL, rest: 0 })
    host.drop(packet, 'no-protocol')
  }

  #route(packet: IpPacket, device: Device, passage: Passage | undefined): void {
    const route = this.#host.routing.findInput(packet.src, packet.dst, device)
    if (route === undefined) this.#routeSlowly(packet, device, passage)
    else if (route.type === 'unicast') this.#forward(packet, device, route, false, passage)
    else this.#local(packet, device, passage)
  }

  /** Looks at everything (ip_route_input_slow). */
  #routeSlowly(packet: IpPacket, device: Device, passage: Passage | undefined): void {
    const host = this.#host
    const { routing } = host
    const { src, dst } = packet
    const isLoopbackDevice = device.config.kind === 'loopback'
    // Who has no address yet may speak to all, and to all only.
    const isAnonymous = src === IPV4_ANY && (dst === IPV4_BROADCAST || dst === IPV4_ANY)
    if (isAnonymous) return this.#local(packet, device, passage)
    if (!isLoopbackDevice && isMartianSource(src)) return host.drop(packet, 'martian-source')
    if (isMulticast(dst)) return host.drop(packet, 'not-for-us')
    if (!isLoopbackDevice && (isLoopback(dst) || dst >>> 24 === 0)) return host.drop(packet, 'martian-destination')
    const route = routing.lookup(dst, packet, device)
    const isLocal = route.type === 'local' || route.type === 'broadcast'
    if (!isLocal && !routing.forwards(device)) return host.drop(packet, 'not-forwarding')
    if (!isLocal && route.type !== 'unicast') return this.#refuse(packet, route)
    const verdict = isLocal && isLoopbackDevice ? 'routed'
      : routing.validateSource(src, device, isLocal ? undefined : route.device, packet)
    if (verdict === 'martian-source' || verdict === 'rp-filter') return this.#dropSource(packet, device, verdict)
    if (!isLoopbackDevice) routing.learnInput(dst, route)
    if (isLocal) this.#local(packet, device, passage)
    else this.#forward(packet, device, route, verdict === 'on-link', passage)
  }

  #local(packet: IpPacket, device: Device, passage: Passage | undefined): void {
    const whole = this.reassemble(packet, 'delivery')
    if (whole === undefined) return
    if (passage === undefined || this.#host.hooks.localIn.length === 0) return this.deliver(whole, device)
    const passed = this.#host.hooks.run('localIn', whole, passage)
    if (passed !== undefined) this.deliver(passed, device, passage)
  }

  #forward(packet: IpPacket, device: Device, route: Route, isFromNeighbor: boolean, passage: Passage | undefined): void {
    const host = this.#host
    if (packet.ttl <= 1) return dropExpired(host, packet)
    const mtuBytes = routeMtuBytes(route)
    if (packet.dontFragment === true && totalBytes(packet) > mtuBytes) return dropLarge(host, packet, mtuBytes)
    const next = withTtlDecremented(packet)
    // Out by the way it came in, from a neighbor, to somebody the neighbor could reach by itself.
    if (route.device === device && isFromNeighbor && host.routing.sendsRedirects(device)
      && maySendRedirect(host, device, packet.src, route.gateway)) {
      host.icmp.sendRedirect(next, nextHopOf(route, next.dst))
    }
    host.trace?.decision(host, next, byRoute('forward', route))
    if (passage === undefined) host.output.emit(next, route, undefined, mtuBytes)
    else this.#forwardByHooks(next, route, passage, mtuBytes)
  }

  #forwardByHooks(packet: IpPacket, route: Route, passage: Passage, mtuBytes: number): void {
    const { hooks, output } = this.#host
    passage.outDevice = route.device
    const passed = hooks.forward.length === 0 ? packet : hooks.run('forward', packet, passage)
    if (passed !== undefined) output.emitBy(route, passed, passage, mtuBytes)
  }

  #dropSource(packet: IpPacket, device: Device, verdict: 'martian-source' | 'rp-filter'): void {
    this.#host.trace?.decision(this.#host, packet, {
      by: 'route',
      text: verdict === 'rp-filter' ? `rp_filter of ${device.name}: no way back to the source by this device`
        : `the source is an address of ${this.#host.name} itself (accept_local=0)`,
    })
    this.#host.drop(packet, verdict)
  }

  /** ip_error(): a forwarding host says why it cannot. */
  #refuse(packet: IpPacket, route: Route): void {
    const host = this.#host
    if (route.type === 'blackhole') return host.drop(packet, 'blackhole')
    const code = route.type === 'prohibit' ? UNREACHABLE_ADMIN_PROHIBITED
      : route.type === 'unreachable' ? UNREACHABLE_HOST : UNREACHABLE_NET
    host.icmp.sendRouteError(packet, code)
    host.drop(packet, route.type === 'prohibit' ? 'prohibited' : route.type === 'unreachable' ? 'unreachable-route' : 'no-route')
  }
}

function dropExpired(host: Host, packet: IpPacket): void {
  host.sendIcmpError(packet, { type: ICMP_TIME_EXCEEDED, code: 0, rest: 0 })
  host.drop(packet, 'ttl-exceeded')
}

/** Who may not cut a packet that does not fit says what would. */
export function dropLarge(host: Host, packet: IpPacket, mtuBytes: number): void {
  host.sendIcmpError(packet, { type: ICMP_UNREACHABLE, code: UNREACHABLE_FRAGMENTATION_NEEDED, rest: mtuBytes })
  host.drop(packet, 'too-big')
}

/** What a trace is told of a packet that goes by a route. */
export function byRoute(what: 'forward' | 'send', route: Route): Decision {
  return { by: 'route', text: `${what} ${describeRoute(route)}` }
}

/** A route in words, for traces: `by default via 10.0.0.1 dev eth0`. */
export function describeRoute({ via, device, gateway }: Route): string {
  if (via === undefined) return `by ${device.name}`
  const network = via.prefixLength === 0 ? 'default' : `${formatIp(via.network)}/${via.prefixLength}`
  return `by ${network}${gateway === undefined ? '' : ` via ${formatIp(gateway)}`} dev ${device.name}`
}
