/**
 * ping(8) of iputils 20221126 for IPv4 addresses: -c -i -W -w -s -t -M -I -q -n -4. Without -c it goes on until it is killed.
 * @module
 */
import { NS_PER_MILLISECOND, NS_PER_SECOND, secondsToNs } from '../base/units.ts'
import { errnoText } from '../host/errno.ts'
import type { Host } from '../host/host.ts'
import type { Ping, PingHandlers } from '../host/ping.ts'
import { formatIp, IPV4_ANY, parseIpv4, type IpAddr } from '../wire/address.ts'
import {
  ICMP_HEADER_BYTES, ICMP_PARAMETER_PROBLEM, ICMP_REDIRECT, ICMP_TIME_EXCEEDED, ICMP_UNREACHABLE,
  UNREACHABLE_FRAGMENTATION_NEEDED, type IcmpMessage,
} from '../wire/icmp-message.ts'
import { IPV4_HEADER_BYTES } from '../wire/ip-packet.ts'
import { readOptions } from './options.ts'
import { Interrupted } from './shell/shell-task.ts'
import { refused, unsupported, type Tool, type ToolResult, type Waiter } from './tool.ts'

interface PingOptions {
  readonly host: Host
  readonly dst: IpAddr
  readonly shownAs: string
  readonly src: IpAddr
  /** The device that -I named. */
  readonly device: string | undefined
  readonly count: number
  readonly intervalNs: number
  readonly lingerNs: number
  readonly deadlineNs: number
  readonly dataBytes: number
  readonly ttl: number | undefined
  /** -M: `do` never fragments, `want` only what is too big for the path, `dont` leaves it to routers. */
  readonly discovery: string
  readonly isQuiet: boolean
}

/** The tool. */
export const ping: Tool = async ({ host, argv, waiter }) => {
  const read = readOptions(argv, { valued: 'cisWwtMIQlmpST', flags: 'qn4bvDUOaARLdr' })
  if (!read.ok) return refused(`ping: invalid option -- '${read.error}'\n`, 2)
  const { values, flags, operands } = read.value
  const other = [...flags].find((flag) => !'qn4v'.includes(flag)) ?? [...values.keys()].find((key) => !'cisWwtMI'.includes(key))
  if (other !== undefined) return unsupported(`-${other}`, `ping: option -${other} is not modelled`)
  const [target] = operands
  if (target === undefined) return refused('ping: usage error: Destination address required\n', 1)
  const dst = resolve(host, target)
  if (dst === undefined) return refused(`ping: ${target}: Name or service not known\n`, 2)
  const source = sourceAddress(host, values.get('I'))
  if (typeof source === 'string') return refused(source, 2)
  for (const key of ['c', 'i', 'W', 'w', 's', 't']) {
    const value = values.get(key)
    if (value !== undefined && !/^\d+(\.\d+)?$/.test(value)) return refused(`ping: invalid argument: '${value}'\n`, 1)
  }
  const noRoute = host.sourceFor(dst)
  if (!/^(do|dont|want)$/.test(values.get('M') ?? 'want')) return refused(`ping: invalid -M argument: ${values.get('M')}\n`, 2)
  if (typeof noRoute === 'string') return refused(`ping: connect: ${errnoText(noRoute)}\n`, 2)
  const hasDeadline = values.has('w')
  const run = new PingRun({
    host, dst, shownAs: target, src: source, device: host.findDevice(values.get('I') ?? '')?.name,
    count: values.has('c') ? Number(values.get('c')) : Infinity,
    intervalNs: secondsToNs(Number(values.get('i') ?? 1)), lingerNs: secondsToNs(Number(values.get('W') ?? 10)),
    deadlineNs: hasDeadline ? secondsToNs(Number(values.get('w'))) : Infinity,
    dataBytes: Number(values.get('s') ?? 56), ttl: values.has('t') ? Number(values.get('t')) : undefined,
    discovery: values.get('M') ?? 'want', isQuiet: flags.has('q'),
  })
  return run.run(waiter)
}

