/**
 * The small clusters of the published results and of the frame listings, as scenario texts: client c, director d, real
 * servers r1, r2, ... Timestamps are off, so that a full segment carries 1460 bytes. What runs on the hosts, a test adds.
 * @module
 */
import { parseScenario } from '../../src/scenario/parse.ts'
import { renderProblem } from '../../src/scenario/problems.ts'
import { runScenario } from '../../src/scenario/run.ts'
import type { World } from '../../src/scenario/world.ts'
import type { Host } from '../../src/host/host.ts'
import { parseIpv4, type IpAddr } from '../../src/wire/address.ts'
import type { LinkOptions } from '../../src/link/link.ts'

/** What differs from one cluster to another. */
export interface ClusterOptions {
  readonly layout: 'nat-two-lans' | 'nat-one-lan' | 'dr-one-lan' | 'tun-one-lan'
  /** Hosts c1, c2, ...; one host c unless given. */
  readonly clients?: number
  /** 1 unless given. */
  readonly servers?: number
  /** `-t` unless given. */
  readonly service?: '-t' | '-u'
  /** What a packet costs the director, such as `{per_packet: 60us}`. */
  readonly directorCpu?: string
  /** What a packet costs a client. */
  readonly clientCpu?: string
  /** Cables of every segment, such as `{rate: 100mbit}`. */
  readonly cables?: string
  /** Leaves the real servers of DR as Linux is by itself: they answer ARP for the VIP. */
  readonly answersArp?: boolean
  /** Further commands by host group. */
  readonly setup?: { readonly c?: string, readonly d?: string, readonly r?: string }
}

/** The virtual address of every cluster. */
export const VIP = '10.0.0.100'

/** Opens a cluster: everything is set up, no frame has been sent, and the clock stands. */
export async function openCluster(options: ClusterOptions): Promise<World> {
  return openWorld(clusterText(options))
}

/** The world of a scenario text once its setup is over, to be driven by hand. */
export async function openWorld(text: string): Promise<World> {
  const parsed = parseScenario(text, 'cluster.lvs.yaml')
  if (!parsed.ok) throw new Error(parsed.error.map(renderProblem).join('\n'))
  let world: World | undefined
  const run = await runScenario(parsed.value, { onWorld: (made) => world = made, stopAfterNs: 0 })
  if (!run.ok) throw new Error(run.error.map(renderProblem).join('\n'))
  const complaint = run.value.problem?.message ?? run.value.setup.map(({ stderr }) => stderr).join('')
  if (world === undefined || complaint !== '') throw new Error(`set-up failed: ${complaint}`)
  return world
}

/** The text of a cluster, to which traffic and observations may be added. */
export function clusterText(options: ClusterOptions): string {
  const { layout, clients, servers = 1, cables = '{}', setup = {} } = options
  const firstServer = servers === 1 ? 11 : 101
  const twoLans = layout === 'nat-two-lans'
  const insidePrefix = twoLans ? '192.168.1' : '10.0.0'
  const method = { nat: '-m', dr: '-g', tun: '-i' }[layout.split('-')[0] as 'nat' | 'dr' | 'tun']
  const service = `${options.service ?? '-t'} ${VIP}:80`
  const destinations = Array.from({ length: servers }, (_, i) =>
    `ipvsadm -a ${service} -r ${insidePrefix}.${firstServer + i} ${method}`)
  const inside = twoLans ? ', eth1: {segment: in, addresses: [192.168.1.1/24]}' : ''
  return `name: ${layout}
segments:
  out: ${cables}
${twoLans ? `  in: ${cables}\n` : ''}hosts:
  c:
${clients === undefined ? '' : `    replicas: ${clients}\n`}\
${cpuOf(options.clientCpu)}\
    interfaces: {eth0: {segment: out, addresses: [10.0.0.${clients === undefined ? 2 : 201}/24]}}
    sysctl: {net.ipv4.tcp_timestamps: 0}
    setup: |
${indented(setup.c ?? '')}
  d:
    interfaces: {eth0: {segment: out, addresses: [10.0.0.1/24, ${VIP}/32]}${inside}}
    sysctl: {net.ipv4.ip_forward: 1}
${cpuOf(options.directorCpu)}\
    setup: |
      ipvsadm -A ${service} -s rr
${indented(destinations.join('\n'))}
${indented(setup.d ?? '')}
  r:
    replicas: ${servers}
    interfaces: {eth0: {segment: ${twoLans ? 'in' : 'out'}, addresses: [${insidePrefix}.${firstServer}/24]}}
    routes: [default via ${insidePrefix}.1]
    sysctl: {net.ipv4.tcp_timestamps: 0}
    setup: |
${indented(serverSetup(options))}
${indented(setup.r ?? '')}
`
}

function cpuOf(cpu: string | undefined): string {
  return cpu === undefined ? '' : `    cpu: ${cpu}\n`
}

function serverSetup({ layout, answersArp }: ClusterOptions): string {
  if (layout === 'nat-two-lans' || layout === 'nat-one-lan') return ''
  const silent = answersArp === true ? ''
    : 'sysctl -q -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2\n'
  if (layout === 'dr-one-lan') return `${silent}ip addr add ${VIP}/32 dev lo`
  return `${silent}modprobe ipip\nip addr add ${VIP}/32 dev tunl0\nip link set tunl0 up`
}

function indented(script: string): string {
  return script.split('\n').map((line) => `      ${line}`).join('\n')
}

/** Hosts of a group (`c`, `r`) in the order of their numbers. */
export function hostsOf(world: World, group: string): Host[] {
  return [...world.hosts.values()].filter(({ name }) => name.startsWith(group))
}

/** An address from its text, which must be one. */
export function addr(text: string): IpAddr {
  const parsed = parseIpv4(text)
  if (parsed === undefined) throw new Error(`${text} is no address`)
  return parsed
}

/** Changes every cable of a world, both ways. */
export function setCables(world: World, change: Partial<LinkOptions>): void {
  for (const { up, down } of world.cables.values()) {
    for (const direction of [up, down]) direction.setOptions({ ...direction.options, ...change })
  }
}

/** Lets so much time pass. */
export function runFor(world: World, ns: number): void {
  world.sim.run(world.sim.nowNs + ns)
}
