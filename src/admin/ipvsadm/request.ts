/**
 * What a command line of ipvsadm asks for, once it is read: the fields that its options have set.
 * @module
 */
import { IPV4_ANY, type IpAddr } from '../../wire/address.ts'
import type { DaemonWish } from '../../ipvs/control/command.ts'
import type { DaemonRole, ForwardingMethod } from '../../ipvs/control/rules.ts'
import { DEFAULT_DAEMON } from './daemon-options.ts'
import type { CommandName, OptionName, TunnelType } from './option-matrix.ts'

/** Everything options can set, with ipvsadm's defaults. Filled while a command line is read. */
export class IpvsadmRequest {
  readonly command: CommandName
  readonly given = new Set<OptionName>()
  // The service.
  fwmark = 0
  isIpv6 = false
  protocol = 0
  addr: IpAddr = IPV4_ANY
  port = 0
  scheduler = ''
  persistenceSeconds: number | undefined
  netmask = 0xffffffff
  onePacket = false
  engine = ''
  schedulerFlagNames = ''
  schedulerFlags = 0
  // The server.
  server: { readonly addr: IpAddr, readonly isIpv6: boolean } | undefined
  serverPort = 0
  method: ForwardingMethod = 'dr'
  weight = 1
  upperThreshold = 0
  lowerThreshold = 0
  tunnelType: TunnelType = 'ipip'
  tunnelPort = 0
  // The sync daemon.
  daemonRole: DaemonRole = 'master'
  daemon: DaemonWish = DEFAULT_DAEMON
  // Timeouts in seconds, of `--set`.
  timeouts: readonly number[] = []

  constructor(command: CommandName) {
    this.command = command
  }
}

/** A refusal of the tool itself: what it writes to stderr, and its exit code. */
export interface Refusal {
  readonly text: string
  readonly exitCode: number
  /** `return`: while rules are restored, the next line is read all the same. */
  readonly kind: 'exit' | 'return'
}

/** A complaint that ends the tool with exit code 2 (fail() of ipvsadm). */
export function complaint(message: string): Refusal {
  return { text: `${message}\n`, exitCode: 2, kind: 'exit' }
}

/** What ipvsadm says to what it does not understand at all. */
export const TRY_HELP: Refusal = {
  text: 'Try `ipvsadm -h\' or \'ipvsadm --help\' for more information.\n', exitCode: 255, kind: 'exit',
}
