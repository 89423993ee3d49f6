/**
 * Commands as transactions: the next tree of rules with the patches that lead there and back, or the error number the kernel
 * would answer with and no change.
 * Checks and their order follow ip_vs_genl_set_cmd(), ip_vs_add_service(), ip_vs_add_dest() and ip_vs_edit_dest().
 * @module
 */
import { enablePatches, produceWithPatches, type Draft, type Patch } from 'immer'
import { present } from '../../base/assert.ts'
import { err, ok, type Result } from '../../base/result.ts'
import { isIpv6, type IpAddr } from '../../wire/address.ts'
import type { IpvsCommand, IpvsErrno, IpvsError } from './command.ts'
import { startedDaemon, type DaemonDevice } from './daemons.ts'
import {
  findServiceRule, serviceKey, type DaemonRole, type DestinationRule, type IpvsRules, type ServiceId, type ServiceOptions,
  type ServiceRule,
} from './rules.ts'

enablePatches()

/** Most seconds the kernel takes as a timeout: INT_MAX / HZ. */
const TIMEOUT_SECONDS_MAX = 2_147_483_647 / 250

/** What a command is checked against beside the rules. */
export interface Kernel {
  /** True for a scheduler that is there or can be loaded; `none` always is. */
  hasScheduler(name: string): boolean
  /** True for a persistence engine that is there or can be loaded. */
  hasEngine(name: string): boolean
  /** True for an address that a real server can have: unicast, or one of this host. */
  isUnicast(addr: IpAddr): boolean
  /** The device of this name. */
  findDevice(name: string): DaemonDevice | undefined
}

/** What a command came to. */
export interface AppliedCommand {
  readonly rules: IpvsRules
  /** From the tree before to this one; none when the command changed nothing. */
  readonly patches: readonly Patch[]
  /** From this tree to the one before. */
  readonly inversePatches: readonly Patch[]
}

/** How a command that is allowed changes the tree. */
type Recipe = (draft: Draft<IpvsRules>) => void
type Checked = Result<Recipe, IpvsError>

/** Applies one command. `rules` is untouched, and its unchanged parts are shared with the result. */
export function applyCommand(rules: IpvsRules, command: IpvsCommand, kernel: Kernel): Result<AppliedCommand, IpvsError> {
  const checked = check(rules, command, kernel)
  if (!checked.ok) return checked
  const [next, patches, inversePatches] = produceWithPatches(rules, checked.value)
  return ok({ rules: next, patches, inversePatches })
}

function check(rules: IpvsRules, command: IpvsCommand, kernel: Kernel): Checked {
  switch (command.kind) {
    case 'add-service': return addService(rules, command, kernel)
    case 'edit-service': return editService(rules, command, kernel)
    case 'delete-service': return deleteService(rules, command.service)
    case 'flush': return ok((draft) => {
      if (draft.services.length > 0) draft.services = []
    })
    case 'add-destination': return addDestination(rules, command, kernel)
    case 'edit-destination': return editDestination(rules, command)
    case 'delete-destination': return deleteDestination(rules, command)
    case 'set-timeouts': return setTimeouts(command)
    case 'start-daemon': return startDaemon(rules, command, kernel)
    case 'stop-daemon': return stopDaemon(rules, command.role)
    case 'zero':
      return command.service === undefined || findServiceRule(rules, command.service) !== undefined ? ok(() => {})
        : refuse('ESRCH', 'there is no such service')
  }
}

type Command<K extends IpvsCommand['kind']> = Extract<IpvsCommand, { kind: K }>

function addService(rules: IpvsRules, { service, options }: Command<'add-service'>, kernel: Kernel): Checked {
  if (findServiceRule(rules, service) !== undefined) return refuse('EEXIST', 'the service is there already')
  return optionsFault(service, options, kernel) ?? ok((draft) => {
    draft.services.push({ ...service, ...options, destinations: [] })
  })
}

function editService(rules: IpvsRules, { service, options }: Command<'edit-service'>, kernel: Kernel): Checked {
  if (findServiceRule(rules, service) === undefined) return refuse('ESRCH', 'there is no such service')
  return optionsFault(service, options, kernel) ?? onService(rules, service, (rule) => {
    Object.assign(rule, options)
  })
}

function deleteService(rules: IpvsRules, service: ServiceId): Checked {
  const index = indexOf(rules, service)
  if (index < 0) return refuse('ESRCH', 'there is no such service')
  return ok((draft) => {
    draft.services.splice(index, 1)
  })
}

function addDestination(
  rules: IpvsRules, { service, destination }: Command<'add-destination'>, kernel: Kernel,
): Checked {
  const rule = findServiceRule(rules, service)
  if (rule === undefined) return refuse('ESRCH', 'there is no such service')
  const fault = familyFault(rules, rule, destination) ?? destinationFault(destination)
  if (fault !== undefined) return fault
  if (rule.destinations.some((other) => isSameServer(other, destination))) return refuse(
    'EEXIST', 'the destination is there already',
  )
  if (!kernel.isUnicast(destination.addr)) return refuse('EINVAL', 'the address of a real server must be unicast')
  return onService(rules, service, (draft) => {
    draft.destinations.unshift(destination)
  })
}

