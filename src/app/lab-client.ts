/**
 * The TCP client of labs: a connection with requests and replies. Results have the fields of the recorded labs, in their order.
 * @module
 */
import type { Errno } from '../host/errno.ts'
import type { TcpHandlers } from '../host/tcp/app-side.ts'
import type { TcpEndpoint } from '../host/tcp/endpoint.ts'
import type { Actor } from '../sim/event-queue.ts'
import { Timer } from '../sim/timer.ts'
import type { IpAddr } from '../wire/address.ts'
import type { AppHost } from './app-host.ts'
import { encodeLabRequest, formatEndpoint, readLabReply, REPLY_HEAD_BYTES } from './lab-protocol.ts'
import { outcomeOf, type RequestOutcome } from './outcome.ts'

/** Timeout of connecting and of waiting for the reply, unless given. */
export const LAB_TIMEOUT_NS = 2_500_000_000

/** What a step of a lab came to. Fields that do not apply are absent. */
export interface LabResult {
  readonly src?: string
  readonly outcome: RequestOutcome | 'not-open'
  readonly by?: string
  readonly seen?: string
  readonly rcvd?: number
  readonly errno?: Errno
  readonly after?: 'connected'
}

/** Sizes and patience of one request. */
export interface ExchangeOptions {
  /** 32 unless given. */
  readonly sendBytes?: number
  /** 64 unless given. */
  readonly replyBytes?: number
  readonly timeoutNs?: number
}

/** A connection and its first request. */
export interface LabConnectOptions extends ExchangeOptions {
  readonly dst: IpAddr
  readonly dport: number
  readonly src?: IpAddr
  readonly sport?: number
  /** Keep it open after the reply. */
  readonly hold?: boolean
  /** The server closes first. */
  readonly serverCloses?: boolean
  /** Reset instead of closing. */
  readonly resets?: boolean
}

/** Moments of a connection; undefined until they come. Live. */
export interface LabTimes {
  startNs: number
  connectedNs: number | undefined
  firstByteNs: number | undefined
}

/** A client's connection. */
export class LabConnection implements TcpHandlers, Actor {
  readonly #host: AppHost
  readonly #options: LabConnectOptions
  readonly #timer: Timer
  #endpoint: TcpEndpoint | undefined
  #onResult: ((result: LabResult) => void) | undefined
  #exchange: ExchangeOptions
  /** It was opened, and is kept open after the reply. */
  #isHeld = false
  #peerClosed = false
  /** Why a held connection broke down while nothing was asked. */
  #lost: Errno | undefined
  #head: Uint8Array[] = []
  #headBytes = 0
  #receivedBytes = 0
  readonly times: LabTimes

  /** Connects, sends the request and waits for the reply. `onResult` may be called before this returns. */
  constructor(host: AppHost, options: LabConnectOptions, onResult: (result: LabResult) => void) {
    this.#host = host
    this.#options = options
    this.#exchange = options
    this.#onResult = onResult
    this.#timer = new Timer(host.sim, this, 0, undefined)
    this.times = { startNs: host.sim.nowNs, connectedNs: undefined, firstByteNs: undefined }
    this.#timer.armIn(options.timeoutNs ?? LAB_TIMEOUT_NS)
    const begun = host.tcp.connect(options, this)
    if (begun.ok) this.#endpoint = begun.value
    else this.#fail(begun.error)
  }

