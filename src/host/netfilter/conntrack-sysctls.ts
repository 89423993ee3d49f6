/**
 * The sysctls of conntrack under net.netfilter, with Linux's times. They come with the first use of conntrack on a host.
 * @module
 */
import type { Host } from '../host.ts'
import type { TcpTrackName } from './tcp-tracking.ts'

const PREFIX = 'net.netfilter.nf_conntrack_'

/** Names of the times that are not those of TCP states. */
export const TIMEOUT_NAMES = {
  udp: `${PREFIX}udp_timeout`, udpStream: `${PREFIX}udp_timeout_stream`, icmp: `${PREFIX}icmp_timeout`,
  generic: `${PREFIX}generic_timeout`,
  tcpUnacknowledged: `${PREFIX}tcp_timeout_unacknowledged`,
} as const

/** Seconds (nf_conntrack_proto_*.c). */
const TIMEOUTS_S: readonly (readonly [name: string, seconds: number])[] = [
  ['tcp_timeout_syn_sent', 120], ['tcp_timeout_syn_recv', 60], ['tcp_timeout_established', 432_000],
  ['tcp_timeout_fin_wait', 120],
  ['tcp_timeout_close_wait', 60], ['tcp_timeout_last_ack', 30], ['tcp_timeout_time_wait', 120], ['tcp_timeout_close', 10],
  ['tcp_timeout_unacknowledged', 300], ['udp_timeout', 30], ['udp_timeout_stream', 120], ['icmp_timeout', 30],
  ['generic_timeout', 600],
]

/** The sysctl that holds the time of a TCP state. */
export function tcpTimeoutName(state: TcpTrackName): string {
  return `${PREFIX}tcp_timeout_${state === 'SYN_SENT2' ? 'syn_sent' : state.toLowerCase()}`
}

/** Defines them unless they are there already. */
export function defineConntrackSysctls(host: Host): void {
  if (host.sysctl.has(`${PREFIX}max`)) return
  // nf_conntrack_init_start(): a bucket of 8 bytes for every 16 KiB of memory, more on large machines, and as many entries.
  const { memoryBytes } = host.profile
  const entriesMax =
    memoryBytes > 4 * 1_073_741_824
      ? 262_144
      : memoryBytes > 1_073_741_824
        ? 65_536
        : Math.max(1024, Math.floor(memoryBytes / 16_384 / 8))
  host.sysctl.define({ name: `${PREFIX}max`, kind: 'int', initial: String(entriesMax), min: 0 })
  host.sysctl.define({ name: `${PREFIX}tcp_loose`, kind: 'int', initial: '1', min: 0, max: 1 })
  for (const [name, seconds] of TIMEOUTS_S)
    host.sysctl.define({ name: PREFIX + name, kind: 'int', initial: String(seconds), min: 0 })
}
