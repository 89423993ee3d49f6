/**
 * One run of ping(8) from its first request to its statistics, as iputils 20221126 reports it for either version of IP.
 * @module
 */
import { NS_PER_MILLISECOND, NS_PER_SECOND } from '../base/units.ts'
import type { Device } from '../host/device.ts'
import { errnoText } from '../host/errno.ts'
import type { Host } from '../host/host.ts'
import type { Ping, PingHandlers } from '../host/ping.ts'
import { formatIp, IPV4_ANY, isIpv6, isLinkLocal, isMulticast, type IpAddr } from '../wire/address.ts'
import { ICMP_HEADER_BYTES, ICMP_REDIRECT, type IcmpMessage } from '../wire/icmp-message.ts'
import { ipHeaderBytes } from '../wire/ip-packet.ts'
import { nameOf } from './names.ts'
import { errorText, shortTime } from './ping-text.ts'
import { Interrupted } from './shell/shell-task.ts'
import type { ToolResult, Waiter } from './tool.ts'

/** What is asked for. */
export interface PingOptions {
  readonly host: Host
  readonly dst: IpAddr
  readonly shownAs: string
  /** `0.0.0.0` lets the route choose. */
  readonly src: IpAddr
  /** The device that -I named. */
  readonly device: string | undefined
  /** The link that a link-local address is meant on. */
  readonly zone: Device | undefined
  readonly count: number
  readonly intervalNs: number
  readonly lingerNs: number
  readonly deadlineNs: number
  readonly dataBytes: number
  readonly ttl: number | undefined
  /** -M: `do` never fragments, `want` only what is too big for the path, `dont` leaves it to routers. */
  readonly discovery: string
  readonly isQuiet: boolean
  /** Addresses only, without their names. */
  readonly isNumeric: boolean
}

/** One ping. */
export class PingRun implements PingHandlers {
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

  /** Sends, waits and reports. */
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
    const { host, dst, src, dataBytes, ttl, discovery, zone } = this.#options
    this.#sentNs.set(sequence, host.sim.nowNs)
    const fits = dataBytes + ICMP_HEADER_BYTES + ipHeaderBytes(dst) <= host.pathMtuBytes(dst)
    const dontFragment = discovery !== 'dont' && fits
    const problem = discovery === 'do' && !fits ? 'EMSGSIZE'
      : echo.request({
        src, dst, sequence, dataBytes, dontFragment, ...(ttl === undefined ? {} : { ttl }),
        ...(zone === undefined ? {} : { device: zone }),
      })
    if (problem === undefined) return
    this.#errors++
    const text = problem === 'EMSGSIZE'
      ? `ping: local error: message too long, mtu${isIpv6(dst) ? ': ' : '='}${host.pathMtuBytes(dst)}`
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
      const from = `${reply.dataBytes + ICMP_HEADER_BYTES} bytes from ${this.#shown(reply.from)}`
      const end = `time=${shortTime(timeNs)} ms${isDuplicate ? ' (DUP!)' : ''}`
      this.#lines.push(`${from}: icmp_seq=${reply.sequence} ttl=${reply.ttl} ${end}\n`)
    }
    this.#wake?.()
  }

  onError(error: { readonly from: IpAddr, readonly sequence: number, readonly message: IcmpMessage }): void {
    const { isQuiet } = this.#options
    if (error.message.kind === 'icmpv6' || error.message.type !== ICMP_REDIRECT) this.#errors++
    if (!isQuiet) this.#lines.push(`From ${this.#shown(error.from)} icmp_seq=${error.sequence} ${errorText(error.message)}\n`)
    this.#wake?.()
  }

  #head(): string {
    const { shownAs, dst, dataBytes, src, device, host, zone } = this.#options
    if (isIpv6(dst)) {
      const own = src === IPV4_ANY ? host.ipv6.routing.lookup(dst, zone).source : src
      const from = src === IPV4_ANY && device === undefined ? '' : `from ${this.#numbers(own)} ${device ?? ''}: `
      return `PING ${shownAs}(${this.#shown(dst)}) ${from}${dataBytes} data bytes\n`
    }
    const from = src === IPV4_ANY ? '' : ` from ${formatIp(src)}${device === undefined ? ' :' : ` ${device}:`}`
    const totalBytes = dataBytes + ICMP_HEADER_BYTES + ipHeaderBytes(dst)
    return `PING ${shownAs} (${formatIp(dst)})${from} ${dataBytes}(${totalBytes}) bytes of data.\n`
  }

  /** An address, and its name before it unless that is not wanted. */
  #shown(addr: IpAddr): string {
    const { host, isNumeric } = this.#options
    const name = isNumeric ? undefined : nameOf(host, addr)
    return name === undefined ? this.#numbers(addr) : `${name} (${this.#numbers(addr)})`
  }

  #numbers(addr: IpAddr): string {
    const { zone } = this.#options
    return formatIp(addr) + (zone !== undefined && (isLinkLocal(addr) || isMulticast(addr)) ? `%${zone.name}` : '')
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
