/**
 * traceroute(8) 2.1.2: who answers when packets live for ever more hops. Sixteen probes are on their way at once, and
 * times are those of the simulation. Options: see `options.ts`. Names come from /etc/hosts.
 * @module
 */
import { NS_PER_MILLISECOND } from '../../base/units.ts'
import { errnoText, type Errno } from '../../host/errno.ts'
import { formatIp, IPV4_ANY, type IpAddr } from '../../wire/address.ts'
import {
  ICMP_TIME_EXCEEDED, ICMP_UNREACHABLE, ICMPV6_PARAMETER_PROBLEM, ICMPV6_TIME_EXCEEDED, ICMPV6_TOO_BIG, ICMPV6_UNREACHABLE,
  PROBLEM_NEXT_HEADER, UNREACHABLE_FRAGMENTATION_NEEDED, type IcmpMessage,
} from '../../wire/icmp-message.ts'
import { nameOf, type Family } from '../names.ts'
import { Interrupted } from '../shell/shell-task.ts'
import type { Tool, ToolContext, ToolResult, Waiter } from '../tool.ts'
import { readTraceroute, type TracerouteOptions } from './options.ts'
import { ProbeSender, type ProbeReply } from './probe-sender.ts'

/** What is added to the round trip that another probe's waiting time is reckoned from (DEF_WAIT_PREC). */
const WAIT_PRECISION_NS = NS_PER_MILLISECOND

/** The tool. */
export const traceroute: Tool = (context) => trace(context, undefined)

/** The tool as it is called for IPv6. */
export const traceroute6: Tool = (context) => trace(context, 6)

async function trace(context: ToolContext, named: Family | undefined): Promise<ToolResult> {
  const { host } = context
  const read = readTraceroute(host, context.argv, named)
  if (!read.ok) return read.error
  const options = read.value
  const run = new TracerouteRun(context, options)
  if (options.src !== IPV4_ANY && !host.isLocalAddress(options.src)) return run.failed('bind', 'EADDRNOTAVAIL')
  const source = host.sourceFor(options.dst)
  if (typeof source === 'string') return run.failed('connect', source)
  return run.run(context.waiter)
}

/** One probe. */
interface Probe {
  sentNs: number | undefined
  receivedNs: number | undefined
  from: IpAddr | undefined
  /** TTL of what came back. */
  ttl: number
  /** `!H` and its kin. */
  error: string
  isDone: boolean
  /** The way ends here. */
  isFinal: boolean
}

class TracerouteRun {
  readonly #context: ToolContext
  readonly #options: TracerouteOptions
  readonly #sender: ProbeSender
  readonly #probes: Probe[]
  #text: string
  #wake: (() => void) | undefined
  /** The first probe that is not printed yet, and the first that is of no interest any more. */
  #start: number
  #end: number
  #lastSentNs = -Infinity

  constructor(context: ToolContext, options: TracerouteOptions) {
    this.#context = context
    this.#options = options
    this.#sender = new ProbeSender(context.host, options, (reply) => this.#take(reply))
    this.#start = (options.firstHop - 1) * options.probesPerHop
    this.#end = options.hopsMax * options.probesPerHop
    this.#probes = Array.from({ length: this.#end }, newProbe)
    const { shownAs, dst, hopsMax } = options
    this.#text = `traceroute to ${shownAs} (${formatIp(dst)}), ${hopsMax} hops max, ${this.#sender.packetBytes} byte packets`
  }

