/**
 * A director: IPVS on one host, the rules, what lives by them, and the hooks that make the host a director.
 * Follows ip_vs_ctl.c and ip_vs_init() in ip_vs_core.c. The traffic of sync daemons is not modelled.
 * @module
 */
import { present } from '../base/assert.ts'
import { ok, type Result } from '../base/result.ts'
import { NS_PER_SECOND } from '../base/units.ts'
import { HOOK_PRIORITY, type Hooks } from '../host/hooks.ts'
import type { Host } from '../host/host.ts'
import { formatIp, isIpv6, isMulticast, type IpAddr } from '../wire/address.ts'
import { Connections } from './connections.ts'
import { applyCommand } from './control/apply.ts'
import type { IpvsCommand, IpvsError } from './control/command.ts'
import type { RulesChange } from './control/history.ts'
import { INITIAL_RULES, type DestinationRule, type IpvsRules, type ServiceId } from './control/rules.ts'
import { Defence } from './defence.ts'
import { Destination } from './destination.ts'
import { handleIncomingError } from './icmp-errors.ts'
import { ipvsLookup } from './match-lookup.ts'
import type { IpvsParts } from './parts.ts'
import { findEngine } from './persistence-engine.ts'
import { handleReply } from './replies.ts'
import { handleRequest } from './requests.ts'
import { SCHEDULERS } from './scheduler/registry.ts'
import type { SchedulerFactory } from './scheduler/scheduler.ts'
import { Service, type SchedulerSource } from './service.ts'
import { DirectorClock } from './service-clock.ts'
import { ServiceTable } from './service-table.ts'
import { Stats } from './stats.ts'
import { defineIpvsSysctls, type IpvsSettings } from './sysctls.ts'
import { Trash } from './trash.ts'

/** Buckets of the connection table of Linux 6.1, which `ipvsadm -L` prints. */
export const CONNECTION_TABLE_SIZE = 4096
const OWNER = 'ipvs'
/** Event kinds. */
const FLUSH_DESTINATIONLESS = 0

/** IPVS of one host. */
export class Ipvs implements IpvsParts {
  readonly host: Host
  readonly settings: IpvsSettings
  readonly services = new ServiceTable()
  readonly connections: Connections
  readonly defence: Defence
  readonly clock: DirectorClock
  readonly totals: Stats
  tunnelIdent = 0
  readonly flowSeed: number
  #rules: IpvsRules = INITIAL_RULES
  readonly #history: RulesChange[] = []
  readonly #trash: Trash
  readonly #source: SchedulerSource
  readonly #hooked = new Set<Hooks>()

