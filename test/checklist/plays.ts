/**
 * Small clusters for the checklist of what tutorials claim, as scenarios that a test changes before it plays them.
 * client 172.16.0.10 -- router -- lan: lb (10.0.0.2, VIP 10.0.0.100); the real servers are on lan (DR), behind lb (NAT), or in
 * a network of their own behind the router (TUN). A page of a real server is its name.
 * @module
 */
import { readFileSync } from 'node:fs'
import { renderProblem, runScenarioText, type Mode, type RunResult } from '../../src/index.ts'

/** A host of a scenario file. */
export interface HostText {
  interfaces: Record<string, { segment: string, addresses: string[], mac?: string }>
  replicas?: number
  routes?: string[]
  sysctl?: Record<string, number>
  modules?: { loaded?: string[], missing?: string[] }
  etc_hosts?: string[]
  files?: Record<string, string>
  setup?: string
  servers?: object[]
  cpu?: object
}

/** A scenario file, ready to be changed. */
export interface Play {
  name?: string
  seed?: number
  segments?: Record<string, object>
  hosts: Record<string, HostText>
  traffic?: object[]
  events?: object[]
  observe?: { name: string, on: string, run: string, at?: string }[]
  expect?: object[]
}

/** What is unlike the plain cluster. */
export interface PlayOptions {
  /** Options of `ipvsadm -A`; `-s rr` unless given. */
  readonly service?: string
  /** Weights of the real servers rs1, rs2, ...; 1 and 1 unless given. */
  readonly weights?: readonly number[]
  /** Port of the service; 80 unless given. */
  readonly port?: number
  /** `:8080` after the address of each real server. */
  readonly realPort?: string
  /** Commands of the director after the others. */
  readonly lb?: readonly string[]
  /** Where the client is: behind the router unless given. */
  readonly client?: 'wan' | 'lan'
}

/** The virtual address. */
export const VIP = '10.0.0.100'
/** What a DR or TUN real server needs so that it does not answer ARP for the VIP. */
export const SILENT = 'sysctl -q -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2'

const PLACES = {
  dr: { letter: '-g', segment: 'lan', prefix: '10.0.0', gateway: '10.0.0.1', setup: [SILENT, `ip addr add ${VIP}/32 dev lo`] },
  nat: { letter: '-m', segment: 'inside', prefix: '192.168.1', gateway: '192.168.1.1', setup: [] },
  tun: {
    letter: '-i', segment: 'far', prefix: '10.9.1', gateway: '10.9.1.1', setup: [
      'modprobe ipip', SILENT, 'sysctl -q -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.tunl0.rp_filter=0',
      `ip addr add ${VIP}/32 dev tunl0`, 'ip link set tunl0 up',
    ],
  },
} as const

/** A host with one nic, `eth0`. */
export function box(segment: string, address: string, gateway?: string): HostText {
  const routes = gateway === undefined ? [] : [`default via ${gateway}`]
  return { interfaces: { eth0: { segment, addresses: [address] } }, routes }
}

/** The cluster in one mode. */
export function cluster(mode: Mode, options: PlayOptions = {}): Play {
  const { service = '-s rr', weights = [1, 1], port = 80, realPort = '', lb = [], client = 'wan' } = options
  const place = PLACES[mode]
  const name = `-t ${VIP}:${port}`
  const ripOf = (index: number): string => `${place.prefix}.${11 + index}`
  const director: HostText = {
    ...box('lan', '10.0.0.2/24', '10.0.0.1'),
    setup: [
      ...(mode === 'nat' ? ['sysctl -q -w net.ipv4.ip_forward=1'] : []), `ip addr add ${VIP}/32 dev eth0`,
      `ipvsadm -A ${name} ${service}`,
      ...weights.map((weight, index) => `ipvsadm -a ${name} -r ${ripOf(index)}${realPort} ${place.letter} -w ${weight}`), ...lb,
    ].join('\n'),
  }
  if (mode === 'nat') director.interfaces['eth1'] = { segment: 'inside', addresses: ['192.168.1.1/24'] }
  const router: HostText = {
    interfaces: {
      eth0: { segment: 'wan', addresses: ['172.16.0.1/24'] }, eth1: { segment: 'lan', addresses: ['10.0.0.1/24'] },
      ...(mode === 'tun' ? { eth2: { segment: 'far', addresses: ['10.9.1.1/24'] } } : {}),
    },
    sysctl: { 'net.ipv4.ip_forward': 1 },
  }
  const servers = weights.map((_, index): [string, HostText] => [`rs${index + 1}`, {
    ...box(place.segment, `${ripOf(index)}/24`, place.gateway), setup: place.setup.join('\n'), servers: serversOf(index + 1),
  }])
  return {
    segments: { wan: {}, lan: {}, ...(place.segment === 'lan' ? {} : { [place.segment]: {} }) },
    hosts: {
      client: client === 'wan' ? box('wan', '172.16.0.10/24', '172.16.0.1') : box('lan', '10.0.0.10/24', '10.0.0.1'),
      router, lb: director, ...Object.fromEntries(servers),
    },
    traffic: [], events: [], observe: [],
  }
}

