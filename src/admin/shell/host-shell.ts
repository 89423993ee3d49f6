/**
 * The shell of one host: just-bash, with lvsim's tools for commands, the host's files, and simulated time. Of just-bash's own
 * commands only those that work on text and files are there. Neither disk, network, environment nor clock of the machine can
 * be reached; a script that would show chance or the machine's time is refused. Job control beyond `&`, `wait` and `$!`,
 * traps, and links between files are not modelled.
 * @module
 */
import type { Bash, BashOptions } from 'just-bash/browser'
import type { Host } from '../../host/host.ts'
import type { Tool } from '../tool.ts'
import { findChance } from './chance.ts'
import { HostFiles } from './host-files.ts'
import { BACKGROUND, REDIRECTED, rewriteScript, WAIT, type SyntaxNode } from './rewrite.ts'
import { findWord, type ScriptPosition } from './script-position.ts'
import { complaintOf, shellCommands } from './shell-commands.ts'
import type { ShellDriver } from './shell-driver.ts'
import { ShellFileSystem } from './shell-file-system.ts'
import type { ShellResult, ShellTask } from './shell-task.ts'
import { processesOf } from '../processes.ts'

type Commands = NonNullable<BashOptions['commands']>

/** Commands of just-bash that are let in. They see the host's files and their input, nothing else. */
const TEXT_COMMANDS: Commands = [
  'echo', 'cat', 'printf', 'mkdir', 'rmdir', 'touch', 'rm', 'cp', 'mv', 'chmod', 'pwd', 'head', 'tail', 'wc', 'grep',
  'fgrep', 'egrep', 'sed', 'awk', 'uniq', 'comm', 'cut', 'paste', 'tr', 'rev',
  'nl', 'fold', 'tee', 'find', 'basename', 'dirname', 'env', 'printenv', 'alias', 'unalias', 'xargs', 'true', 'false',
  'clear', 'bash', 'sh', 'diff', 'seq', 'expr', 'which', 'tac', 'column',
  'join', 'expand', 'readlink', 'od', 'md5sum', 'sha1sum', 'sha256sum', 'strings',
]

/** Bounds of one script. just-bash names them in its message when one is passed. */
const LIMITS = {
  // No clock of the machine ends a script: just-bash sets no timer for an infinite time.
  maxExecutionTimeMs: Infinity, maxCommandCount: 100_000, maxLoopIterations: 100_000, maxCallDepth: 100,
  maxOutputSize: 16_000_000, maxSourceBytes: 1_000_000,
}

/** What just-bash says when a script passes one of the bounds. */
const LIMIT_MET = /^(?:bash: )?(.*limit exceeded \([^)]*\)|.*(?=, increase executionLimits\.\w+$))/m

/** What a shell starts from. */
export interface ShellStart {
  readonly script: string
  /** Where the script stands, for reports: `scenario.yaml:12`. */
  readonly name: string
  readonly stdin?: string
  /** Folder to begin in; /root unless given. */
  readonly cwd?: string
  /** It runs beside another script, started with `&`. */
  readonly isBackground?: boolean
  /** Variables beside the usual ones. */
  readonly env?: Readonly<Record<string, string>>
}

/** A place in a script at which a run stopped. */
export interface StopPlace extends ScriptPosition {
  /** One line: what is not modelled. */
  readonly what: string
  readonly word: string
  /** The command that the word was given to; the word itself for a command that is not there at all. */
  readonly command: string
  /** True when the script asked for too much, not for something that is not modelled. */
  readonly isLimit?: boolean
}

/** The shell of one host. */
export class HostShell {
  readonly host: Host
  readonly files: HostFiles
  readonly #driver: ShellDriver
  readonly #tools: ReadonlyMap<string, Tool>
  readonly #scripts = new WeakMap<ShellTask, string>()

  constructor(host: Host, driver: ShellDriver, tools: ReadonlyMap<string, Tool>) {
    this.host = host
    this.#driver = driver
    this.#tools = tools
    const own = ['timeout', 'sudo', 'ls', REDIRECTED, BACKGROUND, WAIT]
    this.files = new HostFiles(host, new Set([...TEXT_COMMANDS, ...tools.keys(), ...own]))
  }

