/**
 * The files that a scenario names: which ones it wants, and what becomes of their bytes. Whoever runs it reads them; nothing is
 * read here. A capture or table is told by its ending and its first bytes.
 * @module
 */
import { type CapturedRequests, type CapturePick, findRequests } from '../app/captured-requests.ts'
import type { ReplayRequest } from '../app/replay.ts'
import { err, ok, type Result } from '../base/result.ts'
import { formatIp } from '../wire/address.ts'
import type { Capture } from '../wire/capture.ts'
import { readCapture } from '../wire/pcap.ts'
import { type Problem, printable } from './problems.ts'
import { readTable } from './replay-table.ts'
import type { ProblemText } from './scenario-source.ts'
import type { Scenario, Traffic } from './scenario.ts'
import { DURATION_NS_MAX } from './units-text.ts'

/** Most bytes of all files that a scenario names, included: 64 MiB. */
export const FILES_BYTES_MAX = 67_108_864
/** Ports that are named where the wanted one has nothing. */
const NAMED_PORTS = 5

type Replay = Extract<Traffic, { readonly kind: 'replay' }>

/** The bytes of files by name, or in a few words why one could not be read. */
export type FileContents = ReadonlyMap<string, Result<Uint8Array, string>>

/** The files that a scenario names, each once, in the order of the file. */
export function filesOf({ traffic }: Scenario): readonly string[] {
  return [...new Set(traffic.flatMap((item) => (item.kind === 'replay' ? [item.file] : [])))]
}

/** Fills in what the files of a scenario hold, and says in a line each what was not used of them. Refused with all problems. */
export function withFiles(
  scenario: Scenario, files: FileContents,
): Result<{ readonly scenario: Scenario, readonly notes: readonly string[] }, readonly Problem[]> {
  const reader = new Reader(files)
  const problems: Problem[] = []
  const notes: string[] = []
  const traffic = scenario.traffic.map((item): Traffic => {
    if (item.kind !== 'replay') return item
    const found = reader.read(item)
    if (!found.ok) {
      const { at, ...text } = found.error
      problems.push(scenario.source.problem([...item.path, at], text))
      return item
    }
    notes.push(found.value.note)
    return { ...item, replay: paced(found.value.requests, item) }
  })
  return problems.length > 0 ? err(problems) : ok({ scenario: { ...scenario, traffic }, notes })
}

/** A problem for each file of a scenario that nobody has read; none once `withFiles` has. */
export function unreadFiles({ traffic, source }: Scenario): Problem[] {
  return traffic.flatMap((item) => {
    if (item.kind !== 'replay' || item.replay !== undefined) return []
    return [source.problem([...item.path, 'file'], { code: 'LVS1070', message: `\`${item.file}\` was not given` })]
  })
}

/** What is wrong, and with which key of the item. */
interface Refusal extends ProblemText {
  readonly at: 'file' | 'port' | 'address'
}

interface Found {
  readonly requests: readonly ReplayRequest[]
  /** What was used and what was not. */
  readonly note: string
}

class Reader {
  readonly #files: FileContents
  readonly #captures = new Map<string, Result<Capture, Refusal>>()
  readonly #bytesUsed: ReadonlyMap<string, number>

  constructor(files: FileContents) {
    this.#files = files
    let bytes = 0
    this.#bytesUsed = new Map([...files].map(([name, file]) => [name, bytes += file.ok ? file.value.length : 0]))
  }

  read(item: Replay): Result<Found, Refusal> {
    const { file } = item
    const content = this.#files.get(file)
    const message = content === undefined ? 'was not given' : content.ok ? undefined : `cannot be read: ${content.error}`
    if (content?.ok !== true) return refuse({ code: 'LVS1070', message: `\`${file}\` ${message}` })
    if ((this.#bytesUsed.get(file) ?? 0) > FILES_BYTES_MAX) {
      const expected = `at most ${FILES_BYTES_MAX} bytes in all files together`
      return refuse({ code: 'LVS1070', message: `\`${file}\` is too large: ${content.value.length} bytes`, expected })
    }
    const isTable = /\.csv$/i.test(file)
    const alien = (['port', 'address'] as const).find((key) => item[key] !== undefined)
    if (isTable && alien !== undefined) {
      return refuse({ code: 'LVS1029', message: `\`${alien}\` picks from a capture, and \`${file}\` is a table`, at: alien })
    }
    const found = isTable ? readRequests(file, content.value) : this.#search(item, content.value)
    if (!found.ok) return found
    if ((found.value.requests.at(-1)?.afterNs ?? 0) <= DURATION_NS_MAX * Math.min(1, item.speed)) return found
    return refuse({ code: 'LVS1071', message: `\`${file}\` spans more than 100 days` })
  }

  #search(item: Replay, bytes: Uint8Array): Result<Found, Refusal> {
    const { file, protocol, to, address } = item
    const known = this.#captures.get(file)
    const capture = known ?? captureOf(file, bytes)
    this.#captures.set(file, capture)
    if (!capture.ok) return capture
    const pick = { protocol, port: item.port ?? to.port, address }
    const found = findRequests(capture.value, pick)
    if (found.requests.length > 0) return ok({ requests: found.requests, note: describeUse(file, pick, found) })
    const where = address === undefined ? `port ${pick.port}` : `port ${pick.port} of ${formatIp(address)}`
    const text = { message: `\`${file}\` has no ${unitOf(pick)} to ${where}`, expected: describePorts(found, pick) }
    return refuse({ code: 'LVS1071', ...text, at: item.port !== undefined ? 'port' : address !== undefined ? 'address' : 'file' })
  }
}

