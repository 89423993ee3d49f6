/**
 * A network device of a host while it runs: its configuration, and the nic and neighbor table behind it.
 * @module
 */
import type { Nic } from '../link/nic.ts'
import type { DeviceConfig } from './config/net-config.ts'
import type { NeighborTable } from './neighbor-table.ts'

/** One device. The host replaces `config` when the configuration changes; everything else lives as long as the device. */
export interface Device {
  readonly name: string
  readonly ifindex: number
  /** Live: the current configuration. */
  config: DeviceConfig
  /** The plug into a segment or a link; undefined for software devices. */
  readonly nic: Nic | undefined
  /** Neighbors reachable by this device; undefined for those that need none (lo, tunnels, point-to-point links). */
  readonly neighbors: NeighborTable | undefined
  /** The same of IPv6. */
  readonly ipv6Neighbors: NeighborTable | undefined
}
