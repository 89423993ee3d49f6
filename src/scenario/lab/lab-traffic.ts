/**
 * The servers and clients of a lab while it is played.
 * @module
 */
import { startHttpServer } from '../../app/http-server.ts'
import { LabConnection, type ExchangeOptions, type LabConnectOptions } from '../../app/lab-client.ts'
import { sendLabDatagram } from '../../app/lab-datagram.ts'
import { startLabServer, startLabUdpServer, type RunningServer } from '../../app/lab-server.ts'
import { err, ok, type Result } from '../../base/result.ts'
import { secondsToNs } from '../../base/units.ts'
import { errnoText, type Errno } from '../../host/errno.ts'
import type { Host } from '../../host/host.ts'
import { IPV4_ANY, parseIp, type IpAddr } from '../../wire/address.ts'
import { IPPROTO_TCP, IPPROTO_UDP } from '../../wire/ip-packet.ts'
import {
  NO_TCP_OPTIONS, TCP_ACK, TCP_FIN, TCP_PSH, TCP_RST, TCP_SYN, tcpBytes, tcpSegment,
} from '../../wire/tcp-segment.ts'
import { udpBytes, udpDatagram } from '../../wire/udp-datagram.ts'
import type { World } from '../world.ts'
import type { LabStepKind } from './lab.ts'

/** A step of traffic: over or not, and what it came to. Live. */
export interface LabTrafficStep {
  isOver: boolean
  result: unknown
}

type Fields = Readonly<Record<string, unknown>>

const INJECTED_WINDOW = 65_535
const FLAG_BITS: ReadonlyMap<string, number> = new Map([
  ['F', TCP_FIN], ['S', TCP_SYN], ['R', TCP_RST], ['P', TCP_PSH], ['A', TCP_ACK],
])

/** Servers by id, held connections by id. */
export class LabTraffic {
  readonly #world: World
  readonly #servers = new Map<string, RunningServer>()
  readonly #held = new Map<string, LabConnection>()

  constructor(world: World) {
    this.#world = world
  }

  /** Starts a server. */
  serve(step: unknown): Result<undefined, string> {
    const { on, port, proto, addr, name, id, status } = step as Fields
    const host = this.#world.hosts.get(String(on))
    if (host === undefined) return err(`there is no host ${String(on)}`)
    const listenOn = addr === undefined ? IPV4_ANY : parseIp(String(addr))
    if (listenOn === undefined) return err(`${String(addr)} is not an address`)
    const options = { port: Number(port), addr: listenOn, name: String(name ?? on) }
    const started = startServer(host, String(proto ?? 'tcp'), options, status === undefined ? 200 : Number(status))
    if (started === undefined) return err(`unknown protocol ${String(proto)}`)
    if (!started.ok) return err(`port ${String(port)}: ${errnoText(started.error)}`)
    this.#servers.set(String(id), started.value)
    return ok(undefined)
  }

  /** Begins a step of traffic. */
  begin(kind: LabStepKind, step: unknown): Result<LabTrafficStep, string> {
    switch (kind) {
      case 'connect': return this.#connect(step as Fields)
      case 'udp': return this.#datagram(step as Fields)
      case 'send': return this.#send(step as Fields)
      case 'inject': return this.#inject(step as Fields)
      case 'close':
      case 'rst': return over(this.#end(kind, String(step)))
      case 'unserve':
        this.#servers.get(String(step))?.stop()
        return over(undefined)
      default: return err(`${kind} is not modelled`)
    }
  }

  /** Closes or resets a held connection; says so when it was never there or never opened. */
  #end(kind: 'close' | 'rst', id: string): unknown {
    const connection = this.#held.get(id)
    if (connection === undefined) return { outcome: 'not-open' }
    return kind === 'close' ? connection.close() : connection.reset()
  }

  #connect(step: Fields): Result<LabTrafficStep, string> {
    const target = this.#target(step)
    if (!target.ok) return target
    const { host, ...addresses } = target.value
    const options: LabConnectOptions = {
      ...addresses, ...exchangeOf(step), hold: step['hold'] !== undefined,
      serverCloses: step['closer'] === 'server', resets: step['end'] === 'rst',
    }
    const running: LabTrafficStep = { isOver: false, result: undefined }
    const connection = new LabConnection(host, options, (result) => this.#finish(running, result))
    if (step['hold'] !== undefined) this.#held.set(String(step['hold']), connection)
    return ok(running)
  }

