/**
 * tcpdump(8) 4.99 on the nics of a host, in simulated time: -i -n -nn -e -c -S -t, and a filter. It ends after -c packets, or
 * when it is killed or times out. Capture files, hex dumps and verbosity are not modelled; times count from the start of the run.
 * @module
 */
import { NS_PER_MICROSECOND, NS_PER_SECOND } from '../../base/units.ts'
import type { Frame } from '../../wire/frame.ts'
import type { FrameTap, Nic } from '../../link/nic.ts'
import { SequenceView } from '../../wire/sequence-view.ts'
import { formatFrame } from '../../wire/text.ts'
import { readOptions } from '../options.ts'
import { Interrupted } from '../shell/shell-task.ts'
import { refused, unsupported, type Tool } from '../tool.ts'
import { parseFilter, type FrameFilter } from './filter.ts'

/** The tool. */
export const tcpdump: Tool = async ({ host, argv, waiter }) => {
  const read = readOptions(
    argv,
    {
      valued: 'icwrsBGCWFEMTyzZVQ', flags: 'nelqStpUvxXADLNKOhfHIJ#',
      long: { interface: 'i', 'immediate-mode': 'U', count: 'c' },
    },
  )
  if (!read.ok) return refused(`tcpdump: invalid option -- '${read.error}'\n`, 1)
  const { values, flags, operands } = read.value
  const other = [...flags].find((flag) => !'nelStpUKO'.includes(flag)) ?? [...values.keys()].find((key) => !'ics'.includes(key))
  if (other !== undefined) return unsupported(`-${other}`, `tcpdump: option -${other} is not modelled`)
  const name = values.get('i') ?? host.devices.find((device) => device.nic !== undefined && device.config.isUp)?.name ?? 'lo'
  const devices = host.devices.filter((device) => device.nic !== undefined && (name === 'any' || device.name === name))
  if (devices.length === 0 && host.findDevice(name) === undefined) {
    return refused(`tcpdump: ${name}: No such device exists\n(SIOCGIFHWADDR: No such device)\n`, 1)
  }
  if (devices.length === 0) return unsupported(name, `tcpdump: captures on ${name} are not modelled`)
  const filter = parseFilter(operands)
  if (!filter.ok) {
    return unsupported(
      filter.error === '' ? operands.at(-1) ?? 'tcpdump' : filter.error,
      `tcpdump: filter "${operands.join(' ')}" is not modelled`,
    )
  }
  const hint = 'tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\n'
  const type = devices[0]?.config.kind === 'ppp' ? 'PPP (PPP)' : 'EN10MB (Ethernet)'
  const listening = name === 'any' ? 'tcpdump: data link type LINUX_SLL2\n' + hint
    + 'listening on any, link-type LINUX_SLL2 (Linux cooked v2), snapshot length 262144 bytes\n'
    : `${hint}listening on ${name}, link-type ${type}, snapshot length 262144 bytes\n`
  const capture = new Capture(filter.value, {
    count: Number(values.get('c') ?? Infinity), isAny: name === 'any', linkLevel: flags.has('e'), hasTime: !flags.has('t'),
    sequences: flags.has('S') ? undefined : new SequenceView(), nowNs: () => host.sim.nowNs,
  })
  const taps = devices.map((device) => new ChainedTap(device.nic as Nic, capture))
  try {
    await waiter.waitFor((resume) => {
      capture.onFull = resume
    }, Infinity)
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
  }
  for (const tap of taps) tap.remove()
  return {
    stdout: capture.lines.join(''), exitCode: 0,
    stderr: [
      listening, `${packets(capture.lines.length)} captured\n`, `${packets(capture.seen)} received by filter\n`,
      '0 packets dropped by kernel\n',
    ].join(''),
  }
}

function packets(count: number): string {
  return `${count} ${count === 1 ? 'packet' : 'packets'}`
}

interface CaptureOptions {
  readonly count: number
  readonly isAny: boolean
  readonly linkLevel: boolean
  readonly hasTime: boolean
  readonly sequences: SequenceView | undefined
  readonly nowNs: () => number
}

/** What has been seen so far. */
class Capture {
  readonly lines: string[] = []
  seen = 0
  onFull: (() => void) | undefined
  readonly #filter: FrameFilter
  readonly #options: CaptureOptions

  constructor(filter: FrameFilter, options: CaptureOptions) {
    this.#filter = filter
    this.#options = options
  }

  onFrame(nic: Nic, direction: 'in' | 'out', frame: Frame): void {
    if (!this.#filter(frame) || this.lines.length >= this.#options.count) return
    this.seen++
    const { isAny, linkLevel, hasTime, sequences, nowNs, count } = this.#options
    const device = isAny ? `${nic.name.slice(nic.name.indexOf('.') + 1).padEnd(5)} ${direction === 'in' ? 'In ' : 'Out'} ` : ''
    this.lines.push(`${hasTime ? `${clockTime(nowNs())} ` : ''}${device}${formatFrame(frame, { linkLevel, sequences })}\n`)
    if (this.lines.length >= count) this.onFull?.()
  }
}

/** A nic has room for one onlooker: this one passes on what it sees to who was there before. */
class ChainedTap implements FrameTap {
  readonly #nic: Nic
  readonly #capture: Capture
  readonly #before: FrameTap | undefined
  #isActive = true

  constructor(nic: Nic, capture: Capture) {
    this.#nic = nic
    this.#capture = capture
    this.#before = nic.tap
    nic.tap = this
  }

  onFrame(nic: Nic, direction: 'in' | 'out', frame: Frame): void {
    if (this.#isActive) this.#capture.onFrame(nic, direction, frame)
    this.#before?.onFrame(nic, direction, frame)
  }

  remove(): void {
    this.#isActive = false
    if (this.#nic.tap === this) this.#nic.tap = this.#before
  }
}

/** `00:00:01.234567`. */
function clockTime(ns: number): string {
  const seconds = Math.floor(ns / NS_PER_SECOND)
  const two = (value: number): string => String(value).padStart(2, '0')
  const micros = Math.floor((ns % NS_PER_SECOND) / NS_PER_MICROSECOND)
  const [hours, minutes] = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60]
  return `${two(hours)}:${two(minutes)}:${two(seconds % 60)}.${String(micros).padStart(6, '0')}`
}