  /** What the tool says when the system refuses; its first line stands there by then. */
  failed(call: string, errno: Errno): ToolResult {
    this.#sender.close()
    return { stdout: this.#text, stderr: `\n${call}: ${errnoText(errno)}\n`, exitCode: 1 }
  }

  async run(waiter: Waiter): Promise<ToolResult> {
    try {
      while (this.#start < this.#end) {
        const next = this.#advance()
        if (typeof next === 'string') return this.failed('send', next)
        if (next !== undefined) {
          await waiter.waitFor((resume) => {
            this.#wake = resume
          }, Math.max(0, next - this.#nowNs))
        }
      }
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error
      this.#sender.close()
      return { stdout: this.#text, stderr: '', exitCode: 143 }
    }
    this.#sender.close()
    return { stdout: `${this.#text}\n`, stderr: '', exitCode: 0 }
  }

  get #nowNs(): number {
    return this.#context.host.sim.nowNs
  }

  /**
   * Prints what can be printed and sends what may be sent. Returns when to come back at the latest, undefined for at once, or why
   * a probe could not be sent.
   */
  #advance(): number | Errno | undefined {
    let nextNs: number | undefined
    let underway = 0
    for (let n = this.#start; n < this.#end; n++) {
      const probe = this.#probes[n] as Probe
      if (n === this.#start && !probe.isDone && probe.sentNs !== undefined) {
        const expiresNs = probe.sentNs + this.#patienceNs(n)
        if (expiresNs > this.#nowNs) nextNs = expiresNs
        else this.#expire(n)
      }
      // It may be another one by now.
      const current = this.#probes[n] as Probe
      if (current.isDone) {
        if (n === this.#start) {
          this.#text += this.#probeText(n)
          this.#start++
        }
        if (current.isFinal) this.#end = (Math.floor(n / this.#options.probesPerHop) + 1) * this.#options.probesPerHop
        continue
      }
      if (current.sentNs === undefined) {
        const notBeforeNs = this.#lastSentNs + this.#options.sendWaitNs
        if (this.#options.sendWaitNs > 0 && notBeforeNs > this.#nowNs) return notBeforeNs
        const refused = this.#send(n, current)
        if (refused !== undefined) return refused
      }
      nextNs ??= (current.sentNs ?? this.#nowNs) + this.#patienceNs(n)
      underway++
      if (underway >= this.#options.probesAtOnce) break
    }
    return nextNs
  }

  #send(n: number, probe: Probe): Errno | undefined {
    probe.sentNs = this.#nowNs
    this.#lastSentNs = this.#nowNs
    const refused = this.#sender.send(n, Math.floor(n / this.#options.probesPerHop) + 1)
    // These are told once more, as errors of the socket.
    return refused === 'EMSGSIZE' || refused === 'EHOSTUNREACH' || refused === 'ENOBUFS' ? undefined : refused
  }

  #take({ probe: n, from, ttl, error }: ProbeReply): void {
    const probe = this.#probes[n] as Probe
    if (probe.isDone) return
    probe.from = from
    probe.ttl = ttl
    probe.receivedNs = this.#nowNs
    probe.isDone = true
    const timeExceeded = error?.kind === 'icmpv6' ? ICMPV6_TIME_EXCEEDED : ICMP_TIME_EXCEEDED
    probe.isFinal = error === undefined || !(error.type === timeExceeded && error.code === 0)
    if (error !== undefined && probe.isFinal) probe.error = errorText(error)
    this.#wake?.()
  }

  /** How long to wait for a probe: by another one of its hop that was answered, else by a later one, else -w. */
  #patienceNs(n: number): number {
    const { hereFactor, nearFactor, waitNs, probesPerHop } = this.#options
    const first = n - n % probesPerHop
    const here = hereFactor === 0 ? undefined : this.#probes.slice(first, first + probesPerHop).find(roundTripNs)
    if (here !== undefined) return Math.min(waitNs, (roundTripNs(here) + WAIT_PRECISION_NS) * hereFactor)
    if (nearFactor === 0) return waitNs
    for (const later of this.#probes.slice(n + 1)) {
      if (later.sentNs === undefined) break
      if (roundTripNs(later) > 0) return Math.min(waitNs, (roundTripNs(later) + WAIT_PRECISION_NS) * nearFactor)
    }
    return waitNs
  }

  /** Gives a probe up; or, when a later one brought an error that seems to be of this hop, puts that in its place. */
  #expire(n: number): void {
    ;(this.#probes[n] as Probe).isDone = true
    const place = this.#finalFor(n)
    if (place === undefined) return
    this.#probes[n] = this.#probes[place] as Probe
    this.#probes[place] = { ...newProbe(), sentNs: 0 }
  }

  /** The later probe whose final error belongs in the place of one that expired. */
  #finalFor(n: number): number | undefined {
    const { probesPerHop } = this.#options
    const before = this.#probes.slice(n - n % probesPerHop, n)
    if (before.some((probe) => !probe.isDone || !probe.isFinal)) return undefined
    const place = this.#probes.findIndex((probe, index) => index > n && probe.isDone)
    const final = this.#probes[place]
    if (final === undefined || !final.isFinal || final.error === '') return undefined
    if (before.length > 0 || (n % probesPerHop) + (place - n) < probesPerHop) return place
    // An error may follow a "time exceeded" of the same router.
    if (this.#probes.slice(0, n).some((probe) => probe.from === final.from)) return place
    return this.#hopOf(final, n) <= Math.floor(n / probesPerHop) + 1 ? place : undefined
  }

  /** At which hop an error was made, by how far its packet has come, compared with the nearest router before. */
  #hopOf(final: Probe, n: number): number {
    const back = hopsOf(final.ttl)
    for (let i = n - 1; i >= 0; i--) {
      const probe = this.#probes[i] as Probe
      if (!probe.isDone || probe.isFinal || probe.ttl === 0 || hopsOf(probe.ttl) >= back) continue
      return back - hopsOf(probe.ttl) + Math.floor(i / this.#options.probesPerHop) + 1
    }
    return back
  }

  #probeText(n: number): string {
    const { probesPerHop } = this.#options
    const probe = this.#probes[n] as Probe
    const number = n % probesPerHop
    const head = number === 0 ? `\n${String(Math.floor(n / probesPerHop) + 1).padStart(2)} ` : ''
    const error = probe.error === '' ? '' : ` ${probe.error}`
    if (probe.from === undefined || probe.receivedNs === undefined) return `${head} *${error}`
    const before = this.#probes.slice(n - number, n).findLast((other) => other.from !== undefined)
    const name = before?.from === probe.from ? '' : this.#addressText(probe.from)
    return `${head}${name}  ${(roundTripNs(probe) / NS_PER_MILLISECOND).toFixed(3)} ms${error}`
  }

  #addressText(addr: IpAddr): string {
    const text = formatIp(addr)
    if (this.#options.isNumeric) return ` ${text}`
    return ` ${nameOf(this.#context.host, addr) ?? text} (${text})`
  }
}

function newProbe(): Probe {
  return { sentNs: undefined, receivedNs: undefined, from: undefined, ttl: 0, error: '', isDone: false, isFinal: false }
}

/** 0 where nothing has come back. */
function roundTripNs({ sentNs, receivedNs }: Probe): number {
  return sentNs === undefined || receivedNs === undefined ? 0 : receivedNs - sentNs
}

/** Hops that a packet has come, if it began with 64, 128 or 255. */
function hopsOf(ttl: number): number {
  return (ttl <= 64 ? 65 : ttl <= 128 ? 129 : 256) - ttl
}

/** By code of a destination-unreachable message; a port that nobody listens on means that the destination is reached. */
const UNREACHABLE_TEXTS = [
  '!N', '!H', '!P', '', '', '!S', '!N', '!H', '!N', '!X', '!X', '!N', '!H', '!X', '!V', '!C',
]

/** The same for IPv6. */
const UNREACHABLE_V6_TEXTS = ['!N', '!X', '!H', '!H', '']

function errorText({ kind, type, code, rest }: IcmpMessage): string {
  if (kind === 'icmpv6') {
    if (type === ICMPV6_UNREACHABLE) return UNREACHABLE_V6_TEXTS[code] ?? `!<${type}-${code}>`
    if (type === ICMPV6_TOO_BIG) return `!F-${rest}`
    return type === ICMPV6_PARAMETER_PROBLEM && code === PROBLEM_NEXT_HEADER ? '!P' : `!<${type}-${code}>`
  }
  if (type !== ICMP_UNREACHABLE) return `!<${type}-${code}>`
  if (code === UNREACHABLE_FRAGMENTATION_NEEDED) return `!F-${rest & 0xffff}`
  return UNREACHABLE_TEXTS[code] ?? `!<${code}>`
}
