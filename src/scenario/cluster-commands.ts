/**
 * The commands that make hosts into an LVS cluster, as an admin types them on Debian: one script for the director and one
 * for each real server, per forwarding mode. A lab or a real machine takes them as they are.
 * @module
 */
import { formatIpv4, type IpAddr } from '../wire/address.ts'
import { NS_PER_SECOND } from '../base/units.ts'
import type { ClusterLayout } from './cluster-layout.ts'
import type { Mode } from './schema-check.ts'
import type { ClusterSpec } from './schema-cluster.ts'

const METHOD_OPTION: Readonly<Record<Mode, string>> = { nat: '-m', dr: '-g', tun: '-i' }

/** Script of the director: the VIP, forwarding where NAT needs it, and the virtual service. */
export function directorCommands(cluster: ClusterSpec, layout: ClusterLayout, mode: Mode): string {
  const { protocol, port } = cluster.service
  const service = `${protocol === 'tcp' ? '-t' : '-u'} ${formatIpv4(cluster.vip)}:${port}`
  const persistence = cluster.persistentNs === undefined ? '' : ` -p ${wholeSeconds(cluster.persistentNs)}`
  const servers = layout.servers.map(({ address, spec }) =>
    `ipvsadm -a ${service} -r ${formatIpv4(address)}:${port} ${METHOD_OPTION[mode]} -w ${spec.weight}`)
  return script([
    // Replies of NAT servers come back through the director, which must forward them.
    ...(mode === 'nat' ? ['sysctl -w net.ipv4.ip_forward=1'] : []),
    `ip addr add ${formatIpv4(cluster.vip)}/32 dev eth0`,
    `ipvsadm -A ${service} -s ${cluster.scheduler}${persistence}`,
    ...servers,
  ], cluster.director.setup)
}

/** Script of a real server: nothing for NAT; for DR and TUN the VIPs, hidden from ARP. */
export function realServerCommands(vips: readonly IpAddr[], mode: Mode, ownSetup: string): string {
  const hideVip = ['sysctl -w net.ipv4.conf.all.arp_ignore=1', 'sysctl -w net.ipv4.conf.all.arp_announce=2']
  const addresses = vips.map((vip) => `${formatIpv4(vip)}/32`)
  switch (mode) {
    case 'nat':
      return script([], ownSetup)
    case 'dr':
      return script([...hideVip, ...addresses.map((address, i) => `ip addr add ${address} dev lo label lo:${i}`)], ownSetup)
    case 'tun':
      return script([
        'modprobe ipip',
        ...hideVip,
        // A packet out of the tunnel comes from a client that is reached through eth0.
        'sysctl -w net.ipv4.conf.all.rp_filter=0',
        'sysctl -w net.ipv4.conf.tunl0.rp_filter=0',
        ...addresses.map((address) => `ip addr add ${address} dev tunl0`),
        'ip link set tunl0 up',
      ], ownSetup)
  }
}

/** ipvsadm takes whole seconds, at least one. */
function wholeSeconds(ns: number): number {
  return Math.max(1, Math.round(ns / NS_PER_SECOND))
}

/** Commands as a script, with those of the file after them. */
export function script(commands: readonly string[], ownSetup: string): string {
  const own = ownSetup === '' || ownSetup.endsWith('\n') ? ownSetup : `${ownSetup}\n`
  return commands.map((command) => `${command}\n`).join('') + own
}