function editDestination(rules: IpvsRules, { service, destination }: Command<'edit-destination'>): Checked {
  const rule = findServiceRule(rules, service)
  if (rule === undefined) return refuse('ESRCH', 'there is no such service')
  const fault = familyFault(rules, rule, destination) ?? destinationFault(destination)
  if (fault !== undefined) return fault
  const index = rule.destinations.findIndex((other) => isSameServer(other, destination))
  if (index < 0) return refuse('ENOENT', 'there is no such destination')
  return onService(rules, service, (draft) => {
    const { tunnel, ...rest } = destination
    const edited = present(draft.destinations[index], 'destination')
    Object.assign(edited, rest)
    Object.assign(edited.tunnel, tunnel)
  })
}

function deleteDestination(rules: IpvsRules, command: Command<'delete-destination'>): Checked {
  const rule = findServiceRule(rules, command.service)
  if (rule === undefined) return refuse('ESRCH', 'there is no such service')
  const index = rule.destinations.findIndex((other) => isSameServer(other, command))
  if (index < 0) return refuse('ENOENT', 'there is no such destination')
  return onService(rules, command.service, (draft) => {
    draft.destinations.splice(index, 1)
  })
}

function setTimeouts({ timeouts }: Command<'set-timeouts'>): Checked {
  const { tcpSeconds, tcpFinSeconds, udpSeconds } = timeouts
  if ([tcpSeconds, tcpFinSeconds, udpSeconds].some((seconds) => seconds < 0 || seconds > TIMEOUT_SECONDS_MAX)) {
    return refuse('EINVAL', 'a timeout is out of bounds')
  }
  return ok(({ timeouts: draft }) => {
    draft.tcpSeconds = tcpSeconds || draft.tcpSeconds
    draft.tcpFinSeconds = tcpFinSeconds || draft.tcpFinSeconds
    draft.udpSeconds = udpSeconds || draft.udpSeconds
  })
}

function startDaemon(rules: IpvsRules, { role, wish }: Command<'start-daemon'>, kernel: Kernel): Checked {
  const started = startedDaemon(rules, role, wish, kernel.findDevice(wish.deviceName))
  return started.ok ? ok((draft) => {
    draft.daemons[role] = started.value
  }) : started
}

function stopDaemon(rules: IpvsRules, role: DaemonRole): Checked {
  if (rules.daemons[role] === undefined) return refuse('ESRCH', `no ${role} daemon runs`)
  return ok((draft) => {
    delete draft.daemons[role]
  })
}

/** Scheduler, engine, and the mask of an IPv6 service, in this order. */
function optionsFault(
  { isIpv6: isOfIpv6 }: ServiceId, { scheduler, engine, netmask }: ServiceOptions, kernel: Kernel,
): Result<never, IpvsError> | undefined {
  if (!kernel.hasScheduler(scheduler)) return refuse('ENOENT', `there is no scheduler ${scheduler}`)
  if (engine !== '' && !kernel.hasEngine(engine)) return refuse('ENOENT', `there is no persistence engine ${engine}`)
  if (isOfIpv6 && (netmask < 1 || netmask > 128)) return refuse('EINVAL', 'the prefix length is out of bounds')
  return undefined
}

/** A real server of the other family: by tunnel only, and not while a sync daemon runs. */
function familyFault(
  { daemons }: IpvsRules, { isIpv6: isOfIpv6 }: ServiceRule, { addr, method }: DestinationRule,
): Result<never, IpvsError> | undefined {
  if (isIpv6(addr) === isOfIpv6) return undefined
  if (daemons.master !== undefined || daemons.backup !== undefined) return refuse(
    'EINVAL', 'the sync daemons cannot tell of two families',
  )
  return method === 'tun' ? undefined : refuse('EINVAL', 'only a tunnel leads to the other family')
}

function destinationFault(destination: DestinationRule): Result<never, IpvsError> | undefined {
  if (destination.weight < 0) return refuse('ERANGE', 'the weight is negative')
  if (destination.lowerThreshold > destination.upperThreshold) return refuse(
    'ERANGE', 'the lower threshold is above the upper one',
  )
  if (destination.tunnel.type === 'gue' && destination.tunnel.port === 0) return refuse(
    'EINVAL', 'a gue tunnel needs a port',
  )
  return undefined
}

function isSameServer(
  a: { readonly addr: IpAddr, readonly port: number }, b: { readonly addr: IpAddr, readonly port: number },
): boolean {
  return a.addr === b.addr && a.port === b.port
}

/** The recipe that changes one service, which is there. */
function onService(rules: IpvsRules, id: ServiceId, change: (rule: Draft<ServiceRule>) => void): Checked {
  const index = indexOf(rules, id)
  return ok((draft) => change(present(draft.services[index], 'service')))
}

function indexOf({ services }: IpvsRules, id: ServiceId): number {
  const key = serviceKey(id)
  return services.findIndex((service) => serviceKey(service) === key)
}

function refuse(code: IpvsErrno, message: string): Result<never, IpvsError> {
  return err({ code, message })
}
