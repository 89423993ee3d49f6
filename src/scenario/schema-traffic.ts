/**
 * Schema of traffic: what clients do. Requests are counted over all clients of an item; the clients take turns.
 * @module
 */
import { z } from 'zod'
import {
  addressValue, countValue, durationValue, endpointValue, fileValue, hostName, labelName, mapOf, parsedText, percentValue,
  renamed, sizeValue, urlValue,
} from './schema-values.ts'
import { parseDuration } from './units-text.ts'

/** When the requests of an item begin. */
export type Arrivals =
  /** The next one when the one before is over. */
  | { readonly law: 'in-turn' }
  /** Every client by itself, as `ab` has it: its next one this long after the one before was over. */
  | { readonly law: 'closed'; readonly thinkNs: number }
  | { readonly law: 'constant'; readonly everyNs: number }
  /** Independent, at this mean distance. */
  | { readonly law: 'poisson'; readonly everyNs: number }
  /** Independent, at this mean distance by Pareto's law. */
  | { readonly law: 'pareto'; readonly everyNs: number; readonly shape: number }

/** Shape of Pareto's law unless given: the mean is finite, the variance is not. */
const PARETO_SHAPE = 1.5
/** Largest shape, included: from about there on, arrivals are as good as constant. */
const PARETO_SHAPE_MAX = 100

const arrivalsValue = parsedText({
  title: '`in turn`, `closed`, `closed 50ms` (time to think), `every 100ms`, `constant 200/s`, `poisson 200/s` or '
    + '`pareto 200/s shape 1.5` (a shape above 1)',
  code: 'LVS1028',
  pattern: '^(in turn|closed( .+)?|every .+|(constant|poisson) .+/(s|min|ms)|pareto .+/(s|min|ms)( shape .+)?)$',
  parse: parseArrivals,
  words: ['in turn', 'closed', 'every', 'constant', 'poisson', 'pareto'],
})

const names = {
  at: 'atNs', send: 'sendBytes', reply: 'replyBytes', size: 'sizeBytes', timeout: 'timeoutNs', hold: 'holdNs',
  source_port: 'sourcePort', keep_alive: 'keepAliveRequests',
} as const

const who = {
  name: labelName.optional().describe('For expectations and reports.'),
  from: z
    .union([hostName, z.array(hostName).min(1)])
    .meta({ title: 'a host, or a list of hosts' })
    .transform((value) => (typeof value === 'string' ? [value] : value))
    .describe('The clients: hosts; a host with replicas stands for all of them.'),
  at: durationValue.prefault('0s').describe('When it begins, counted from the end of all `setup`.'),
}

const common = { ...who, count: countValue(1, 100_000_000).default(1).describe('Requests in all.') }

const arrivals = arrivalsValue.prefault('in turn').describe('When each request begins.')
const sourcePort = countValue(1, 65_535).optional()
  .describe('Port of the first request, one more for each next; chosen by the host unless given.')

const connect = renamed(
  z.strictObject({
    kind: z.literal('connect').describe('A TCP connection with one request and one reply.'),
    ...common,
    to: endpointValue,
    arrivals,
    send: sizeValue.prefault(32).describe('Bytes of the request.'),
    reply: sizeValue.prefault(64).describe('Bytes of the reply.'),
    hold: durationValue.prefault('0s').describe('How long the connection stays open after the reply.'),
    timeout: durationValue.prefault('2.5s').describe('Of connecting, and of waiting for the reply.'),
    source_port: sourcePort,
  }),
  names,
)

const udp = renamed(
  z.strictObject({
    kind: z.literal('udp').describe('A datagram and its reply.'),
    ...common,
    to: endpointValue,
    arrivals,
    send: sizeValue.prefault(32),
    reply: sizeValue.prefault(64).describe('Bytes of the reply; with 0 none is waited for.'),
    timeout: durationValue.prefault('1.5s'),
    source_port: sourcePort,
  }),
  names,
)

const ping = renamed(
  z.strictObject({
    kind: z.literal('ping').describe('An ICMP echo request and its reply.'),
    ...common,
    to: addressValue,
    arrivals: arrivalsValue.prefault('every 1s'),
    size: sizeValue.prefault(56).describe('Bytes of data.'),
    timeout: durationValue.prefault('1s'),
  }),
  names,
)