  #send(step: Fields): Result<LabTrafficStep, string> {
    const connection = this.#held.get(String(step['id']))
    if (connection === undefined) return err(`there is no connection ${String(step['id'])}`)
    const running: LabTrafficStep = { isOver: false, result: undefined }
    connection.exchange(exchangeOf(step), (result) => this.#finish(running, result))
    return ok(running)
  }

  #datagram(step: Fields): Result<LabTrafficStep, string> {
    const target = this.#target(step)
    if (!target.ok) return target
    const { host, ...addresses } = target.value
    const running: LabTrafficStep = { isOver: false, result: undefined }
    sendLabDatagram(host, { ...addresses, ...exchangeOf(step) }, (result) => this.#finish(running, result))
    return ok(running)
  }

  /** Sends exactly one packet through the routing of its host. */
  #inject(step: Fields): Result<LabTrafficStep, string> {
    const host = this.#world.hosts.get(String(step['on']))
    const [src, dst] = [parseIp(String(step['src'])), parseIp(String(step['dst']))]
    if (host === undefined || src === undefined || dst === undefined) return err('inject names a host and two addresses')
    const ports = { sport: Number(step['sport']), dport: Number(step['dport']) }
    const data = new Uint8Array(Number(step['len'] ?? 0))
    const base = { src, dst, ttl: Number(step['ttl'] ?? 64), dontFragment: step['df'] !== false }
    let refused: Errno | undefined
    if (step['proto'] === 'udp') {
      const datagram = udpDatagram(ports, data)
      refused = host.sendPacket({ ...base, protocol: IPPROTO_UDP, payload: datagram, payloadBytes: udpBytes(datagram) })
    } else {
      const flags = [...String(step['flags'] ?? '')].reduce((bits, letter) => bits | (FLAG_BITS.get(letter) ?? 0), 0)
      const numbers = { seq: Number(step['seq'] ?? 0), ack: Number(step['ack'] ?? 0), window: INJECTED_WINDOW }
      const segment = tcpSegment(ports, numbers, flags, NO_TCP_OPTIONS, data)
      refused = host.sendPacket({ ...base, protocol: IPPROTO_TCP, payload: segment, payloadBytes: tcpBytes(segment) })
    }
    return over(refused === undefined ? { sent: true } : { sent: false, errno: refused })
  }

  #finish(running: LabTrafficStep, result: unknown): void {
    running.isOver = true
    running.result = result
    this.#world.sim.stop()
  }

  #target(step: Fields): Result<{ host: Host, dst: IpAddr, dport: number, src?: IpAddr, sport?: number }, string> {
    const host = this.#world.hosts.get(String(step['on']))
    if (host === undefined) return err(`there is no host ${String(step['on'])}`)
    const match = /^(?:\[([\da-f:.]+)\]|([\d.]+)):(\d+)$/.exec(String(step['to']))
    const dst = parseIp(match?.[1] ?? match?.[2] ?? '')
    const src = step['from'] === undefined ? undefined : parseIp(String(step['from']))
    if (dst === undefined || (step['from'] !== undefined && src === undefined)) {
      return err(`${String(step['to'])}: an address and a port are expected`)
    }
    return ok({
      host, dst, dport: Number(match?.[3]), ...(src === undefined ? {} : { src }),
      ...(step['sport'] === undefined ? {} : { sport: Number(step['sport']) }),
    })
  }
}

function startServer(
  host: Host, protocol: string, options: { readonly port: number, readonly addr: IpAddr, readonly name: string }, status: number,
): Result<RunningServer, Errno> | undefined {
  switch (protocol) {
    case 'tcp': return startLabServer(host, options)
    case 'udp': return startLabUdpServer(host, options)
    case 'http': return startHttpServer(host, { ...options, status })
    default: return undefined
  }
}

function exchangeOf(step: Fields): ExchangeOptions {
  const { send, recv, timeout } = step
  return {
    ...(send === undefined ? {} : { sendBytes: Number(send) }), ...(recv === undefined ? {} : { replyBytes: Number(recv) }),
    ...(timeout === undefined ? {} : { timeoutNs: secondsToNs(Number(timeout)) }),
  }
}

function over(result: unknown): Result<LabTrafficStep, string> {
  return ok({ isOver: true, result })
}
