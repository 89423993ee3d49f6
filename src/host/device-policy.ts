/**
 * What the sysctls of a host ask of packets that come in by a device. They are read once per change: a sysctl by its name costs
 * more than all the rest of a packet's way through a router.
 * @module
 */
import type { Device } from './device.ts'
import type { SysctlRegistry } from './sysctl.ts'

/** What reverse-path validation says of a source. */
export type SourceVerdict = 'on-link' | 'routed' | 'martian-source' | 'rp-filter'

/** What is asked of the packets of one device, and what was worked out from it. */
export interface DevicePolicy {
  readonly forwards: boolean
  /** rp_filter in force. */
  readonly filter: number
  readonly sendsRedirects: boolean
  readonly acceptsLocal: boolean
  /** src_valid_mark: the way back is looked up with the mark of the packet. */
  readonly usesMark: boolean
  /** Of packets that come over a wire, and leave by another device, no more is asked than that their source may be here. */
  readonly isOpen: boolean
  /** Verdicts by source, for packets whose way back is looked up. */
  readonly verdicts: Map<number, SourceVerdict>
}

/** Reads the policy of a device; `looksBack`: the routes of the host have the way back of every packet looked up. */
export function readDevicePolicy(sysctl: SysctlRegistry, device: Device, looksBack: boolean): DevicePolicy {
  const conf = (name: string, of = device.name): number => sysctl.int(`net.ipv4.conf.${of}.${name}`)
  const isOn = (name: string): boolean => conf(name, 'all') !== 0 || conf(name) !== 0
  // max(all, device), as arp_ignore and its kin combine.
  const filter = Math.max(conf('rp_filter', 'all'), conf('rp_filter'))
  return {
    forwards: conf('forwarding') !== 0, filter, sendsRedirects: isOn('send_redirects'), acceptsLocal: isOn('accept_local'),
    usesMark: isOn('src_valid_mark'), isOpen: device.config.kind !== 'loopback' && filter === 0 && !looksBack,
    verdicts: new Map(),
  }
}
