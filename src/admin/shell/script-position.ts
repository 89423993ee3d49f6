/**
 * Where in a script a word stands, for messages. The shell's own tree knows lines only, so the word is looked up in the text:
 * in a line with its command, else in any line, comments left out.
 * @module
 */

/** A place in a script; both count from 1. */
export interface ScriptPosition {
  readonly line: number
  readonly column: number
}

/**
 * The first place where `word` stands in a line that also names `command`; else its first place at all; else the first line
 * with the command; else 1:1.
 */
export function findWord(script: string, command: string, word: string): ScriptPosition {
  const lines = script.split('\n')
  const withCommand = lines.map((line, index) => ({ line, index })).filter(({ line }) => columnOf(line, command, 0) > 0)
  for (const { line, index } of withCommand) {
    const after = word === command ? 0 : columnOf(line, command, 0) + command.length - 1
    const column = columnOf(line, word, after)
    if (column > 0) return { line: index + 1, column }
  }
  for (const [index, line] of lines.entries()) {
    const column = columnOf(line, word, 0)
    if (column > 0) return { line: index + 1, column }
  }
  const [first] = withCommand
  if (first !== undefined) return { line: first.index + 1, column: columnOf(first.line, command, 0) }
  return { line: 1, column: 1 }
}

/** Column of `word` as a word of its own at or after index `from`; 0 when it is not there, or only in a comment. */
function columnOf(line: string, word: string, from: number): number {
  const comment = /(^|\s)#/.exec(line)
  const end = comment === null ? line.length : comment.index
  for (let at = line.indexOf(word, from); at >= 0 && at < end; at = line.indexOf(word, at + 1)) {
    const before = line[at - 1] ?? ' '
    const after = line[at + word.length] ?? ' '
    if (!/[\w.-]/.test(before) && !/[\w-]/.test(after)) return at + 1
  }
  return 0
}
