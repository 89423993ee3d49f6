/**
 * What `ipvsadm -S` leaves out: thresholds, sync daemons, and marks that it prints as negative numbers. Rules that are restored
 * from what it prints lack them all, and the tool says nothing.
 * @module
 */
import type { IpvsRules } from '../../ipvs/control/rules.ts'

const INT_MAX = 2_147_483_647

/** What is lost when rules are saved, one sentence for each kind of loss; none where everything can be restored. */
export function lossesOfSave({ services, daemons }: IpvsRules): string[] {
  const limited = services.flatMap(({ destinations }) => destinations)
    .filter(({ upperThreshold, lowerThreshold }) => upperThreshold > 0 || lowerThreshold > 0)
  const marks = services.filter(({ fwmark }) => fwmark > INT_MAX)
  const servers = limited.length === 1 ? '1 server' : `${limited.length} servers`
  return [
    ...(limited.length === 0 ? []
      : [`ipvsadm does not save thresholds (-x, -y): ${servers} will have none when this is restored.`]),
    ...(daemons.master === undefined && daemons.backup === undefined ? []
      : ['ipvsadm does not save sync daemons: none will run when this is restored.']),
    ...marks.map(({ fwmark }) => (
      `ipvsadm saves the mark ${fwmark} as ${fwmark | 0}, which it refuses when this is restored.`)),
  ]
}
