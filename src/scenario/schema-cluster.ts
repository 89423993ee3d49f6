/**
 * Schema of the `cluster:` block: an LVS cluster in a few lines, which is expanded into hosts, segments and the commands
 * that an admin would type. IPv4 only; one service, or those of a real director, by its saved rules.
 * @module
 */
import { z } from 'zod'
import { IPPROTO_UDP } from '../wire/ip-packet.ts'
import { parsePort } from './address-text.ts'
import { methodOf, readSavedRules, type SavedRules } from './saved-rules.ts'
import { MODES } from './schema-check.ts'
import { cpuSchema, REPLICA_COUNT_MAX, segmentSchema } from './schema-network.ts'
import { clusterServerSchema } from './schema-server.ts'
import { countValue, durationValue, hostName, ipv4Value, parsedText, refuse, renamed, scriptValue } from './schema-values.ts'

/** Schedulers of Linux 6.1 by their kernel names. Debian does not build `twos`; the director of a cluster that names it does. */
export const CLUSTER_SCHEDULERS = [
  'rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'dh', 'sh', 'sed', 'nq', 'fo', 'ovf', 'mh', 'twos',
] as const

/** Most real servers of a cluster, included: they and the director share a /24. */
export const REAL_SERVER_COUNT_MAX = 200

/** Where real servers listen for a service of every port. */
const PORTS = [80]
/** Most lines of saved rules, included. */
export const RULE_LINES_MAX = 500

/** Protocol and port of the virtual service. */
export interface ServiceSpec {
  readonly protocol: 'tcp' | 'udp'
  readonly port: number
}

const serviceValue = parsedText({
  title: 'protocol and port such as tcp 80',
  code: 'LVS1028',
  pattern: '^(tcp|udp) [0-9]+$',
  parse: (text): ServiceSpec | undefined => {
    const [protocol, portText = '', ...rest] = text.split(/ +/)
    const port = parsePort(portText)
    if ((protocol !== 'tcp' && protocol !== 'udp') || rest.length > 0) return undefined
    return port === undefined ? undefined : { protocol, port }
  },
})

/** Whether there is such a scheduler depends on what is brought to the run, which the schema does not know. */
const schedulerValue = z.string().meta({
  title: 'a scheduler such as wrr', anyOf: [{ enum: [...CLUSTER_SCHEDULERS] }, { pattern: '^[a-z0-9_]{1,15}$' }],
})

const realServerSchema = z.strictObject({
  name: hostName,
  replicas: countValue(1, REAL_SERVER_COUNT_MAX).optional().describe('So many of them: NAME1, NAME2, ...'),
  weight: countValue(0, 65_535).default(1),
  cpu: cpuSchema.optional(),
  setup: scriptValue.default('').describe('Commands after those of the cluster.'),
})

const realServers = z.array(realServerSchema).min(1).transform((list, context) => {
  const count = list.reduce((sum, server) => sum + (server.replicas ?? 1), 0)
  return count <= REAL_SERVER_COUNT_MAX ? list
    : refuse(context, `${count} real servers`, 'LVS1056', `at most ${REAL_SERVER_COUNT_MAX}`)
})

const directorSchema = z.strictObject({
  name: hostName.default('lb'),
  cpu: cpuSchema.optional().describe('Cost of packets; none unless given.'),
  setup: scriptValue.default('').describe('Commands after those of the cluster.'),
})

const rawCluster = renamed(
  z.strictObject({
    vip: ipv4Value.optional().describe('The virtual address; with `rules`, only where they name none.'),
    service: serviceValue.optional(),
    scheduler: schedulerValue.optional().describe('wlc unless given; or one that is brought to the run.'),
    persistent: durationValue.optional().describe('Persistence timeout, in whole seconds.'),
    rules: scriptValue.optional()
      .describe('What `ipvsadm-save -n` prints on a real director: instead of the service and `real_servers`.'),
    ports: z.array(countValue(1, 65_535)).min(1).max(100).optional()
      .describe('With `rules` only: where real servers of a service of every port, or of a mark, listen; 80 unless given.'),
    mode: z.enum(MODES).optional()
      .describe('How the director forwards, unless --mode or `lvsim compare` says otherwise: dr, or as `rules` say.'),
    director: directorSchema.prefault({}),
    real_servers: realServers.optional(),
    server: clusterServerSchema.prefault({}).describe('What every real server runs, on the port of the service.'),
    clients: countValue(1, REPLICA_COUNT_MAX).default(1).describe('Hosts client1, client2, ...; `client` stands for all.'),
    network: z
      .strictObject({
        wan: segmentSchema.prefault({}).describe('Where the clients are.'),
        lan: segmentSchema.prefault({}).describe('Where director and real servers are; in nat and tun each network of theirs.'),
      })
      .prefault({}),
  }).meta({ title: 'a cluster', anyOf: [{ required: ['rules'] }, { required: ['vip', 'service', 'real_servers'] }] }),
  { persistent: 'persistentNs', real_servers: 'realServers' },
)

