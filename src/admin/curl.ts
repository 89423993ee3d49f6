/**
 * curl(1) 7.88 for http: -s -S -o -O -I -i -f -m --connect-timeout -w -H -X -A -L -g -4 -6 --interface --local-port, one URL
 * after another. Redirects are shown and not followed; uploads, the progress meter and other protocols are not modelled. The
 * next address of a name gets its turn when the one before has refused, not while it is silent (no Happy Eyeballs).
 * @module
 */
import { NS_PER_MILLISECOND, nsToSeconds, secondsToNs } from '../base/units.ts'
import { ipv6AddressesOf } from '../host/config/ipv6-config.ts'
import { curlExitCode, fetchHttp, type HttpRequest, type HttpResult, type HttpTarget } from '../app/http-client.ts'
import { findHeader, type HttpMessage } from '../app/http-text.ts'
import { errnoText } from '../host/errno.ts'
import type { Host } from '../host/host.ts'
import { formatIp, isIpv6, parseIp, type IpAddr } from '../wire/address.ts'
import { readOptions, type ReadOptions } from './options.ts'
import { addressesOf } from './names.ts'
import { refused, unsupported, type Tool, type ToolContext, type Waiter } from './tool.ts'

/** Long options by the letter that they stand for; C, N, P and F are not curl's own letters here. */
const LONG: Record<string, string> = {
  silent: 's', 'show-error': 'S', output: 'o', 'remote-name': 'O', head: 'I', include: 'i', fail: 'f', 'max-time': 'm',
  'connect-timeout': 'C',
  'write-out': 'w', header: 'H', request: 'X', 'user-agent': 'A', location: 'L', ipv4: '4', ipv6: '6', globoff: 'g',
  interface: 'N',
  'local-port': 'P', 'no-progress-meter': '#', url: 'U', 'no-keepalive': '#', 'no-buffer': '#',
}

/** What is the same for all URLs of a call. */
interface Call {
  readonly context: ToolContext
  readonly values: ReadonlyMap<string, string>
  readonly flags: ReadonlySet<string>
  readonly headers: readonly (readonly [string, string])[]
}

/** The tool. */
export const curl: Tool = async (context) => {
  const headers: [string, string][] = []
  const argv: string[] = []
  for (let index = 0; index < context.argv.length; index++) {
    const word = context.argv[index] ?? ''
    // -H may be given several times.
    if (word !== '-H' && word !== '--header') argv.push(word)
    else {
      const [name = '', value = ''] = (context.argv[++index] ?? '').split(/:\s*(.*)/s)
      headers.push([name, value])
    }
  }
  const read = readOptions(argv, { valued: 'omCwXANPU', flags: 'sSOIifL46g#k', long: LONG })
  if (!read.ok) {
    return unsupported(read.error.startsWith('-') ? read.error : `-${read.error}`, `curl: option ${read.error} is not modelled`)
  }
  const urls = urlsOf(read.value)
  if (urls.length === 0) {
    return refused("curl: no URL specified!\ncurl: try 'curl --help' or 'curl --manual' for more information\n", 2)
  }
  const call: Call = { context, values: read.value.values, flags: read.value.flags, headers }
  let stdout = ''
  let stderr = ''
  let exitCode = 0
  for (const url of urls) {
    const one = await get(call, url)
    if (one.unsupported !== undefined) return unsupported(url, one.unsupported)
    stdout += one.stdout
    if (one.complaint !== '' && (!call.flags.has('s') || call.flags.has('S'))) {
      stderr += `curl: (${one.exitCode}) ${one.complaint}\n`
    }
    exitCode = one.exitCode
  }
  return { stdout, stderr, exitCode }
}

/** `http://10.0.0.100/page[1-3]` stands for three. */
function urlsOf(read: ReadOptions): string[] {
  const given = read.values.get('U')
  const urls = [...(given === undefined ? [] : [given]), ...read.operands]
  if (read.flags.has('g')) return urls
  return urls.flatMap((url) => {
    const range = /^(.*)\[(\d+)-(\d+)\](.*)$/.exec(url)
    if (range === null) return [url]
    const [, head = '', first, last, tail = ''] = range
    const count = Math.min(Number(last) - Number(first) + 1, 10_000)
    return Array.from({ length: Math.max(0, count) }, (_, index) => `${head}${Number(first) + index}${tail}`)
  })
}

