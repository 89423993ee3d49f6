/**
 * The sysctls of IPVS, net.ipv4.vs.*, of Linux 6.1. Those of the sync daemons, sloppy_sctp and snat_reroute are there and have
 * nothing to act on: neither sync, SCTP nor policy routing is modelled. Memory never runs short, so that the automatic modes
 * (1 and 2) of the defences never begin.
 * @module
 */
import type { SysctlDefinition } from '../host/sysctl.ts'

const PREFIX = 'net.ipv4.vs.'

type Spec = Omit<SysctlDefinition, 'name' | 'kind' | 'initial'> & { readonly name: string, readonly initial: number | string }

const FLAG = { min: 0, max: 1 }
const MODE = { min: 0, max: 3 }

/** In the order of their names. sync_qlen_max is a share of the machine's memory, set when it is known. */
const SPECS: readonly Spec[] = [
  { name: 'am_droprate', initial: 10 },
  { name: 'amemthresh', initial: 1024 },
  { name: 'backup_only', initial: 0 },
  { name: 'cache_bypass', initial: 0 },
  { name: 'conn_reuse_mode', initial: 1 },
  { name: 'conntrack', initial: 0 },
  { name: 'drop_entry', initial: 0, ...MODE },
  { name: 'drop_packet', initial: 0, ...MODE },
  { name: 'expire_nodest_conn', initial: 0 },
  { name: 'expire_quiescent_template', initial: 0 },
  { name: 'ignore_tunneled', initial: 0 },
  { name: 'lblc_expiration', initial: 86_400 },
  { name: 'lblcr_expiration', initial: 86_400 },
  { name: 'nat_icmp_send', initial: 0 },
  { name: 'pmtu_disc', initial: 1 },
  { name: 'run_estimation', initial: 1 },
  { name: 'schedule_icmp', initial: 0 },
  { name: 'secure_tcp', initial: 0, ...MODE },
  { name: 'sloppy_sctp', initial: 0 },
  { name: 'sloppy_tcp', initial: 0 },
  { name: 'snat_reroute', initial: 1 },
  { name: 'sync_persist_mode', initial: 0 },
  { name: 'sync_ports', initial: 1 },
  { name: 'sync_qlen_max', initial: 0 },
  { name: 'sync_refresh_period', initial: 0 },
  { name: 'sync_retries', initial: 0, ...MODE },
  { name: 'sync_sock_size', initial: 0 },
  { name: 'sync_threshold', initial: '3\t50' },
  { name: 'sync_version', initial: 1, ...FLAG },
]

/** All definitions. `onChange` is told the short name of a sysctl that was written, and its new text. */
export function ipvsSysctls(memoryBytes: number, onChange: (name: string, value: string) => void): SysctlDefinition[] {
  return SPECS.map((spec): SysctlDefinition => ({
    ...spec,
    name: PREFIX + spec.name,
    kind: typeof spec.initial === 'string' ? 'ints' : 'int',
    initial: String(spec.name === 'sync_qlen_max' ? Math.floor(memoryBytes / 4096 / 32) : spec.initial),
    onChange: (value) => onChange(spec.name, value),
  }))
}