  constructor(host: Host, schedulers: ReadonlyMap<string, SchedulerFactory> = SCHEDULERS) {
    this.host = host
    this.#source = { schedulers, random: (id) => host.sim.stream(`ipvs:${host.name}:scheduler:${streamPart(id)}`) }
    this.flowSeed = host.sim.stream(`ipvs:${host.name}:flows`).int(0x100000000)
    this.settings = defineIpvsSysctls(host.sysctl, host.profile.memoryBytes, (name) => this.#onSetting(name))
    this.clock = new DirectorClock(host.sim, this.settings)
    this.totals = new Stats(this.clock)
    this.connections = new Connections(host, this.settings, this.#rules.timeouts)
    this.defence = new Defence(host, this.settings, this.connections)
    this.#trash = new Trash(host.sim)
    host.netfilter.ipvs = ipvsLookup(this.connections.table)
  }

  /** The rules in force: a frozen tree, another one after every change. */
  get rules(): IpvsRules {
    return this.#rules
  }

  /** Every change of the rules, the oldest first. */
  get history(): readonly RulesChange[] {
    return this.#history
  }

  /** Carries out a command, or refuses it and changes nothing. */
  apply(command: IpvsCommand): Result<IpvsRules, IpvsError> {
    const applied = applyCommand(this.#rules, command, {
      hasScheduler: (name) => this.#loadScheduler(name),
      hasEngine: (name) => findEngine(name) !== undefined && this.host.modules.load(`ip_vs_pe_${name}`).ok,
      isUnicast: (addr) => this.#isUnicast(addr),
      findDevice: (name) => this.host.findDevice(name)?.config,
    })
    if (!applied.ok) return applied
    const { rules, patches, inversePatches } = applied.value
    if (patches.length > 0) {
      this.#history.push({ atNs: this.host.sim.nowNs, command, before: this.#rules, after: rules, patches, inversePatches })
    }
    this.#rules = rules
    this.services.hasEngines = rules.services.some(({ engine }) => engine !== '')
    this.#carryOut(command)
    return ok(rules)
  }

  /** Connections whose server was deleted, under expire_nodest_conn (expire_nodest_conn_handler). */
  onEvent(kind: number): void {
    if (kind !== FLUSH_DESTINATIONLESS) return
    for (const connection of [...this.connections.table]) {
      if (connection.isDead || connection.destination?.available !== false || connection.controlledCount > 0) continue
      const { control } = connection
      this.connections.delete(connection)
      if (control !== undefined && control.controlledCount === 0) this.connections.delete(control)
    }
  }

  #carryOut(command: IpvsCommand): void {
    switch (command.kind) {
      case 'add-service':
        this.services.add(new Service(command.service, command.options, this.clock, this.#source))
        break
      case 'edit-service': this.#service(command.service).edit(command.options); break
      case 'delete-service': this.#deleteService(this.#service(command.service)); break
      case 'flush': for (const service of this.services.all) this.#deleteService(service); break
      case 'add-destination': this.#addDestination(this.#service(command.service), command.destination); break
      case 'edit-destination': {
        const service = this.#service(command.service)
        const { addr, port } = command.destination
        service.update(present(service.find(addr, port), 'destination'), command.destination)
        break
      }
      case 'delete-destination': {
        const service = this.#service(command.service)
        const destination = present(service.find(command.addr, command.port), 'destination')
        service.remove(destination)
        this.#discard(service, destination)
        break
      }
      case 'set-timeouts': this.connections.setTimeouts(this.#rules.timeouts); break
      case 'start-daemon':
      case 'stop-daemon': break
      case 'zero': this.#zero(command.service); break
    }
    this.#setHooks()
  }

  #addDestination(service: Service, rule: DestinationRule): void {
    const found = this.#trash.take(service.key, rule)
    const destination = found?.destination ?? new Destination(rule, this.clock)
    if (found !== undefined) {
      destination.update(rule, true)
      if (found.service !== service) destination.stats.zero()
    }
    destination.service = service
    service.add(destination)
  }

  #deleteService(service: Service): void {
    for (const destination of service.dismantle()) this.#discard(service, destination)
    this.services.remove(service)
  }

  /** A destination that was taken off its service. */
  #discard(service: Service, destination: Destination): void {
    destination.service = undefined
    this.#trash.add(destination, service)
    if (this.settings.expire_nodest_conn === 0) return
    const { sim, profile } = this.host
    sim.schedule(sim.nowNs + Math.ceil(NS_PER_SECOND / profile.hz), this, FLUSH_DESTINATIONLESS, undefined)
  }

  #zero(id: ServiceId | undefined): void {
    for (const service of id === undefined ? this.services.all : [this.#service(id)]) {
      service.stats.zero()
      for (const destination of service.destinations) destination.stats.zero()
    }
    if (id === undefined) this.totals.zero()
  }

