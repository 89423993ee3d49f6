/**
 * Small changes to a script's syntax tree before it runs, for what just-bash does not do by itself: a failed write by a
 * redirection (`echo 5 > /proc/sys/...`) sets the exit code, `command &` goes on beside the script, `wait` waits, `$!` names it.
 * Scripts that are sourced or run from a file are not changed: there, `&` waits for its command.
 * @module
 */

/** A node of the shell's syntax tree: whatever its type, only what is named here is looked at. */
export interface SyntaxNode {
  type: string
  [key: string]: unknown
}

/** Commands that the rewritten script calls; the shell provides them. */
export const REDIRECTED = 'lvsim-redirected'
/** See `REDIRECTED`. */
export const BACKGROUND = 'lvsim-background'
/** See `REDIRECTED`. */
export const WAIT = 'lvsim-wait'
/** The variable that stands for `$!`. */
export const LAST_JOB = 'LVSIM_LAST_JOB'

/** Changes the tree in place and returns it. `textOf` prints a statement as shell text. */
export function rewriteScript(script: SyntaxNode, textOf: (statement: SyntaxNode) => string): SyntaxNode {
  visit(script, textOf)
  return script
}

function visit(node: SyntaxNode, textOf: (statement: SyntaxNode) => string): void {
  if (node.type === 'Statement' && node['background'] === true) {
    node['background'] = false
    const text = textOf(node)
    node['pipelines'] = [pipeline(simpleCommand(BACKGROUND, [singleQuoted(text)]))]
    node['operators'] = []
    return
  }
  if (node.type === 'ParameterExpansion' && node['parameter'] === '!') node['parameter'] = LAST_JOB
  if (node.type === 'SimpleCommand' && literalOf(node['name']) === 'wait') node['name'] = word(literal(WAIT))
  for (const key of Object.keys(node)) {
    const value = node[key]
    if (Array.isArray(value)) value.forEach((item, index) => visitItem(value, index, item, textOf))
    else if (isNode(value)) visit(value, textOf)
  }
}

function visitItem(list: unknown[], index: number, item: unknown, textOf: (statement: SyntaxNode) => string): void {
  if (Array.isArray(item)) {
    item.forEach((inner, at) => visitItem(item, at, inner, textOf))
  } else if (isNode(item)) {
    visit(item, textOf)
    if (item.type === 'SimpleCommand' && writesFile(item)) list[index] = checkedWrite(item)
  } else if (typeof item === 'object' && item !== null) {
    // Clauses of `if` and their kin have no type of their own.
    for (const value of Object.values(item)) {
      if (Array.isArray(value)) value.forEach((inner, at) => visitItem(value, at, inner, textOf))
      else if (isNode(value)) visit(value, textOf)
    }
  }
}

/** `cmd > file` becomes `{ cmd > file; lvsim-redirected cmd $?; }`. */
function checkedWrite(command: SyntaxNode): SyntaxNode {
  const name = literalOf(command['name']) ?? ''
  const status: SyntaxNode = { type: 'ParameterExpansion', parameter: '?', operation: null }
  const check = simpleCommand(REDIRECTED, [singleQuoted(name), { type: 'DoubleQuoted', parts: [status] }])
  return { type: 'Group', body: [statement(command), statement(check)], redirections: [] }
}

/** True when it writes to a file that may be one of the kernel's. */
function writesFile(command: SyntaxNode): boolean {
  const name = literalOf(command['name'])
  if (name === undefined || name === 'exec') return false
  const redirections = command['redirections']
  if (!Array.isArray(redirections)) return false
  return redirections.some((redirection: SyntaxNode) => {
    if (!['>', '>>', '>|', '&>', '&>>'].includes(String(redirection['operator']))) return false
    const target = literalOf(redirection['target'])
    return target === undefined || (target !== '/dev/null' && !target.startsWith('&'))
  })
}

/** The text of a word of literals alone. */
function literalOf(value: unknown): string | undefined {
  if (!isNode(value) || value.type !== 'Word' || !Array.isArray(value['parts'])) return undefined
  let text = ''
  for (const part of value['parts'] as SyntaxNode[]) {
    if (part.type !== 'Literal') return undefined
    text += String(part['value'])
  }
  return text
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'
}

function word(...parts: SyntaxNode[]): SyntaxNode {
  return { type: 'Word', parts }
}

function literal(value: string): SyntaxNode {
  return { type: 'Literal', value }
}

function singleQuoted(value: string): SyntaxNode {
  return { type: 'SingleQuoted', value }
}

function simpleCommand(name: string, args: SyntaxNode[]): SyntaxNode {
  return {
    type: 'SimpleCommand', name: word(literal(name)), args: args.map((part) => word(part)), assignments: [],
    redirections: [],
  }
}

function pipeline(command: SyntaxNode): SyntaxNode {
  return { type: 'Pipeline', commands: [command], negated: false }
}

function statement(command: SyntaxNode): SyntaxNode {
  return { type: 'Statement', pipelines: [pipeline(command)], operators: [], background: false }
}
