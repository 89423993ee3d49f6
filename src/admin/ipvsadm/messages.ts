/**
 * The words ipvsadm has for errors of the kernel: they depend on the command. Follows ipvs_strerror() in libipvs.c.
 * @module
 */
import { errnoText } from '../../host/errno.ts'
import type { IpvsErrno } from '../../ipvs/control/command.ts'
import type { CommandName } from './option-matrix.ts'

const NO_SERVICE = 'No such service'
const NO_SCHEDULER = 'Scheduler or persistence engine not found'
const NOT_DEFINED = 'Service not defined'
const NO_DESTINATION = 'No such destination'

const MESSAGES: Partial<Record<CommandName, Partial<Record<IpvsErrno, string>>>> = {
  'add-service': { EEXIST: 'Service already exists', ENOENT: NO_SCHEDULER },
  'edit-service': { ESRCH: NO_SERVICE, ENOENT: NO_SCHEDULER },
  'delete-service': { ESRCH: NO_SERVICE },
  zero: { ESRCH: NO_SERVICE },
  list: { ESRCH: NO_SERVICE },
  'add-server': { ESRCH: NOT_DEFINED, EEXIST: 'Destination already exists' },
  'edit-server': { ESRCH: NOT_DEFINED, ENOENT: NO_DESTINATION },
  'delete-server': { ESRCH: NOT_DEFINED, ENOENT: NO_DESTINATION },
  'start-daemon': { EEXIST: 'Daemon has already run' },
  'stop-daemon': { ESRCH: 'No daemon is running' },
}

/** Words for an error that mean the same with every command. */
const COMMON: Partial<Record<IpvsErrno, string>> = {
  EINVAL: 'Invalid operation.  Possibly wrong module version, address not unicast, ...',
  EOPNOTSUPP: 'Operation not supported with IPv6',
}

/** What ipvsadm prints for an error. */
export function kernelMessage(code: IpvsErrno, command: CommandName): string {
  return COMMON[code] ?? MESSAGES[command]?.[code] ?? errnoText(code)
}
