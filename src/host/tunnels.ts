/**
 * IPIP tunnels (RFC 2003): those with ends of their own, and `tunl0`, which takes every other IPIP packet for this host once it
 * is up. Follows ip_tunnel_lookup(), ipip_rcv() and ip_tunnel_xmit(). GRE, GUE, keys and ECN are not modelled.
 * @module
 */
import { IPV4_ANY } from '../wire/address.ts'
import { ICMP_UNREACHABLE, UNREACHABLE_FRAGMENTATION_NEEDED, UNREACHABLE_HOST, UNREACHABLE_PORT } from '../wire/icmp-message.ts'
import { IPPROTO_IPIP, IPV4_HEADER_BYTES, ipv4Packet, totalBytes, type Ipv4Packet } from '../wire/ipv4-packet.ts'
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
    const tunnel = this.#findTunnel(outer)
    if (tunnel === undefined || outer.payload.kind !== 'ipv4') {
      host.sendIcmpError(outer, { type: ICMP_UNREACHABLE, code: UNREACHABLE_PORT, rest: 0 })
      return host.drop(outer, 'tunnel-down')
    }
    host.ledger.decapsulated++
    host.trace?.changed(host, outer, outer.payload, `unwrapped by ${tunnel.name}`)
    host.input.receive(outer.payload, tunnel)
  }

  /** Wraps a packet that is routed by a tunnel device. Where the tunnel has no far end of its own, the gateway is it. */
  send(packet: Ipv4Packet, device: Device, route: Route): void {
    const host = this.#host
    const { tunnel } = device.config
    const remote = tunnel === undefined || tunnel.remote === IPV4_ANY ? route.gateway : tunnel.remote
    const way = remote === undefined ? undefined : host.routing.lookup(remote)
    if (remote === undefined || way?.type !== 'unicast' || way.device === device) {
      host.icmp.sendError(packet, { type: ICMP_UNREACHABLE, code: UNREACHABLE_HOST, rest: 0 }, true)
      return host.drop(packet, 'no-route')
    }
    const dontFragment = packet.dontFragment || tunnel?.pmtuDiscovery === true
    const mtuBytes = host.pathMtuBytes(remote) - IPV4_HEADER_BYTES
    if (packet.dontFragment && totalBytes(packet) > mtuBytes) {
      host.icmp.sendError(packet, { type: ICMP_UNREACHABLE, code: UNREACHABLE_FRAGMENTATION_NEEDED, rest: mtuBytes }, true)
      return host.drop(packet, 'too-big')
    }
    const src = tunnel === undefined || tunnel.local === IPV4_ANY ? way.source : tunnel.local
    const ttl = tunnel === undefined || tunnel.ttl === 0 ? packet.ttl : tunnel.ttl
    const outer = ipv4Packet({
      uid: packet.uid, src, dst: remote, protocol: IPPROTO_IPIP, payload: packet, payloadBytes: totalBytes(packet), ttl,
      dontFragment,
      ident: host.output.takeIdent(),
    })
    host.ledger.encapsulated++
    host.trace?.changed(host, packet, outer, `wrapped by ${device.name}`)
    host.output.emit(outer, way, undefined)
  }

  /** The tunnel that fits best: both ends, the far one, the near one; else `tunl0`. Only those that are up. */
  #findTunnel(outer: Ipv4Packet): Device | undefined {
    let best: Device | undefined
    let bestFit = -1
    for (const device of this.#host.devices) {
      const { kind, isUp, tunnel } = device.config
      if (kind !== 'ipip' || !isUp) continue
      if (tunnel !== undefined && tunnel.remote !== IPV4_ANY && tunnel.remote !== outer.src) continue
      if (tunnel !== undefined && tunnel.local !== IPV4_ANY && tunnel.local !== outer.dst) continue
      const fit = tunnel === undefined ? 0 : (tunnel.remote === IPV4_ANY ? 0 : 2) + (tunnel.local === IPV4_ANY ? 0 : 1)
      if (fit > bestFit) [best, bestFit] = [device, fit]
    }
    return best
  }
}
