/**
 * Packets in tunnels that no real server takes out: the module, the device or the port is missing there.
 * @module
 */
import type { Host } from '../../host/host.ts'
import { formatIp, isIpv6, type IpAddr } from '../../wire/address.ts'
import { innerPacket, type IpPacket } from '../../wire/ip-packet.ts'
import type { Cause } from './evidence.ts'
import { addressCommand } from './rule-text.ts'

/** What a tunnel is: for GUE, the port. */
type TunnelKind = 'ipip' | 'gre' | number

/** What a host lacks to open a tunnel. */
interface Lack {
  readonly device: string
  readonly module: string
  readonly isLoaded: boolean
  readonly isUp: boolean
  readonly hasPort: boolean
}

/** Why a host did not open the tunnel that a packet is in; undefined for a packet that is in none. */
export function findClosedTunnel(host: Host, packet: IpPacket): Cause | undefined {
  const inner = innerPacket(packet)
  if (inner === undefined) return undefined
  const { payload } = packet
  const kind = payload.kind === 'gre' ? 'gre' : payload.kind === 'udp' ? payload.dport : 'ipip'
  const { device, module, isLoaded, isUp, hasPort } = lackOf(host, kind)
  const faults = [
    ...hasPort ? [] : ['nobody takes GUE at that port (ip fou)'],
    ...isLoaded ? [] : [`the module ${module} is not loaded`],
    ...isUp ? [] : [`${device} is not up`],
  ]
  const opening = openingCommand(host, kind, inner.dst)
  if (faults.length === 0 || opening === undefined) return undefined
  const name = typeof kind === 'number' ? `GUE (UDP port ${kind})` : kind.toUpperCase()
  return {
    cause: `${host.name} does not open the ${name} packets that come to it from ${formatIp(packet.src)}:`
      + ` ${faults.join(', and ')}.`,
    cure: `on ${host.name}: ${opening}.`,
  }
}

/** The commands that make a real server open a tunnel, and have the VIP that is in it; undefined when it does already. */
export function openingCommand(host: Host, kind: TunnelKind, vip: IpAddr): string | undefined {
  const { device, module, isLoaded, isUp, hasPort } = lackOf(host, kind)
  const commands = [
    ...hasPort ? [] : ['modprobe fou'],
    ...isLoaded ? [] : [`modprobe ${module}`],
    ...hasPort ? [] : [`ip fou add port ${kind} gue`],
    ...isUp ? [] : [`ip link set ${device} up`],
    ...host.isLocalAddress(vip) ? [] : [
      ...isIpv6(vip) ? [] : ['sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2'],
      addressCommand(vip, device),
    ],
  ]
  return commands.length === 0 ? undefined : commands.join(' && ')
}

function lackOf(host: Host, kind: TunnelKind): Lack {
  const [device, module] = kind === 'gre' ? ['gre0', 'ip_gre'] as const : ['tunl0', 'ipip'] as const
  return {
    device, module, isLoaded: host.modules.has(module), hasPort: typeof kind !== 'number' || host.guePorts.list().includes(kind),
    isUp: host.devices.some(({ config }) => config.name === device && config.isUp),
  }
}
