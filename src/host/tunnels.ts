/**
 * Tunnels by IPIP (RFC 2003) and GRE (RFC 2784): those with ends of their own, and `tunl0` and `gre0`, which take every other
 * packet of their kind for this host once they are up. Follows ip_tunnel_lookup(), ipip_rcv(), __ipgre_rcv(), ip_tunnel_rcv()
 * and ip_tunnel_xmit(). Keys, sequence numbers and ECN are not modelled.
 * @module
 */
import { IPV4_ANY } from '../wire/address.ts'
import { greBytes, greHeaderBytes, grePacket } from '../wire/gre-packet.ts'
import { ICMP_UNREACHABLE, UNREACHABLE_FRAGMENTATION_NEEDED, UNREACHABLE_HOST, UNREACHABLE_PORT } from '../wire/icmp-message.ts'
import {
  innerPacket, IPPROTO_GRE, IPPROTO_IPIP, IPV4_HEADER_BYTES, ipPacket, totalBytes, type IpPacket,
} from '../wire/ip-packet.ts'
import type { Device } from './device.ts'
import type { Passage } from './hooks.ts'
import type { Host } from './host.ts'
import type { Route } from './routing.ts'

/** The tunnels of one host. */
export class Tunnels {
  readonly #host: Host

  constructor(host: Host) {
    this.#host = host
  }

  /** Takes an IPIP or GRE packet for this host. What IPVS leaves alone outside it leaves alone inside (ipvs_property stays). */
  receive(outer: IpPacket, passage?: Passage): void {
    const inner = innerPacket(outer)
    if (inner === undefined) return this.#host.drop(outer, 'tunnel-header')
    this.unwrap(outer, inner, passage)
  }

  /** Unwraps a packet; without a tunnel device that is up the sender gets "port unreachable", as tunnel4_rcv() says it. */
  unwrap(outer: IpPacket, inner: IpPacket, passage?: Passage): void {
    const host = this.#host
    const tunnel = this.#findTunnel(outer)
    if (tunnel === undefined) {
      host.sendIcmpError(outer, { type: ICMP_UNREACHABLE, code: UNREACHABLE_PORT, rest: 0 })
      return host.drop(outer, 'tunnel-down')
    }
    const hasChecksum = outer.payload.kind === 'gre' && outer.payload.hasChecksum
    if (hasChecksum !== (tunnel.config.tunnel?.checksumIn ?? false)) {
      host.trace?.decision(host, outer, {
        by: 'tunnel', text: `${tunnel.name} takes only packets with${hasChecksum ? 'out' : ''} a GRE checksum`,
      })
      return host.drop(outer, 'tunnel-header')
    }
    host.ledger.decapsulated++
    host.trace?.changed(host, outer, inner, `unwrapped by ${tunnel.name}`)
    host.input.receive(inner, tunnel, passage?.fromIpvs === true ? { ...passage, untracked: false } : undefined)
  }

  /** Wraps a packet that is routed by a tunnel device. Where the tunnel has no far end of its own, the gateway is it. */
  send(packet: IpPacket, device: Device, route: Route): void {
    const host = this.#host
    const { tunnel, kind } = device.config
    const remote = tunnel === undefined || tunnel.remote === IPV4_ANY ? route.gateway : tunnel.remote
    const way = remote === undefined ? undefined : host.routing.lookup(remote, { src: tunnel?.local ?? IPV4_ANY })
    if (remote === undefined || way?.type !== 'unicast' || way.device === device) {
      host.icmp.sendError(packet, { type: ICMP_UNREACHABLE, code: UNREACHABLE_HOST, rest: 0 }, true)
      return host.drop(packet, 'no-route')
    }
    const dontFragment = packet.dontFragment || tunnel?.pmtuDiscovery === true
    const hasChecksum = tunnel?.checksumOut === true
    const mtuBytes = host.pathMtuBytes(remote) - IPV4_HEADER_BYTES - (kind === 'gre' ? greHeaderBytes(hasChecksum) : 0)
    if (packet.dontFragment && totalBytes(packet) > mtuBytes) {
      host.icmp.sendError(packet, { type: ICMP_UNREACHABLE, code: UNREACHABLE_FRAGMENTATION_NEEDED, rest: mtuBytes }, true)
      return host.drop(packet, 'too-big')
    }
    const src = tunnel === undefined || tunnel.local === IPV4_ANY ? way.source : tunnel.local
    const ttl = tunnel === undefined || tunnel.ttl === 0 ? packet.ttl : tunnel.ttl
    const gre = kind === 'gre' ? grePacket(packet, hasChecksum) : undefined
    const outer = ipPacket({
      uid: packet.uid, src, dst: remote, ttl, dontFragment, ident: host.output.takeIdent(),
      ...(gre === undefined ? { protocol: IPPROTO_IPIP, payload: packet, payloadBytes: totalBytes(packet) }
        : { protocol: IPPROTO_GRE, payload: gre, payloadBytes: greBytes(gre) }),
    })
    host.ledger.encapsulated++
    host.trace?.changed(host, packet, outer, `wrapped by ${device.name}`)
    host.output.emit(outer, way, undefined)
  }

  /** The tunnel that fits best: both ends, the far one, the near one; else `tunl0` or `gre0`. Only those that are up. */
  #findTunnel(outer: IpPacket): Device | undefined {
    const wanted = outer.protocol === IPPROTO_GRE ? 'gre' : 'ipip'
    let best: Device | undefined
    let bestFit = -1
    for (const device of this.#host.devices) {
      const { kind, isUp, tunnel } = device.config
      if (kind !== wanted || !isUp) continue
      if (tunnel !== undefined && tunnel.remote !== IPV4_ANY && tunnel.remote !== outer.src) continue
      if (tunnel !== undefined && tunnel.local !== IPV4_ANY && tunnel.local !== outer.dst) continue
      const fit = tunnel === undefined ? 0 : (tunnel.remote === IPV4_ANY ? 0 : 2) + (tunnel.local === IPV4_ANY ? 0 : 1)
      if (fit > bestFit) [best, bestFit] = [device, fit]
    }
    return best
  }
}
