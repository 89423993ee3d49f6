/**
 * The way of packets as text: a sentence that sums it up, then each station with what was decided and what changed in the
 * headers, and for what died the cause and the cure. A packet that fared like one before it is not told again.
 * @module
 */
import { formatIp } from '../wire/address.ts'
import { formatDuration } from '../scenario/duration-text.ts'
import type { Explanation } from '../scenario/explain.ts'
import type { End, PacketStory, Station, Step } from '../scenario/packet-story.ts'
import { printable } from '../scenario/problems.ts'
import { DROP_EXPLANATIONS, LOSS_EXPLANATIONS, type Explained } from './drop-text.ts'
import { plural } from './quantity-text.ts'
import { exactSeconds, padded, type Style } from './style.ts'

/** Columns of the name of a step. */
const STEP_COLUMNS = 9
/** Columns up to what a step says. */
const INDENT = ' '.repeat(2 + STEP_COLUMNS + 1)

/** The whole explanation, each line ended. */
export function explainText(explanation: Explanation, style: Style): string {
  const { packets, findings, missed } = explanation
  const lines = [style.bold(summarySentence(explanation))]
  for (const { cause, cure } of findings) lines.push(style.red(printable(`Cause: ${cause}`)), printable(`Cure: ${cure}`))
  const told = new Map<string, number>()
  const found = new Set(findings.flatMap(({ uids }) => uids))
  for (const story of packets) lines.push('', ...storyLines(story, { told, found, style }))
  if (missed !== undefined) lines.push('', style.red(missed))
  return lines.map((line) => `${line}\n`).join('')
}

/** One sentence on all of it: who received packets, and what became of the others. */
export function summarySentence({ subject, packets }: Explanation): string {
  const [only] = packets
  if (subject.kind === 'packet') return only === undefined ? `Packet ${subject.uid} was not seen.` : fateSentence(only)
  const ends = packets.flatMap((story) => story.ends)
  const receivers = [...new Set(ends.flatMap((end) => end.kind === 'consumed' ? [end.place] : []))]
  const deaths = new Map<string, number>()
  for (const end of ends) {
    if (end.kind !== 'consumed') deaths.set(deathText(end), (deaths.get(deathText(end)) ?? 0) + 1)
  }
  const received = receivers.length === 0 ? 'received by nobody' : `received by ${listText(receivers)}`
  const died = deaths.size === 0 ? 'none died' : [...deaths].map(([death, count]) => `${count} ${death}`).join(', ')
  const name = `${formatIp(subject.addr)}:${subject.port}`
  return printable(`Connection ${name}: ${plural(packets.length, 'packet')}, ${received}; ${died}.`)
}

/** What became of one packet. */
function fateSentence({ uid, stations, ends }: PacketStory): string {
  const startNs = stations[0]?.timeNs ?? 0
  // Links are stations only where something was lost.
  const places = stations.filter(({ steps }) => steps.every(({ kind }) => kind !== 'lost')).map(({ place }) => place)
  const hosts = places.filter((place, index) => place !== places[index - 1])
  const [first = 'the wire', last] = [hosts[0], hosts.at(-1)]
  const between = hosts.length > 2 ? ` by ${listText(hosts.slice(1, -1))}` : ''
  const way = hosts.length < 2 ? `did not leave ${first}` : `went from ${first}${between} to ${last}`
  const fates = ends.map((end) => {
    const fate = end.kind === 'consumed' ? `was taken by ${end.by} of ${end.place}`
      : end.kind === 'lost' ? `was ${deathText(end)}` : deathText(end)
    return `${fate} after ${formatDuration(end.timeNs - startNs)}`
  })
  return printable(`Packet ${uid} ${way} and ${fates.length === 0 ? 'had not ended when the recording did' : listText(fates)}.`)
}

function deathText(end: Exclude<End, { readonly kind: 'consumed' }>): string {
  return end.kind === 'lost' ? `lost on ${end.place} (${end.reason})` : `died on ${end.place} (${end.reason})`
}

