/**
 * What an admin has told IPVS: virtual services with their destinations, timeouts, and sync daemons, as one frozen tree.
 * Nothing live is in it: counters and connections are elsewhere.
 * @module
 */
import { isIpv6, type IpAddr } from '../../wire/address.ts'

/** How a packet gets to a real server: Masq, Route and Tunnel of ipvsadm. */
export type ForwardingMethod = 'nat' | 'dr' | 'tun'

/** What the outer packet of a tunnel is. */
export interface TunnelRule {
  readonly type: 'ipip' | 'gue' | 'gre'
  /** UDP port of the far end, gue only; 0 otherwise. */
  readonly port: number
  readonly checksum: 'none' | 'full' | 'remote'
}

/** A plain IPIP tunnel. */
export const IPIP_TUNNEL: TunnelRule = { type: 'ipip', port: 0, checksum: 'none' }

/** What names a virtual service: a firewall mark and a family, or protocol, address and port. */
export interface ServiceId {
  /** 0 for a service that is named by its address. */
  readonly fwmark: number
  readonly isIpv6: boolean
  /** IANA number; of no meaning beside a mark. */
  readonly protocol: number
  readonly addr: IpAddr
  /** 0..65535; 0 is every port. */
  readonly port: number
}

/** One destination of a service. */
export interface DestinationRule {
  readonly addr: IpAddr
  readonly port: number
  readonly method: ForwardingMethod
  /** 0..2^31-1; 0 takes no new connections. */
  readonly weight: number
  /** Connections at which it counts as overloaded; 0 for never. */
  readonly upperThreshold: number
  readonly lowerThreshold: number
  readonly tunnel: TunnelRule
}

/** What may be said of a service beside its name; `-E` replaces all of it. */
export interface ServiceOptions {
  readonly scheduler: string
  /** Bits 1, 2 and 4: flag-1, flag-2, flag-3 of `-b`. */
  readonly schedulerFlags: number
  /** Undefined for a service that is not persistent. */
  readonly persistenceSeconds: number | undefined
  /** Which bits of a client's address count for persistence: a 32-bit mask, or the prefix length of an IPv6 one. */
  readonly netmask: number
  /** What beside the client's address tells clients apart (`--pe`); '' for nothing. Of use with persistence only. */
  readonly engine: string
  readonly onePacket: boolean
}

/** One virtual service. */
export interface ServiceRule extends ServiceId, ServiceOptions {
  /** The newest first, as the kernel keeps them. */
  readonly destinations: readonly DestinationRule[]
}

/** Timeouts of `ipvsadm --set`, in seconds. */
export interface TimeoutRule {
  readonly tcpSeconds: number
  readonly tcpFinSeconds: number
  readonly udpSeconds: number
}

/** What a sync daemon does: tells other directors of connections, or listens to them. */
export type DaemonRole = 'master' | 'backup'

/** One sync daemon, as it runs. */
export interface DaemonRule {
  readonly deviceName: string
  /** 0..255. */
  readonly syncId: number
  /** Most bytes of one message. */
  readonly messageBytesMax: number
  /** A multicast address of either family. */
  readonly group: IpAddr
  readonly port: number
  readonly ttl: number
}

/** The whole tree. */
export interface IpvsRules {
  /** In the order in which they were added. */
  readonly services: readonly ServiceRule[]
  readonly timeouts: TimeoutRule
  /** Those that run. */
  readonly daemons: Readonly<Partial<Record<DaemonRole, DaemonRule>>>
}

/** No service, no daemon, and the timeouts the kernel starts with. */
export const INITIAL_RULES: IpvsRules = {
  services: [], timeouts: { tcpSeconds: 900, tcpFinSeconds: 120, udpSeconds: 300 }, daemons: {},
}

/** The name of a service as a map key. */
export function serviceKey(id: ServiceId): string {
  return id.fwmark === 0 ? `${id.protocol}/${id.addr}/${id.port}` : `mark/${id.fwmark}/${id.isIpv6 ? 6 : 4}`
}

/** The service of this name. */
export function findServiceRule(rules: IpvsRules, id: ServiceId): ServiceRule | undefined {
  const key = serviceKey(id)
  return rules.services.find((service) => serviceKey(service) === key)
}

/** A service by address, as a name. */
export function addressId(protocol: number, addr: IpAddr, port: number): ServiceId {
  return { fwmark: 0, isIpv6: isIpv6(addr), protocol, addr, port }
}