  /** Begins a script now; see ShellDriver.start. Its `result` is there when it has ended. */
  start(start: ShellStart): ShellTask {
    const task = this.#driver.start(start.name, (own) => this.#run(own, start))
    this.#scripts.set(task, start.script)
    return task
  }

  /** Where and why a task of this shell stopped; undefined when it did not, or belongs to another shell. */
  placeOfStop(task: ShellTask): StopPlace | undefined {
    const script = this.#scripts.get(task)
    if (script === undefined || task.stop === undefined) return undefined
    const { word, what, command, isLimit } = task.stop
    const place = { word, what, command, ...findWord(script, command, word) }
    return isLimit === true ? { ...place, isLimit } : place
  }

  async #run(task: ShellTask, start: ShellStart): Promise<ShellResult> {
    const chance = findChance(start.script)
    if (chance !== undefined) return task.stopAt({ ...chance, command: chance.word })
    const shell = await import('just-bash/browser')
    const fileSystem = new ShellFileSystem(
      this.files, (unsupported) => task.stopAt({ ...unsupported, command: unsupported.word }),
    )
    const pid = processesOf(this.host).takePid()
    const options: BashOptions = {
      fs: fileSystem, cwd: '/root', commands: TEXT_COMMANDS, executionLimits: LIMITS, defenseInDepth: false,
      processInfo: { pid, ppid: 1, uid: 0, gid: 0 }, env: environmentOf(this.host),
      customCommands: shellCommands(
        {
          host: this.host, files: this.files, task, tools: this.#tools, fileSystem,
          isBackground: start.isBackground === true, startJob: (job) => this.start(job),
          warn: (warning) => this.#driver.warn({ host: this.host.name, ...warning }),
        },
      ),
    }
    const bash = new shell.Bash(options)
    const printer = new shell.Bash({ fs: fileSystem, cwd: '/root', commands: [], defenseInDepth: false })
    bash.registerTransformPlugin({
      name: 'lvsim',
      transform: ({ ast }) => ({
        ast: rewriteScript(ast as unknown as SyntaxNode, (statement) => print(printer, statement)) as unknown as typeof ast,
      }),
    })
    const { stdout, stderr: said, exitCode } = await bash.exec(start.script, {
      rawScript: true, cwd: start.cwd ?? '/root', stdin: start.stdin ?? '', env: { ...start.env },
    })
    const limit = LIMIT_MET.exec(said)
    if (limit !== null) {
      const [word = ''] = /\S+/.exec(start.script) ?? []
      return task.stopAt({ word, command: word, what: `the script ran into a limit of the shell: ${limit[1]}`, isLimit: true })
    }
    const stderr = asBashSays(said)
    // In a script that was run from a file nobody asked for it (see rewrite.ts).
    const failed = fileSystem.takeFailedWrite()
    return { stdout, stderr: failed === undefined ? stderr : stderr + complaintOf(failed, 'echo'), exitCode }
  }
}

/** What a login shell of root has. */
function environmentOf(host: Host): Record<string, string> {
  return {
    HOME: '/root', USER: 'root', LOGNAME: 'root', SHELL: '/bin/bash', TERM: 'dumb', HOSTNAME: host.name,
    PATH: '/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/sbin:/usr/local/bin',
  }
}

/** What bash says of a script that cannot be parsed, instead of what just-bash says. */
function asBashSays(stderr: string): string {
  const justBash = /^bash: syntax error: Parse error at (\d+):(\d+): (.*)$/m
  return stderr.replace(justBash, (_, line: string, column: string, what: string) => {
    const [, got] = /^Expected \w+, got (\w+)$/.exec(what) ?? []
    // At the end of a script bash counts the line after the last one.
    if (got === 'EOF') return `bash: line ${column === '1' ? line : Number(line) + 1}: syntax error: unexpected end of file`
    return `bash: line ${line}: ${got === undefined ? what : `syntax error near unexpected token \`${got.toLowerCase()}'`}`
  })
}

/** The text of a statement. just-bash prints trees only at the end of a transformation. */
function print(printer: Bash, statement: SyntaxNode): string {
  type Tree = ReturnType<Bash['transform']>['ast']
  printer.registerTransformPlugin({
    name: 'lvsim-print', transform: () => ({ ast: { type: 'Script', statements: [statement] } as unknown as Tree }),
  })
  return printer.transform('').script
}
