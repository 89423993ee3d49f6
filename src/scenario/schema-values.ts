/**
 * The values that scenario files are made of: quantities, names, addresses. Each is a zod schema that takes text and gives
 * the units of the core; its `title` says what belongs there, for errors and for editors.
 * @module
 */
import { z } from 'zod'
import { type IpAddr, isIpv6, parseIp, parseMac } from '../wire/address.ts'
import { parseEndpoint, parseHttpUrl, parsePrefix } from './address-text.ts'
import { nearestWord } from './nearest.ts'
import type { ProblemCode } from './problem-codes.ts'
import { parseDuration, parsePercent, parseRate, parseSize, QUANTITY_TITLES, SIZE_BYTES_MAX } from './units-text.ts'

/** Longest text that is not a script, a file or a page. */
const TEXT_LENGTH_MAX = 1_000

/** Refuses a value inside a transform: the problem gets this message and code, and what was expected. */
export function refuse(
  context: z.RefinementCtx, message: string, code: ProblemCode = 'LVS1029', expected?: string, nearest?: string,
): never {
  context.issues.push({ code: 'custom', input: context.value, message, params: { code, expected, nearest } })
  return z.NEVER
}

/** A schema for text that `parse` reads; text that it does not know is a problem of this code. */
export function parsedText<T>(spec: {
  readonly title: string
  readonly code: ProblemCode
  readonly pattern?: string
  readonly parse: (text: string) => T | undefined
  /** Words that such a text begins with: the nearest one is named where none of them does. */
  readonly words?: readonly string[]
}) {
  const { title, code, pattern } = spec
  return z.string().meta({ title, ...(pattern === undefined ? {} : { pattern }) }).transform((text, context): T => {
    const value = spec.parse(text)
    if (value !== undefined) return value
    const [first = ''] = text.split(' ')
    const nearest = spec.words?.includes(first) === false ? nearestWord(first, spec.words) : undefined
    return refuse(context, `cannot read \`${text}\``, code, title, nearest)
  })
}

/** Whole nanoseconds. */
export const durationValue = parsedText({
  title: QUANTITY_TITLES.duration,
  code: 'LVS1025',
  pattern: '^[0-9]+(\\.[0-9]+)?(ns|us|ms|s|min|h)$',
  parse: parseDuration,
})

/** Bits per second. */
export const rateValue = parsedText({
  title: QUANTITY_TITLES.rate,
  code: 'LVS1025',
  pattern: '^[0-9]+(\\.[0-9]+)?[kKmMgGtT]?[bB][iI][tT]$',
  parse: parseRate,
})

/** A probability 0..1. */
export const percentValue = parsedText({
  title: QUANTITY_TITLES.percent,
  code: 'LVS1025',
  pattern: '^[0-9]+(\\.[0-9]+)?%$',
  parse: parsePercent,
})

/** Bytes, from a number or from text such as `64kB`. */
export const sizeValue = z
  .union([z.number().int().min(0).max(SIZE_BYTES_MAX), z.string()])
  .meta({ title: QUANTITY_TITLES.size })
  .transform((value, context): number => {
    const bytes = typeof value === 'number' ? value : parseSize(value)
    if (bytes !== undefined) return bytes
    return refuse(context, `cannot read \`${value}\``, 'LVS1025', QUANTITY_TITLES.size)
  })

/** Text of one line; numbers and `true` are taken as they are written. */
export const textValue = z
  .union([z.string().max(TEXT_LENGTH_MAX), z.number(), z.boolean()])
  .meta({ title: 'text' })
  .transform((value) => String(value))

/** Text of any length: a script, a file, a page. */
export const longTextValue = z
  .union([z.string(), z.number(), z.boolean()])
  .meta({ title: 'text' })
  .transform((value) => String(value))

/** A shell script, or one command. */
export const scriptValue = z.string().meta({ title: 'commands of a shell; several of them as lines below `|`' })

function nameValue(title: string, pattern: RegExp) {
  return z.string().regex(pattern).meta({ title })
}

/** Name of a host; it may stand before the dot of `rs1.eth0`, so it has none. */
export const hostName = nameValue('a letter, then letters, digits and `-`', /^[A-Za-z][A-Za-z0-9-]{0,62}$/)
/** Name of a segment. */
export const segmentName = nameValue('a letter, then letters, digits, `-` and `_`', /^[A-Za-z][A-Za-z0-9_-]{0,62}$/)
/** Name of an interface, at most 15 characters as in Linux (IFNAMSIZ). */
export const nicName = nameValue('the name of an interface such as eth0', /^[A-Za-z][A-Za-z0-9_.-]{0,14}$/)
/** Name of an item of traffic or of an observation. */
export const labelName = nameValue('a name of letters, digits, `-`, `_` and `.`', /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/)

