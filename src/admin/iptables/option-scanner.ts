/**
 * Reads a command line as getopt_long() does for iptables: clusters of short options, long ones abbreviated, operands in
 * their place.
 * @module
 */

/** One option: its names, and whether an argument follows. `optional` arguments of short options stick to them. */
export interface OptionShape {
  /** What the caller calls it. */
  readonly id: string
  readonly short?: string
  readonly long: readonly string[]
  readonly argument: 'none' | 'required' | 'optional'
}

/** What comes next on the command line. `word` is as typed, for messages. */
export type Scanned<O extends OptionShape> =
  | { readonly kind: 'option', readonly option: O, readonly value: string | undefined, readonly word: string }
  | { readonly kind: 'operand', readonly word: string }
  | { readonly kind: 'missing', readonly word: string }
  | { readonly kind: 'unknown', readonly word: string }
  | { readonly kind: 'end' }

/** Walks over a command line. The known options may grow on the way. */
export class OptionScanner {
  readonly #argv: readonly string[]
  #index = 0
  /** Place within a cluster of short options. */
  #inCluster = 0
  #before = { index: 0, inCluster: 0 }

  constructor(argv: readonly string[]) {
    this.#argv = argv
  }

  /** The next option or operand. */
  next<O extends OptionShape>(options: readonly O[]): Scanned<O> {
    this.#before = { index: this.#index, inCluster: this.#inCluster }
    const word = this.#argv[this.#index]
    if (word === undefined) return { kind: 'end' }
    if (this.#inCluster > 0) return this.#short(word, options)
    if (word === '--') {
      this.#index++
      return this.next(options)
    }
    if (word.startsWith('--')) return this.#long(word, options)
    if (word.startsWith('-') && word.length > 1) {
      this.#inCluster = 1
      return this.#short(word, options)
    }
    this.#index++
    return { kind: 'operand', word }
  }

  /** Goes back to before the last `next`, to read it again with more options. */
  back(): void {
    ({ index: this.#index, inCluster: this.#inCluster } = this.#before)
  }

  /** The next word, if it is neither an option nor `!`; undefined otherwise (xs_has_arg). */
  takeOperand(): string | undefined {
    const word = this.#argv[this.#index]
    if (this.#inCluster > 0 || word === undefined || word.startsWith('-') || word.startsWith('!')) return undefined
    this.#index++
    return word
  }

  #long<O extends OptionShape>(word: string, options: readonly O[]): Scanned<O> {
    const [, name = '', attached] = /^--([^=]*)(?:=([^]*))?$/.exec(word) ?? []
    this.#index++
    const option = findLong(options, name)
    if (option === undefined || (option.argument === 'none' && attached !== undefined)) return { kind: 'unknown', word }
    if (option.argument !== 'required' || attached !== undefined) return { kind: 'option', option, value: attached, word }
    const value = this.#argv[this.#index++]
    return value === undefined ? { kind: 'missing', word } : { kind: 'option', option, value, word }
  }

  #short<O extends OptionShape>(word: string, options: readonly O[]): Scanned<O> {
    const letter = word.charAt(this.#inCluster)
    const rest = word.slice(this.#inCluster + 1)
    const option = options.find((other) => other.short === letter)
    if (option === undefined || option.argument === 'none') {
      this.#advance(rest === '')
      return option === undefined ? { kind: 'unknown', word } : { kind: 'option', option, value: undefined, word }
    }
    this.#advance(true)
    if (rest !== '' || option.argument === 'optional')
      return { kind: 'option', option, value: rest === '' ? undefined : rest, word }
    const value = this.#argv[this.#index++]
    return value === undefined ? { kind: 'missing', word } : { kind: 'option', option, value, word }
  }

  #advance(wordDone: boolean): void {
    this.#inCluster = wordDone ? 0 : this.#inCluster + 1
    if (wordDone) this.#index++
  }
}

/** The option of this name, or the only one whose name begins so. Of two of one name, the one that came later. */
function findLong<O extends OptionShape>(options: readonly O[], name: string): O | undefined {
  const exact = options.findLast((option) => option.long.includes(name))
  if (exact !== undefined || name === '') return exact
  const candidates = options.filter((option) => option.long.some((long) => long.startsWith(name)))
  return candidates.every((option) => option === candidates[0]) ? candidates[0] : undefined
}
