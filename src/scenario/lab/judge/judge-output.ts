/**
 * Compares what commands printed: line by line, but connections as a set with tolerant timers, and counters as far as pure
 * acknowledgements may differ.
 * @module
 */
import {
  commandOf, granuleSeconds, hostOf, isShow, kindOfStep, outputOf, sleepsIn, TRAFFIC, type JudgeContext,
} from './context.ts'
import { normalize, tokenize, tokenText, type ConnectionRow, type Token } from './output-tokens.ts'
import type { Lab } from '../lab.ts'

/** Told about each difference of one output. */
type SayField = (field: string, expected: unknown, got: unknown) => void

/** Timeouts by state, in seconds. */
const TIMEOUTS: Readonly<Record<string, number>> = {
  NONE: 2, ESTABLISHED: 900, SYN_SENT: 120, SYN_RECV: 60, FIN_WAIT: 120, TIME_WAIT: 120, CLOSE: 10, CLOSE_WAIT: 60,
  LAST_ACK: 30, LISTEN: 120, SYNACK: 120, UDP: 300, ICMP: 60, ASSURED: 60,
}
const ACTIVE_STATES: ReadonlySet<string> = new Set(['ESTABLISHED', 'SYN_RECV', 'SYNACK'])
const COUNT_NAMES = ['ActiveConn', 'InActConn', 'PersistConn'] as const

/** Compares one stream of one step. */
export function judgeOutput(
  context: JudgeContext, step: number, stream: 'stdout' | 'stderr',
  texts: { readonly recorded: string, readonly emitted: string }, say: SayField,
): void {
  const command = commandOf(context.recorded.steps[step] ?? {})
  const [a, b] = [normalize(command, texts.recorded, stream), normalize(command, texts.emitted, stream)]
  if (a === b) return
  const [expected, got] = [withRows(tokenize(command, a)), withRows(tokenize(command, b))]
  for (let k = 0; k < Math.max(expected.length, got.length); k++) {
    const [u, v] = [expected[k], got[k]]
    const where = `${stream} line ${k + 1}`
    if (u === undefined || v === undefined || u.kind !== v.kind) return say(where, tokenText(u), tokenText(v))
    if (u.kind === 'rows' && v.kind === 'rows') judgeRows(context, step, { recorded: u.rows, emitted: v.rows }, say)
    else if (u.kind === 'server' && v.kind === 'server') {
      if (u.line !== v.line || u.server !== v.server || u.padding !== v.padding) return say(where, tokenText(u), tokenText(v))
      if (!countsAgree(context, step, stream, u, v, say)) return
    } else if (u.kind === 'stats' && v.kind === 'stats') {
      if (u.line !== v.line || !statsAgree(u, v)) return say(where, tokenText(u), tokenText(v))
    } else if (u.kind === 'line' && v.kind === 'line' && u.line !== v.line) return say(where, u.line, v.line)
  }
}

/** An empty listing of connections has an empty list of rows, too. */
function withRows(tokens: Token[]): Token[] {
  if (tokens.some((token) => token.kind === 'rows')) return tokens
  return tokens.flatMap((token): Token[] => token.kind === 'line' && /^(pro expire|Pro FromIP)/.test(token.line)
    ? [token, { kind: 'rows', rows: [] }] : [token])
}

type Server = Extract<Token, { kind: 'server' }>
type Stats = Extract<Token, { kind: 'stats' }>

/** Says the first counter that differs too much. */
function countsAgree(context: JudgeContext, step: number, stream: string, u: Server, v: Server, say: SayField): boolean {
  const slack = softRows(context, step, u.server, u.service)
  for (const [index, name] of COUNT_NAMES.entries()) {
    const [expected, got] = [u.counts[index] ?? 0, v.counts[index] ?? 0]
    if (Math.abs(expected - got) <= (slack[index] ?? 0)) continue
    say(`${stream} ${u.service} -> ${u.server} ${name}`, expected, got)
    return false
  }
  return true
}

