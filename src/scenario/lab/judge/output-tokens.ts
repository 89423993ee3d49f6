/**
 * What commands print, cut into items that are compared each in its own way, with what depends on the moment taken out.
 * @module
 */

/** A row of a listing of connections. */
export interface ConnectionRow {
  readonly state: string
  readonly source: string
  readonly virtual: string
  readonly destination: string
  readonly expireSeconds: number
  /** The row without its expire. */
  readonly text: string
}

/** One item of an output. */
export type Token =
  | { readonly kind: 'line', readonly line: string, readonly isService: boolean }
  | { readonly kind: 'rows', readonly rows: ConnectionRow[] }
  /** A server with its counters: active, inactive, persistent. */
  | {
    readonly kind: 'server', readonly line: string, readonly server: string, readonly service: string
    readonly counts: readonly number[], readonly padding: string
  }
  | {
    readonly kind: 'stats', readonly line: string, readonly numbers: readonly string[]
    readonly isHex: boolean, readonly isIpv6: boolean
  }

type Mode = 'conns' | 'stats' | 'rate' | 'dest' | 'services' | ''

const ROW = /^(\S+)( +)(\d+):(\d\d)( +)(\S+)( +)(\S+)( +)(\S+)( +)(\S+)(.*)$/
const PROC_ROW = /^(\S+ +[0-9A-F]{8}\S* +\S+ \S+ +\S+ \S+ +\S+ )(\S+)( +)(\d+)(.*)$/
const STATS = /^(.*?\S)?((?: +[0-9A-F]+[KMGT]?){5})$/
const RATES = /^(.*?)((?: +[0-9A-F]+[KMGT]?){5})$/
const SERVER = /^( {2}-> (\S+) .*?)(\d+)( +)(\d+)( *)$/

/** Cuts an output into items. */
export function tokenize(command: string, text: string): Token[] {
  const tokens: Token[] = []
  const hasPersistent = text.includes('PersistConn')
  let [mode, service]: [Mode, string] = ['', '']
  for (const line of text.split('\n')) {
    if (/^IPVS connection entries|^Pro FromIP/.test(line)) {
      mode = 'conns'
      tokens.push(lineToken(line))
      continue
    }
    mode = modeAfter(line, mode)
    const row = mode === 'conns' ? connectionRow(line) : undefined
    if (row !== undefined) {
      addRow(tokens, row)
      continue
    }
    const token = counterToken(line, mode, service, hasPersistent)
    if (token !== undefined) tokens.push(token)
    else {
      const isService = /^(TCP|UDP|SCTP|FWM) +\S/.test(line)
      if (isService) service = line.split(/ +/)[1] ?? ''
      tokens.push({ kind: 'line', line, isService })
    }
  }
  return /--nosort|cat \/proc\/net\/ip_vs\b(?!_)/.test(command) ? withSortedServices(tokens) : tokens
}

/** What a command prints, without times, counters of nics, order of sets, and the log text of daemons. */
export function normalize(command: string, text: string, stream: 'stdout' | 'stderr'): string {
  let t = stream === 'stderr' && /\bkeepalived\b/.test(command) ? '' : text
  const sorted = (lines: string): string => lines.split('\n').sort().join('\n')
  if (/\bping6? |\barping\b/.test(command)) {
    t = t.replace(/time[= ]?[\d.]+ ?ms/g, 'time').replace(/rtt min.*/g, 'rtt').replace(/ +[\d.]+ ?ms$/gm, '')
  }
  if (/\bifconfig\b/.test(command)) t = t.replace(/^ +[RT]X .*\n/gm, '')
  if (/\bconntrack\b.*-L/.test(command)) t = sorted(t.replace(/^(\S+ +\d+ )\d+ /gm, '$1## '))
  if (/\biptables\b.*-\w*v/.test(command) && !/-t nat/.test(command)) {
    t = t.replace(/^( *)(\d+\w?)( +)(\d+\w?)( +\S+ +\S+ +--)/gm, (_match, _a, packets: string, _b, _c, rest: string) => (
      packets === '0' ? '0' : 'N') + rest.trimStart().padStart(1)).replace(/ACCEPT \d+\w? packets, \d+\w? bytes/g, 'ACCEPT')
  }
  if (/\bip (-\S+ )*neigh/.test(command)) t = sorted(t.replace(/\b(REACHABLE|STALE|DELAY|PROBE)\b/g, 'VALID'))
  return t
}

