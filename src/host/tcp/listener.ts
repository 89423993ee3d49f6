/**
 * A listening endpoint with its two queues: handshakes that are going on, and connections that wait to be
 * accepted. Where Linux begins to answer with SYN cookies, because more handshakes are going on than the
 * backlog allows, lvsim goes on keeping state, up to a bound.
 * @module
 */
import type { Actor } from '../../sim/event-queue.ts'
import type { IpAddr } from '../../wire/address.ts'
import type { TcpEndpoint } from './endpoint.ts'

/** Handshakes of one listener at once; further SYNs are dropped. */
const EMBRYOS_MAX = 65_536

/** Tells the application that connections wait to be accepted. Called after each that has come. */
export type PendingHandler = (listener: TcpListener) => void

/** One listening endpoint. */
export class TcpListener implements Actor {
  /** The address listened on; 0.0.0.0 (or ::) for all. */
  readonly addr: IpAddr
  readonly port: number
  /** Connections that may wait: the smaller of what listen(2) was told and net.core.somaxconn. */
  readonly backlog: number
  /** Handshakes that are going on. Live. */
  readonly embryos = new Set<TcpEndpoint>()
  readonly #waiting: TcpEndpoint[] = []
  readonly #onPending: PendingHandler

  constructor(addr: IpAddr, port: number, backlog: number, onPending: PendingHandler) {
    this.addr = addr
    this.port = port
    this.backlog = backlog
    this.#onPending = onPending
  }

  /** True when no further connection may wait: one more than the backlog do (sk_acceptq_is_full()). */
  get isFull(): boolean {
    return this.#waiting.length > this.backlog
  }

  /** True when no further handshake may begin. */
  get refusesSyn(): boolean {
    return this.isFull || this.embryos.size >= EMBRYOS_MAX
  }

  /** Connections that wait to be accepted. */
  get waitingCount(): number {
    return this.#waiting.length
  }

  /** Takes the connection that has waited longest; undefined when none does. The caller attaches its handlers. */
  accept(): TcpEndpoint | undefined {
    return this.#waiting.shift()
  }

  /** The handshake of `endpoint` is over. The application is told at the end of the instant. */
  completed(endpoint: TcpEndpoint): void {
    this.embryos.delete(endpoint)
    endpoint.listener = undefined
    this.#waiting.push(endpoint)
    const { sim } = endpoint.stack.ip
    sim.schedule(sim.nowNs, this, 0, undefined)
  }

  /** A connection waits. */
  onEvent(): void {
    if (this.#waiting.length > 0) this.#onPending(this)
  }

  /** The handshake of `endpoint` has failed. */
  forget(endpoint: TcpEndpoint): void {
    this.embryos.delete(endpoint)
  }

  /** Ends all handshakes silently and resets the connections that wait (inet_csk_listen_stop()). */
  abandonAll(): void {
    for (const embryo of [...this.embryos]) embryo.end(undefined)
    for (const endpoint of this.#waiting.splice(0)) endpoint.abort()
  }
}
