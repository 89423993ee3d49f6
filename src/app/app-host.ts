/**
 * What an application needs of the host that it runs on.
 * @module
 */
import type { Simulator } from '../sim/simulator.ts'
import type { TcpProtocol } from '../host/tcp/tcp-protocol.ts'
import type { UdpProtocol } from '../host/udp.ts'

/** The part of a host that applications use. */
export interface AppHost {
  readonly name: string
  readonly sim: Simulator
  readonly tcp: TcpProtocol
  readonly udp: UdpProtocol
}
