/**
 * The seam between the shell and a tool: what a tool is given, and what it gives back.
 * A tool reads and changes its host; its text and exit code are those of the Linux tool.
 * @module
 */
import type { Host } from '../host/host.ts'

/** What a tool printed and came to. */
export interface ToolResult {
  /** Text with its newlines, as the Linux tool prints it. */
  readonly stdout: string
  readonly stderr: string
  /** 0..255. */
  readonly exitCode: number
  /** Set when lvsim does not model what was asked: the run stops there, naming `word`, rather than pretend. */
  readonly unsupported?: Unsupported
  /** What an admin should know although Linux's tool does not say it; told beside what is printed, never in it. */
  readonly warnings?: readonly string[]
}

/** A word of a command line that lvsim does not model, and what about it is missing. */
export interface Unsupported {
  /** The word as it was typed; its place in the script is looked up by it. */
  readonly word: string
  /** One line: `ip: "netns" is not modelled`. */
  readonly what: string
}

/**
 * How a tool waits in simulated time. Nothing else of the run happens in its shell meanwhile; the rest of the cluster goes
 * on.
 */
export interface Waiter {
  /** Resolves when `ns` nanoseconds of simulated time have passed; at once (but after an await) for 0. */
  waitNs(ns: number): Promise<void>
  /**
   * Waits for something of the simulation: `register` is called at once with a function that something calls later, from
   * within an event. Resolves to 'timeout' when `timeoutNs` have passed first; then a later `resume` does nothing.
   */
  waitFor(register: (resume: () => void) => void, timeoutNs: number): Promise<'resumed' | 'timeout'>
}

/** What a tool gets. Paths are absolute or relative to the shell's working directory. */
export interface ToolContext {
  readonly host: Host
  /** Arguments, without the tool's own name. */
  readonly argv: readonly string[]
  readonly stdin: string
  /** The shell's working directory. */
  readonly cwd: string
  readonly waiter: Waiter
  /** True when it was started with `&`: then a daemon stays with its job, else it goes on by itself. */
  readonly isBackground?: boolean
  /** Text of a file, /proc included; undefined when there is none or it is a directory. */
  readFile(path: string): string | undefined
  /** Writes a file of the host (not under /proc). */
  writeFile(path: string, text: string): void
}

/** One tool. It never throws for what an admin typed. */
export type Tool = (context: ToolContext) => ToolResult | Promise<ToolResult>

/** Success, with this on stdout. */
export function printed(stdout: string): ToolResult {
  return { stdout, stderr: '', exitCode: 0 }
}

/** Failure, with this on stderr. */
export function refused(stderr: string, exitCode: number): ToolResult {
  return { stdout: '', stderr, exitCode }
}

/** A word that lvsim does not model. The exit code is never seen: the run stops. */
export function unsupported(word: string, what: string): ToolResult {
  return { stdout: '', stderr: `lvsim: ${what}\n`, exitCode: 3, unsupported: { word, what } }
}