/** The address of a name: a literal one, an entry of /etc/hosts, or the host's own name. */
export function resolve(host: Host, name: string): IpAddr | undefined {
  const literal = parseIpv4(name)
  if (literal !== undefined) return literal
  if (name === 'localhost') return parseIpv4('127.0.0.1')
  for (const line of (host.files.get('/etc/hosts') ?? '').split('\n')) {
    const [addr = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
    if (names.includes(name)) return parseIpv4(addr)
  }
  return undefined
}

/** What -I asks for: an address, or that of a device. A text is ping's refusal. */
function sourceAddress(host: Host, option: string | undefined): IpAddr | string {
  if (option === undefined) return IPV4_ANY
  const literal = parseIpv4(option)
  if (literal !== undefined) return host.isLocalAddress(literal) ? literal : 'ping: bind: Cannot assign requested address\n'
  const device = host.findDevice(option)
  if (device === undefined) return `ping: SO_BINDTODEVICE ${option}: No such device\n`
  return device.config.addresses[0]?.addr ?? IPV4_ANY
}

/** One ping from its first request to its statistics. */
class PingRun implements PingHandlers {
  readonly #options: PingOptions
  readonly #lines: string[] = []
  #stderr = ''
  readonly #sentNs = new Map<number, number>()
  readonly #timesNs: number[] = []
  readonly #answered = new Set<number>()
  #errors = 0
  #duplicates = 0
  #wake: (() => void) | undefined

  constructor(options: PingOptions) {
    this.#options = options
  }

  async run(waiter: Waiter): Promise<ToolResult> {
    const { host, count, intervalNs, deadlineNs } = this.#options
    const echo = host.pings.open(this)
    const startNs = host.sim.nowNs
    let sequence = 0
    let sentNs = startNs
    try {
      while (sequence < count && host.sim.nowNs - startNs < deadlineNs) {
        sequence++
        sentNs = host.sim.nowNs
        this.#request(echo, sequence)
        const isLast = sequence === count
        if (!isLast) await waiter.waitNs(Math.min(intervalNs, startNs + deadlineNs - host.sim.nowNs))
      }
      await this.#linger(waiter, startNs, sentNs)
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error
      echo.close()
      return { stdout: this.#head() + this.#lines.join(''), stderr: this.#stderr, exitCode: 143 }
    }
    echo.close()
    const received = this.#timesNs.length
    return {
      stdout: this.#head() + this.#lines.join('') + this.#statistics(sequence, sentNs - startNs), stderr: this.#stderr,
      exitCode: received > 0 ? 0 : 1,
    }
  }

  /** Waits for what is still to come, no longer than -W and -w allow. */
  async #linger(waiter: Waiter, startNs: number, sentNs: number): Promise<void> {
    const { host, lingerNs, deadlineNs } = this.#options
    // Once an answer has been seen, two round trips are enough (iputils' finish timer).
    const roundTripNs = Math.max(0, ...this.#timesNs)
    const patienceNs = roundTripNs > 0 ? Math.max(2 * roundTripNs, Math.min(NS_PER_SECOND, lingerNs)) : lingerNs
    const endNs = Math.min(sentNs + patienceNs, startNs + deadlineNs)
    while (this.#timesNs.length + this.#errors < this.#sentNs.size) {
      const leftNs = endNs - host.sim.nowNs
      if (leftNs <= 0) return
      const woken = await waiter.waitFor((resume) => {
        this.#wake = resume
      }, leftNs)
      if (woken === 'timeout') return
    }
  }

  #request(echo: Ping, sequence: number): void {
    const { host, dst, src, dataBytes, ttl, discovery } = this.#options
    this.#sentNs.set(sequence, host.sim.nowNs)
    const fits = dataBytes + ICMP_HEADER_BYTES + IPV4_HEADER_BYTES <= host.pathMtuBytes(dst)
    const dontFragment = discovery !== 'dont' && fits
    const problem = discovery === 'do' && !fits ? 'EMSGSIZE'
      : echo.request({ src, dst, sequence, dataBytes, dontFragment, ...(ttl === undefined ? {} : { ttl }) })
    if (problem === undefined) return
    this.#errors++
    const text = problem === 'EMSGSIZE'
      ? `ping: local error: message too long, mtu=${host.pathMtuBytes(dst)}`
      : `ping: sendmsg: ${errnoText(problem)}`
    this.#stderr += `${text}\n`
  }

  onReply(reply: { readonly from: IpAddr, readonly sequence: number, readonly ttl: number, readonly dataBytes: number }): void {
    const { host, isQuiet } = this.#options
    const sentNs = this.#sentNs.get(reply.sequence)
    if (sentNs === undefined) return
    const timeNs = host.sim.nowNs - sentNs
    const isDuplicate = this.#answered.has(reply.sequence)
    this.#answered.add(reply.sequence)
    if (isDuplicate) this.#duplicates++
    else this.#timesNs.push(timeNs)
    if (!isQuiet) {
      const from = `${reply.dataBytes + ICMP_HEADER_BYTES} bytes from ${formatIp(reply.from)}`
      const end = `time=${shortTime(timeNs)} ms${isDuplicate ? ' (DUP!)' : ''}`
      this.#lines.push(`${from}: icmp_seq=${reply.sequence} ttl=${reply.ttl} ${end}\n`)
    }
    this.#wake?.()
  }

  onError(error: { readonly from: IpAddr, readonly sequence: number, readonly message: IcmpMessage }): void {
    const { isQuiet } = this.#options
    if (error.message.type !== ICMP_REDIRECT) this.#errors++
    if (!isQuiet) this.#lines.push(`From ${formatIp(error.from)} icmp_seq=${error.sequence} ${errorText(error.message)}\n`)
    this.#wake?.()
  }

  #head(): string {
    const { shownAs, dst, dataBytes, src, device } = this.#options
    const from = src === IPV4_ANY ? '' : ` from ${formatIp(src)}${device === undefined ? ' :' : ` ${device}:`}`
    const totalBytes = dataBytes + ICMP_HEADER_BYTES + IPV4_HEADER_BYTES
    return `PING ${shownAs} (${formatIp(dst)})${from} ${dataBytes}(${totalBytes}) bytes of data.\n`
  }

  #statistics(sent: number, spanNs: number): string {
    const received = this.#timesNs.length
    const lost = sent === 0 ? 0 : Math.floor((sent - received) * 100 / sent)
    const extra = (this.#duplicates > 0 ? `+${this.#duplicates} duplicates, ` : '')
      + (this.#errors > 0 ? `+${this.#errors} errors, ` : '')
    const title = `\n--- ${this.#options.shownAs} ping statistics ---\n`
    const ms = Math.round(spanNs / NS_PER_MILLISECOND)
    const head = `${title}${sent} packets transmitted, ${received} received, ${extra}${lost}% packet loss, time ${ms}ms\n`
    if (received === 0) return `${head}\n`
    const sum = this.#timesNs.reduce((total, time) => total + time, 0)
    const mean = sum / received
    const variance = this.#timesNs.reduce((total, time) => total + (time - mean) * (time - mean), 0) / received
    const times = [Math.min(...this.#timesNs), mean, Math.max(...this.#timesNs), Math.sqrt(variance)]
    return `${head}rtt min/avg/max/mdev = ${times.map((time) => (time / NS_PER_MILLISECOND).toFixed(3)).join('/')} ms\n`
  }
}

/** Milliseconds with as many decimals as ping shows. */
function shortTime(ns: number): string {
  const ms = ns / NS_PER_MILLISECOND
  return ms >= 99.95 ? ms.toFixed(0) : ms >= 9.995 ? ms.toFixed(1) : ms >= 0.9995 ? ms.toFixed(2) : ms.toFixed(3)
}

const UNREACHABLE_TEXTS = [
  'Destination Net Unreachable', 'Destination Host Unreachable', 'Destination Protocol Unreachable',
  'Destination Port Unreachable', '', 'Source Route Failed', 'Destination Net Unknown', 'Destination Host Unknown',
  'Source Host Isolated',
  'Destination Net Prohibited', 'Destination Host Prohibited', 'Destination Net Unreachable for Type of Service',
  'Destination Host Unreachable for Type of Service', 'Packet filtered', 'Precedence Violation', 'Precedence Cutoff',
]

function errorText(message: IcmpMessage): string {
  switch (message.type) {
    case ICMP_UNREACHABLE:
      if (message.code === UNREACHABLE_FRAGMENTATION_NEEDED) return `Frag needed and DF set (mtu = ${message.rest & 0xffff})`
      return UNREACHABLE_TEXTS[message.code] ?? `Dest Unreachable, Bad Code: ${message.code}`
    case ICMP_TIME_EXCEEDED: return message.code === 0 ? 'Time to live exceeded' : 'Frag reassembly time exceeded'
    case ICMP_REDIRECT:
      return `Redirect ${message.code === 0 ? 'Network' : 'Host'}(New nexthop: ${formatIp(message.rest as IpAddr)})`
    case ICMP_PARAMETER_PROBLEM: return `Parameter problem: pointer = ${message.rest >>> 24}`
    default: return `Bad ICMP type: ${message.type}`
  }
}
