/**
 * Frames in a line, and the difference between a missing frame and its nearest stranger.
 * @module
 */
import type { Say } from './context.ts'
import { child, packetOf, type JudgedFrame, type MutableJson } from './frames.ts'

/** A frame in one line. */
export function brief(judged: JudgedFrame | undefined): string {
  if (judged === undefined) return '(no such frame)'
  if (judged.sync !== undefined) return judged.sync
  const { frame } = judged
  const head = `${text(frame, 'dir')} ${((frame['eth'] as unknown[] | undefined) ?? []).join('>')}`
  const arp = child(frame, 'arp')
  if (arp === undefined) return `${head} ${packetText(packetOf(frame))}`
  return `${head} arp ${text(arp, 'op')} ${text(arp, 'spa')}(${text(arp, 'sha')}) for ${text(arp, 'tpa')}(${text(arp, 'tha')})`
}

/** Names the difference between the first missing frame and the stranger that is most like it. */
export function tell(nic: string, missing: readonly JudgedFrame[], extra: readonly JudgedFrame[], say: Say): void {
  const miss = missing[0]
  const mine = leaves(miss?.frame)
  const nearest = extra.map((judged) => {
    const theirs = leaves(judged.frame)
    const keys = [...new Set([...mine.keys(), ...theirs.keys()])].filter((key) => mine.get(key) !== theirs.get(key))
    return { judged, keys, theirs }
  }).sort((a, b) => a.keys.length - b.keys.length)[0]
  const step = miss?.step ?? nearest?.judged.step ?? -1
  if (miss === undefined) return say(step, `${nic} frame`, '(no such frame)', brief(nearest?.judged))
  if (nearest === undefined) return say(step, `${nic} frame`, brief(miss), '(nothing)')
  if (nearest.keys.length === 0) return say(step, `${nic} frame in step`, `${miss.step}: ${brief(miss)}`, nearest.judged.step)
  if (nearest.keys.length > 3) return say(step, `${nic} frame`, brief(miss), brief(extra[0]))
  const values = (of: ReadonlyMap<string, unknown>): string => nearest.keys.map((key) => String(of.get(key) ?? '-')).join(', ')
  say(step, `${nic} ${nearest.keys.join(', ')}`, `${values(mine)}  (${brief(miss)})`, values(nearest.theirs))
}

function packetText(ip: MutableJson | undefined): string {
  if (ip === undefined) return ''
  const inner = child(ip, 'inner')
  if (inner !== undefined) return `${text(ip, 'src')}>${text(ip, 'dst')} ttl ${text(ip, 'ttl')} [${packetText(inner)}]`
  const tcp = child(ip, 'tcp')
  const ports = tcp ?? child(ip, 'udp')
  const [from, to] = ports === undefined ? ['', ''] : [`:${text(ports, 'sport')}`, `:${text(ports, 'dport')}`]
  const icmp = child(ip, 'icmp') ?? child(ip, 'icmpv6')
  const what = tcp !== undefined ? `${text(tcp, 'flags')} seq ${text(tcp, 'seq')} ack ${text(tcp, 'ack')}`
    : icmp !== undefined ? `icmp ${text(icmp, 'type')}/${text(icmp, 'code')}` : text(ip, 'proto')
  return `${text(ip, 'src')}${from}>${text(ip, 'dst')}${to} ttl ${String(ip['ttl'] ?? ip['hop'])} len ${text(ip, 'len')} ${what}`
}

function text(object: MutableJson, key: string): string {
  return String(object[key] ?? '')
}

/** Every value of a frame by its path. */
function leaves(value: MutableJson | undefined, prefix = '', found = new Map<string, unknown>()): Map<string, unknown> {
  for (const [key, member] of Object.entries(value ?? {})) {
    if (typeof member === 'object' && member !== null) leaves(member as MutableJson, `${prefix}${key}.`, found)
    else found.set(prefix + key, member)
  }
  return found
}
