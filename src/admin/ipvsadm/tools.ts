/**
 * The commands of ipvsadm under their names, and with them the files under /proc.
 * @module
 */
import type { Tool } from '../tool.ts'
import { ipvsadm, ipvsadmRestore, ipvsadmSave } from './ipvsadm.ts'
import { registerIpvsFiles } from './proc.ts'

/** ipvsadm, ipvsadm-save, ipvsadm-restore. Enters the files of IPVS under /proc. */
export function ipvsadmTools(): readonly (readonly [string, Tool])[] {
  registerIpvsFiles()
  return [['ipvsadm', ipvsadm], ['ipvsadm-save', ipvsadmSave], ['ipvsadm-restore', ipvsadmRestore]]
}
