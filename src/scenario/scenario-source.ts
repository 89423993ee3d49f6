/**
 * The file behind a scenario: finds the place of any field, and of any character of a script, and makes problems there.
 * @module
 */
import type { ProblemCode } from './problem-codes.ts'
import { type Problem, SOURCE_LINE_LENGTH_MAX } from './problems.ts'
import { SourceText, type Position } from './source-text.ts'
import { enclosingNode, findNode, offsetInText, type Path, type SourceNode, type Span } from './source-tree.ts'

/** Longer messages, which quote a long text, are cut. */
const MESSAGE_LENGTH_MAX = 300

/** What a problem says, beside its place. */
export interface ProblemText {
  readonly code: ProblemCode
  readonly message: string
  readonly expected?: string | undefined
  readonly nearest?: string | undefined
}

/** Text and places of a scenario file. */
export class ScenarioSource {
  readonly #source: SourceText
  readonly #root: SourceNode

  constructor(source: SourceText, root: SourceNode) {
    this.#source = source
    this.#root = root
  }

  /** Name of the file, as it was given. */
  get fileName(): string {
    return this.#source.fileName
  }

  /** True when the file has a value at `path`. */
  has(path: Path): boolean {
    return findNode(this.#root, path) !== undefined
  }

  /** The place of the value at `path`; where the file has none, of what stands around it. */
  at(path: Path): Position {
    return this.#position(this.#shown(enclosingNode(this.#root, path), path))
  }

  /** The place of the key of the value at `path`, or of the value where it has no key. */
  keyAt(path: Path): Position {
    const node = enclosingNode(this.#root, path)
    return this.#position(node.key ?? node)
  }

  /**
   * The place of a character of the text at `path`: its line and column count from 1 inside the text, columns in UTF-16
   * units, as a shell counts them. Works for every style of YAML text; a place outside the text is moved to its nearest end.
   */
  scriptAt(path: Path, line: number, column: number): Position {
    const node = findNode(this.#root, path)
    if (node?.text === undefined) return this.at(path)
    const offset = offsetInText(this.#source.text, node, line, column)
    return this.#source.position(offset, offset + 1)
  }

  /** A problem at the value at `path`. */
  problem(path: Path, text: ProblemText): Problem {
    return this.problemAt(this.at(path), text)
  }

  /** A problem at a place. */
  problemAt(position: Position, text: ProblemText): Problem {
    const { code, message, expected, nearest } = text
    const line = this.#source.line(position.line)
    return {
      code,
      file: this.#source.fileName,
      ...position,
      message: message.length > MESSAGE_LENGTH_MAX ? `${message.slice(0, MESSAGE_LENGTH_MAX)}...` : message,
      ...(expected === undefined ? {} : { expected }),
      ...(nearest === undefined ? {} : { nearest }),
      sourceLine: line.length <= SOURCE_LINE_LENGTH_MAX ? line : '',
    }
  }

  /** A problem at offsets of the text. */
  problemAtSpan(span: Span, text: ProblemText): Problem {
    return this.problemAt(this.#position(span), text)
  }

  /** What holds several lines, and what is nothing or missing, is shown by its key. */
  #shown(node: SourceNode, path: Path): Span {
    const missing = path.length > 0 && findNode(this.#root, path) !== node
    const isEmpty = node.start === node.end
    const isLong = node.children !== undefined && this.#source.text.slice(node.start, node.end).trimEnd().includes('\n')
    return node.key !== undefined && (missing || isEmpty || isLong) ? node.key : node
  }

  #position(span: Span): Position {
    return this.#source.position(span.start, span.end)
  }
}