const pageShares = mapOf(z.string().regex(/^\/\S*$/).meta({ title: 'a path such as /index.html' }), percentValue)

const http = renamed(
  z.strictObject({
    kind: z.literal('http').describe('HTTP requests: connect, ask for a page, read it.'),
    ...common,
    to: urlValue,
    arrivals,
    pages: pageShares.optional().describe('Shares of paths, drawn for each request; the path of `to` unless given.'),
    keep_alive: countValue(1, 1_000_000).default(1).describe('Requests of a client over one connection.'),
    timeout: durationValue.prefault('10s').describe('Of connecting, and of waiting for the page.'),
  }),
  names,
)

const replay = renamed(
  z.strictObject({
    kind: z.literal('replay').describe('Requests as a capture of a real machine has them, or a table: pcap, pcapng or CSV.'),
    ...who,
    file: fileValue.describe('The capture, or the table when it ends in .csv; beside the scenario file, or below it.'),
    to: endpointValue,
    protocol: z.enum(['tcp', 'udp']).default('tcp').describe('Connections, or datagrams.'),
    port: countValue(1, 65_535).optional().describe('The port of the capture that requests went to; that of `to` unless given.'),
    address: addressValue.optional().describe('Only what went to this address of the capture.'),
    clients: z.enum(['by source', 'in turn']).default('by source')
      .describe('`by source`: each address of the capture stays with one client; `in turn`: the clients take turns.'),
    speed: z.number().min(0.001).max(1_000).default(1).meta({ title: 'a number 0.001..1000' })
      .describe('2 replays twice as fast.'),
    timeout: durationValue.prefault('10s').describe('Of connecting, and of waiting for the reply.'),
  }),
  names,
)

/** One item of traffic. */
export const trafficSchema = z.discriminatedUnion('kind', [connect, udp, ping, http, replay])

/** One item of traffic, in the units of the core. */
export type TrafficSpec = z.output<typeof trafficSchema>

/**
 * Reads `in turn`, `closed`, `closed 50ms`, `every 100ms`, `constant 200/s`, `poisson 200/s`, `pareto 200/s`, `pareto 200/s shape
 * 1.5`. Undefined for any other text, and for a shape of 1 or less, under which the mean would be infinite.
 */
export function parseArrivals(text: string): Arrivals | undefined {
  if (text === 'in turn') return { law: 'in-turn' }
  const [law, amount = '', ...rest] = text.split(/ +/)
  if (law === 'closed') return parseClosed(amount, rest)
  const everyNs = law === 'every' ? parseDuration(amount) : distanceNs(amount)
  if (everyNs === undefined || !(everyNs > 0 && everyNs < Infinity)) return undefined
  if (law === 'pareto') {
    const shape = parseShape(rest)
    return shape === undefined ? undefined : { law, everyNs, shape }
  }
  if (rest.length > 0) return undefined
  if (law === 'every' || law === 'constant') return { law: 'constant', everyNs }
  return law === 'poisson' ? { law, everyNs } : undefined
}

/** What follows `closed`: nothing, or a time to think. */
function parseClosed(amount: string, rest: readonly string[]): Arrivals | undefined {
  const thinkNs = amount === '' ? 0 : parseDuration(amount)
  return thinkNs === undefined || thinkNs === Infinity || rest.length > 0 ? undefined : { law: 'closed', thinkNs }
}

/** The mean distance of a rate such as `200/s`. */
function distanceNs(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,9})?)\/(ms|s|min)$/.exec(text)
  const periodNs = parseDuration(`1${match?.[2] ?? ''}`)
  return periodNs === undefined ? undefined : Math.round(periodNs / Number(match?.[1]))
}

/** What follows the rate of Pareto's law: nothing, or `shape 1.5`. */
function parseShape(words: readonly string[]): number | undefined {
  if (words.length === 0) return PARETO_SHAPE
  const [word, amount = ''] = words
  const shape = words.length === 2 && word === 'shape' && /^\d{1,3}(\.\d{1,6})?$/.test(amount) ? Number(amount) : NaN
  return shape > 1 && shape <= PARETO_SHAPE_MAX ? shape : undefined
}
