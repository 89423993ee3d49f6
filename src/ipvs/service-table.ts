/**
 * The services of a director: found by name for commands, and by mark, address and port for packets.
 * Follows ip_vs_service_find() in ip_vs_ctl.c.
 * @module
 */
import { isIpv6, type IpAddr } from '../wire/address.ts'
import { IPPROTO_TCP } from '../wire/ip-packet.ts'
import { serviceKey, type ServiceId } from './control/rules.ts'
import type { Service } from './service.ts'

const FTP_PORT = 21
const FTP_DATA_PORT = 20
const UNPRIVILEGED_PORT = 1024

/** What a packet asks for. */
export interface ServiceQuery {
  readonly mark: number
  readonly protocol: number
  readonly addr: IpAddr
  readonly port: number
}

/** The services of one director. */
export class ServiceTable {
  readonly #byKey = new Map<string, Service>()
  readonly #byMark = new Map<number, Service>()
  /** By address and port, for each protocol. */
  readonly #byAddress = new Map<number, Map<number, Service>>()
  /** True when a service has a persistence engine. Live; the director keeps it up to date. */
  hasEngines = false
  #ftpCount = 0
  #anyPortCount = 0

  /** In the order in which they were added. */
  get all(): readonly Service[] {
    return [...this.#byKey.values()]
  }

  /** True when there is a service for IPv4 packets. */
  get hasIpv4(): boolean {
    for (const service of this.#byKey.values()) if (!service.id.isIpv6) return true
    return false
  }

  /** True when there is a service for IPv6 packets. */
  get hasIpv6(): boolean {
    for (const service of this.#byKey.values()) if (service.id.isIpv6) return true
    return false
  }

  /** The service of this name. */
  find(id: ServiceId): Service | undefined {
    return this.#byKey.get(serviceKey(id))
  }

  /** The service that a packet is for: by its mark; by address and port; FTP's for its data ports; that of every port. */
  findFor(query: ServiceQuery): Service | undefined {
    const { mark, protocol, addr, port } = query
    if (mark !== 0) {
      const marked = this.#byMark.get(markKey(mark, isIpv6(addr)))
      if (marked !== undefined) return marked
    }
    const services = this.#byAddress.get(protocol)
    if (services === undefined) return undefined
    let service = services.get(addressKey(addr, port))
    if (service === undefined && this.#ftpCount > 0 && protocol === IPPROTO_TCP && (
      port === FTP_DATA_PORT || port >= UNPRIVILEGED_PORT
    )) {
      service = services.get(addressKey(addr, FTP_PORT))
    }
    if (service === undefined && this.#anyPortCount > 0) service = services.get(addressKey(addr, 0))
    return service
  }

  /** Adds a service. */
  add(service: Service): void {
    const { id } = service
    this.#byKey.set(service.key, service)
    if (id.fwmark !== 0) {
      this.#byMark.set(markKey(id.fwmark, id.isIpv6), service)
      return
    }
    let services = this.#byAddress.get(id.protocol)
    if (services === undefined) this.#byAddress.set(id.protocol, services = new Map())
    services.set(addressKey(id.addr, id.port), service)
    if (id.port === FTP_PORT) this.#ftpCount++
    if (id.port === 0) this.#anyPortCount++
  }

  /** Removes a service. */
  remove(service: Service): void {
    const { id } = service
    this.#byKey.delete(service.key)
    if (id.fwmark !== 0) {
      this.#byMark.delete(markKey(id.fwmark, id.isIpv6))
      return
    }
    this.#byAddress.get(id.protocol)?.delete(addressKey(id.addr, id.port))
    if (id.port === FTP_PORT) this.#ftpCount--
    if (id.port === 0) this.#anyPortCount--
  }
}

function addressKey(addr: IpAddr, port: number): number {
  return addr * 65_536 + port
}

function markKey(mark: number, ofIpv6: boolean): number {
  return mark * 2 + (ofIpv6 ? 1 : 0)
}
