/**
 * What a command of ipvsadm sets up that lvsim does not carry out, for warnings: it is configured and listed as on Linux.
 * @module
 */
import type { IpvsCommand } from '../../ipvs/control/command.ts'
import type { ServiceId } from '../../ipvs/control/rules.ts'
import { IPPROTO_TCP } from '../../wire/ip-packet.ts'
import { IPPROTO_SCTP } from './parse.ts'

const FTP_PORT = 21

/** One sentence for each thing that a command which was carried out sets up in vain. */
export function limitsOf(command: IpvsCommand): string[] {
  switch (command.kind) {
    case 'start-daemon':
      return ['lvsim does not model the traffic of sync daemons: no other director learns of connections from this one.']
    case 'add-service':
      return isOf(command.service, IPPROTO_SCTP) ? ['lvsim does not carry SCTP: packets for this service are dropped.'] : []
    case 'add-destination':
      return command.destination.method === 'nat' && isOf(command.service, IPPROTO_TCP) && command.service.port === FTP_PORT
        ? ['lvsim does not model ip_vs_ftp: the addresses in PORT and PASV are not rewritten, so data does not get through NAT.']
        : []
    default: return []
  }
}

function isOf({ fwmark, protocol }: ServiceId, wanted: number): boolean {
  return fwmark === 0 && protocol === wanted
}
