/**
 * `lvsim fairness`: how schedulers divide the same connections among real servers, and what clients have of it.
 * @module
 */
import { measureFairness } from '../fairness/fairness.ts'
import { type FairnessOptions, type FairnessProblem, SCHEDULER_NAMES } from '../fairness/options.ts'
import { fairnessDocument } from '../report/fairness-json.ts'
import { fairnessText } from '../report/fairness-text.ts'
import { jsonText } from '../report/json.ts'
import { measureFairnessByPackets } from '../scenario/fairness-packets.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { type FairnessFlags, readFairnessFlags, readSchedulerNames, unknownSchedulerText } from './fairness-options.ts'
import { badUsage } from './load.ts'
import { loadSchedulers } from './schedulers.ts'
import { textOptions } from './simulation.ts'
import { print, say } from './terminal.ts'

const PROBLEM_CODES: Readonly<Record<FairnessProblem['kind'], ExitCode>> = {
  option: EXIT.usage, scheduler: EXIT.invalid, limit: EXIT.limit,
}
const LEVELS = ['connection', 'packet']

/** Runs the schedulers of a list such as `wlc,sed`, and prints what came out. */
export async function fairnessCommand(list: string, flags: FairnessFlags): Promise<ExitCode> {
  const read = readFairnessFlags(flags)
  if (!read.ok) return badUsage(read.error)
  if (!LEVELS.includes(flags.level)) return badUsage(`--level is one of ${LEVELS.join(', ')}, not ${flags.level}`)
  const loaded = await loadSchedulers(flags)
  if (!loaded.ok) return loaded.error
  const userSchedulers = loaded.value
  endAtOnceOnSignals()
  const progress = new Progress(process.stderr.isTTY === true && flags.quiet !== true)
  const options: FairnessOptions = {
    ...read.value, schedulers: readSchedulerNames(list), userSchedulers, onProgress: (at) => progress.show(at),
  }
  const measured = flags.level === 'packet' ? await measureFairnessByPackets(options) : measureFairness(options)
  progress.clear()
  if (!measured.ok) {
    const { kind, message, unknownScheduler } = measured.error
    const known = [...SCHEDULER_NAMES, ...Object.keys(userSchedulers)]
    say(`lvsim: ${unknownScheduler === undefined ? message : unknownSchedulerText(unknownScheduler, known)}`)
    return PROBLEM_CODES[kind]
  }
  await print(flags.json === true ? jsonText(fairnessDocument(measured.value)) : fairnessText(measured.value, textOptions()))
  return EXIT.ok
}

/** A run does not come back to the event loop, where a handler would be called: the signals do what they do by default. */
function endAtOnceOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM']) process.removeAllListeners(signal)
}

/** One line on a terminal that is written over again and again; nothing elsewhere. */
class Progress {
  readonly #isShown: boolean
  #scheduler = ''
  #beganMs = 0

  constructor(isShown: boolean) {
    this.#isShown = isShown
  }

  show({ scheduler, done, count }: { readonly scheduler: string, readonly done: number, readonly count: number }): void {
    if (!this.#isShown) return
    const nowMs = performance.now()
    if (scheduler !== this.#scheduler) {
      this.#scheduler = scheduler
      this.#beganMs = nowMs
    }
    const perSecond = nowMs > this.#beganMs ? `, ${Math.round(done / (nowMs - this.#beganMs))} thousand a second` : ''
    process.stderr.write(`\r\x1b[K${scheduler}: ${Math.round(done / count * 100)}% of ${count} connections${perSecond}`)
  }

  clear(): void {
    if (this.#isShown) process.stderr.write('\r\x1b[K')
  }
}