/** Conns exact; as many packets more or less as there were connections, each of the length of a pure acknowledgement. */
function statsAgree(u: Stats, v: Stats): boolean {
  const [c, d] = [u, v].map(({ numbers, isHex }) => numbers.map((number) => parseInt(number, isHex ? 16 : 10)))
  if (c === undefined || d === undefined || c[0] !== d[0]) return false
  const isShortened = !u.isHex && [...u.numbers, ...v.numbers].some((number) => /[KMGT]$/.test(number))
  if (isShortened) return u.numbers.join() === v.numbers.join()
  return [[1, 3], [2, 4]].every(([packetsAt = 0, bytesAt = 0]) => {
    const packets = (d[packetsAt] ?? 0) - (c[packetsAt] ?? 0)
    const bytes = (d[bytesAt] ?? 0) - (c[bytesAt] ?? 0)
    if (Math.abs(packets) > (c[0] ?? 0)) return false
    if (u.isHex || u.line.startsWith('FWM')) return bytes === packets * 40 || bytes === packets * 60
    return bytes === packets * (u.isIpv6 ? 60 : 40)
  })
}

function rowsOf(lab: Lab, step: number): ConnectionRow[] {
  const at = lab.steps[step]
  if (at === undefined) return []
  return tokenize(commandOf(at), outputOf(at, 'stdout')).flatMap((token) => token.kind === 'rows' ? token.rows : [])
}

function judgeRows(
  context: JudgeContext, step: number,
  rows: { readonly recorded: readonly ConnectionRow[], readonly emitted: readonly ConnectionRow[] }, say: SayField,
): void {
  const at = context.recorded.steps[step] ?? {}
  const [low, high] = context.backups.has(hostOf(at)) ? [-3, 4] : [-1, 2]
  const left = [...rows.emitted]
  const missing: ConnectionRow[] = []
  for (const row of rows.recorded) {
    const same = left.filter((other) => other.text === row.text)
      .sort((x, y) => Math.abs(x.expireSeconds - row.expireSeconds) - Math.abs(y.expireSeconds - row.expireSeconds))[0]
    if (same === undefined) {
      missing.push(row)
      continue
    }
    left.splice(left.indexOf(same), 1)
    const delta = same.expireSeconds - row.expireSeconds
    if ((delta >= low && delta <= high) || isTemplateInPhase(context, step, row, same)) continue
    say(`expire of ${row.text.replace(/ +/g, ' ')}`, minutes(row.expireSeconds), minutes(same.expireSeconds))
  }
  const extra = left.filter((row) => hasTwin(row, missing)
    || (!(row.expireSeconds <= 2 && mayLinger(context, step, row)) && !isRace(context, step, row)))
  const gone = missing.filter((row) => hasTwin(row, left) || (row.expireSeconds > 1 && !isRace(context, step, row)))[0]
  const stranger = gone === undefined ? extra[0]
    : extra.find((row) => row.source === gone.source && row.virtual === gone.virtual)
      ?? extra.find((row) => row.source === gone.source)
  if (gone !== undefined || stranger !== undefined) say('connection row', rowText(gone), rowText(stranger))
}

