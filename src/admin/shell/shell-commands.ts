/**
 * The commands of a shell beside just-bash's own: every tool, wrapped so that what it returns reaches the shell and what it
 * does not model stops the run; `timeout`; and those that a rewritten script calls (see rewrite.ts).
 * @module
 */
import type { Command, ExecResult, ResolvedCommandContext } from 'just-bash/browser'
import { errnoText, type Errno } from '../../host/errno.ts'
import type { Host } from '../../host/host.ts'
import { processesOf } from '../processes.ts'
import { durationNs } from '../sleep.ts'
import type { Tool, ToolResult } from '../tool.ts'
import { resolvePath, type HostFiles } from './host-files.ts'
import type { ShellStart } from './host-shell.ts'
import { list } from './list.ts'
import { BACKGROUND, LAST_JOB, REDIRECTED, WAIT } from './rewrite.ts'
import type { FailedWrite, ShellFileSystem } from './shell-file-system.ts'
import { Interrupted, type ShellResult, type ShellTask } from './shell-task.ts'

/** What the commands of one shell work with. */
export interface CommandSurroundings {
  readonly host: Host
  readonly files: HostFiles
  readonly task: ShellTask
  readonly tools: ReadonlyMap<string, Tool>
  readonly fileSystem: ShellFileSystem
  readonly isBackground: boolean
  /** Begins another shell of the host. */
  readonly startJob: (start: ShellStart) => ShellTask
  readonly warn: (warning: { readonly command: string, readonly text: string }) => void
}

interface Job {
  readonly pid: number
  readonly task: ShellTask
  isReported: boolean
}

const NOTHING: ShellResult = { stdout: '', stderr: '', exitCode: 0 }

/** All of them, for one shell. */
export function shellCommands(surroundings: CommandSurroundings): Command[] {
  const jobs: Job[] = []
  const commands: Command[] = [...surroundings.tools].map(([name, tool]) => ({
    name, execute: (args, context) => runTool(surroundings, name, tool, args, context),
  }))
  commands.push(
    { name: REDIRECTED, execute: async (args) => afterRedirection(surroundings.fileSystem, args) },
    { name: BACKGROUND, execute: (args, context) => startInBackground(surroundings, jobs, args, context) },
    { name: WAIT, execute: (args) => waitForJobs(surroundings.task, jobs, args) },
    { name: 'ls', execute: async (args, context) => list(surroundings.files, args, context.cwd) },
    { name: 'sudo', execute: (args, context) => runAsRoot(surroundings.task, args, context) },
    { name: 'timeout', execute: (args, context) => runWithTimeout(surroundings.task, args, context) },
  )
  return commands
}

async function runTool(
  surroundings: CommandSurroundings, name: string, tool: Tool, args: string[], context: ResolvedCommandContext,
): Promise<ExecResult> {
  const { host, files, task } = surroundings
  let result: ToolResult
  try {
    result = await tool({
      host, argv: args, stdin: utf8(context.stdin), cwd: context.cwd, waiter: task, isBackground: surroundings.isBackground,
      readFile: (path) => {
        const read = files.read(resolvePath(context.cwd, path))
        return read.ok ? read.value : undefined
      },
      writeFile: (path, text) => {
        files.write(resolvePath(context.cwd, path), text)
      },
    })
  } catch (error) {
    if (!(error instanceof Interrupted)) return task.failWith(error)
    result = NOTHING
  }
  if (result.unsupported !== undefined) return task.stopAt({ ...result.unsupported, command: name })
  const { stdout, stderr, exitCode } = result
  const command = [name, ...args].join(' ')
  for (const text of result.warnings ?? []) surroundings.warn({ command, text })
  if (stderr !== '') task.complaints.push({ command, text: stderr })
  return task.abandon({ stdout, stderr, exitCode }) ?? { stdout, stderr, exitCode, stdoutKind: 'text' }
}

/** Says what a redirection could not write; else passes the status of its command on. */
function afterRedirection(fileSystem: ShellFileSystem, args: string[]): ExecResult {
  const [command = '', status = '0'] = args
  const failed = fileSystem.takeFailedWrite()
  if (failed === undefined) return { ...NOTHING, exitCode: Number(status) }
  return { ...NOTHING, stderr: complaintOf(failed, command), exitCode: 1 }
}

/** What bash says of a write that failed: when the file was opened, or later by the command's own hand. */
export function complaintOf(failed: FailedWrite, command: string): string {
  const text = failed.code === 'EISDIR' ? 'Is a directory' : errnoText(failed.code as Errno)
  return failed.atOpen ? `bash: ${failed.path}: ${text}\n` : `bash: ${command}: write error: ${text}\n`
}