function refuse(refusal: Omit<Refusal, 'at'> & { readonly at?: Refusal['at'] }): Result<never, Refusal> {
  return err({ at: 'file', ...refusal })
}

function captureOf(file: string, bytes: Uint8Array): Result<Capture, Refusal> {
  const capture = readCapture(bytes)
  if (capture.ok) return capture
  const { message, offsetBytes } = capture.error
  const expected = 'a capture as tcpdump and Wireshark write it, or a table that ends in .csv'
  return refuse({ code: 'LVS1071', message: `\`${file}\`, byte ${offsetBytes}: ${message}`, expected })
}

function readRequests(file: string, bytes: Uint8Array): Result<Found, Refusal> {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return refuse({ code: 'LVS1071', message: `\`${file}\` is not UTF-8 text` })
  }
  const table = readTable(text)
  if (!table.ok) {
    const { line, message, ...hints } = table.error
    return refuse({ code: 'LVS1071', message: `\`${file}\`, line ${line}: ${message}`, ...hints })
  }
  const requests = table.value
  if (requests.length === 0) return refuse({ code: 'LVS1071', message: `\`${file}\` has no requests` })
  return ok({ requests, note: `${printable(file)}: ${plural(requests.length, 'request')}` })
}

/** The requests at the speed of the item, by the sources that its clients stand for. */
function paced(requests: readonly ReplayRequest[], { speed, clients }: Replay): readonly ReplayRequest[] {
  return requests.map((request, index) => ({
    ...request,
    afterNs: Math.round(request.afterNs / speed),
    source: clients === 'in turn' ? index : request.source,
  }))
}

function describeUse(file: string, pick: CapturePick, found: CapturedRequests): string {
  const { requests, sourceCount, frameCount, foreignCount, otherCount, headlessCount, repeatedCount, cutCount, addresses } = found
  const left = [
    foreignCount > 0 ? `${plural(foreignCount, 'frame')} without TCP or UDP` : '',
    otherCount > 0 ? `${plural(otherCount, 'frame')} of other flows` : '',
    headlessCount > 0 ? `${plural(headlessCount, 'connection')} that began before` : '',
    repeatedCount > 0 ? `${plural(repeatedCount, 'repeated SYN')}` : '',
  ].filter((part) => part !== '')
  const used = `${plural(requests.length, unitOf(pick))} from ${plural(sourceCount, 'source')}`
  return [
    `${printable(file)}: ${used} in ${plural(frameCount, 'frame')}`,
    ...left.length === 0 ? [] : [`not used: ${left.join(', ')}`],
    ...cutCount === 0 ? [] : [`${plural(cutCount, 'transfer')} cut to 64 MiB`],
    ...addresses.length === 1 ? [] : [`they went to ${addresses.length} addresses, of which \`address\` picks one`],
  ].join('; ')
}

function describePorts({ ports, foreignCount, frameCount }: CapturedRequests, { protocol }: CapturePick): string | undefined {
  const most = [...ports].sort(([a, one], [b, other]) => other - one || a - b).slice(0, NAMED_PORTS)
  const flow = protocol === 'tcp' ? 'connection' : 'flow'
  if (most.length > 0) {
    return `a \`port\` of the capture: ${most.map(([port, count]) => `${port} (${plural(count, flow)})`).join(', ')}`
  }
  return frameCount > 0 && foreignCount === frameCount ? 'frames with TCP or UDP; this capture has none' : undefined
}

function unitOf({ protocol }: CapturePick): string {
  return protocol === 'tcp' ? 'connection' : 'datagram'
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}