interface Telling {
  /** Packets already told, by their shape. */
  readonly told: Map<string, number>
  /** Packets whose cause stands at the top: what their drop means in general would only distract. */
  readonly found: ReadonlySet<number>
  readonly style: Style
}

/** A story in full; or, when one of the same shape was told before, in one line. */
function storyLines(story: PacketStory, { told, found, style }: Telling): string[] {
  const { uid, text, stations, isAbout, reportedBy } = story
  const startNs = stations[0]?.timeNs ?? 0
  const title = `${style.bold(`#${uid}`)} ${style.dim(exactSeconds(startNs))} ${text}`
  const shape = shapeOf(story)
  const like = told.get(shape)
  if (like !== undefined) return [title, style.dim(`   like packet ${like}`)]
  told.set(shape, uid)
  const notes = [
    ...isAbout === undefined ? [] : [`an ICMP error about packet ${isAbout}`],
    ...reportedBy.length === 0 ? [] : [`the sender was told by packet ${listText(reportedBy.map(String))}`],
  ]
  const telling = { isFound: found.has(uid), style }
  const way = stations.flatMap((station) => stationLines(station, telling))
  return [title, ...notes.map((note) => style.dim(`   ${note}`)), ...way]
}

interface StepTelling {
  readonly isFound: boolean
  readonly style: Style
}

function stationLines({ timeNs, place, steps }: Station, telling: StepTelling): string[] {
  const { style } = telling
  return [
    `${style.dim(exactSeconds(timeNs))} ${style.bold(printable(place))}`,
    ...steps.flatMap((step, index) => stepLines(step, steps[index - 1]?.timeNs ?? timeNs, telling)),
  ]
}

function stepLines({ timeNs, kind, text, changes }: Step, beforeNs: number, { isFound, style }: StepTelling): string[] {
  const delay = timeNs === beforeNs ? '' : style.dim(` (${formatDuration(timeNs - beforeNs)} later)`)
  const marked = changes.map(({ field, before, after }) => INDENT + style.bold(`${field}: ${before} -> ${after}`))
  const name = (words: string): string => `  ${padded(words, STEP_COLUMNS, 'left')} `
  switch (kind) {
    case 'consumed': return [...marked, `${name('taken')}${style.green(`by ${printable(text)}`)}${delay}`]
    case 'dropped': {
      const meaning = isFound ? [] : causeLines(findDrop(text))
      return [...marked, `${name('dropped')}${style.red(text)}${delay}`, ...meaning]
    }
    case 'lost': return [`${name('lost')}${style.red(text)}${delay}`, ...causeLines(findLoss(text))]
    // What left differs by what was done to it before.
    case 'out': return [...marked, `${name('out')}${printable(text)}${delay}`]
    default: return [`${name(kind)}${printable(text)}${delay}`, ...marked]
  }
}

function causeLines(explained: Explained | undefined): string[] {
  return explained === undefined ? [] : [`${INDENT}cause: ${explained.cause}`, `${INDENT}cure: ${explained.cure}`]
}

function findDrop(reason: string): Explained | undefined {
  return (DROP_EXPLANATIONS as Readonly<Record<string, Explained>>)[reason]
}

function findLoss(reason: string): Explained | undefined {
  return (LOSS_EXPLANATIONS as Readonly<Record<string, Explained>>)[reason]
}

/** Two packets of one shape had the same way, decisions and changed fields; only values and times may differ. */
function shapeOf({ stations }: PacketStory): string {
  const stepText = ({ kind, text, changes }: Step): string => `${kind} ${text} [${changes.map(({ field }) => field).join(' ')}]`
  return stations.map(({ place, steps }) => `${place}: ${steps.map(stepText).join('; ')}`).join('\n')
}

/** `a`, `a and b`, `a, b and c`. */
function listText(words: readonly string[]): string {
  return words.length <= 1 ? words[0] ?? '' : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`
}
