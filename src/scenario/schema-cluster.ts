/**
 * Schema of the `cluster:` block: an LVS cluster in a few lines, which is expanded into hosts, segments and the commands
 * that an admin would type. IPv4 only, one service.
 * @module
 */
import { z } from 'zod'
import { parsePort } from './address-text.ts'
import { MODES } from './schema-check.ts'
import { cpuSchema, REPLICA_COUNT_MAX, segmentSchema } from './schema-network.ts'
import { clusterServerSchema } from './schema-server.ts'
import { countValue, durationValue, hostName, ipv4Value, parsedText, refuse, renamed, scriptValue } from './schema-values.ts'

/** Schedulers of Linux 6.1 by their kernel names, without `twos`, which Debian does not build. */
const SCHEDULERS = ['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'dh', 'sh', 'sed', 'nq', 'fo', 'ovf', 'mh'] as const

/** Most real servers of a cluster, included: they and the director share a /24. */
export const REAL_SERVER_COUNT_MAX = 200

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

/** An LVS cluster: clients behind a router, a director, real servers. */
export const clusterSchema = renamed(
  z.strictObject({
    vip: ipv4Value,
    service: serviceValue,
    scheduler: z.enum(SCHEDULERS).default('wlc'),
    persistent: durationValue.optional().describe('Persistence timeout, in whole seconds.'),
    mode: z.enum(MODES).default('dr').describe('How the director forwards, unless --mode or `lvsim compare` says otherwise.'),
    director: directorSchema.prefault({}),
    real_servers: realServers,
    server: clusterServerSchema.prefault({}).describe('What every real server runs, on the port of the service.'),
    clients: countValue(1, REPLICA_COUNT_MAX).default(1).describe('Hosts client1, client2, ...; `client` stands for all.'),
    network: z
      .strictObject({
        wan: segmentSchema.prefault({}).describe('Where the clients are.'),
        lan: segmentSchema.prefault({}).describe('Where director and real servers are; in nat and tun each network of theirs.'),
      })
      .prefault({}),
  }),
  { persistent: 'persistentNs', real_servers: 'realServers' },
)

/** A cluster, in the units of the core. */
export type ClusterSpec = z.output<typeof clusterSchema>
