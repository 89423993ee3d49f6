/**
 * IPIP (RFC 2003) at the end of a tunnel: `tunl0` takes every IPIP packet for this host once it is up.
 * Follows ipip_rcv() and ip_tunnel_rcv(). Sending by `tunl0` takes the gateway as the far end; tunnels with a fixed far end,
 * GRE and GUE are not modelled.
 * @module
 */
import { ICMP_UNREACHABLE, UNREACHABLE_PORT } from '../wire/icmp-message.ts'
import { IPPROTO_IPIP, ipv4Packet, totalBytes, type Ipv4Packet } from '../wire/ipv4-packet.ts'
import type { Device } from './device.ts'
import type { Host } from './host.ts'
import type { Route } from './routing.ts'

/** The tunnels of one host. */
export class Tunnels {
  readonly #host: Host

  constructor(host: Host) {
    this.#host = host
  }

  /** Unwraps a packet; without a tunnel device that is up the sender gets "port unreachable", as tunnel4_rcv() says it. */
  receive(outer: Ipv4Packet): void {
    const host = this.#host
    const tunnel = host.devices.find((device) => device.config.kind === 'ipip' && device.config.isUp)
    if (tunnel === undefined || outer.payload.kind !== 'ipv4') {
      host.sendIcmpError(outer, { type: ICMP_UNREACHABLE, code: UNREACHABLE_PORT, rest: 0 })
      return host.drop(outer, 'tunnel-down')
    }
    host.ledger.decapsulated++
    host.trace?.changed(host, outer, outer.payload, `unwrapped by ${tunnel.name}`)
    host.input.receive(outer.payload, tunnel)
  }

  /** Wraps a packet that is routed by a tunnel device: the gateway is the far end. */
  send(packet: Ipv4Packet, device: Device, route: Route): void {
    const host = this.#host
    if (route.gateway === undefined) return host.drop(packet, 'no-route')
    const way = host.routing.lookup(route.gateway)
    if (way.type !== 'unicast' || way.device === device) return host.drop(packet, 'no-route')
    const outer = ipv4Packet({
      uid: packet.uid, src: way.source, dst: route.gateway, protocol: IPPROTO_IPIP, payload: packet, payloadBytes: totalBytes(packet), ttl: packet.ttl, tos: packet.tos, dontFragment: packet.dontFragment,
    })
    host.ledger.encapsulated++
    host.trace?.changed(host, packet, outer, `wrapped by ${device.name}`)
    host.output.emit(outer, way, undefined)
  }
}
