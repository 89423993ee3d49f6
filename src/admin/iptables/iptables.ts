/**
 * iptables 1.8.9 (legacy): rules for IPv4, from the command line to a host's netfilter.
 * @module
 */
import { isTableName, findTable, findChain } from '../../host/config/netfilter-config.ts'
import { printed, type Tool, type ToolContext } from '../tool.ts'
import { hostAddress } from './addresses.ts'
import { complaintResult, VERSION } from './complaint.ts'
import { execute, type RuleStore } from './execute.ts'
import { parseCommand, type ParseContext } from './parse-command.ts'

/** The tool. */
export const iptables: Tool = (context) => {
  const store = context.host.netfilter
  const request = parseCommand(parseContextOf(context, context.argv, store))
  if (!request.ok) return complaintResult(request.error)
  if (request.value.kind === 'version') return printed(`iptables ${VERSION}\n`)
  if (request.value.kind === 'help')
    return complaintResult({ kind: 'unsupported', word: '-h', what: 'iptables: its help text is not modelled' })
  const { command } = request.value
  if (command.table === 'security') {
    return complaintResult({ kind: 'unsupported', word: 'security', what: 'iptables: the table "security" is not modelled' })
  }
  if (!isTableName(command.table)) return complaintResult({ kind: 'no-table', table: command.table })
  return execute(command, command.table, store, hostsFileOf(context))
}

/** What the parser asks of a host whose rules are in `store`. */
export function parseContextOf(context: ToolContext, argv: readonly string[], store: RuleStore): ParseContext {
  return {
    argv,
    isChain: (tableName, name) => {
      const table = isTableName(tableName) ? findTable(store.config, tableName) : undefined
      return table !== undefined && findChain(table, name) !== undefined
    },
    findHost: (name) => hostAddress(hostsFileOf(context), name),
  }
}

/** The text of the host's /etc/hosts. */
export function hostsFileOf(context: ToolContext): string {
  return context.readFile('/etc/hosts') ?? ''
}
