/**
 * The sysctls of IPVS, net.ipv4.vs.*, of Linux 6.1. Those named sync_* and sloppy_sctp are there and have nothing to act on:
 * neither the traffic of sync daemons nor SCTP is modelled. Later kernels have some more (est_cpulist, est_nice, conn_max,
 * conn_lfactor, svc_lfactor), debug kernels have debug_level.
 * @module
 */
import type { SysctlDefinition, SysctlRegistry } from '../host/sysctl.ts'

const PREFIX = 'net.ipv4.vs.'

type Limits = Pick<SysctlDefinition, 'min' | 'max' | 'isValid'>

const FLAG: Limits = { min: 0, max: 1 }
const MODE: Limits = { min: 0, max: 3 }
const ANY: Limits = {}

/** The numbers of IPVS and their initial values, in the order of their names. */
const INITIAL = {
  am_droprate: 10, amemthresh: 1024, backup_only: 0, cache_bypass: 0, conn_reuse_mode: 1, conntrack: 0,
  drop_entry: 0, drop_packet: 0, expire_nodest_conn: 0, expire_quiescent_template: 0, ignore_tunneled: 0,
  lblc_expiration: 86_400, lblcr_expiration: 86_400, nat_icmp_send: 0, pmtu_disc: 1, run_estimation: 1,
  schedule_icmp: 0, secure_tcp: 0, sloppy_sctp: 0, sloppy_tcp: 0, snat_reroute: 1, sync_persist_mode: 0,
  sync_ports: 1, sync_qlen_max: 0, sync_refresh_period: 0, sync_retries: 0, sync_sock_size: 0,
  sync_version: 1,
}

/** Bounds of those that have any. */
const LIMITS: Partial<Record<string, Limits>> = {
  drop_entry: MODE, drop_packet: MODE, secure_tcp: MODE, sync_retries: MODE, sync_version: FLAG,
  sync_ports: { isValid: isPowerOfTwo },
}

/** Values by the kernel's names, kept beside the registry for those who need one for every packet. Live. */
export type IpvsSettings = Record<keyof typeof INITIAL, number>

/**
 * Defines the sysctls on a host. The result always has their values; `onChange` is told of each one that was written, after that.
 * sync_qlen_max is a share of the machine's memory.
 */
export function defineIpvsSysctls(
  registry: SysctlRegistry, memoryBytes: number, onChange: (name: keyof IpvsSettings) => void,
): IpvsSettings {
  const settings: IpvsSettings = { ...INITIAL, sync_qlen_max: Math.floor(memoryBytes / 4096 / 32) }
  for (const name of Object.keys(INITIAL) as (keyof IpvsSettings)[]) {
    registry.define({
      name: PREFIX + name, kind: 'int', initial: String(settings[name]), ...(LIMITS[name] ?? ANY),
      onChange: (value) => {
        settings[name] = Number(value)
        onChange(name)
      },
    })
  }
  registry.define({ name: `${PREFIX}sync_threshold`, kind: 'ints', initial: '3\t50', isValid: isThreshold })
  return settings
}

/** proc_do_sync_threshold(): two numbers, the first one below the second unless that is 0. */
function isThreshold(value: string): boolean {
  const [threshold, period, ...rest] = value.split('\t').map(Number)
  return threshold !== undefined && period !== undefined && rest.length === 0 && threshold >= 0 && period >= 0
    && (period === 0 || threshold < period)
}

/** proc_do_sync_ports(). */
function isPowerOfTwo(value: string): boolean {
  const ports = Number(value)
  return ports >= 1 && (ports & (ports - 1)) === 0
}