  #service(id: ServiceId): Service {
    return present(this.services.find(id), 'service')
  }

  /** The hooks of a family are there while it has services; without them connections are left to the host itself. */
  #setHooks(): void {
    this.#setHooksOf(this.host.hooks, this.services.hasIpv4)
    this.#setHooksOf(this.host.ipv6.hooks, this.services.hasIpv6)
  }

  #setHooksOf(hooks: Hooks, areWanted: boolean): void {
    if (this.#hooked.has(hooks) === areWanted) return
    if (!areWanted) {
      this.#hooked.delete(hooks)
      return hooks.unregister(OWNER)
    }
    this.#hooked.add(hooks)
    const {
      ipvsLocalInReply, ipvsLocalInRequest, ipvsForwardIcmp, ipvsForwardReply, ipvsLocalOutReply,
      ipvsLocalOutRequest,
    } = HOOK_PRIORITY
    hooks.register(
      'localIn', OWNER, ipvsLocalInReply, (packet, passage) => handleReply(this, packet, passage, 'localIn'),
    )
    hooks.register(
      'localIn', OWNER, ipvsLocalInRequest,
      (packet, passage) => this.#isOnlyBackup ? packet : handleRequest(this, packet, passage, 'localIn'),
    )
    hooks.register(
      'forward', OWNER, ipvsForwardIcmp,
      (packet, passage) => this.#isOnlyBackup ? packet : handleIncomingError(this, packet, passage, 'forward'),
    )
    hooks.register(
      'forward', OWNER, ipvsForwardReply, (packet, passage) => handleReply(this, packet, passage, 'forward'),
    )
    hooks.register(
      'localOut', OWNER, ipvsLocalOutReply, (packet, passage) => handleReply(this, packet, passage, 'localOut'),
    )
    hooks.register(
      'localOut', OWNER, ipvsLocalOutRequest,
      (packet, passage) => this.#isOnlyBackup ? packet : handleRequest(this, packet, passage, 'localOut'),
    )
  }

  /** Requests are left alone while a backup daemon runs, if so set. */
  get #isOnlyBackup(): boolean {
    return this.settings.backup_only !== 0 && this.#rules.daemons.backup !== undefined
  }

  #loadScheduler(name: string): boolean {
    return name === 'none' || (this.#source.schedulers.has(name) && this.host.modules.load(`ip_vs_${name}`).ok)
  }

  /** Unicast, or an address of this host; neither a broadcast address nor 0.0.0.0/8. */
  #isUnicast(addr: IpAddr): boolean {
    if (isIpv6(addr)) return true
    return addr >>> 24 !== 0 && !isMulticast(addr) && this.host.findOutputRoute(addr)?.type !== 'broadcast'
  }

  #onSetting(name: keyof IpvsSettings): void {
    this.defence.update(name)
    if (name !== 'run_estimation') return
    // What has come due so far is done under the old setting.
    this.totals.catchUp()
    for (const service of this.services.all) {
      service.stats.catchUp()
      for (const destination of service.destinations) destination.stats.catchUp()
    }
    this.clock.isRunning = this.settings.run_estimation !== 0
  }
}

const attached = new WeakMap<Host, Ipvs>()

/** IPVS of a host, once its module is loaded. */
export function findIpvs(host: Host): Ipvs | undefined {
  return attached.get(host)
}

/**
 * Makes a host a director, when its module ip_vs gets loaded. Gives what is there when it is one already. With `schedulers`, its
 * services pick by these; a scheduler needs a module of the host all the same.
 */
export function attachIpvs(host: Host, schedulers?: ReadonlyMap<string, SchedulerFactory>): Ipvs {
  let ipvs = attached.get(host)
  if (ipvs === undefined) attached.set(host, ipvs = new Ipvs(host, schedulers))
  return ipvs
}

/** A service in the name of its random stream: by text, as a number of an IPv6 address is not the same in every run. */
function streamPart({ fwmark, isIpv6: isOfIpv6, protocol, addr, port }: ServiceId): string {
  return fwmark === 0 ? `${protocol}/${formatIp(addr)}/${port}` : `mark/${fwmark}/${isOfIpv6 ? 6 : 4}`
}
