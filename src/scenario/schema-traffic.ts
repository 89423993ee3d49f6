/**
 * Schema of traffic: what clients do. Requests are counted over all clients of an item; the clients take turns.
 * @module
 */
import { z } from 'zod'
import {
  addressValue, countValue, durationValue, endpointValue, hostName, labelName, mapOf, parsedText, percentValue, renamed,
  sizeValue, urlValue,
} from './schema-values.ts'
import { parseDuration } from './units-text.ts'

/** When the requests of an item begin. */
export type Arrivals =
  /** The next one when the one before is over. */
  | { readonly law: 'in-turn' }
  | { readonly law: 'constant'; readonly everyNs: number }
  /** Independent, at this mean distance. */
  | { readonly law: 'poisson'; readonly everyNs: number }

const arrivalsValue = parsedText({
  title: '`in turn`, `every 100ms` or `poisson 200/s`',
  code: 'LVS1028',
  pattern: '^(in turn|every .+|(constant|poisson) .+/(s|min|ms))$',
  parse: parseArrivals,
})

const names = {
  at: 'atNs', send: 'sendBytes', reply: 'replyBytes', size: 'sizeBytes', timeout: 'timeoutNs', hold: 'holdNs',
  source_port: 'sourcePort', keep_alive: 'keepAliveRequests',
} as const

const common = {
  name: labelName.optional().describe('For expectations and reports.'),
  from: z
    .union([hostName, z.array(hostName).min(1)])
    .meta({ title: 'a host, or a list of hosts' })
    .transform((value) => (typeof value === 'string' ? [value] : value))
    .describe('The clients: hosts; a host with replicas stands for all of them.'),
  at: durationValue.prefault('0s').describe('When it begins, counted from the end of all `setup`.'),
  count: countValue(1, 100_000_000).default(1).describe('Requests in all.'),
}

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

/** One item of traffic. */
export const trafficSchema = z.discriminatedUnion('kind', [connect, udp, ping, http])

/** One item of traffic, in the units of the core. */
export type TrafficSpec = z.output<typeof trafficSchema>

/** Reads `in turn`, `every 100ms`, `constant 200/s`, `poisson 200/s`. Undefined for any other text. */
export function parseArrivals(text: string): Arrivals | undefined {
  if (text === 'in turn') return { law: 'in-turn' }
  const [word, amount, ...rest] = text.split(/ +/)
  if (amount === undefined || rest.length > 0) return undefined
  if (word === 'every') return positive('constant', parseDuration(amount))
  if (word !== 'constant' && word !== 'poisson') return undefined
  const match = /^(\d{1,9}(?:\.\d{1,9})?)\/(ms|s|min)$/.exec(amount)
  const periodNs = parseDuration(`1${match?.[2] ?? ''}`)
  return positive(word, periodNs === undefined ? undefined : Math.round(periodNs / Number(match?.[1])))
}

function positive(law: 'constant' | 'poisson', everyNs: number | undefined): Arrivals | undefined {
  return everyNs !== undefined && everyNs > 0 && everyNs < Infinity ? { law, everyNs } : undefined
}
