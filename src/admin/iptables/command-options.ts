/**
 * The options of iptables itself, and which of them each command takes (commands_v_options in xshared.c, 1.8.9).
 * @module
 */
import type { Verb } from './command.ts'
import type { OptionShape } from './option-scanner.ts'

/** All of them; the id is the short letter. */
export const MAIN_OPTIONS: readonly OptionShape[] = [
  shape('A', ['append'], 'required'), shape('D', ['delete'], 'required'), shape('C', ['check'], 'required'),
  shape('I', ['insert'], 'required'),
  shape('R', ['replace'], 'required'), shape('L', ['list'], 'optional'), shape('S', ['list-rules'], 'optional'),
  shape('F', ['flush'], 'optional'), shape('Z', ['zero'], 'optional'), shape('N', ['new-chain'], 'required'),
  shape('X', ['delete-chain'], 'optional'), shape('E', ['rename-chain'], 'required'), shape('P', ['policy'], 'required'),
  shape('s', ['source', 'src'], 'required'), shape('d', ['destination', 'dst'], 'required'), shape('p', ['protocol'], 'required'),
  shape('i', ['in-interface'], 'required'), shape('o', ['out-interface'], 'required'), shape('j', ['jump'], 'required'),
  shape('g', ['goto'], 'required'), shape('t', ['table'], 'required'), shape('m', ['match'], 'required'),
  shape('n', ['numeric'], 'none'),
  shape('v', ['verbose'], 'none'), shape('w', ['wait'], 'optional'), shape('W', ['wait-interval'], 'optional'),
  shape('x', ['exact'], 'none'),
  shape('f', ['fragments'], 'none'), shape('V', ['version'], 'none'), shape('h', ['help'], 'optional'),
  shape('M', ['modprobe'], 'required'),
  shape('c', ['set-counters'], 'required'), shape('4', ['ipv4'], 'none'), shape('6', ['ipv6'], 'none'),
  { id: '0', long: ['line-numbers'], argument: 'none' },
]

/** Options in the order in which iptables checks them. */
const CHECKED = ['n', 's', 'd', 'p', 'j', 'v', 'x', 'i', 'o', '0', 'c', 'f'] as const

/** The checked options that a command takes. `D1` and `Z1` are those with a rule's number. */
const TAKES: Record<Verb | 'D1' | 'Z1', string> = {
  A: 'sdpjviocf', I: 'sdpjviocf', R: 'sdpjviocf', D: 'sdpjviof', C: 'sdpjviof', D1: 'v', L: 'nvx0', S: 'v',
  F: 'v', Z: 'v', Z1: 'v',
  N: 'v', X: 'v', E: 'v', P: 'vc',
}

/** The first option that none of the commands takes; undefined when all is well. */
export function illegalOption(commands: readonly (Verb | 'D1' | 'Z1')[], given: ReadonlySet<string>): string | undefined {
  return CHECKED.find((option) => given.has(option) && !commands.some((command) => TAKES[command].includes(option)))
}

function shape(short: string, long: readonly string[], argument: OptionShape['argument']): OptionShape {
  return { id: short, short, long, argument }
}