/** Where a request goes. */
interface Target {
  /** As it was typed, without brackets. */
  readonly name: string
  readonly addr: IpAddr
  readonly port: number
  readonly src: IpAddr | undefined
}

interface Outcome {
  readonly stdout: string
  readonly complaint: string
  readonly exitCode: number
  readonly unsupported?: string
}

const NOTHING: Outcome = { stdout: '', complaint: '', exitCode: 1 }
const BAD_URL: Outcome = { stdout: '', complaint: 'URL using bad/illegal format or missing URL', exitCode: 3 }

async function get(call: Call, url: string): Promise<Outcome> {
  const { host } = call.context
  const match = /^(?:([a-z]+):\/\/)?(\[[^\]]*\]|[^/:?#]+)(?::(\d+))?([/?][^#]*)?(?:#.*)?$/i.exec(url)
  if (match === null) return BAD_URL
  const [, protocol = 'http', typed = '', portText, path = '/'] = match
  const name = typed.replace(/^\[|\]$/g, '')
  if (name.includes('%')) return { ...NOTHING, unsupported: `curl: the zone of ${name} is not modelled` }
  if (typed.startsWith('[') && parseIp(name) === undefined) return BAD_URL
  if (protocol.toLowerCase() !== 'http') {
    return { ...NOTHING, unsupported: `curl: ${protocol} is not modelled` }
  }
  const family = call.flags.has('4') ? 4 : call.flags.has('6') ? 6 : undefined
  const addresses = addressesOf(host, name, family)
  if (addresses.length === 0) return { stdout: '', complaint: `Could not resolve host: ${name}`, exitCode: 6 }
  const port = Number(portText ?? 80)
  let outcome: Outcome = { stdout: '', complaint: 'bind failed with errno 99: Cannot assign requested address', exitCode: 45 }
  for (const addr of addresses) {
    const source = sourceOf(host, call.values.get('N'), addr)
    if (source === 'unknown') continue
    const to: Target = { name, addr, port, src: source }
    const result = await fetch(call, to, path.startsWith('?') ? `/${path}` : path)
    outcome = outcomeOf(call, result, to, path)
    if (result.failure !== 'connect') break
  }
  return outcome
}

/** The address of --interface: one of the host's own, or that of a device; of the family of `dst`. */
function sourceOf(host: Host, text: string | undefined, dst: IpAddr): IpAddr | undefined | 'unknown' {
  if (text === undefined) return undefined
  const literal = parseIp(text)
  const ofDevice = isIpv6(dst) ? ipv6AddressesOf(host.net, text) : host.findDevice(text)?.config.addresses ?? []
  const addr = literal === undefined ? ofDevice[0]?.addr : isIpv6(literal) === isIpv6(dst) ? literal : undefined
  return addr !== undefined && host.isLocalAddress(addr) ? addr : 'unknown'
}

async function fetch(call: Call, to: Target, target: string): Promise<HttpResult> {
  const { context, values, flags, headers } = call
  const timeoutNs = values.has('m') ? secondsToNs(Number(values.get('m'))) : undefined
  // curl gives up after five minutes by itself.
  const connectTimeoutNs = secondsToNs(Number(values.get('C') ?? 300))
  const sport = values.get('P')
  const given = headers.find(([name]) => name.toLowerCase() === 'host')?.[1]
  const others = headers.filter(([name]) => name.toLowerCase() !== 'host')
  const request: HttpRequest = {
    target, method: values.get('X') ?? (flags.has('I') ? 'HEAD' : 'GET'), keepsBody: true,
    hostHeader: given ?? hostHeaderOf(to),
    headers: [['User-Agent', values.get('A') ?? 'curl/7.88.1'], ['Accept', '*/*'], ...others],
    ...(timeoutNs === undefined ? {} : { timeoutNs }),
  }
  const connection: HttpTarget = {
    dst: to.addr, dport: to.port, connectTimeoutNs, ...(to.src === undefined ? {} : { src: to.src }),
    ...(sport === undefined ? {} : { sport: Number(sport) }),
  }
  return waitFor(context.waiter, (done) => fetchHttp(context.host, connection, request, done))
}

function hostHeaderOf({ name, port }: Target): string {
  const host = name.includes(':') ? `[${name}]` : name
  return port === 80 ? host : `${host}:${port}`
}

/** Waits for a request that reports by a callback. Interrupted, it is given up. */
async function waitFor(waiter: Waiter, start: (done: (result: HttpResult) => void) => { close(): void }): Promise<HttpResult> {
  let result: HttpResult | undefined
  let connection: { close(): void } | undefined
  try {
    await waiter.waitFor((resume) => {
      connection = start((done) => {
        result = done
        resume()
      })
    }, Infinity)
  } finally {
    if (result === undefined) connection?.close()
  }
  return result as unknown as HttpResult
}

function outcomeOf(call: Call, result: HttpResult, to: Target, path: string): Outcome {
  const { values, flags, context } = call
  const { message } = result
  const status = result.status ?? 0
  const hasFailed = flags.has('f') && status >= 400
  const head = message !== undefined && (flags.has('I') || flags.has('i')) ? headText(message) : ''
  const text = hasFailed ? '' : head + (flags.has('I') ? '' : new TextDecoder().decode(result.body))
  const file = values.get('o') ?? (flags.has('O') ? path.split('/').pop() : undefined)
  if (file !== undefined && file !== '-' && file !== '/dev/null') context.writeFile(file, text)
  const wanted = values.get('w')
  const extra = wanted === undefined ? '' : writeOut(wanted, result, to)
  const stdout = (file === undefined || file === '-' ? text : '') + extra
  if (hasFailed) return { stdout, complaint: `The requested URL returned error: ${status}`, exitCode: 22 }
  const isLate = result.failure === 'connect' && result.errno === 'ETIMEDOUT'
  return { stdout, complaint: complaint(result, to), exitCode: isLate ? 28 : curlExitCode(result.failure) }
}

function headText(message: HttpMessage): string {
  return `${[message.startLine, ...message.headers.map(([name, value]) => `${name}: ${value}`)].join('\r\n')}\r\n\r\n`
}

function complaint(result: HttpResult, to: Target): string {
  const ms = Math.floor((result.endNs - result.startNs) / NS_PER_MILLISECOND)
  switch (result.failure) {
    case undefined: return ''
    case 'connect': return `Failed to connect to ${to.name} port ${to.port} after ${ms} ms: Couldn't connect to server`
    case 'connect-timeout': return `Connection timed out after ${ms} milliseconds`
    case 'timeout':
      return `Operation timed out after ${ms} milliseconds with ${result.bodyBytes} ${remaining(result)}bytes received`
    case 'empty': return 'Empty reply from server'
    case 'reset': return `Recv failure: ${errnoText(result.errno ?? 'ECONNRESET')}`
    case 'partial':
      return `transfer closed with ${Number(result.message?.bodyBytes ?? 0) - result.bodyBytes} bytes remaining to read`
    case 'malformed': return 'Received HTTP/0.9 when not allowed'
  }
}

function remaining(result: HttpResult): string {
  const length = result.message === undefined ? undefined : findHeader(result.message, 'content-length')
  return length === undefined ? '' : `out of ${length} `
}

/** The variables of -w that concern one transfer. */
function writeOut(format: string, result: HttpResult, to: Target): string {
  const since = (ns: number | undefined): string => nsToSeconds(ns === undefined ? 0 : ns - result.startNs).toFixed(6)
  const variables = new Map(Object.entries({
    http_code: String(result.status ?? 0).padStart(3, '0'), response_code: String(result.status ?? 0).padStart(3, '0'),
    time_connect: since(result.connectedNs), time_starttransfer: since(result.firstByteNs), time_total: since(result.endNs),
    time_namelookup: '0.000000', size_download: String(result.bodyBytes), remote_ip: formatIp(to.addr),
    remote_port: String(to.port),
    exitcode: String(curlExitCode(result.failure)), num_connects: '1',
  }))
  return format.replace(/%\{(\w+)\}/g, (_, name: string) => variables.get(name) ?? '').replaceAll('%%', '%')
    .replace(/\\([nrt])/g, (_, letter: string) => ({ n: '\n', r: '\r', t: '\t' }[letter] ?? ''))
}
