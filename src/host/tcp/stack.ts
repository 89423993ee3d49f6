/**
 * What an endpoint asks of the TCP of its host.
 * @module
 */
import type { IpService } from '../ip-service.ts'
import type { TcpEndpoint } from './endpoint.ts'

/** The part of `TcpProtocol` that its endpoints and listeners use. */
export interface TcpStack {
  readonly ip: IpService
  /** Takes an endpoint out of the table. */
  remove(endpoint: TcpEndpoint): void
  /** Both FINs are acknowledged, this side's first: the endpoint gives way to an entry that waits 60 s. */
  enterTimeWait(endpoint: TcpEndpoint): void
}
