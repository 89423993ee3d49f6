/**
 * `lvsim explain`: the way of a packet or of a connection, why steps of a lab failed, or the meaning of an error code.
 * @module
 */
import { explainDocument, jsonText } from '../report/json.ts'
import { explainLabDocument, explainLabText } from '../report/explain-lab-text.ts'
import { explainText } from '../report/explain-text.ts'
import { parseEndpoint } from '../scenario/address-text.ts'
import { explainRecording, type Subject } from '../scenario/explain.ts'
import { explainLab } from '../scenario/lab/explain-lab.ts'
import { parseLab, type Lab } from '../scenario/lab/lab.ts'
import { nearestWord } from '../scenario/nearest.ts'
import { PROBLEM_CODES, type ProblemCode } from '../scenario/problem-codes.ts'
import { renderProblem } from '../scenario/problems.ts'
import { Recorder } from '../scenario/recorder.ts'
import { runScenario } from '../scenario/run.ts'
import type { World } from '../scenario/world.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { readText } from './files.ts'
import { badUsage, inMode, loadScenario, parseMode, showProblems } from './load.ts'
import { loadSchedulers, type SchedulerOptions } from './schedulers.ts'
import { textOptions } from './simulation.ts'
import { print, say } from './terminal.ts'

interface ExplainOptions extends SchedulerOptions {
  readonly packet?: string
  readonly connection?: string
  readonly mode?: string
  readonly seed?: string
}

/** Records kept: enough for the scenarios that one looks into packet by packet. */
const RECORDS_MAX = 5_000_000

/** Runs a scenario with every decision written down, and tells what concerns one packet or connection. */
export async function explainCommand(fileOrCode: string, options: ExplainOptions): Promise<ExitCode> {
  if (/^LVS\d+$/i.test(fileOrCode)) return explainCode(fileOrCode.toUpperCase())
  if (isLabFile(fileOrCode)) return explainLabFile(fileOrCode, options)
  const subject = subjectOf(options)
  if (typeof subject === 'number') return subject
  const mode = parseMode(options.mode)
  if (!mode.ok) return mode.error
  const schedulers = await loadSchedulers(options)
  if (!schedulers.ok) return schedulers.error
  const loaded = await loadScenario(fileOrCode, options.json === true, false, schedulers.value)
  if (!loaded.ok) return loaded.error
  const scenario = inMode(loaded.value, mode.value)
  if (!scenario.ok) return scenario.error
  const recorder = new Recorder({ recordsMax: RECORDS_MAX, isDetailed: true })
  let world: World | undefined
  const ran = await runScenario(scenario.value, {
    schedulers: schedulers.value,
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    onWorld: (made) => {
      world = made
      recorder.attach(made)
    },
  })
  if (!ran.ok) return showProblems(ran.error, options.json === true)
  if (ran.value.problem !== undefined) say(renderProblem(ran.value.problem))
  return showSubject({ recorder, world }, subject, options.json === true)
}

/** Tells what concerns one packet or connection of a run that was recorded. */
async function showSubject(
  { recorder, world }: { readonly recorder: Recorder; readonly world: World | undefined },
  subject: Subject,
  asJson: boolean,
): Promise<ExitCode> {
  const explanation = explainRecording(recorder, subject, world)
  if (!explanation.ok) {
    say(`lvsim: ${explanation.error}`)
    return EXIT.failed
  }
  await print(
    asJson ? jsonText(explainDocument(explanation.value)) : explainText(explanation.value, textOptions().style),
  )
  return EXIT.ok
}

/** A scenario may be JSON too, but has no steps. */
function isLabFile(path: string): boolean {
  const text = path.endsWith('.json') ? readText(path) : undefined
  return text?.ok === true && /"steps"\s*:/.test(text.value)
}

/** Plays a lab. Unless a packet or a connection of it is asked for, tells of each step that failed why it did. */
async function explainLabFile(file: string, options: ExplainOptions): Promise<ExitCode> {
  if (options.mode !== undefined || options.seed !== undefined) return badUsage('a lab has no mode and no seed')
  if (options.scheduler !== undefined) return badUsage('a lab has no schedulers but those of Linux')
  const wantsSubject = options.packet !== undefined || options.connection !== undefined
  const subject = wantsSubject ? subjectOf(options) : undefined
  if (typeof subject === 'number') return subject
  const text = readText(file)
  if (!text.ok) {
    say(`lvsim: ${text.error.path}: ${text.error.message}`)
    return EXIT.io
  }
  const lab = parseLab(text.value)
  if (!lab.ok) {
    say(`lvsim: ${file}: ${lab.error}`)
    return EXIT.invalid
  }
  return showLab(lab.value, subject, options.json === true)
}

async function showLab(lab: Lab, subject: Subject | undefined, asJson: boolean): Promise<ExitCode> {
  const explained = await explainLab(lab)
  if (!explained.ok) {
    say(`lvsim: ${lab.family}/${lab.name}: ${explained.error}`)
    return EXIT.invalid
  }
  if (subject !== undefined) return showSubject(explained.value, subject, asJson)
  await print(
    asJson ? jsonText(explainLabDocument(explained.value)) : explainLabText(explained.value, textOptions().style),
  )
  return EXIT.ok
}

function subjectOf({ packet, connection }: ExplainOptions): Subject | ExitCode {
  if ((packet === undefined) === (connection === undefined)) {
    return badUsage("name one of --packet NUMBER (as in --trace) and --connection ADDRESS:PORT (the client's end)")
  }
  if (packet !== undefined) {
    return /^[1-9]\d{0,14}$/.test(packet)
      ? { kind: 'packet', uid: Number(packet) }
      : badUsage(`--packet is a number from 1 on, not ${packet}`)
  }
  const endpoint = parseEndpoint(connection ?? '')
  if (endpoint === undefined)
    return badUsage(`--connection is an address and a port such as 10.0.0.10:40001, not ${connection}`)
  return { kind: 'connection', addr: endpoint.address, port: endpoint.port }
}

async function explainCode(code: string): Promise<ExitCode> {
  if (!(code in PROBLEM_CODES)) {
    const nearest = nearestWord(code, Object.keys(PROBLEM_CODES))
    return badUsage(`there is no code ${code}${nearest === undefined ? '' : `; did you mean ${nearest}?`}`)
  }
  await print(`${code}: ${PROBLEM_CODES[code as ProblemCode]}\n`)
  return EXIT.ok
}
