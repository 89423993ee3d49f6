/**
 * Commands as transactions: the next tree of rules, or the error number the kernel would answer with and no change.
 * Checks and their order follow ip_vs_genl_set_cmd(), ip_vs_add_service(), ip_vs_add_dest() and ip_vs_edit_dest().
 * @module
 */
import { produce } from 'immer'
import { err, ok, type Result } from '../../base/result.ts'
import type { IpAddr } from '../../wire/address.ts'
import type { IpvsCommand, IpvsErrno, IpvsError } from './command.ts'
import {
  findServiceRule, serviceKey, type DestinationRule, type IpvsRules, type ServiceId, type ServiceRule,
} from './rules.ts'

/** Most seconds the kernel takes as a timeout: INT_MAX / HZ. */
const TIMEOUT_SECONDS_MAX = 2_147_483_647 / 250

/** What a command is checked against beside the rules. */
export interface Kernel {
  /** True for a scheduler that is there or can be loaded; `none` always is. */
  hasScheduler(name: string): boolean
  /** True for an address that a real server can have: unicast, or one of this host. */
  isUnicast(addr: IpAddr): boolean
}

/** Applies one command. `rules` is untouched, and its unchanged parts are shared with the result. */
export function applyCommand(rules: IpvsRules, command: IpvsCommand, kernel: Kernel): Result<IpvsRules, IpvsError> {
  switch (command.kind) {
    case 'add-service': return addService(rules, command, kernel)
    case 'edit-service': return editService(rules, command, kernel)
    case 'delete-service': return deleteService(rules, command.service)
    case 'flush': return ok(rules.services.length === 0 ? rules : { ...rules, services: [] })
    case 'add-destination': return addDestination(rules, command, kernel)
    case 'edit-destination': return editDestination(rules, command)
    case 'delete-destination': return deleteDestination(rules, command)
    case 'set-timeouts': return setTimeouts(rules, command)
    case 'zero':
      return command.service === undefined || findServiceRule(rules, command.service) !== undefined ? ok(rules)
        : refuse('ESRCH', 'there is no such service')
  }
}

type Add = Extract<IpvsCommand, { kind: 'add-service' }>
type Edit = Extract<IpvsCommand, { kind: 'edit-service' }>

function addService(rules: IpvsRules, { service, options }: Add, kernel: Kernel): Result<IpvsRules, IpvsError> {
  if (findServiceRule(rules, service) !== undefined) return refuse('EEXIST', 'the service is there already')
  if (!kernel.hasScheduler(options.scheduler)) return refuse('ENOENT', `there is no scheduler ${options.scheduler}`)
  return ok(produce(rules, (draft) => {
    draft.services.push({ ...service, ...options, destinations: [] })
  }))
}

function editService(rules: IpvsRules, { service, options }: Edit, kernel: Kernel): Result<IpvsRules, IpvsError> {
  if (findServiceRule(rules, service) === undefined) return refuse('ESRCH', 'there is no such service')
  if (!kernel.hasScheduler(options.scheduler)) return refuse('ENOENT', `there is no scheduler ${options.scheduler}`)
  return ok(changeService(rules, service, (rule) => ({ ...rule, ...options })))
}

function deleteService(rules: IpvsRules, service: ServiceId): Result<IpvsRules, IpvsError> {
  const gone = findServiceRule(rules, service)
  if (gone === undefined) return refuse('ESRCH', 'there is no such service')
  return ok(produce(rules, (draft) => {
    draft.services = draft.services.filter((other) => serviceKey(other) !== serviceKey(gone))
  }))
}

function addDestination(
  rules: IpvsRules, command: Extract<IpvsCommand, { kind: 'add-destination' }>, kernel: Kernel,
): Result<IpvsRules, IpvsError> {
  const { service, destination } = command
  const rule = findServiceRule(rules, service)
  if (rule === undefined) return refuse('ESRCH', 'there is no such service')
  const fault = destinationFault(destination)
  if (fault !== undefined) return fault
  if (rule.destinations.some((other) => isSameServer(other, destination))) return refuse(
    'EEXIST', 'the destination is there already',
  )
  if (!kernel.isUnicast(destination.addr)) return refuse('EINVAL', 'the address of a real server must be unicast')
  return ok(changeService(rules, service, (old) => ({ ...old, destinations: [destination, ...old.destinations] })))
}

function editDestination(
  rules: IpvsRules, command: Extract<IpvsCommand, { kind: 'edit-destination' }>,
): Result<IpvsRules, IpvsError> {
  const { service, destination } = command
  const rule = findServiceRule(rules, service)
  if (rule === undefined) return refuse('ESRCH', 'there is no such service')
  const fault = destinationFault(destination)
  if (fault !== undefined) return fault
  if (!rule.destinations.some((other) => isSameServer(other, destination))) return refuse(
    'ENOENT', 'there is no such destination',
  )
  return ok(changeService(rules, service, (old) => ({
    ...old, destinations: old.destinations.map((other) => (isSameServer(other, destination) ? destination : other)),
  })))
}

function deleteDestination(
  rules: IpvsRules, command: Extract<IpvsCommand, { kind: 'delete-destination' }>,
): Result<IpvsRules, IpvsError> {
  const rule = findServiceRule(rules, command.service)
  if (rule === undefined) return refuse('ESRCH', 'there is no such service')
  if (!rule.destinations.some((other) => isSameServer(other, command))) return refuse(
    'ENOENT', 'there is no such destination',
  )
  return ok(changeService(rules, command.service, (old) => ({
    ...old, destinations: old.destinations.filter((other) => !isSameServer(other, command)),
  })))
}

function setTimeouts(
  rules: IpvsRules, { timeouts }: Extract<IpvsCommand, { kind: 'set-timeouts' }>,
): Result<IpvsRules, IpvsError> {
  const { tcpSeconds, tcpFinSeconds, udpSeconds } = timeouts
  if ([tcpSeconds, tcpFinSeconds, udpSeconds].some((seconds) => seconds < 0 || seconds > TIMEOUT_SECONDS_MAX)) {
    return refuse('EINVAL', 'a timeout is out of bounds')
  }
  const old = rules.timeouts
  return ok(produce(rules, (draft) => {
    draft.timeouts = {
      tcpSeconds: tcpSeconds || old.tcpSeconds, tcpFinSeconds: tcpFinSeconds || old.tcpFinSeconds,
      udpSeconds: udpSeconds || old.udpSeconds,
    }
  }))
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

function changeService(rules: IpvsRules, id: ServiceId, change: (rule: ServiceRule) => ServiceRule): IpvsRules {
  const key = serviceKey(id)
  return produce(rules, (draft) => {
    const index = rules.services.findIndex((service) => serviceKey(service) === key)
    const rule = rules.services[index]
    if (rule !== undefined) draft.services[index] = change(rule) as (typeof draft.services)[number]
  })
}

function refuse(code: IpvsErrno, message: string): Result<never, IpvsError> {
  return err({ code, message })
}
