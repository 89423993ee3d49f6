/**
 * Reading a command line as the popt library does: short options in clusters, values attached or apart, long options in full.
 * Aliases and configuration files of popt are not modelled.
 * @module
 */
import type { OptionSpec } from './option-matrix.ts'

/** What comes next on a command line. `word` is the word that was read last: the value's, where that stands apart. */
export type NextOption =
  | { readonly kind: 'option', readonly spec: OptionSpec, readonly value: string | undefined, readonly word: string }
  | { readonly kind: 'end' }
  | { readonly kind: 'error', readonly word: string, readonly message: string }

/** A command line that is read option by option. */
export class CommandLine {
  readonly #argv: readonly string[]
  readonly #options: readonly OptionSpec[]
  #index = 0
  /** The rest of a cluster of short options. */
  #cluster = ''
  #clusterWord = ''
  /** Words that are neither options nor their values. Complete once the end was met. */
  readonly operands: string[] = []

  constructor(argv: readonly string[], options: readonly OptionSpec[]) {
    this.#argv = argv
    this.#options = options
  }

  /** The next option, the end, or an error that ends the reading. */
  next(): NextOption {
    if (this.#cluster !== '') return this.#nextOfCluster()
    for (;;) {
      const word = this.#argv[this.#index++]
      if (word === undefined) return { kind: 'end' }
      if (word === '--') {
        this.operands.push(...this.#argv.slice(this.#index))
        this.#index = this.#argv.length
        return { kind: 'end' }
      }
      if (word.startsWith('--')) return this.#long(word)
      if (word.startsWith('-') && word !== '-') {
        this.#cluster = word.slice(1)
        this.#clusterWord = word
        return this.#nextOfCluster()
      }
      this.operands.push(word)
    }
  }

  #nextOfCluster(): NextOption {
    const letter = this.#cluster.slice(0, 1)
    const word = this.#clusterWord
    this.#cluster = this.#cluster.slice(1)
    const spec = this.#options.find((option) => option.short === letter)
    if (spec === undefined) return { kind: 'error', word, message: 'unknown option' }
    if (spec.argument === 'none') return { kind: 'option', spec, value: undefined, word }
    if (this.#cluster === '') return this.#withValue(spec, undefined, word)
    const attached = this.#cluster.startsWith('=') ? this.#cluster.slice(1) : this.#cluster
    this.#cluster = ''
    return { kind: 'option', spec, value: attached, word }
  }

  #long(word: string): NextOption {
    const equals = word.indexOf('=')
    const name = equals < 0 ? word.slice(2) : word.slice(2, equals)
    const spec = this.#options.find((option) => option.long === name)
    if (spec === undefined) return { kind: 'error', word, message: 'unknown option' }
    if (spec.argument !== 'none') return this.#withValue(spec, equals < 0 ? undefined : word.slice(equals + 1), word)
    return equals < 0 ? { kind: 'option', spec, value: undefined, word } : {
      kind: 'error', word, message: 'option does not take an argument',
    }
  }

  #withValue(spec: OptionSpec, attached: string | undefined, word: string): NextOption {
    if (attached !== undefined) return { kind: 'option', spec, value: attached, word }
    const value = this.#argv[this.#index]
    if (spec.argument === 'optional' && (value === undefined || value.startsWith('-'))) return {
      kind: 'option', spec, value: undefined, word,
    }
    if (value === undefined) return { kind: 'error', word, message: 'missing argument' }
    this.#index++
    return { kind: 'option', spec, value, word: value }
  }
}
