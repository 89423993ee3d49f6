/**
 * Every command that a shell of lvsim has beside the shell's own.
 * @module
 */
import { arptables } from './arptables/arptables.ts'
import { arptablesRestore, arptablesSave } from './arptables/save-restore.ts'
import { ipvsadmTools } from './ipvsadm/tools.ts'
import { conntrack } from './conntrack.ts'
import { ip6tables } from './iptables/ip6tables.ts'
import { iptables } from './iptables/iptables.ts'
import { iptablesRestore } from './iptables/iptables-restore.ts'
import { iptablesSave } from './iptables/iptables-save.ts'
import type { Tool } from './tool.ts'
import { toolbox } from './toolbox.ts'

/** Tools by name. */
export const TOOLS: ReadonlyMap<string, Tool> = toolbox([
  ...ipvsadmTools(), ['conntrack', conntrack], ['ip6tables', ip6tables], ['ip6tables-restore', ip6tables],
  ['ip6tables-save', ip6tables], ['iptables', iptables], ['iptables-restore', iptablesRestore],
  ['iptables-save', iptablesSave], ['arptables', arptables], ['arptables-restore', arptablesRestore],
  ['arptables-save', arptablesSave],
])
