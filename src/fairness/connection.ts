/**
 * One connection of the connection-level simulation, from its arrival to the end of its entry in the director's table.
 * @module
 */
import type { IpAddr } from '../wire/address.ts'
import type { Template } from './templates.ts'

/** One connection. Live. */
export class SimulatedConnection {
  /** From 0, in the order of arrival. */
  readonly index: number
  readonly arrivalNs: number
  readonly client: IpAddr
  readonly workNs: number
  /** Index of the server that was picked, in the order in which they were added; -1 while there is none. */
  server = -1
  /** Time lost to others, once it is known: from the arrival on under FCFS, at the end under processor sharing. */
  waitNs = 0
  /** When the server was done with it; 0 before. */
  endNs = 0
  /** When its entry leaves the director's table; 0 before `endNs`. */
  leavesTableNs = 0
  /** The template of its client, under persistence. */
  template: Template | undefined
  /** Processor sharing: what the server's virtual clock shows when it is done. */
  doneAtVirtualNs = 0

  constructor(index: number, { arrivalNs, client, workNs }: {
    readonly arrivalNs: number, readonly client: IpAddr, readonly workNs: number,
  }) {
    this.index = index
    this.arrivalNs = arrivalNs
    this.client = client
    this.workNs = workNs
  }
}
