/**
 * Schema of segments, links and hosts.
 * @module
 */
import { z } from 'zod'
import { serverSchema } from './schema-server.ts'
import {
  countValue, durationValue, longTextValue, macValue, mapOf, nicName, nicRef, orEmpty, percentValue, prefixValue,
  rateValue, renamed, scriptValue, segmentName, sizeValue, textValue,
} from './schema-values.ts'

/** Most replicas of one host, included. */
export const REPLICA_COUNT_MAX = 1_000

const NAMES_WITH_UNITS = {
  rate: 'rateBitsPerSecond',
  delay: 'delayNs',
  queue: 'queuePackets',
  loss: 'lossProbability',
  reorder: 'reorderProbability',
  duplicate: 'duplicateProbability',
  mtu: 'mtuBytes',
} as const

const mtu = countValue(68, 65_535)

/** What a cable does to frames, in each direction. */
const cable = {
  rate: rateValue.prefault('1gbit').describe('Rate of each cable, in each direction.'),
  delay: durationValue.prefault('50us').describe('Delay of each cable.'),
  queue: countValue(1, 1_000_000).default(1_000).describe('Packets that may wait to be sent on a cable.'),
  loss: percentValue.prefault('0%').describe('Share of frames that are lost.'),
  reorder: percentValue.prefault('0%').describe('Share of frames that are overtaken by the next one.'),
  duplicate: percentValue.prefault('0%').describe('Share of frames that arrive twice.'),
  mtu: mtu.default(1_500).describe('MTU of the interfaces on it, unless they say otherwise.'),
}

/** What a timed event may change of cables. */
export const cableChange = {
  rate: rateValue.optional(),
  delay: durationValue.optional(),
  loss: percentValue.optional(),
  reorder: percentValue.optional(),
  duplicate: percentValue.optional(),
}

/** An Ethernet segment: a learning switch, with one cable to each interface. */
export const segmentSchema = orEmpty(renamed(z.strictObject(cable), NAMES_WITH_UNITS))

/** A cable between two interfaces. */
export const linkSchema = renamed(
  z.strictObject({
    endpoints: z.tuple([nicRef, nicRef]).meta({ title: 'two interfaces such as [rs1.eth1, router.eth2]' }),
    ...cable,
    framing: z.enum(['ethernet', 'ppp']).default('ethernet').describe('`ppp`: no addresses and no ARP, 2 bytes per frame.'),
  }),
  NAMES_WITH_UNITS,
)

/** How a host is plugged in. */
export const interfaceSchema = orEmpty(
  renamed(
    z.strictObject({
      segment: segmentName.optional().describe('The segment it is plugged into; absent for an end of a link.'),
      addresses: z.array(prefixValue).max(1_000).default([]).describe('Added in this order by `ip addr add A brd + dev NIC`.'),
      mtu: mtu.optional(),
      mac: macValue.optional(),
      up: z.boolean().default(true),
    }),
    { mtu: 'mtuBytes' },
  ),
)

/** What forwarding and receiving costs a host: one processor that serves one packet after another. */
export const cpuSchema = renamed(
  z.strictObject({
    per_packet: durationValue.prefault('0s').describe('Cost of each packet.'),
    per_byte: durationValue.prefault('0s').describe('Cost of each byte of a packet, added to that.'),
    queue: countValue(1, 1_000_000).default(1_000).describe('Packets that may wait for the processor.'),
  }),
  { per_packet: 'perPacketNs', per_byte: 'perByteNs', queue: 'queuePackets' },
)

const modulesSchema = z.strictObject({
  loaded: z.array(textValue).default([]).describe('Kernel modules loaded from the beginning.'),
  missing: z.array(textValue).default([]).describe('Kernel modules that this host does not have.'),
})

const absolutePath = z.string().regex(/^\/[^\0]*$/).meta({ title: 'an absolute path such as /root/lvs_dr.sh' })
const sysctlName = z.string().regex(/^[a-z][A-Za-z0-9_./-]*$/).meta({ title: 'a sysctl such as net.ipv4.ip_forward' })

/** A box with a Linux network stack. */
export const hostSchema = orEmpty(
  renamed(
    z.strictObject({
      profile: z.enum(['debian-12']).default('debian-12').describe('Kernel and system that it runs.'),
      replicas: countValue(1, REPLICA_COUNT_MAX).optional()
        .describe('So many equal hosts, NAME1, NAME2, ...; their addresses count up from those given.'),
      hostname: textValue.optional().describe('Its own name, if not the name here.'),
      memory: sizeValue.optional().describe('Memory; that of the profile unless given.'),
      modules: modulesSchema.prefault({}),
      interfaces: mapOf(nicName, interfaceSchema).prefault({}),
      routes: z.array(scriptValue).default([]).describe('Each as it follows `ip route add`.'),
      sysctl: mapOf(sysctlName, textValue).prefault({}).describe('Set before `setup` runs.'),
      files: mapOf(absolutePath, longTextValue).prefault({}).describe('Files that are there before `setup` runs.'),
      etc_hosts: z.array(scriptValue).default([]).describe('Lines of /etc/hosts, such as `10.0.0.100 www`.'),
      setup: scriptValue.default('').describe('Commands run as root in bash at time 0, before any traffic.'),
      servers: z.array(serverSchema).max(1_000).default([]).describe('What listens on it.'),
      cpu: cpuSchema.optional().describe('Cost of packets; none unless given.'),
    }),
    { memory: 'memoryBytes', etc_hosts: 'etcHosts' },
  ),
)

/** A segment, in the units of the core. */
export type Segment = z.output<typeof segmentSchema>
/** A link, in the units of the core. */
export type Link = z.output<typeof linkSchema>
/** A host as the file gives it, before replicas are counted out. */
export type HostSpec = z.output<typeof hostSchema>
/** An interface of a host. */
export type InterfaceSpec = z.output<typeof interfaceSchema>
/** Cost of packets on a host. */
export type CpuSpec = z.output<typeof cpuSchema>
