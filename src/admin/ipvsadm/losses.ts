/**
 * What `ipvsadm -S` leaves out: thresholds, and marks that it prints as negative numbers. Rules that are restored from what it
 * prints lack both, and the tool says nothing.
 * @module
 */
import type { IpvsRules } from '../../ipvs/control/rules.ts'

const INT_MAX = 2_147_483_647

/** What is lost when rules are saved, one sentence for each kind of loss; none where everything can be restored. */
export function lossesOfSave({ services }: IpvsRules): string[] {
  const limited = services.flatMap(({ destinations }) => destinations)
    .filter(({ upperThreshold, lowerThreshold }) => upperThreshold > 0 || lowerThreshold > 0)
  const marks = services.filter(({ fwmark }) => fwmark > INT_MAX)
  const servers = limited.length === 1 ? '1 server' : `${limited.length} servers`
  return [
    ...(limited.length === 0 ? []
      : [`ipvsadm does not save thresholds (-x, -y): ${servers} will have none when this is restored.`]),
    ...marks.map(({ fwmark }) => (
      `ipvsadm saves the mark ${fwmark} as ${fwmark | 0}, which it refuses when this is restored.`)),
  ]
}
