/**
 * Hosts that speak IPv6 on the segments of a `Lan`, made in a few lines.
 * @module
 */
import { addIpv6Address, addIpv6Route } from '../../src/host/config/ipv6-config.ts'
import type { Errno } from '../../src/host/errno.ts'
import type { Host } from '../../src/host/host.ts'
import { IPV6_ANY, type IpAddr, parseIpv6 } from '../../src/wire/address.ts'
import { ICMPV6_ECHO_REQUEST, icmpBytes, icmpEcho } from '../../src/wire/icmp-message.ts'
import { IPPROTO_ICMPV6, IPPROTO_UDP } from '../../src/wire/ip-packet.ts'
import { udpBytes, udpDatagram } from '../../src/wire/udp-datagram.ts'
import { change, type DeviceSpec, type Lan, setMtu } from './lan.ts'

/** An IPv6 address from its text, which must be one. */
export function ip6(text: string): IpAddr {
  const addr = parseIpv6(text)
  if (addr === undefined) throw new Error(`${text} is no IPv6 address`)
  return addr
}

/** A host with these devices and addresses, all settled. Routes: `default via fd00::1`, `fd02::/64 via fd00::1`. */
export function host6(
  lan: Lan, name: string, devices: Record<string, DeviceSpec>, routes: readonly string[] = [], forwards = false,
): Host {
  const bare = Object.entries(devices).map(([device, { addrs: _addrs, ...spec }]) => [device, spec] as const)
  const host = lan.host(name, { devices: Object.fromEntries(bare) })
  for (const [device, { mtu }] of Object.entries(devices)) if (mtu !== undefined) setMtu(host, device, mtu)
  host.ipv6.switchOn()
  for (const [device, { addrs }] of Object.entries(devices)) for (const text of addrs ?? []) address6To(host, device, text)
  for (const text of routes) route6To(host, text)
  if (forwards) host.sysctl.set('net.ipv6.conf.all.forwarding', '1')
  return host
}

/** `ip -6 addr add fd00::1/64 dev eth0 nodad`; with `asks`, without `nodad`. */
export function address6To(host: Host, device: string, text: string, asks = false): void {
  const [addr = '', length] = text.split('/')
  change(host, (net) => addIpv6Address(net, device, { addr: ip6(addr), prefixLength: Number(length), nodad: !asks }))
}

/** `ip -6 route add fd02::/64 via fd00::1`, also with a type before and `dev`, `src`, `metric` behind. */
export function route6To(host: Host, text: string): void {
  const words = text.split(' ')
  const type = words[0] === 'blackhole' || words[0] === 'unreachable' || words[0] === 'prohibit' ? words[0] : 'unicast'
  const prefix = words[type === 'unicast' ? 0 : 1] ?? ''
  const [addr = '', length = '128'] = (prefix === 'default' ? '::/0' : prefix).split('/')
  const word = (name: string): string | undefined => (words.includes(name) ? words[words.indexOf(name) + 1] : undefined)
  const [via, src, metric] = [word('via'), word('src'), word('metric')]
  change(host, (net) => addIpv6Route(net, {
    type, network: ip6(addr), prefixLength: Number(length), gateway: via === undefined ? undefined : ip6(via),
    device: word('dev'),
    preferredSource: src === undefined ? undefined : ip6(src), ...(metric === undefined ? {} : { metric: Number(metric) }),
  }))
}

/** Sends an echo request; an errno when it is refused at once. */
export function ping6(
  host: Host, to: string, how: { readonly dataBytes?: number, readonly ttl?: number, readonly src?: string } = {},
): Errno | undefined {
  const payload = icmpEcho(ICMPV6_ECHO_REQUEST, 7, 1, new Uint8Array(how.dataBytes ?? 56))
  return host.sendPacket({
    src: how.src === undefined ? IPV6_ANY : ip6(how.src), dst: ip6(to), protocol: IPPROTO_ICMPV6, payload,
    payloadBytes: icmpBytes(payload), dontFragment: false, ...(how.ttl === undefined ? {} : { ttl: how.ttl }),
  })
}

/** Sends a datagram from port 1000 that may be cut; an errno when it is refused at once. */
export function datagram6(host: Host, to: string, dport: number, dataBytes = 10): Errno | undefined {
  const payload = udpDatagram({ sport: 1000, dport }, new Uint8Array(dataBytes))
  return host.sendPacket({
    src: IPV6_ANY, dst: ip6(to), protocol: IPPROTO_UDP, payload, payloadBytes: udpBytes(payload), dontFragment: false,
  })
}
