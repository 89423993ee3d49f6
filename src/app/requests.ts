/**
 * The requests that a load is made of: connections of the lab protocol, datagrams, HTTP and pings.
 * @module
 */
import { Ping, type IcmpEcho } from '../host/ping.ts'
import type { Simulator } from '../sim/simulator.ts'
import { Timer } from '../sim/timer.ts'
import { type IpAddr, IPV4_ANY } from '../wire/address.ts'
import type { AppHost } from './app-host.ts'
import { HttpConnection, type HttpFailure, type HttpResult } from './http-client.ts'
import { LabConnection } from './lab-client.ts'
import { sendLabDatagram } from './lab-datagram.ts'
import type { StartRequest } from './load.ts'
import { outcomeOf, type RequestOutcome, type RequestRecord } from './outcome.ts'

/** Where requests go, and from which ports. */
export interface RequestTarget {
  readonly dst: IpAddr
  readonly dport: number
  /** Port of the first request, one more for each next (after 65535 follows 1024); ephemeral unless given. */
  readonly firstSourcePort?: number
  readonly timeoutNs: number
}

/** Connections with one request and one reply; kept open for `holdNs` after the reply. */
export function connectRequests(
  target: RequestTarget,
  options: { readonly sendBytes: number, readonly replyBytes: number, readonly holdNs: number, readonly serverCloses: boolean },
): StartRequest {
  const { holdNs } = options
  return (client, index, done) => {
    const { sim } = client
    const startNs = sim.nowNs
    let connection: LabConnection | undefined
    const request = { ...targetOf(target, index), ...options, hold: holdNs > 0 }
    const finish = (result: { outcome: RequestOutcome, by: string | undefined, bytes: number }): void => {
      const times = connection?.times
      done({
        client: client.name, startNs, connectedNs: times?.connectedNs, firstByteNs: times?.firstByteNs, endNs: sim.nowNs,
        outcome: result.outcome, answeredBy: result.by, bytes: result.bytes, status: undefined,
      })
    }
    connection = new LabConnection(client, request, ({ outcome, by, rcvd }) => {
      if (outcome === 'ok' && holdNs > 0) new Timer(sim, { onEvent: () => connection?.close() }, 0, undefined).armIn(holdNs)
      finish({ outcome: outcome === 'not-open' ? 'error' : outcome, by, bytes: rcvd ?? 0 })
    })
  }
}

/** Datagrams and their replies. */
export function udpRequests(
  target: RequestTarget, options: { readonly sendBytes: number, readonly replyBytes: number },
): StartRequest {
  return (client, index, done) => {
    const { sim } = client
    const startNs = sim.nowNs
    sendLabDatagram(client, { ...targetOf(target, index), ...options }, ({ outcome, by }, bytes) => done({
      client: client.name, startNs, connectedNs: undefined, firstByteNs: bytes > 0 ? sim.nowNs : undefined, endNs: sim.nowNs,
      outcome: outcome === 'not-open' ? 'error' : outcome, answeredBy: by, bytes, status: undefined,
    }))
  }
}

/**
 * HTTP requests for a page. Each client makes `requestsPerConnection` requests over a connection, as long as
 * the server keeps it; a client that begins a request while its connection is busy opens another one.
 */
export function httpRequests(
  target: RequestTarget,
  options: { readonly hostHeader: string, readonly requestsPerConnection: number, readonly drawPath: () => string },
): StartRequest {
  const idle = new Map<AppHost, { readonly connection: HttpConnection, left: number }>()
  const perConnection = options.requestsPerConnection
  return (client, index, done) => {
    let lane = idle.get(client)
    idle.delete(client)
    if (lane === undefined || !lane.connection.isReusable) {
      const connection = new HttpConnection(client, { ...targetOf(target, index), connectTimeoutNs: target.timeoutNs })
      lane = { connection, left: perConnection }
    }
    const current = lane
    current.left--
    const request = {
      target: options.drawPath(), hostHeader: options.hostHeader, timeoutNs: target.timeoutNs, keepsAlive: current.left > 0,
    }
    current.connection.request(request, (result) => {
      const mayKeep = current.left > 0 && result.failure === undefined && current.connection.isReusable
      if (mayKeep && !idle.has(client)) idle.set(client, current)
      else current.connection.close()
      done(recordOf(client, result))
    })
  }
}

/** Whom to ping. */
export interface PingTarget {
  readonly dst: IpAddr
  readonly timeoutNs: number
  /** Bytes of data. */
  readonly sizeBytes: number
}

/** Pings. `echoOf` gives the registry of a client's host. */
export function pingRequests(target: PingTarget, echoOf: (client: AppHost) => IcmpEcho): StartRequest {
  return (client, _index, done) => startPing(client.sim, client.name, echoOf(client), target, done)
}

function startPing(
  sim: Simulator, client: string, echo: IcmpEcho, target: PingTarget, done: (record: RequestRecord) => void,
): void {
  const startNs = sim.nowNs
  const finish = (outcome: RequestOutcome, bytes: number): void => {
    timer.cancel()
    ping.close()
    done({
      client, startNs, connectedNs: undefined, firstByteNs: outcome === 'ok' ? sim.nowNs : undefined, endNs: sim.nowNs, outcome,
      answeredBy: undefined, bytes, status: undefined,
    })
  }
  const ping: Ping = echo.open({
    onReply: ({ dataBytes }) => finish('ok', dataBytes),
    onError: () => finish('unreachable', 0),
  })
  const timer = new Timer(sim, { onEvent: () => finish('timeout', 0) }, 0, undefined)
  timer.armIn(target.timeoutNs)
  const refused = ping.request({ src: IPV4_ANY, dst: target.dst, sequence: 1, dataBytes: target.sizeBytes })
  if (refused !== undefined) finish(outcomeOf(refused), 0)
}

function targetOf(target: RequestTarget, index: number): { dst: IpAddr, dport: number, timeoutNs: number, sport?: number } {
  const { dst, dport, timeoutNs, firstSourcePort } = target
  if (firstSourcePort === undefined) return { dst, dport, timeoutNs }
  const beyond = firstSourcePort + index - 65_536
  return { dst, dport, timeoutNs, sport: beyond < 0 ? firstSourcePort + index : 1024 + beyond % (65_536 - 1024) }
}

function recordOf(client: AppHost, result: HttpResult): RequestRecord {
  const { startNs, connectedNs, firstByteNs, endNs, status } = result
  return {
    client: client.name, startNs, connectedNs, firstByteNs, endNs, outcome: outcomeOfHttp(result),
    answeredBy: result.server, bytes: result.bodyBytes + (result.message?.headBytes ?? 0), status,
  }
}

function outcomeOfHttp({ failure, errno }: HttpResult): RequestOutcome {
  if (failure === undefined) return 'ok'
  if (failure === 'connect' || failure === 'reset') return errno === undefined ? 'error' : outcomeOf(errno)
  return OUTCOME_OF_FAILURE[failure]
}

const OUTCOME_OF_FAILURE: Readonly<Record<Exclude<HttpFailure, 'connect' | 'reset'>, RequestOutcome>> = {
  'connect-timeout': 'timeout', timeout: 'timeout', empty: 'eof', partial: 'short', malformed: 'error',
}
