/**
 * arptables-save and arptables-restore (0.0.5, legacy): the rules as a text, and back. Both are scripts around arptables itself:
 * the rules are those of -L -n, and a restore empties the table first and then does one command after the other.
 * Of their options only -c of arptables-save is modelled. How a restore words its errors is lvsim's own.
 * @module
 */
import { clearedArpRules } from '../../host/config/arp-rules.ts'
import { wordsOf } from '../iptables/restore-words.ts'
import { printed, refused, unsupported, type Tool, type ToolContext, type ToolResult } from '../tool.ts'
import { runCommand } from './arptables.ts'
import { ruleLine } from './list-text.ts'

const SAVED_STYLE = { numeric: true, withDevices: false, hostsFile: '' }

/** The tool. */
export const arptablesSave: Tool = ({ host, argv }) => {
  const other = argv.find((word) => word !== '-c' && word !== '--counters')
  if (other !== undefined) return unsupported(other, `arptables-save: option ${other} is not modelled`)
  const { rules, counters } = host.arp.filter
  let text = '*filter\n'
  for (const { name, policy } of rules.chains) text += `:${name} ${policy ?? '-'}\n`
  for (const chain of rules.chains) {
    for (const { id, spec } of chain.rules) {
      const { packets, bytes } = counters.rule(id)
      const counts = argv.length > 0 ? `-c ${packets} ${bytes} ` : ''
      text += `-A ${chain.name} ${counts}${ruleLine(spec, SAVED_STYLE)}`
    }
  }
  return printed(`${text}\n`)
}

/** The tool. */
export const arptablesRestore: Tool = (context) => {
  const [option] = context.argv
  if (option !== undefined) return unsupported(option, `arptables-restore: "${option}" is not modelled`)
  for (const [index, line] of context.stdin.split('\n').entries()) {
    const result = restoreLine(context, line.trim())
    if (result.unsupported !== undefined) return result
    if (result.exitCode === 0) continue
    return { ...result, stderr: `${result.stderr}arptables-restore: line ${index + 1} failed\n` }
  }
  return printed('')
}

function restoreLine(context: ToolContext, line: string): ToolResult {
  if (line === '' || line.startsWith('#') || line === 'COMMIT') return printed('')
  if (line.startsWith('*')) {
    if (line !== '*filter') return refused(`arptables-restore: there is no table "${line.slice(1)}"\n`, 1)
    const { filter } = context.host.arp
    filter.reconfigure(clearedArpRules(filter.rules))
    return printed('')
  }
  if (!line.startsWith(':')) return runCommand(context, wordsOf(line))
  const [chain = '', policy = '-'] = line.slice(1).split(/\s+/)
  return runCommand(context, policy === '-' ? ['-N', chain] : ['-P', chain, policy])
}
