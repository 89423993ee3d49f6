/**
 * IPv6 on its way in: prerouting, the routing decision, local delivery or forwarding. Follows ipv6_rcv(), ip6_route_input(),
 * ip6_input() and ip6_forward() in net/ipv6. Groups are those of neighbor discovery only; multicast is not forwarded, redirects
 * are not sent.
 * @module
 */
import { NS_PER_SECOND } from '../../base/units.ts'
import { IPV6_ANY, isLinkLocal, isLoopback, isMulticast } from '../../wire/address.ts'
import {
  ICMP_TIME_EXCEEDED, ICMP_UNREACHABLE, UNREACHABLE_ADMIN_PROHIBITED, UNREACHABLE_FRAGMENTATION_NEEDED, UNREACHABLE_NET,
  UNREACHABLE_PROTOCOL, UNREACHABLE_SOURCE,
} from '../../wire/icmp-message.ts'
import { IPPROTO_ICMPV6, isFragment, totalBytes, withTtlDecremented, type IpPacket } from '../../wire/ip-packet.ts'
import type { Device } from '../device.ts'
import { Reassembly, type ReassemblyAsker } from '../fragments.ts'
import { newPassage, type Passage } from '../hooks.ts'
import type { Host } from '../host.ts'
import { describeRoute } from '../ip-input.ts'
import type { Route } from '../routing.ts'

/** net.ipv6.ip6frag_time. */
const REASSEMBLY_NS = 60 * NS_PER_SECOND

/** The receiving half of a host's IPv6. */
export class Ipv6Input {
  readonly #host: Host
  readonly #reassembly: Reassembly

  constructor(host: Host) {
    this.#host = host
    this.#reassembly = new Reassembly(host, REASSEMBLY_NS)
  }

  /** Takes a packet that `device` received. What comes round by `lo` brings the passage of its way out. */
  receive(packet: IpPacket, device: Device, before?: Passage): void {
    const host = this.#host
    const { hooks, routing } = host.ipv6
    if (!routing.speaks(device)) return host.drop(packet, 'ipv6-disabled')
    const isOwn = device.config.kind === 'loopback'
    if (isMulticast(packet.src) || (!isOwn && isLoopback(packet.src))) return host.drop(packet, 'martian-source')
    if (packet.dst === IPV6_ANY || (!isOwn && isLoopback(packet.dst))) return host.drop(packet, 'martian-destination')
    if (!hooks.inUse) return this.#route(packet, device, undefined)
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
  deliver(packet: IpPacket, device: Device): void {
    const host = this.#host
    if (packet.protocol === IPPROTO_ICMPV6) return host.ipv6.icmp.receive(packet, device)
    const transport = host.transport(packet.protocol)
    if (transport !== undefined) return transport.receive(packet, device)
    host.sendIcmpError(packet, { type: ICMP_UNREACHABLE, code: UNREACHABLE_PROTOCOL, rest: 0 })
    host.drop(packet, 'no-protocol')
  }

  #route(packet: IpPacket, device: Device, passage: Passage | undefined): void {
    const host = this.#host
    const { routing } = host.ipv6
    const { dst } = packet
    if (isMulticast(dst)) {
      // A nic hands on every group here; what nobody listens to is nobody's loss.
      if (!routing.hears(device, dst)) return host.consume(packet, 'filter')
      return this.#local(packet, device, passage)
    }
    const route = routing.lookup(dst, device)
    if (route.type === 'local') return this.#local(packet, device, passage)
    if (route.type !== 'unicast') return this.#refuse(packet, route, device)
    this.#forward(packet, route, { device, passage })
  }

  #local(packet: IpPacket, device: Device, passage: Passage | undefined): void {
    const whole = this.reassemble(packet, 'delivery')
    if (whole === undefined) return
    const { hooks } = this.#host.ipv6
    if (passage === undefined || hooks.localIn.length === 0) return this.deliver(whole, device)
    const passed = hooks.run('localIn', whole, passage)
    if (passed !== undefined) this.deliver(passed, device)
  }

  #forward(packet: IpPacket, route: Route, from: { readonly device: Device, readonly passage: Passage | undefined }): void {
    const host = this.#host
    const { device, passage } = from
    const { icmp } = host.ipv6
    if (!host.ipv6.isForwarding) return host.drop(packet, 'not-forwarding')
    if (packet.ttl <= 1) {
      icmp.sendError(packet, { type: ICMP_TIME_EXCEEDED, code: 0, rest: 0 }, device)
      return host.drop(packet, 'ttl-exceeded')
    }
    // What has a meaning on one link only does not leave it.
    if (packet.src === IPV6_ANY || isLinkLocal(packet.src)) {
      icmp.sendError(packet, { type: ICMP_UNREACHABLE, code: UNREACHABLE_SOURCE, rest: 0 }, device)
      return host.drop(packet, 'martian-source')
    }
    if (isLinkLocal(packet.dst)) return host.drop(packet, 'martian-destination')
    const { mtuBytes } = route.device.config
    if (totalBytes(packet) > mtuBytes) {
      icmp.sendError(packet, { type: ICMP_UNREACHABLE, code: UNREACHABLE_FRAGMENTATION_NEEDED, rest: mtuBytes }, device)
      return host.drop(packet, 'too-big')
    }
    const next = withTtlDecremented(packet)
    host.trace?.decision(host, next, { by: 'route', text: `forward ${describeRoute(route)}` })
    const { hooks } = host.ipv6
    if (passage === undefined) return host.ipv6.output.emit(next, route, undefined, mtuBytes)
    passage.outDevice = route.device
    const passed = hooks.forward.length === 0 ? next : hooks.run('forward', next, passage)
    if (passed !== undefined) host.ipv6.output.emit(passed, route, passage, mtuBytes)
  }

  /** ip6_pkt_drop(): a host that forwards nothing says so, too. */
  #refuse(packet: IpPacket, route: Route, device: Device): void {
    const host = this.#host
    if (route.type === 'blackhole') return host.drop(packet, 'blackhole')
    const code = route.type === 'prohibit' ? UNREACHABLE_ADMIN_PROHIBITED : UNREACHABLE_NET
    host.ipv6.icmp.sendError(packet, { type: ICMP_UNREACHABLE, code, rest: 0 }, device)
    host.drop(packet, route.type === 'prohibit' ? 'prohibited' : route.type === 'unreachable' ? 'unreachable-route' : 'no-route')
  }
}