async function startInBackground(
  surroundings: CommandSurroundings, jobs: Job[], args: string[], context: ResolvedCommandContext,
): Promise<ExecResult> {
  const { host, task, startJob } = surroundings
  const script = args[0] ?? ''
  const job = startJob({ script, name: `${task.name} &`, isBackground: true, cwd: context.cwd, env: variables(context.env) })
  const processes = processesOf(host)
  const { pid } = processes.start(script.trim().split(/\s/)[0] ?? '', (signal) => {
    job.kill(signal === 'KILL' ? 137 : 143)
  })
  job.whenEnded(() => {
    processes.end(pid)
  })
  jobs.push({ pid, task: job, isReported: false })
  await context.assignShellVariable?.(LAST_JOB, String(pid))
  // The job begins at once: `tcpdump & ping` sees the first packet.
  try {
    await task.waitNs(0)
  } catch (error) {
    if (!(error instanceof Interrupted)) return task.failWith(error)
  }
  return task.abandon(NOTHING) ?? NOTHING
}

/** Waits for all jobs, or for the numbered ones; prints what they printed. */
async function waitForJobs(task: ShellTask, jobs: Job[], args: string[]): Promise<ExecResult> {
  const wanted = args.length === 0 ? jobs : jobs.filter((job) => args.includes(String(job.pid)))
  let stdout = ''
  let stderr = ''
  let exitCode = args.length > wanted.length ? 127 : 0
  try {
    for (const job of wanted) {
      if (job.task.result === undefined) await task.waitFor((resume) => job.task.whenEnded(resume), Infinity)
      if (args.length > 0) exitCode = job.task.result?.exitCode ?? 0
      if (job.isReported) continue
      job.isReported = true
      stdout += job.task.result?.stdout ?? ''
      stderr += job.task.result?.stderr ?? ''
    }
  } catch (error) {
    if (!(error instanceof Interrupted)) return task.failWith(error)
  }
  return task.abandon({ stdout, stderr, exitCode }) ?? { stdout, stderr, exitCode }
}

/** sudo(8) for one who is root already: the command as it is. Another user and a shell of its own are not modelled. */
async function runAsRoot(task: ShellTask, args: string[], context: ResolvedCommandContext): Promise<ExecResult> {
  const at = args.findIndex((word) => !/^-[EHnSk]+$/.test(word))
  const [command = '-h', ...operands] = at < 0 ? [] : args.slice(at)
  if (command.startsWith('-') || context.exec === undefined) {
    return task.stopAt({ word: command, what: `sudo: option ${command} is not modelled`, command: 'sudo' })
  }
  const ran = await context.exec(quoted(command), inside(context, operands))
  return { stdout: ran.stdout, stderr: ran.stderr, exitCode: ran.exitCode }
}

/** timeout(1) of coreutils, without options but -s and -k, which change nothing here. */
async function runWithTimeout(task: ShellTask, args: string[], context: ResolvedCommandContext): Promise<ExecResult> {
  const rest = [...args]
  while (rest[0] === '-s' || rest[0] === '-k') rest.splice(0, 2)
  const [limit = '', command, ...operands] = rest
  const limitNs = durationNs(limit)
  if (limit.startsWith('-')) {
    return task.stopAt({ word: limit, what: `timeout: option ${limit} is not modelled`, command: 'timeout' })
  }
  if (command === undefined) {
    return { ...NOTHING, stderr: "timeout: missing operand\nTry 'timeout --help' for more information.\n", exitCode: 125 }
  }
  if (limitNs === undefined) {
    return {
      ...NOTHING, stderr: `timeout: invalid time interval '${limit}'\nTry 'timeout --help' for more information.\n`,
      exitCode: 125,
    }
  }
  const outer = task.deadline
  const timeNs = task.nowNs + limitNs
  const abandoned = new Promise<ShellResult>((resolve) => {
    // An outer deadline that comes first stays in force.
    if (outer === undefined || outer.timeNs > timeNs) {
      task.deadline = { timeNs, abandon: (partial) => resolve({ ...partial, exitCode: 124 }) }
    }
  })
  const inner = context.exec?.(quoted(command), inside(context, operands)) ?? abandoned
  const result = await Promise.race([inner, abandoned])
  task.deadline = outer
  return { stdout: result.stdout, stderr: result.stderr, exitCode: result.exitCode }
}

/** How a command is run by another one: with its folder, its variables and its input. */
function inside(
  { cwd, env, stdin }: ResolvedCommandContext, args: string[],
): Parameters<NonNullable<ResolvedCommandContext['exec']>>[1] {
  return { cwd, args, env: variables(env), stdin: String(stdin), stdinKind: 'bytes' }
}

/** Variables by name; not the positional ones. */
function variables(env: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries(
    [...env].filter(([name]) => /^[A-Za-z_]\w*$/.test(name) && !/^(SHELLOPTS|BASHOPTS|PWD|OLDPWD)$/.test(name)),
  )
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}

/** Input is bytes, one character each. */
function utf8(bytes: unknown): string {
  return new TextDecoder().decode(Uint8Array.from(String(bytes), (character) => character.charCodeAt(0)))
}
