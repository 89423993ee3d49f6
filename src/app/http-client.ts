/**
 * An HTTP client: one request over a connection of its own, as curl makes it, or several over one connection. Redirects are not
 * followed; proxies, TLS and cookies are not modelled.
 * @module
 */
import type { Errno } from '../host/errno.ts'
import type { TcpHandlers } from '../host/tcp/app-side.ts'
import type { TcpEndpoint } from '../host/tcp/endpoint.ts'
import type { Actor } from '../sim/event-queue.ts'
import { Timer } from '../sim/timer.ts'
import type { IpAddr } from '../wire/address.ts'
import type { AppHost } from './app-host.ts'
import { findHeader, httpBytes, type HttpMessage, HttpReader } from './http-text.ts'
import { formatEndpoint } from './lab-protocol.ts'

/** A request and how long it may take. */
export interface HttpRequest {
  /** Path and query, from `/` on. */
  readonly target: string
  /** GET unless given. */
  readonly method?: string
  /** Value of the Host header; address and port unless given. */
  readonly hostHeader?: string
  /** Further header fields. */
  readonly headers?: readonly (readonly [name: string, value: string])[]
  /** Asks the server to keep the connection. */
  readonly keepsAlive?: boolean
  /** Time for everything from now on; no bound unless given. */
  readonly timeoutNs?: number
  /** Keeps the bytes of the body; else they are only counted. */
  readonly keepsBody?: boolean
}

/** Where an HTTP connection goes. */
export interface HttpTarget {
  readonly dst: IpAddr
  readonly dport: number
  readonly src?: IpAddr
  readonly sport?: number
  /** Time for connecting; no bound unless given. */
  readonly connectTimeoutNs?: number
}

/** Why a request failed: `connect` and `connect-timeout` before it was sent; `empty`: not one byte came back. */
export type HttpFailure = 'connect' | 'connect-timeout' | 'timeout' | 'empty' | 'reset' | 'partial' | 'malformed'

/** What a request came to. */
export interface HttpResult {
  readonly failure: HttpFailure | undefined
  /** The error behind `connect` and `reset`. */
  readonly errno: Errno | undefined
  readonly status: number | undefined
  /** The head of the response, once it was complete. */
  readonly message: HttpMessage | undefined
  /** The body as far as it came in; empty unless it was to be kept. */
  readonly body: Uint8Array
  readonly bodyBytes: number
  /** `Server` header. */
  readonly server: string | undefined
  readonly startNs: number
  readonly connectedNs: number | undefined
  readonly firstByteNs: number | undefined
  readonly endNs: number
}

/** The exit code of curl for a failure (libcurl-errors(3)); 0 for none. */
export function curlExitCode(failure: HttpFailure | undefined): number {
  switch (failure) {
    case undefined: return 0
    case 'connect': return 7
    case 'connect-timeout':
    case 'timeout': return 28
    case 'empty': return 52
    case 'reset': return 56
    case 'partial': return 18
    case 'malformed': return 1
  }
}

/** Makes one request over a new connection and closes it. `onDone` may be called before this returns. */
export function fetchHttp(
  host: AppHost, target: HttpTarget, request: HttpRequest, onDone: (result: HttpResult) => void,
): HttpConnection {
  const connection = new HttpConnection(host, target)
  connection.request(request, (result) => {
    connection.close()
    onDone(result)
  })
  return connection
}

/** A connection to an HTTP server, opened by its first request. One request at a time. */
export class HttpConnection implements TcpHandlers, Actor {
  readonly #host: AppHost
  readonly #target: HttpTarget
  readonly #timer: Timer
  #reader = new HttpReader('responses')
  #endpoint: TcpEndpoint | undefined
  #request: HttpRequest | undefined
  #onDone: ((result: HttpResult) => void) | undefined
  #isConnected = false
  #isOver = false
  #deadlineNs = Infinity
  #startNs = 0
  #connectedNs: number | undefined
  #firstByteNs: number | undefined
  #message: HttpMessage | undefined
  #body: Uint8Array[] = []
  #bodyBytes = 0

  constructor(host: AppHost, target: HttpTarget) {
    this.#host = host
    this.#target = target
    this.#timer = new Timer(host.sim, this, 0, undefined)
  }

  /** True when another request may go over this connection. */
  get isReusable(): boolean {
    return this.#isConnected && !this.#isOver && this.#request === undefined
  }

