/**
 * The servers of labs: they answer with their name and the client that they saw, over TCP and UDP.
 * @module
 */
import { type Err, ok, type Result } from '../base/result.ts'
import type { Errno } from '../host/errno.ts'
import type { ReceivedDatagram, UdpSocket } from '../host/udp.ts'
import type { Actor } from '../sim/event-queue.ts'
import { type IpAddr, IPV4_ANY } from '../wire/address.ts'
import type { AppHost } from './app-host.ts'
import { encodeLabReply, type LabRequest, readLabRequest } from './lab-protocol.ts'
import { type Answer, type Conversation, RequestServer, type RequestServerOptions } from './request-server.ts'
import { drawServiceNs, NO_SERVICE_TIME, type ServiceTime } from './service-time.ts'

/** A server that can be stopped. */
export interface RunningServer {
  /** Ends the process: its sockets are closed. */
  stop(): void
}

/** How a TCP server of a lab answers. */
export interface LabServerOptions extends RequestServerOptions {
  /** What it calls itself. */
  readonly name: string
  /** It closes after each reply; otherwise only when a request says so. False unless given. */
  readonly closes?: boolean
}

/** Starts a TCP server. */
export function startLabServer(host: AppHost, options: LabServerOptions): Result<RunningServer, Errno> {
  return RequestServer.start(host, options, (client) => new LabConversation(options, client))
}

/** How a UDP server of a lab answers. */
export interface LabUdpServerOptions {
  readonly port: number
  /** All addresses unless given. */
  readonly addr?: IpAddr
  /** What it calls itself. */
  readonly name: string
  /** None unless given. */
  readonly serviceTime?: ServiceTime
  /** Datagrams served at once; no bound unless given. */
  readonly workers?: number
}

/** Starts a UDP server: one reply to each datagram. */
export function startLabUdpServer(host: AppHost, options: LabUdpServerOptions): Result<RunningServer, Errno> {
  const server = new UdpServer(host, options)
  const bound = server.bind(options.addr ?? IPV4_ANY)
  return bound.ok ? ok(server) : bound
}

class LabConversation implements Conversation {
  readonly #options: LabServerOptions
  readonly #client: { readonly addr: IpAddr, readonly port: number }
  /** The beginning of the request, until its first line is read; of the rest only the size counts. */
  #head: Uint8Array = new Uint8Array(0)
  #request: LabRequest | undefined
  #receivedBytes = 0

  constructor(options: LabServerOptions, client: { readonly addr: IpAddr, readonly port: number }) {
    this.#options = options
    this.#client = client
  }

  receive(bytes: Uint8Array): void {
    this.#receivedBytes += bytes.length
    if (this.#request !== undefined) return
    this.#head = this.#head.length === 0 ? bytes : joined(this.#head, bytes)
    this.#request = readLabRequest(this.#head)
  }

  next(): Answer | undefined {
    const request = this.#request
    if (request === undefined || this.#receivedBytes < request.sendBytes) return undefined
    this.#request = undefined
    this.#receivedBytes = 0
    this.#head = new Uint8Array(0)
    return {
      bytes: encodeLabReply(this.#options.name, this.#client, request.replyBytes),
      closes: request.serverCloses || this.#options.closes === true,
    }
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length)
  all.set(first)
  all.set(second, first.length)
  return all
}

/** Serves datagrams with workers, first come, first served. */
class UdpServer implements RunningServer, Actor {
  readonly #host: AppHost
  readonly #options: LabUdpServerOptions
  readonly #queue: ReceivedDatagram[] = []
  #socket: UdpSocket | undefined
  #idleWorkers: number

  constructor(host: AppHost, options: LabUdpServerOptions) {
    this.#host = host
    this.#options = options
    this.#idleWorkers = options.workers ?? Infinity
  }

  bind(addr: IpAddr): Result<undefined, Errno> {
    const handlers = { onDatagram: (_socket: UdpSocket, datagram: ReceivedDatagram): void => this.#receive(datagram) }
    const bound = this.#host.udp.bind({ addr, port: this.#options.port }, handlers)
    if (!bound.ok) return bound satisfies Err<Errno>
    this.#socket = bound.value
    return ok(undefined)
  }

  stop(): void {
    this.#socket?.close()
    this.#socket = undefined
    this.#queue.length = 0
  }

  /** The work on a datagram is done. */
  onEvent(_kind: number, data: unknown): void {
    this.#answer(data as ReceivedDatagram)
    const next = this.#queue.shift()
    if (next === undefined) this.#idleWorkers++
    else this.#work(next)
  }

  #receive(datagram: ReceivedDatagram): void {
    if (this.#idleWorkers === 0) {
      this.#queue.push(datagram)
      return
    }
    this.#idleWorkers--
    this.#work(datagram)
  }

  #work(datagram: ReceivedDatagram): void {
    const { sim, name } = this.#host
    const { serviceTime = NO_SERVICE_TIME, port } = this.#options
    const serviceNs = drawServiceNs(serviceTime, sim.stream(`server:${name}:${port}`))
    if (serviceNs === 0) this.onEvent(0, datagram)
    else sim.schedule(sim.nowNs + serviceNs, this, 0, datagram)
  }

  #answer(datagram: ReceivedDatagram): void {
    const request = readLabRequest(datagram.data)
    if (request === undefined || request.replyBytes === 0) return
    const client = { addr: datagram.from, port: datagram.fromPort }
    this.#socket?.sendTo(client.addr, client.port, encodeLabReply(this.#options.name, client, request.replyBytes))
  }
}