  /** Another request and reply on a connection that is held; `not-open` when it never was. */
  exchange(options: ExchangeOptions, onResult: (result: LabResult) => void): void {
    if (!this.#isHeld) {
      onResult({ outcome: 'not-open' })
      return
    }
    this.#exchange = options
    this.#onResult = onResult
    this.#timer.armIn(options.timeoutNs ?? LAB_TIMEOUT_NS)
    if (this.#lost !== undefined) {
      this.#fail(this.#lost)
      return
    }
    this.#request()
    // Where the server has closed, a read finds the end before anything can come back.
    if (this.#peerClosed) this.onPeerClosed()
  }

  /** Closes a held connection. Gives `not-open` when there is none. */
  close(): LabResult | undefined {
    if (!this.#isHeld) return { outcome: 'not-open' }
    this.#isHeld = false
    this.#endpoint?.close()
    this.#endpoint = undefined
    return undefined
  }

  /** Resets a held connection. Gives `not-open` when there is none. */
  reset(): LabResult | undefined {
    if (!this.#isHeld) return { outcome: 'not-open' }
    this.#isHeld = false
    this.#endpoint?.abort()
    this.#endpoint = undefined
    return undefined
  }

  onConnected(endpoint: TcpEndpoint): void {
    this.#endpoint = endpoint
    this.times.connectedNs = this.#host.sim.nowNs
    this.#timer.armIn(this.#exchange.timeoutNs ?? LAB_TIMEOUT_NS)
    this.#request()
  }

  onData(_endpoint: TcpEndpoint, bytes: Uint8Array): void {
    if (this.#onResult === undefined) return
    this.times.firstByteNs ??= this.#host.sim.nowNs
    this.#receivedBytes += bytes.length
    if (this.#headBytes < REPLY_HEAD_BYTES) {
      this.#head.push(bytes)
      this.#headBytes += bytes.length
    }
    // With a server that closes first, the reply is over at its end.
    if (this.#receivedBytes >= this.#replyBytes && this.#options.serverCloses !== true) this.#succeed()
  }

  onPeerClosed(): void {
    this.#peerClosed = true
    if (this.#onResult === undefined) return
    if (this.#receivedBytes >= this.#replyBytes) {
      this.#succeed()
      return
    }
    const outcome = this.#receivedBytes === 0 ? 'eof' : 'short'
    this.#finish({ ...this.#source(), outcome, ...this.#answer(), ...this.#after() })
  }

  onError(_endpoint: TcpEndpoint, errno: Errno): void {
    if (this.#onResult !== undefined) this.#fail(errno)
    else this.#lost = errno
    this.#endpoint = undefined
  }

  /** The time is up. */
  onEvent(): void {
    if (this.#onResult !== undefined) this.#finish({ ...this.#source(), outcome: 'timeout', ...this.#after() })
  }

  get #replyBytes(): number {
    return this.#exchange.replyBytes ?? 64
  }

  #request(): void {
    this.#head = []
    this.#headBytes = 0
    this.#receivedBytes = 0
    const { sendBytes = 32 } = this.#exchange
    const serverCloses = this.#options.serverCloses === true
    this.#endpoint?.send(encodeLabRequest({ sendBytes, replyBytes: this.#replyBytes, serverCloses }))
  }

  #succeed(): void {
    this.#finish({ ...this.#source(), outcome: 'ok', ...this.#answer() })
  }

  #fail(errno: Errno): void {
    const outcome = outcomeOf(errno)
    this.#finish({ ...this.#source(), outcome, ...(outcome === 'timeout' ? {} : { errno }), ...this.#after() })
  }

  #finish(result: LabResult): void {
    this.#timer.cancel()
    const onResult = this.#onResult
    this.#onResult = undefined
    if (result.outcome === 'ok' && this.#options.hold === true) {
      this.#isHeld = true
    } else if (!this.#isHeld) {
      if (this.#options.resets === true) this.#endpoint?.abort()
      else this.#endpoint?.close()
      this.#endpoint = undefined
    }
    onResult?.(result)
  }

  /** The client's own address, as the first result of a connection tells it. */
  #source(): { src?: string } {
    const endpoint = this.#endpoint
    if (this.#isHeld || this.times.connectedNs === undefined || endpoint === undefined) return {}
    return { src: formatEndpoint(endpoint.local, endpoint.lport) }
  }

  #after(): { after?: 'connected' } {
    return !this.#isHeld && this.times.connectedNs !== undefined ? { after: 'connected' } : {}
  }

  #answer(): { by?: string, seen?: string, rcvd?: number } {
    if (this.#receivedBytes === 0) return {}
    const head = new Uint8Array(this.#headBytes)
    let at = 0
    for (const piece of this.#head) {
      head.set(piece, at)
      at += piece.length
    }
    return { ...readLabReply(head.subarray(0, REPLY_HEAD_BYTES)), rcvd: this.#receivedBytes }
  }
}