/** HTTP on ports 80, 443 and 8080, requests and replies over TCP on 81 and over UDP on 53. */
function serversOf(number: number): object[] {
  const http = [80, 443, 8080].map((port) => ({ port, protocol: 'http', page: `rs${number}\n` }))
  return [...http, { port: 81, closes: 'client' }, { port: 53, protocol: 'udp' }]
}

/** So many pages one after the other, one second after the set-up. */
export function visits(count: number, more: object = {}): object {
  return { kind: 'http', from: 'client', to: `http://${VIP}/`, at: '1s', count, timeout: '3s', ...more }
}

/** So many connections to port 81, each held open for so long, one after the other. */
export function heldConnections(count: number, more: object = {}): object {
  return { kind: 'connect', from: 'client', to: `${VIP}:81`, at: '1s', count, arrivals: 'every 10ms', hold: '20s', ...more }
}

/** What a run came to. */
export interface Played {
  readonly result: RunResult
  /** Standard output of an observation. */
  out(name: string): string
  /** Who answered each request; a dash for nobody. */
  readonly answers: string
  /** How each request ended. */
  readonly outcomes: readonly string[]
  /** Packets that a host dropped for this reason. */
  drops(host: string, reason: keyof RunResult['hosts'][number]['drops']): number
}

/** Plays a scenario: it must be right, run to its end, and meet its own expectations. Setups may complain only if told so. */
export async function play(scenario: Play | string, options: { mode?: Mode, complains?: boolean } = {}): Promise<Played> {
  const text = typeof scenario === 'string' ? scenario : JSON.stringify(scenario)
  const { mode, complains = false } = options
  const ran = await runScenarioText(text, { fileName: 'row.lvs.yaml', ...(mode === undefined ? {} : { mode }) })
  if (!ran.ok) throw new Error(ran.error.map(renderProblem).join('\n'))
  const result = ran.value
  if (result.problem !== undefined) throw new Error(renderProblem(result.problem))
  if (result.limit !== undefined) throw new Error('the run met a limit')
  const complaint = result.setup.map(({ stderr }) => stderr).join('')
  if (!complains && complaint !== '') throw new Error(`the set-up complained: ${complaint}`)
  const unmet = result.checks.filter(({ passed }) => !passed)
  if (unmet.length > 0) throw new Error(unmet.map(({ text: what, actual }) => `${what}: ${actual}`).join('\n'))
  const requests = result.traffic.flatMap((item) => item.requests)
  return {
    result,
    out: (name) => {
      const found = result.observations.find((one) => one.name === name)
      if (found === undefined) throw new Error(`nothing is called ${name}`)
      return found.stdout
    },
    answers: requests.map(({ answeredBy }) => answeredBy ?? '-').join(' '),
    outcomes: requests.map(({ outcome }) => outcome),
    drops: (host, reason) => result.hosts.find(({ name }) => name === host)?.drops[reason] ?? 0,
  }
}

/** Runs a script on a host that is alone, with the VIP on `eth0`; gives what it printed and said. */
export async function typed(script: string, host: Partial<HostText> = {}): Promise<{ stdout: string, stderr: string }> {
  const lb: HostText = { interfaces: { eth0: { segment: 'lan', addresses: ['10.0.0.2/24', `${VIP}/32`] } }, ...host }
  const { result } = await play({ segments: { lan: {} }, hosts: { lb }, observe: [{ name: 'script', on: 'lb', run: script }] })
  const [{ stdout, stderr } = { stdout: '', stderr: '' }] = result.observations
  return { stdout, stderr }
}

/** A host of a scenario, which must be there. */
export function host({ hosts }: Play, name: string): HostText {
  const found = hosts[name]
  if (found === undefined) throw new Error(`no host ${name}`)
  return found
}

/** The text of a scenario of the project: `tutorial-nat`, `problems/p01-arp-answers-broken`. */
export function scenarioOf(name: string): string {
  return readFileSync(new URL(`../../scenarios/${name}.lvs.yaml`, import.meta.url), 'utf8')
}
