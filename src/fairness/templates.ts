/**
 * Persistence without packets: the templates that keep a client at its server. One lasts `timeoutSeconds` from the latest
 * connection of the client on, and while connections of it are in the table, it is looked at again every minute.
 * Follows ip_vs_sched_persist() and ip_vs_conn_expire(). Netmasks and persistence engines are not modelled.
 * @module
 */
import type { Destination } from '../ipvs/destination.ts'
import { CONTROLLING_SECONDS } from '../ipvs/timeouts.ts'
import type { IpAddr } from '../wire/address.ts'
import { timerFiresNs } from './table-timer.ts'

/** The template of one client. Live. */
export interface Template {
  readonly destination: Destination
  /** When its timer fires that was set with the latest connection. */
  firesNs: number
  /** Its connections in the table, and when the last of them left it. */
  connections: number
  emptySinceNs: number
}

/** Templates by client. */
export class Templates {
  readonly #timeoutSeconds: number
  readonly #templates = new Map<IpAddr, Template>()

  constructor(timeoutSeconds: number) {
    this.#timeoutSeconds = timeoutSeconds
  }

  /** The template of a client, while it lives and its server is there. */
  find(client: IpAddr, nowNs: number): Template | undefined {
    const template = this.#templates.get(client)
    if (template === undefined) return undefined
    if (template.destination.available && !this.#hasExpired(template, nowNs)) return template
    this.#templates.delete(client)
    return undefined
  }

  /** Makes the template of a client that has none. */
  make(client: IpAddr, destination: Destination): Template {
    const template = { destination, firesNs: 0, connections: 0, emptySinceNs: 0 }
    this.#templates.set(client, template)
    return template
  }

  /** A connection was made under the template: its timer begins anew. */
  bind(template: Template, nowNs: number): void {
    template.connections++
    template.firesNs = timerFiresNs(nowNs, this.#timeoutSeconds)
  }

  /** A connection of the template has left the table. */
  unbind(template: Template, nowNs: number): void {
    if (--template.connections === 0) template.emptySinceNs = nowNs
  }

  /**
   * Whether a timer has fired meanwhile that found no connections. Since the latest one was made their number has only gone
   * down, so that it is enough to know when it came to nothing.
   */
  #hasExpired(template: Template, nowNs: number): boolean {
    if (template.connections > 0 || nowNs < template.firesNs) return false
    let firesNs = template.firesNs
    while (firesNs < template.emptySinceNs) firesNs = timerFiresNs(firesNs, CONTROLLING_SECONDS)
    return firesNs <= nowNs
  }
}
