/**
 * kill, killall, pkill, pidof and pgrep, for background jobs and daemons of the host.
 * @module
 */
import { processesOf, type Signal } from './processes.ts'
import { printed, refused, unsupported, type Tool } from './tool.ts'

const SIGNALS: ReadonlyMap<string, Signal> = new Map<string, Signal>([
  ['1', 'HUP'], ['2', 'INT'], ['9', 'KILL'], ['10', 'USR1'], ['12', 'USR2'], ['15', 'TERM'], ['HUP', 'HUP'], ['INT', 'INT'],
  ['KILL', 'KILL'], ['USR1', 'USR1'], ['USR2', 'USR2'], ['TERM', 'TERM'],
])

/** The signal that an option such as -9, -KILL or -SIGHUP names; undefined for another option. */
function signalOf(option: string): Signal | undefined {
  return SIGNALS.get(option.replace(/^-(s=?)?/, '').replace(/^SIG/, ''))
}

/** Sends a signal to processes by number. Signal 0 only asks whether they are there. */
export const kill: Tool = ({ host, argv }) => {
  let signal: Signal | undefined = 'TERM'
  const pids: string[] = []
  for (const [index, word] of argv.entries()) {
    if (word === '-0') signal = undefined
    else if (word === '-s' || word === '--') continue
    else if (word.startsWith('-') || argv[index - 1] === '-s') {
      signal = signalOf(word)
      if (signal === undefined) return unsupported(word, `kill: ${word} is not modelled`)
    } else pids.push(word)
  }
  if (pids.length === 0) {
    return refused('kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]\n', 2)
  }
  let stderr = ''
  for (const text of pids) {
    if (text.startsWith('%')) return unsupported(text, 'kill: job numbers are not modelled')
    if (!/^\d+$/.test(text)) {
      stderr += `bash: kill: ${text}: arguments must be process or job IDs\n`
      continue
    }
    const found = processesOf(host).find(Number(text))
    if (found === undefined) stderr += `bash: kill: (${text}) - No such process\n`
    else if (signal !== undefined) found.onSignal(signal)
  }
  return { stdout: '', stderr, exitCode: stderr === '' ? 0 : 1 }
}

function byName(complain: (name: string) => string): Tool {
  return ({ host, argv }) => {
    let signal: Signal | undefined = 'TERM'
    let stderr = ''
    let found = 0
    for (const word of argv) {
      if (word.startsWith('-')) {
        const named = signalOf(word)
        if (named === undefined && !/^-[qxf0]$/.test(word)) return unsupported(word, `option ${word} is not modelled`)
        signal = word === '-0' ? undefined : named ?? signal
        continue
      }
      const processes = processesOf(host).list(word)
      found += processes.length
      if (processes.length === 0) stderr += complain(word)
      if (signal !== undefined) for (const entry of processes) entry.onSignal(signal)
    }
    return { stdout: '', stderr, exitCode: found === 0 ? 1 : 0 }
  }
}

/** Sends a signal to all processes of a name. */
export const killall: Tool = byName((name) => `${name}: no process found\n`)
/** As killall, but says nothing when there is none. */
export const pkill: Tool = byName(() => '')

/** Prints the numbers of the processes of a name, the youngest first. */
export const pidof: Tool = ({ host, argv }) => {
  const pids = argv.flatMap((name) => processesOf(host).list(name).map((entry) => entry.pid)).reverse()
  return pids.length === 0 ? refused('', 1) : printed(`${pids.join(' ')}\n`)
}

/** Prints the numbers of the processes of a name, one per line. */
export const pgrep: Tool = ({ host, argv }) => {
  const [name = ''] = argv.filter((word) => !word.startsWith('-'))
  const found = processesOf(host).list().filter((entry) => entry.name.includes(name))
  return found.length === 0 ? refused('', 1) : printed(found.map((entry) => `${entry.pid}\n`).join(''))
}
