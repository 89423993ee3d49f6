/**
 * The sysctls that TCP endpoints obey, with the defaults of Linux 6.1. Buffer sizes, syncookies, keepalive, the congestion
 * control and the range of ephemeral ports are fixed in lvsim, so there is no sysctl for them.
 * @module
 */
import type { SysctlRegistry } from '../sysctl.ts'

/** Defines them on a host. Sources: tcp_init_sock(), tcp_sk_init() and ip-sysctl.rst. */
export function defineTcpSysctls(registry: SysctlRegistry): void {
  for (const [name, initial, min, max] of DEFINITIONS) {
    registry.define({ name, kind: 'int', initial: String(initial), min, max })
  }
}

/** Name, default, smallest and largest value. */
const DEFINITIONS: readonly (readonly [string, number, number, number])[] = [
  ['net.core.somaxconn', 4096, 0, 2_147_483_647],
  ['net.ipv4.tcp_fin_timeout', 60, 0, 2_147_483],
  ['net.ipv4.tcp_orphan_retries', 0, 0, 255],
  ['net.ipv4.tcp_retries2', 15, 0, 255],
  ['net.ipv4.tcp_sack', 1, 0, 255],
  ['net.ipv4.tcp_slow_start_after_idle', 1, 0, 255],
  ['net.ipv4.tcp_syn_retries', 6, 1, 127],
  ['net.ipv4.tcp_synack_retries', 5, 0, 255],
  ['net.ipv4.tcp_timestamps', 1, 0, 2],
  ['net.ipv4.tcp_window_scaling', 1, 0, 255],
]