/** An LVS cluster: clients behind a router, a director, real servers. */
export const clusterSchema = rawCluster.transform((raw, context) => (
  raw.rules === undefined ? withoutRules(raw, context) : withRules(raw, raw.rules, context)))

/** A cluster, in the units of the core. */
export type ClusterSpec = z.output<typeof clusterSchema>

type RawCluster = z.output<typeof rawCluster>
type Required<K extends keyof RawCluster> = Record<K, NonNullable<RawCluster[K]>>
/** With rules, `service` is the first of them, and `realServers` are rs1, rs2, ... */
type Cluster = Omit<RawCluster, 'rules'> & Required<'vip' | 'service' | 'scheduler' | 'realServers' | 'ports'>
  & { readonly rules: SavedRules | undefined }

function withoutRules(raw: RawCluster, context: z.RefinementCtx): Cluster {
  const { vip, service, scheduler = 'wlc', mode = 'dr', realServers: servers } = raw
  for (const [key, value] of [['vip', vip], ['service', service], ['real_servers', servers]] as const) {
    if (value === undefined) context.issues.push({ code: 'custom', input: raw, path: [key], message: 'missing' })
  }
  if (raw.ports !== undefined) {
    const params = { code: 'LVS1029', expected: '`rules`, which it belongs to' }
    context.issues.push({ code: 'custom', input: raw, path: ['ports'], message: '`ports` without `rules`', params })
  }
  if (vip === undefined || service === undefined || servers === undefined) return z.NEVER
  return { ...raw, vip, service, scheduler, mode, realServers: servers, rules: undefined, ports: PORTS }
}

function withRules(raw: RawCluster, text: string, context: z.RefinementCtx): Cluster {
  const add = (path: string, message: string, params: object): void => {
    context.issues.push({ code: 'custom', input: raw, path: [path], message, params })
  }
  const { ports = PORTS } = raw
  const doubled = { service: raw.service, scheduler: raw.scheduler, persistent: raw.persistentNs, real_servers: raw.realServers }
  for (const [key, value] of Object.entries(doubled)) {
    if (value !== undefined) add(key, `\`rules\` say this already`, { code: 'LVS1029', expected: 'one of them' })
  }
  const lineCount = text.split('\n').length
  if (lineCount > RULE_LINES_MAX) {
    add('rules', `${lineCount} lines`, { code: 'LVS1024', expected: `at most ${RULE_LINES_MAX} lines` })
    return z.NEVER
  }
  const { saved, refused } = readSavedRules(text)
  for (const { message, ...place } of refused) add('rules', message, { code: 'LVS1057', ...place })
  const vips = [...new Set([...saved.vips, ...(raw.vip === undefined ? [] : [raw.vip])])]
  const [vip] = vips
  if (saved.servers.length === 0 || vip === undefined) {
    const lacking = saved.servers.length === 0 ? 'a real server' : 'a virtual address, here or as `vip`'
    if (refused.length === 0) add('rules', `the rules lack ${lacking}`, { code: 'LVS1029' })
  } else if (saved.servers.length > REAL_SERVER_COUNT_MAX) {
    add('rules', `${saved.servers.length} real servers`, { code: 'LVS1056', expected: `at most ${REAL_SERVER_COUNT_MAX}` })
  }
  const first = saved.commands[0]?.service
  const protocol = first?.fwmark === 0 && first.protocol === IPPROTO_UDP ? 'udp' as const : 'tcp' as const
  const server = { name: 'rs', replicas: saved.servers.length, weight: 1, cpu: undefined, setup: '' }
  return {
    ...raw, vip: vip ?? z.NEVER, service: { protocol, port: first?.port || (ports[0] ?? 80) }, scheduler: 'wlc',
    mode: raw.mode ?? methodOf(saved), realServers: [server], rules: { ...saved, vips }, ports,
  }
}
