/**
 * The problem of a command that uses a word which is not modelled: where the word stands, be it in the scenario's commands, in a
 * file of the host that they run, or in a command that came from elsewhere; and what was probably meant.
 * @module
 */
import type { StopPlace } from '../admin/shell/host-shell.ts'
import { findWord } from '../admin/shell/script-position.ts'
import { TOOLS } from '../admin/tools.ts'
import { nearestWord } from './nearest.ts'
import type { Problem } from './problems.ts'
import type { Scenario } from './scenario.ts'
import type { Path } from './source-tree.ts'
import type { Position } from './source-text.ts'

/** A command, the host it ran on, and its place in the file; an empty path for one that is not in the file. */
export interface CommandOfHost {
  readonly host: string
  readonly command: string
  readonly path: Path
}

/** What stands before a command in guides: `[root@lb ~]#`, `root@lb:~#`, `$`. */
const PROMPT = /^(?:\$|#|%|>|\[?\w+@)/

/** Says what is not modelled and points at it. */
export function unsupportedProblem(scenario: Scenario, from: CommandOfHost, place: StopPlace): Problem {
  const isCommand = place.word === place.command
  const text = {
    code: place.isLimit === true ? 'LVS1064' as const : 'LVS1060' as const, message: `${from.host}: ${place.what}`,
    ...(isCommand && PROMPT.test(place.word) ? { expected: 'a command without the prompt before it' } : {}),
    ...withNearest(isCommand ? nearestWord(place.word, TOOLS.keys()) : undefined),
  }
  if (from.path.length > 0) return wholeWord(scenario.source.problemAt(positionOf(scenario, from, place), text), place.word)
  const { line, column } = place
  return {
    ...text, file: 'command line', line, column, endColumn: column + place.word.length,
    sourceLine: from.command.split('\n')[line - 1] ?? '',
  }
}

/** The problem with carets under all of the word, where the word is what stands at its place. */
function wholeWord(problem: Problem, word: string): Problem {
  const points = Array.from(problem.sourceLine)
  const endColumn = problem.column + Array.from(word).length
  return points.slice(problem.column - 1, endColumn - 1).join('') === word ? { ...problem, endColumn } : problem
}

function withNearest(nearest: string | undefined): { readonly nearest?: string } {
  return nearest === undefined ? {} : { nearest }
}

function positionOf({ hosts, source }: Scenario, { host: name, command, path }: CommandOfHost, place: StopPlace): Position {
  const host = hosts.get(name)
  if (host !== undefined && !command.includes(place.word)) {
    for (const [file, content] of host.files) {
      const filePath = [...host.path, 'files', file]
      if (!content.includes(place.word) || !source.has(filePath)) continue
      const { line, column } = findWord(content, place.command, place.word)
      return source.scriptAt(filePath, line, column)
    }
  }
  return source.has(path) ? source.scriptAt(path, place.line, place.column) : source.at(path)
}