  /** Sends a request, after connecting if it is the first. */
  request(request: HttpRequest, onDone: (result: HttpResult) => void): void {
    const { sim, tcp } = this.#host
    this.#request = request
    this.#onDone = onDone
    this.#startNs = sim.nowNs
    this.#firstByteNs = undefined
    this.#message = undefined
    this.#body = []
    this.#bodyBytes = 0
    this.#deadlineNs = request.timeoutNs === undefined ? Infinity : sim.nowNs + request.timeoutNs
    this.#reader.nextHasNoBody = request.method === 'HEAD'
    if (this.#isConnected) {
      this.#armTimer(this.#deadlineNs)
      this.#send()
      return
    }
    this.#armTimer(Math.min(this.#deadlineNs, sim.nowNs + (this.#target.connectTimeoutNs ?? Infinity)))
    const begun = tcp.connect(this.#target, this)
    if (begun.ok) this.#endpoint = begun.value
    else this.#finish('connect', begun.error)
  }

  /** Closes the connection; what a request in progress waits for will not come. */
  close(): void {
    this.#isOver = true
    this.#timer.cancel()
    this.#endpoint?.close()
    this.#endpoint = undefined
  }

  onConnected(endpoint: TcpEndpoint): void {
    this.#endpoint = endpoint
    this.#isConnected = true
    this.#connectedNs = this.#host.sim.nowNs
    this.#armTimer(this.#deadlineNs)
    this.#send()
  }

  onData(_endpoint: TcpEndpoint, bytes: Uint8Array): void {
    if (this.#request === undefined) return
    this.#firstByteNs ??= this.#host.sim.nowNs
    this.#reader.push(bytes)
    for (let event = this.#reader.next(); event !== undefined && this.#onDone !== undefined; event = this.#reader.next()) {
      if (event.kind === 'malformed') this.#finish('malformed', undefined)
      else if (event.kind === 'head') this.#message = event.message
      else if (event.kind === 'body') this.#take(event.bytes)
      else this.#finish(undefined, undefined)
    }
  }

  onPeerClosed(): void {
    this.#isOver = true
    if (this.#request === undefined) {
      this.close()
    } else if (this.#message === undefined) {
      this.#finish('empty', undefined)
    } else {
      this.#finish(this.#reader.endsWithConnection ? undefined : 'partial', undefined)
    }
  }

  onError(_endpoint: TcpEndpoint, errno: Errno): void {
    this.#isOver = true
    this.#endpoint = undefined
    if (this.#request !== undefined) this.#finish(this.#isConnected ? 'reset' : 'connect', errno)
  }

  /** The time is up. */
  onEvent(): void {
    if (this.#request !== undefined) this.#finish(this.#isConnected ? 'timeout' : 'connect-timeout', undefined)
  }

  #send(): void {
    const { method = 'GET', target, hostHeader, headers = [], keepsAlive } = this.#request as HttpRequest
    const { dst, dport } = this.#target
    const host = hostHeader ?? (dport === 80 ? formatEndpoint(dst, 80).replace(/:80$/, '') : formatEndpoint(dst, dport))
    this.#endpoint?.send(httpBytes([
      `${method} ${target} HTTP/1.1`, `Host: ${host}`, ...headers.map(([name, value]) => `${name}: ${value}`),
      ...(keepsAlive === false ? ['Connection: close'] : []), '', '',
    ].join('\r\n')))
  }

  #take(bytes: Uint8Array): void {
    this.#bodyBytes += bytes.length
    if (this.#request?.keepsBody === true) this.#body.push(bytes)
  }

  #finish(failure: HttpFailure | undefined, errno: Errno | undefined): void {
    const onDone = this.#onDone
    this.#onDone = undefined
    this.#request = undefined
    this.#timer.cancel()
    const message = this.#message
    const body = joined(this.#body)
    // The timer's event may keep this object for long.
    this.#message = undefined
    this.#body = []
    if (failure !== undefined || (message !== undefined && findHeader(message, 'connection')?.toLowerCase() === 'close')) {
      this.#isOver = true
    }
    onDone?.({
      failure, errno, message, status: message === undefined ? undefined : Number(message.startLine.split(' ')[1]),
      body, bodyBytes: this.#bodyBytes,
      server: message === undefined ? undefined : findHeader(message, 'server'),
      startNs: this.#startNs, connectedNs: this.#connectedNs, firstByteNs: this.#firstByteNs, endNs: this.#host.sim.nowNs,
    })
  }

  #armTimer(deadlineNs: number): void {
    if (deadlineNs === Infinity) this.#timer.cancel()
    else this.#timer.armAt(deadlineNs)
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0] as Uint8Array
  const all = new Uint8Array(pieces.reduce((bytes, piece) => bytes + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}