/** The item as one line, for messages. */
export function tokenText(token: Token | undefined): string {
  if (token === undefined) return '(nothing)'
  switch (token.kind) {
    case 'rows': return `${token.rows.length} connection rows`
    case 'server': return token.line + token.counts.join(',')
    case 'stats': return `${token.line} ${token.numbers.join(' ')}`
    case 'line': return token.line
  }
}

function lineToken(line: string): Token {
  return { kind: 'line', line, isService: false }
}

function modeAfter(line: string, mode: Mode): Mode {
  if (/^(Prot LocalAddress| {3}Total Incoming)/.test(line)) {
    if (/Conns +InPkts|Total Inc/.test(line)) return 'stats'
    if (/CPS +InPPS/.test(line)) return 'rate'
    return line.includes('ActiveConn') ? 'dest' : 'services'
  }
  return /^ Conns\/s/.test(line) ? 'rate' : mode
}

function connectionRow(line: string): ConnectionRow | undefined {
  const row = ROW.exec(line)
  if (row !== null) {
    const [, protocol = '', gap = '', minutes, seconds, ...rest] = row
    return {
      state: rest[1] ?? '', source: rest[3] ?? '', virtual: rest[5] ?? '', destination: rest[7] ?? '',
      expireSeconds: Number(minutes) * 60 + Number(seconds), text: `${protocol}${gap}##${rest.join('')}`,
    }
  }
  const proc = PROC_ROW.exec(line)
  if (proc === null) return undefined
  const [, head = '', state = '', , expire, tail = ''] = proc
  const source = head.split(/ +/).slice(1, 3).join(':').replace(/:0000$/, ':0')
  return { state, source, virtual: '', destination: head, expireSeconds: Number(expire), text: head + state + tail }
}

function addRow(tokens: Token[], row: ConnectionRow): void {
  const last = tokens.at(-1)
  if (last?.kind === 'rows') last.rows.push(row)
  else tokens.push({ kind: 'rows', rows: [row] })
}

function counterToken(line: string, mode: Mode, service: string, hasPersistent: boolean): Token | undefined {
  const stats = mode === 'stats' ? STATS.exec(line) : null
  if (stats !== null && /\d/.test(stats[2] ?? '')) {
    return {
      kind: 'stats', numbers: (stats[2] ?? '').trim().split(/ +/), isHex: stats[1] === undefined,
      line: (stats[1] ?? '').trimEnd(), isIpv6: line.includes('['),
    }
  }
  const rates = mode === 'rate' ? RATES.exec(line) : null
  if (rates !== null) return lineToken(`${rates[1]} <rates>`)
  const server = mode === 'rate' ? null : SERVER.exec(line)
  if (server === null) return undefined
  const [, head = '', name = '', active = '', gap = '', inactive = '', end = ''] = server
  const persistent = hasPersistent ? /^(.*?)(\d+)( +)$/.exec(head) : null
  return {
    kind: 'server', server: name, service, line: persistent?.[1] ?? head,
    padding: `${(active + gap).length}/${(inactive + end).length}`,
    counts: [Number(active), Number(inactive), Number(persistent?.[2] ?? 0)],
  }
}

/** Services in a fixed order, each with its servers: the kernel lists them in the order of a hash. */
function withSortedServices(tokens: Token[]): Token[] {
  const start = tokens.findIndex((token) => token.kind === 'line' && token.isService)
  const end = tokens.findLastIndex((token) => token.kind !== 'line' || token.line !== '')
  if (start < 0) return tokens
  const groups: Token[][] = []
  for (const token of tokens.slice(start, end + 1)) {
    if (token.kind === 'line' && token.isService) groups.push([token])
    else groups.at(-1)?.push(token)
  }
  groups.sort((a, b) => (tokenText(a[0]) < tokenText(b[0]) ? -1 : 1))
  return [...tokens.slice(0, start), ...groups.flat(), ...tokens.slice(end + 1)]
}