/** An interface of a host. */
export interface NicRef {
  readonly host: string
  readonly nic: string
}

/** `rs1.eth0`. */
export const nicRef = parsedText({
  title: 'a host and its interface such as rs1.eth0',
  code: 'LVS1027',
  pattern: '^[A-Za-z][A-Za-z0-9-]*\\.[A-Za-z][A-Za-z0-9_.-]*$',
  parse: (text): NicRef | undefined => {
    const dot = text.indexOf('.')
    const nicRefParts = { host: text.slice(0, dot), nic: text.slice(dot + 1) }
    return dot > 0 && nicName.safeParse(nicRefParts.nic).success ? nicRefParts : undefined
  },
})

/** An address of either family. */
export const addressValue = parsedText({ title: 'an address such as 10.0.0.1', code: 'LVS1026', parse: parseIp })

/** An IPv4 address. */
export const ipv4Value = parsedText({
  title: 'an IPv4 address such as 10.0.0.100',
  code: 'LVS1026',
  parse: (text): IpAddr | undefined => {
    const address = parseIp(text)
    return address === undefined || isIpv6(address) ? undefined : address
  },
})

/** An address and the length of its network. */
export const prefixValue = parsedText({
  title: 'an address with its prefix length such as 10.0.0.1/24',
  code: 'LVS1026',
  parse: parsePrefix,
})
/** An address and a port. */
export const endpointValue = parsedText({
  title: 'an address and port such as 10.0.0.100:80',
  code: 'LVS1026',
  parse: parseEndpoint,
})
/** Address, port and page. */
export const urlValue = parsedText({
  title: 'a URL with an address such as http://10.0.0.100/',
  code: 'LVS1026',
  parse: parseHttpUrl,
})
/** A file beside the scenario file, or in a folder below it. */
export const fileValue = parsedText({
  title: 'a file beside the scenario, such as capture.pcap or captures/monday.csv',
  code: 'LVS1070',
  pattern: '^[^/\\\\]+(/[^/\\\\]+)*$',
  parse: parseFileName,
})
/** An Ethernet address. */
export const macValue = parsedText({ title: 'a MAC address such as 02:00:00:00:01:00', code: 'LVS1026', parse: parseMac })

/** A path that stays below its folder; undefined for one that is absolute, leads up, or is of another system. */
function parseFileName(text: string): string | undefined {
  const steps = text.split('/')
  const isPlain = text.length <= TEXT_LENGTH_MAX && !/[\\:\u0000-\u001f]/.test(text)
  return isPlain && !steps.includes('') && !steps.includes('..') ? text : undefined
}

/** A whole number between two bounds, both included. */
export function countValue(min: number, max: number) {
  return z.number().int().min(min).max(max)
}

/** A mapping from names to values, as a Map in the order of the file. */
export function mapOf<K extends z.ZodType<string, string>, V extends z.ZodType>(key: K, value: V) {
  type Entries = [string, z.output<V>][]
  return z.record(key, value).transform((all): ReadonlyMap<string, z.output<V>> => new Map(Object.entries(all) as Entries))
}

/** A mapping from some of a closed list of words to values, as a Map. */
export function mapOfWords<const W extends readonly string[], V extends z.ZodType>(words: W, value: V) {
  type Entries = [W[number], z.output<V>][]
  const record = z.partialRecord(z.enum(words), value)
  return record.transform((all): ReadonlyMap<W[number], z.output<V>> => new Map(Object.entries(all) as Entries))
}

/** A mapping whose keys may all be left out, written as nothing: `lan:`. */
export function orEmpty<S extends z.ZodType>(schema: S) {
  return z.preprocess((value) => value ?? {}, schema)
}

/** The type `T` with the keys of `Names` renamed. */
export type Renamed<T, Names> = { [K in keyof T as NewName<K, Names>]: T[K] }
type NewName<K, Names> = K extends keyof Names ? (Names[K] extends string ? Names[K] : K) : K

/** Gives keys of the file the names that the core uses for them, with their units: `delay` becomes `delayNs`. */
export function renamed<S extends z.ZodType<object>, const Names extends Readonly<Record<string, string>>>(
  schema: S,
  names: Names,
) {
  return schema.transform((value) => {
    const entries = Object.entries(value).map(([key, field]) => [Object.hasOwn(names, key) ? names[key] : key, field])
    return Object.fromEntries(entries) as Renamed<z.output<S>, Names>
  })
}