function minutes(seconds: number): string {
  return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`
}

function rowText(row: ConnectionRow | undefined): string {
  return row === undefined ? '(no such row)' : row.text.replace('##', minutes(row.expireSeconds))
}

/** True when the connection is in the other list, in another state. */
function hasTwin(row: ConnectionRow, others: readonly ConnectionRow[]): boolean {
  return others.some((other) => (
    other.source === row.source && other.virtual === row.virtual && other.destination === row.destination))
}

/** A template past its first life is re-armed by 60 s, late by a granule each time: its expire is compared modulo 60. */
function isTemplateInPhase(context: JudgeContext, step: number, row: ConnectionRow, same: ConnectionRow): boolean {
  if (!row.source.endsWith(':0')) return false
  const { steps } = context.recorded
  let quiet = 0
  for (let j = step; j >= 0 && !TRAFFIC.has(kindOfStep(steps[j])); j--) quiet += sleepsIn(steps[j])
  const life = Math.min(...context.persist, Infinity)
  const granule = 2.048 * Math.max(1, Math.ceil(quiet / 60))
  const delta = ((((same.expireSeconds - row.expireSeconds + 30) % 60) + 60) % 60) - 30
  return quiet + 3 >= life && row.expireSeconds <= 60 && same.expireSeconds <= 60 && delta >= -1 - granule && delta <= 2 + granule
}

function withoutPort(address: string): string {
  return address.replace(/:\d+$/, '')
}

/** A template that, when last seen, was to fire within 5 s (modulo 60) of its last connection's end: both courses are right. */
function isRace(context: JudgeContext, step: number, row: ConnectionRow): boolean {
  const { steps } = context.recorded
  const host = hostOf(steps[step] ?? {})
  let passed = 0
  for (let j = step - 1; row.source.endsWith(':0') && j >= 0; j--) {
    passed += sleepsIn(steps[j + 1])
    const at = steps[j] ?? {}
    const rows = isShow(at) && hostOf(at) === host ? rowsOf(context.recorded, j) : []
    const template = rows.find((other) => other.source === row.source && other.destination === row.destination)
    if (template === undefined) continue
    return passed > 0 && passed <= template.expireSeconds + 66 && rows.some((other) => other !== template
      && withoutPort(other.source) === withoutPort(template.source) && other.destination === template.destination
      && Math.abs(((other.expireSeconds - template.expireSeconds + 30 + 6000) % 60) - 30) <= 5)
  }
  return false
}

/** A row that the kernel no longer had: can its timer still be late? */
function mayLinger(context: JudgeContext, step: number, row: ConnectionRow): boolean {
  const { steps } = context.recorded
  const timeout = TIMEOUTS[row.state] ?? 900
  let passed = 0
  for (let j = step - 1; j >= 0; j--) {
    const at = steps[j] ?? {}
    passed += sleepsIn(steps[j + 1])
    const seen = isShow(at) && hostOf(at) === hostOf(steps[step] ?? {}) ? rowsOf(context.recorded, j).find((other) => (
      other.source === row.source && other.virtual === row.virtual && other.destination === row.destination)) : undefined
    if (seen !== undefined) {
      const known = TIMEOUTS[seen.state] ?? 0
      const longest = Math.max(seen.expireSeconds, known, ...(known >= 120 ? context.sets : []))
      return passed <= seen.expireSeconds + 3 + granuleSeconds(longest)
    }
    // It may have been renewed: the time passed is all that is known.
    if (TRAFFIC.has(kindOfStep(at))) break
  }
  return passed <= 3 + Math.max(...context.sets, ...context.persist, timeout) * 1.125 + 3
}

/** How far the counters of one server may differ: rows beside this listing that were about to end, in one of the records only. */
function softRows(context: JudgeContext, step: number, server: string, service: string): readonly number[] {
  const { steps } = context.recorded
  const near: number[] = []
  for (const direction of [-1, 1]) {
    for (let j = step + direction; isShow(steps[j]) && sleepsIn(steps[direction < 0 ? j + 1 : j]) === 0; j += direction) {
      if (hostOf(steps[j] ?? {}) === hostOf(steps[step] ?? {})) near.push(j)
    }
  }
  const host = (address: string): string => address.replace(/:[^:\]]*$/, '')
  const isAddress = /^[\d.[\]a-f:]+:\d+$/.test(service)
  const soft = [new Set<string>(), new Set<string>(), new Set<string>()]
  for (const j of near) {
    for (const [lab, other] of [[context.recorded, context.emitted], [context.emitted, context.recorded]] as const) {
      for (const row of rowsOf(lab, j)) {
        if (row.expireSeconds > 2 || host(row.destination) !== host(server)) continue
        if (rowsOf(other, j).some((twin) => twin.text === row.text)) continue
        if (row.virtual !== service && isAddress && row.virtual !== '' && !row.source.endsWith(':0')) continue
        soft[row.source.endsWith(':0') ? 2 : ACTIVE_STATES.has(row.state) ? 0 : 1]?.add(row.text)
      }
    }
  }
  return soft.map((set) => set.size)
}
