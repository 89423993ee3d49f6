/**
 * Schema of the servers that listen on a host.
 * @module
 */
import { z } from 'zod'
import { addressValue, countValue, longTextValue, mapOf, parsedText, renamed, sizeValue, textValue } from './schema-values.ts'
import { parseDuration } from './units-text.ts'

/** How long a server works on a request. */
export type ServiceTime =
  | { readonly law: 'constant' | 'exponential'; readonly meanNs: number }
  | { readonly law: 'uniform'; readonly fromNs: number; readonly toNs: number }

const serviceTimeValue = parsedText({
  title: 'a time such as 5ms, exponential 5ms or uniform 2ms 8ms',
  code: 'LVS1028',
  parse: parseServiceTime,
})

const page = z
  .union([longTextValue, renamed(z.strictObject({ size: sizeValue }), { size: 'sizeBytes' })])
  .meta({ title: 'text, or a size such as {size: 20kB}' })
  .transform((value) => (typeof value === 'string' ? { text: value } : value))

const pagePath = z.string().regex(/^\/\S*$/).meta({ title: 'a path such as /index.html' })

/** Pages by path. */
const pagesValue = mapOf(pagePath, page)

const answer = {
  name: textValue.optional().describe('What it calls itself in its answers; the name of the host unless given.'),
  page: page.optional().describe('http: body for every path that `pages` does not list; the name unless given.'),
  pages: pagesValue.optional().describe('http: bodies by path; without `page`, any other path is 404.'),
  status: countValue(100, 599).default(200).describe('http: status of the answers.'),
  service_time: serviceTimeValue.prefault('0s').describe('How long a worker is busy with a request.'),
  workers: countValue(1, 100_000).optional().describe('Requests served at once; no bound unless given.'),
  backlog: countValue(1, 65_535).default(128).describe('Connections that may wait to be accepted.'),
  closes: z.enum(['client', 'server']).optional()
    .describe('Who closes first: the client with tcp, the server with http, unless given.'),
}

const answerNames = { service_time: 'serviceTime' } as const

/** A server of the real servers of a cluster: its port is that of the service. */
export const clusterServerSchema = renamed(
  z.strictObject({ protocol: z.enum(['tcp', 'udp', 'http']).optional(), ...answer }),
  answerNames,
)

/** Something that listens on a port. */
export const serverSchema = renamed(
  z.strictObject({
    port: countValue(1, 65_535),
    protocol: z.enum(['tcp', 'udp', 'http']).default('tcp'),
    address: addressValue.optional().describe('Listens on this address only; on every one unless given.'),
    ...answer,
  }),
  answerNames,
)

/** A server of a host. */
export type ServerSpec = z.output<typeof serverSchema>
/** The body of an answer. */
export type Page = z.output<typeof page>

/** Reads `5ms`, `constant 5ms`, `exponential 5ms`, `uniform 2ms 8ms`. Undefined for any other text. */
export function parseServiceTime(text: string): ServiceTime | undefined {
  const words = text.trim().split(/ +/)
  const law = words.length === 1 ? 'constant' : words.shift()
  const times = words.map(parseDuration)
  const [first, second] = times
  if (first === undefined) return undefined
  if ((law === 'constant' || law === 'exponential') && times.length === 1) return { law, meanNs: first }
  if (law !== 'uniform' || times.length !== 2 || second === undefined || second < first) return undefined
  return { law, fromNs: first, toNs: second }
}
