/**
 * A TCP server of requests and answers: accepts, serves each request with a worker for the service time,
 * answers, closes. What a request is, a protocol says. A bounded number of workers is like prefork Apache: a
 * connection is accepted when a worker is idle, which is then bound to it until its first answer; later
 * requests on the connection wait for a worker like everybody.
 * @module
 */
import { type Err, ok, type Result } from '../base/result.ts'
import type { Errno } from '../host/errno.ts'
import type { TcpHandlers } from '../host/tcp/app-side.ts'
import type { TcpEndpoint } from '../host/tcp/endpoint.ts'
import type { TcpListener } from '../host/tcp/listener.ts'
import type { Actor } from '../sim/event-queue.ts'
import type { RandomStream } from '../sim/random.ts'
import { type IpAddr, IPV4_ANY } from '../wire/address.ts'
import type { AppHost } from './app-host.ts'
import { drawServiceNs, NO_SERVICE_TIME, type ServiceTime } from './service-time.ts'

/** An answer to a request. */
export interface Answer {
  readonly bytes: Uint8Array
  /** The server closes after it. */
  readonly closes: boolean
}

/** The server's side of a protocol, on one connection. */
export interface Conversation {
  /** Takes bytes of the client. */
  receive(bytes: Uint8Array): void
  /** Takes the next whole request out of what came in, and gives its answer; undefined while there is none. */
  next(): Answer | undefined
}

/** How a server listens and works. */
export interface RequestServerOptions {
  readonly port: number
  /** All addresses unless given. */
  readonly addr?: IpAddr
  /** 128 unless given. */
  readonly backlog?: number
  /** Requests served at once; no bound unless given. */
  readonly workers?: number
  /** None unless given. */
  readonly serviceTime?: ServiceTime
}

/** Starts the protocol on a connection. */
export type Begin = (client: { readonly addr: IpAddr, readonly port: number }) => Conversation

/** A running server. */
export class RequestServer implements Actor {
  readonly host: AppHost
  readonly #options: RequestServerOptions
  readonly #begin: Begin
  readonly #sessions = new Set<Session>()
  readonly #queue: Session[] = []
  readonly #stream: RandomStream
  #listener: TcpListener | undefined
  #idleWorkers: number
  /** Requests answered. Live. */
  served = 0

  private constructor(host: AppHost, options: RequestServerOptions, begin: Begin) {
    this.host = host
    this.#options = options
    this.#begin = begin
    this.#idleWorkers = options.workers ?? Infinity
    this.#stream = host.sim.stream(`server:${host.name}:${options.port}`)
  }

  /** Starts a server: EADDRINUSE or EADDRNOTAVAIL when it cannot listen there. */
  static start(host: AppHost, options: RequestServerOptions, begin: Begin): Result<RequestServer, Errno> {
    const server = new RequestServer(host, options, begin)
    const { addr = IPV4_ANY, port, backlog = 128 } = options
    const listening: Result<TcpListener, Errno> = host.tcp.listen({ addr, port, backlog }, () => server.#accept())
    if (!listening.ok) return listening satisfies Err<Errno>
    server.#listener = listening.value
    return ok(server)
  }

  /** Ends the process: the listener and all connections are closed, work in progress is dropped. */
  stop(): void {
    if (this.#listener === undefined) return
    this.host.tcp.unlisten(this.#listener)
    this.#listener = undefined
    const open = [...this.#sessions]
    this.#sessions.clear()
    this.#queue.length = 0
    for (const session of open) session.endpoint.close()
  }

  /** The work on a request is done. */
  onEvent(_kind: number, data: unknown): void {
    if (this.#listener !== undefined) this.#complete(data as Session)
  }

  /** A session has a whole request: it is served now or as soon as a worker is idle. */
  serve(session: Session): void {
    if (session.hasWorker) return this.#work(session)
    if (this.#idleWorkers === 0) {
      this.#queue.push(session)
      return
    }
    this.#idleWorkers--
    session.hasWorker = true
    this.#work(session)
  }

  /** A connection is over. A worker that is at work finishes first. */
  forget(session: Session): void {
    if (!this.#sessions.delete(session)) return
    const position = this.#queue.indexOf(session)
    if (position >= 0) this.#queue.splice(position, 1)
    if (session.hasWorker && session.answer === undefined) this.#release(session)
  }

  #accept(): void {
    while (this.#idleWorkers > 0) {
      const endpoint = this.#listener?.accept()
      if (endpoint === undefined) return
      this.#idleWorkers--
      const session = new Session(this, endpoint, this.#begin({ addr: endpoint.remote, port: endpoint.rport }))
      this.#sessions.add(session)
      endpoint.attach(session)
    }
  }

  #work(session: Session): void {
    const { sim } = this.host
    const time = this.#options.serviceTime ?? NO_SERVICE_TIME
    const serviceNs = drawServiceNs(time, this.#stream)
    if (serviceNs === 0) this.#complete(session)
    else sim.schedule(sim.nowNs + serviceNs, this, 0, session)
  }

  #complete(session: Session): void {
    const { answer } = session
    session.answer = undefined
    if (answer !== undefined && this.#sessions.has(session)) {
      this.served++
      session.endpoint.send(answer.bytes)
      if (answer.closes) session.endpoint.close()
    }
    this.#release(session)
    if (this.#sessions.has(session)) session.proceed()
  }

  #release(session: Session): void {
    session.hasWorker = false
    const next = this.#queue.shift()
    if (next !== undefined) {
      next.hasWorker = true
      this.#work(next)
      return
    }
    this.#idleWorkers++
    this.#accept()
  }
}

/** One connection of a server. Fields are live. */
class Session implements TcpHandlers {
  readonly #server: RequestServer
  readonly #conversation: Conversation
  readonly endpoint: TcpEndpoint
  /** A worker is bound to it. */
  hasWorker = true
  /** The answer to the request that is being served, or waits for a worker. */
  answer: Answer | undefined
  #peerClosed = false

  constructor(server: RequestServer, endpoint: TcpEndpoint, conversation: Conversation) {
    this.#server = server
    this.endpoint = endpoint
    this.#conversation = conversation
  }

  onData(_endpoint: TcpEndpoint, bytes: Uint8Array): void {
    this.#conversation.receive(bytes)
    this.proceed()
  }

  onPeerClosed(): void {
    this.#peerClosed = true
    this.proceed()
  }

  onClosed(): void {
    this.#server.forget(this)
  }

  onError(): void {
    this.#server.forget(this)
  }

  /** Begins with the next request, or closes when the client has nothing more to say. */
  proceed(): void {
    if (this.answer !== undefined) return
    this.answer = this.#conversation.next()
    if (this.answer !== undefined) this.#server.serve(this)
    else if (this.#peerClosed) this.endpoint.close()
  }
}
