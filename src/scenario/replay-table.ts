/**
 * A table of requests as CSV: a line that names the columns, then a row each. `time` (seconds, since any moment) must be there;
 * `source` (any text; rows of one source are of one client), `requests` (1 unless given, spread evenly over the time up to the
 * next row), `send` and `reply` (bytes) may. Fields may stand in double quotes; a line break inside them is not read.
 * @module
 */
import { REPLAY_BYTES_MAX, type ReplayRequest } from '../app/replay.ts'
import { err, ok, type Result } from '../base/result.ts'
import { nearestWord } from './nearest.ts'
import { oneOf } from './problems.ts'

/** Most requests of a table, included. */
export const TABLE_REQUESTS_MAX = 1_000_000
const COLUMNS = ['time', 'source', 'requests', 'send', 'reply'] as const
type Column = (typeof COLUMNS)[number]

const SEND_BYTES = 32
const REPLY_BYTES = 64

/** What is wrong with a table, and in which line, from 1 on. */
export interface TableError {
  readonly line: number
  readonly message: string
  readonly expected?: string | undefined
  readonly nearest?: string | undefined
}

interface Row {
  readonly timeNs: bigint
  /** Empty where the table names no sources. */
  readonly source: string
  readonly requests: number
  readonly sendBytes: number
  readonly replyBytes: number
}

/** Reads a table: requests in the order of time, counted from the first row; rows may stand in any order. */
export function readTable(text: string): Result<readonly ReplayRequest[], TableError> {
  const lines = linesOf(text)
  const [head = '', headNumber = 1] = lines.next().value ?? []
  const columns = readColumns(head, headNumber)
  if (!columns.ok) return columns
  const rows: Row[] = []
  let count = 0
  for (const [line, number] of lines) {
    const row = readRow(line, columns.value, number)
    if (!row.ok) return row
    // A row of no requests takes room too.
    count += Math.max(1, row.value.requests)
    if (count > TABLE_REQUESTS_MAX) return err({ line: number, message: `more than ${TABLE_REQUESTS_MAX} requests` })
    rows.push(row.value)
  }
  return ok(requestsOf(rows))
}

function readColumns(head: string, line: number): Result<readonly Column[], TableError> {
  const names = head === '' ? [] : fieldsOf(head) ?? []
  const columns: Column[] = []
  for (const name of names) {
    const column = COLUMNS.find((one) => one === name.toLowerCase())
    if (column === undefined) {
      const message = `unknown column \`${name}\``
      return err({ line, message, expected: oneOf(COLUMNS), nearest: nearestWord(name, COLUMNS) })
    }
    if (columns.includes(column)) return err({ line, message: `the column \`${column}\` is there twice` })
    columns.push(column)
  }
  return columns.includes('time') ? ok(columns) : err({ line, message: 'the column `time` is missing' })
}

function readRow(text: string, columns: readonly Column[], line: number): Result<Row, TableError> {
  const fields = fieldsOf(text)
  if (fields === undefined) return err({ line, message: 'a quote is not closed, or stands inside a field' })
  if (fields.length !== columns.length) {
    const count = fields.length > COLUMNS.length ? 'too many' : fields.length
    return err({ line, message: `${count} fields`, expected: `${columns.length}, as many as columns` })
  }
  const field = (column: Column): string | undefined => fields[columns.indexOf(column)]
  const timeNs = readSeconds(field('time') ?? '')
  if (timeNs === undefined) return unreadable('time', field('time'), line, 'seconds such as 12.5')
  const counts = { requests: 1, send: SEND_BYTES, reply: REPLY_BYTES }
  for (const column of ['requests', 'send', 'reply'] as const) {
    const max = column === 'requests' ? TABLE_REQUESTS_MAX : REPLAY_BYTES_MAX
    const count = readCount(field(column) ?? String(counts[column]), max)
    if (count === undefined) return unreadable(column, field(column), line, `a whole number 0..${max}`)
    counts[column] = count
  }
  const { requests, send, reply } = counts
  return ok({ timeNs, source: field('source') ?? '', requests, sendBytes: send, replyBytes: reply })
}

function unreadable(column: Column, field: string | undefined, line: number, expected: string): Result<never, TableError> {
  return err({ line, message: `cannot read \`${field ?? ''}\` as \`${column}\``, expected })
}

/** The lines of a text with their numbers; blank ones are left out. */
function* linesOf(text: string): Generator<readonly [line: string, number: number]> {
  let number = 0
  for (let at = 0; at <= text.length;) {
    const next = text.indexOf('\n', at)
    const end = next < 0 ? text.length : next
    number++
    const line = text.slice(at, end).trim()
    if (line !== '') yield [line, number]
    at = end + 1
  }
}

/** The fields of a line, of too many only the first ones; undefined when a quote is not closed, or stands inside a field. */
function fieldsOf(line: string): string[] | undefined {
  const fields: string[] = []
  for (let at = 0; at <= line.length && fields.length <= COLUMNS.length;) {
    while (line[at] === ' ') at++
    const isQuoted = line[at] === '"'
    const close = isQuoted ? closingQuote(line, at) : at
    if (close < 0) return undefined
    const comma = line.indexOf(',', close)
    const end = comma < 0 ? line.length : comma
    const text = line.slice(isQuoted ? close + 1 : at, end).trim()
    if (isQuoted ? text !== '' : text.includes('"')) return undefined
    fields.push(isQuoted ? line.slice(at + 1, close).replaceAll('""', '"') : text)
    at = end + 1
  }
  return fields
}

/** Where the quote that opens at `at` closes; -1 when it does not. Two quotes are one that belongs to the field. */
function closingQuote(line: string, at: number): number {
  let close = line.indexOf('"', at + 1)
  while (close >= 0 && line[close + 1] === '"') close = line.indexOf('"', close + 2)
  return close
}

/** Whole nanoseconds: seconds since 1970 are too many of them for a double. */
function readSeconds(text: string): bigint | undefined {
  const match = /^(\d{1,12})(?:\.(\d{1,9})\d*)?$/.exec(text)
  return match === null ? undefined : BigInt((match[1] ?? '') + (match[2] ?? '').padEnd(9, '0'))
}

function readCount(text: string, max: number): number | undefined {
  const count = /^\d{1,15}$/.test(text) ? Number(text) : NaN
  return count <= max ? count : undefined
}

function requestsOf(unsorted: readonly Row[]): ReplayRequest[] {
  const rows = [...unsorted].sort((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0))
  const startNs = rows[0]?.timeNs ?? 0n
  const times = [...new Set(rows.map(({ timeNs }) => Number(timeNs - startNs)))]
  // The last row lasts as long as the one before it.
  const lengths = times.map((time, i) => (times[i + 1] ?? 2 * time - (times[i - 1] ?? time)) - time)
  const lengthAt = new Map(times.map((time, i) => [time, lengths[i] ?? 0]))
  const spread = rows.flatMap(({ timeNs, requests, ...rest }) => {
    const atNs = Number(timeNs - startNs)
    const stepNs = (lengthAt.get(atNs) ?? 0) / Math.max(1, requests)
    return Array.from({ length: requests }, (_, i) => ({ ...rest, afterNs: Math.round(atNs + i * stepNs) }))
  })
  const sources = new Map<string, number>()
  return spread.sort((a, b) => a.afterNs - b.afterNs).map(({ source, ...request }, index) => {
    // Without sources, the clients take turns.
    if (source === '') return { ...request, source: index }
    if (!sources.has(source)) sources.set(source, sources.size)
    return { ...request, source: sources.get(source) ?? 0 }
  })
}
