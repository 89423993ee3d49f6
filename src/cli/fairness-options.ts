/**
 * From the words of `lvsim fairness` to options of the core, or to what is wrong with them.
 * @module
 */
import { err, ok, type Result } from '../base/result.ts'
import { NS_PER_SECOND } from '../base/units.ts'
import type { Distribution } from '../fairness/distribution.ts'
import type { ArrivalLaw, FairnessOptions } from '../fairness/options.ts'
import { nearestWord } from '../scenario/nearest.ts'
import { parseServiceTime } from '../scenario/schema-server.ts'
import { parseDuration } from '../scenario/units-text.ts'

/** Options as they come from the command line. */
export interface FairnessFlags {
  readonly weights: string
  readonly speeds?: string
  readonly workers: string
  readonly shared?: boolean
  readonly arrivals: string
  readonly load?: string
  readonly work: string
  readonly connections?: string
  readonly clients?: string
  readonly persistent?: string
  readonly fin: string
  readonly window?: string
  readonly seed: string
  readonly level: string
  readonly scheduler?: readonly string[]
  readonly json?: boolean
  readonly quiet?: boolean
}

/** What comes of the flags alone; schedulers of the user's own are added by the caller. */
export type ReadFlags = Omit<FairnessOptions, 'schedulers' | 'userSchedulers' | 'onProgress'>

const ARRIVALS = /^(poisson|constant|pareto)(?: +(\d{1,9}(?:\.\d{1,6})?)\/(ms|s|min))?(?: +shape +(\d{1,3}(?:\.\d{1,6})?))?$/
const SHAPE = 1.5
const CV = 2

/** Reads flags. The error is a line for the user. */
export function readFairnessFlags(flags: FairnessFlags): Result<ReadFlags, string> {
  const weights = readList(flags.weights)
  if (weights === undefined) return err(`--weights is a list such as 5,1,1 or 3x10 (ten of weight 3), not ${flags.weights}`)
  const speeds = flags.speeds === undefined ? undefined : readList(flags.speeds)
  if (flags.speeds !== undefined && speeds === undefined) {
    return err(`--speeds is a list such as 5,1,1 or 2.5x10, not ${flags.speeds}`)
  }
  const workers = flags.workers === 'none' ? Infinity : readNumber(flags.workers)
  if (workers === undefined) return err(`--workers is a number, or none where nobody waits, not ${flags.workers}`)
  const arrivals = readArrivals(flags.arrivals)
  if (!arrivals.ok) return arrivals
  const work = readWork(flags.work)
  if (!work.ok) return work
  const load = flags.load === undefined ? undefined : readNumber(flags.load.replace(/%$/, ''))
  if (flags.load !== undefined && load === undefined) return err(`--load is a share such as 0.8 or 80%, not ${flags.load}`)
  if (load !== undefined && arrivals.value.ratePerSecond !== undefined) return err('--load does not go with a rate of arrivals')
  const rest = readRest(flags)
  if (!rest.ok) return rest
  return ok({
    weights, workers, ...arrivals.value, work: work.value, seed: flags.seed, ...rest.value,
    ...flags.shared === true ? { discipline: 'shared' as const } : {},
    ...speeds === undefined ? {} : { speeds },
    ...load === undefined ? {} : { load: flags.load?.endsWith('%') === true ? load / 100 : load },
  })
}

/** The names of the schedulers in a list. */
export function readSchedulerNames(list: string): string[] {
  return list.split(',').map((name) => name.trim()).filter((name) => name !== '')
}

/** What is said of a scheduler that there is not. */
export function unknownSchedulerText(name: string, known: readonly string[]): string {
  const nearest = nearestWord(name, known)
  return `there is no scheduler ${name}; ${nearest === undefined ? `there are ${known.join(', ')}` : `did you mean ${nearest}?`}`
}

type Rest = Pick<FairnessOptions, 'count' | 'clients' | 'persistenceSeconds' | 'finSeconds' | 'windowPicks'>

function readRest({ connections, clients, persistent, fin, window }: FairnessFlags): Result<Rest, string> {
  const numbers: Record<string, number> = {}
  for (const [key, option, text] of [
    ['count', '--connections', connections], ['clients', '--clients', clients], ['windowPicks', '--window', window],
  ] as const) {
    if (text === undefined) continue
    const value = readNumber(text.replaceAll(',', ''))
    if (value === undefined) return err(`${option} is a number, not ${text}`)
    numbers[key] = value
  }
  for (const [key, option, text] of [['persistenceSeconds', '--persistent', persistent], ['finSeconds', '--fin', fin]] as const) {
    if (text === undefined) continue
    const ns = parseDuration(text)
    if (ns === undefined || ns % NS_PER_SECOND !== 0) return err(`${option} is a time in whole seconds such as 120s, not ${text}`)
    numbers[key] = ns / NS_PER_SECOND
  }
  return ok(numbers)
}

/** `5,1,1`; `3x10` stands for ten of 3. Undefined for any other text. */
function readList(text: string): number[] | undefined {
  const numbers: number[] = []
  for (const part of text.split(',')) {
    const match = /^(\d{1,7}(?:\.\d{1,6})?)(?:x(\d{1,5}))?$/.exec(part.trim())
    if (match === null) return undefined
    for (let i = Number(match[2] ?? 1); i > 0; i--) numbers.push(Number(match[1]))
  }
  return numbers
}

function readNumber(text: string): number | undefined {
  return /^\d{1,12}(\.\d{1,9})?$/.test(text) ? Number(text) : undefined
}

type ReadArrivals = { readonly arrivals: ArrivalLaw } & Pick<FairnessOptions, 'ratePerSecond'>

/** `poisson`, `constant 200/s`, `pareto 200/s shape 1.5`. */
function readArrivals(text: string): Result<ReadArrivals, string> {
  const wrong = `--arrivals is poisson, constant or pareto, with a rate or not: 'poisson 200/s', 'pareto shape 1.5', `
    + `not '${text}'`
  const match = ARRIVALS.exec(text.trim())
  if (match === null) return err(wrong)
  const [, law, rate, unit, shape] = match
  if (law !== 'pareto' && shape !== undefined) return err(wrong)
  const perSecond = unit === 'ms' ? 1000 : unit === 'min' ? 1 / 60 : 1
  return ok({
    arrivals: law === 'pareto' ? { law, shape: Number(shape ?? SHAPE) } : { law: law === 'poisson' ? law : 'constant' },
    ...rate === undefined ? {} : { ratePerSecond: Number(rate) * perSecond },
  })
}

/** `exponential 100ms`, `constant 5ms`, `5ms`, `uniform 2ms 8ms`, `pareto 100ms shape 1.5`, `lognormal 100ms cv 2`. */
function readWork(text: string): Result<Distribution, string> {
  const known = parseServiceTime(text)
  if (known !== undefined) return ok(known)
  const match = /^(pareto|lognormal) +(\S+)(?: +(shape|cv) +(\d{1,3}(?:\.\d{1,6})?))?$/.exec(text.trim())
  const meanNs = parseDuration(match?.[2] ?? '')
  const [, law, , word, amount] = match ?? []
  if (meanNs === undefined || (word !== undefined && (word === 'shape') !== (law === 'pareto'))) {
    return err(`--work is a law such as 'exponential 100ms', 'constant 5ms', 'uniform 2ms 8ms', `
      + `'pareto 100ms shape 1.5' or 'lognormal 100ms cv 2', not '${text}'`)
  }
  if (law === 'pareto') return ok({ law, meanNs, shape: Number(amount ?? SHAPE) })
  return ok({ law: 'lognormal', meanNs, cv: Number(amount ?? CV) })
}
