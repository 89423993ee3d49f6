/**
 * Plays a lab and tells of each step that failed why it did. What is told comes from the packets of that step and from the
 * hosts as they stood at its end. Injected packets that nobody answers are no failure.
 * @module
 */
import { ok, type Result } from '../../base/result.ts'
import { parseEndpoint } from '../address-text.ts'
import type { Finding, Stop } from '../diagnosis/evidence.ts'
import { findCauses } from '../diagnosis/find-causes.ts'
import { endText } from '../diagnosis/rule-text.ts'
import { flowOf } from '../packet-changes.ts'
import type { End } from '../packet-story.ts'
import { Recorder, type TraceRecord } from '../recorder.ts'
import { packetsOf, trailsOf, uidsBegunAt, uidsOfRequest, type Request, type Trail } from '../trails.ts'
import type { World } from '../world.ts'
import { kindOf, withoutResults, type Lab, type LabStep } from './lab.ts'
import { playLab, type LabObserver } from './play-lab.ts'

/** A step that did not come to what it was for. */
export interface LabFailure {
  /** Number of the step, from 0. */
  readonly step: number
  /** `connect from client (10.0.0.10:40001) to 10.0.0.100:80`. */
  readonly what: string
  /** `timeout`, `refused`, `reset`, ...; of a command, `exit code 1`. */
  readonly outcome: string
  /** Why, as far as can be told, in the order in which it showed. */
  readonly findings: readonly Finding[]
  /** How packets of it ended that did not come to anybody; each reason once for each place. */
  readonly deaths: readonly Exclude<End, { readonly kind: 'consumed' }>[]
}

/** A lab that was played, with all that was recorded. */
export interface ExplainedLab {
  /** With the results that it came to, without packets. */
  readonly lab: Lab
  readonly failures: readonly LabFailure[]
  readonly recorder: Recorder
  readonly world: World
}

/** Records kept: labs are small. */
const RECORDS_MAX = 2_000_000

/** Plays a lab and explains its failures. The error names what is not modelled. */
export async function explainLab(lab: Lab): Promise<Result<ExplainedLab, string>> {
  const { capture: _capture, ...given } = withoutResults(lab)
  const observer = new Explainer(given)
  const played = await playLab(given, observer)
  if (!played.ok) return played
  return ok({ lab: played.value, failures: observer.failures, recorder: observer.recorder, world: observer.world as World })
}

type Fields = Readonly<Record<string, unknown>>

class Explainer implements LabObserver {
  readonly failures: LabFailure[] = []
  readonly recorder = new Recorder({ recordsMax: RECORDS_MAX, isDetailed: true })
  world: World | undefined
  readonly #steps: readonly LabStep[]
  /** What was recorded before the step that is on. */
  #recordsBefore = 0
  readonly #servers = new Map<string, Stop>()
  readonly #stops: Stop[] = []
  /** The requests that held connections began with. */
  readonly #held = new Map<string, Fields>()

  constructor(lab: Lab) {
    this.#steps = lab.steps
  }

  onWorld(world: World): void {
    this.world = world
    this.recorder.attach(world)
  }

  onStep(index: number): void {
    this.#recordsBefore = this.recorder.records.length
    const step = this.#steps[index] as LabStep
    const kind = kindOf(step)
    const fields = kind === undefined ? {} : step[kind] as Fields
    if (kind === 'serve') {
      this.#servers.set(String(fields['id']), {
        host: String(fields['on']), protocol: fields['proto'] === 'udp' ? 'udp' : 'tcp', port: Number(fields['port']),
      })
    } else if (kind === 'unserve') {
      const server = this.#servers.get(String(fields))
      if (server !== undefined) this.#stops.push(server)
    } else if (kind === 'connect' && fields['hold'] !== undefined) {
      this.#held.set(String(fields['hold']), fields)
    }
  }

  onResult(index: number, result: unknown): void {
    const step = this.#steps[index] as LabStep
    const kind = kindOf(step)
    if (kind === 'sh' || kind === 'show') {
      const { rc } = result as { readonly rc: number }
      const { on, sh } = (kind === 'sh' ? step : step['show']) as { readonly on: string, readonly sh: string }
      const failed = { what: `${sh} on ${on}`, outcome: `exit code ${rc}` }
      if (rc !== 0) this.#explain(index, failed, (records) => uidsBegunAt(records, on))
      return
    }
    const { outcome } = (result ?? {}) as { readonly outcome?: string }
    if (outcome === undefined || outcome === 'ok' || outcome === 'not-open' || kind === undefined) return
    const fields = step[kind] as Fields
    const asked = kind === 'send' ? this.#held.get(String(fields['id'])) : fields
    const request = asked === undefined ? undefined : requestOf(asked, kind)
    if (request === undefined) return
    const what = `${kind} from ${request.host} to ${String(asked?.['to'])}`
    this.#explain(index, { what, outcome }, (records) => uidsOfRequest(records, request), request)
  }

  #explain(
    step: number, { what, outcome }: Pick<LabFailure, 'what' | 'outcome'>,
    uidsIn: (records: readonly TraceRecord[]) => Set<number>, request?: Request,
  ): void {
    const { recorder, world } = this
    const records = recorder.records.slice(this.#recordsBefore)
    const trails = trailsOf(records, uidsIn(records))
    // A command that failed without a packet did not fail by the network.
    if (trails.length === 0 && request === undefined) return
    const findings = findCauses({
      world: world as World, recording: recorder, trails, stops: this.#stops, ...(request === undefined ? {} : { request }),
    })
    this.failures.push({ step, what: withClient(what, request, trails), outcome, findings, deaths: deathsIn(trails) })
  }
}

/** The client's end is what `--connection` is asked by. */
function withClient(what: string, request: Request | undefined, trails: readonly Trail[]): string {
  if (request === undefined) return what
  const flow = trails.flatMap(({ records }) => records.flatMap(packetsOf)).map(flowOf)
    .find((one) => one?.dst === request.dst && one.dport === request.dport)
  const from = ` from ${request.host} `
  return flow === undefined ? what : what.replace(from, `${from}(${endText(flow.src, flow.sport)}) `)
}

function deathsIn(trails: readonly Trail[]): LabFailure['deaths'] {
  const deaths = new Map<string, LabFailure['deaths'][number]>()
  for (const { records } of trails) {
    for (const record of records) {
      if (record.kind !== 'dropped' && record.kind !== 'lost') continue
      const death = record.kind === 'dropped'
        ? { kind: record.kind, timeNs: record.timeNs, place: record.host, reason: record.reason }
        : { kind: record.kind, timeNs: record.timeNs, place: record.link, reason: record.reason }
      const key = `${death.place} ${death.reason}`
      if (!deaths.has(key)) deaths.set(key, death)
    }
  }
  return [...deaths.values()]
}

function requestOf(fields: Fields, kind: string): Request | undefined {
  const to = parseEndpoint(String(fields['to']))
  if (to === undefined) return undefined
  const { sport } = fields
  return {
    host: String(fields['on']), protocol: kind === 'udp' ? 'udp' : 'tcp', dst: to.address, dport: to.port,
    ...(sport === undefined ? {} : { sport: Number(sport) }),
  }
}
