/**
 * The files of a host, as just-bash wants them. A write that fails is not thrown, because just-bash would give up the script:
 * it is kept until the rewritten script asks for it (see rewrite.ts). It is here, too, that a command nobody knows is noticed.
 * @module
 */
import type { IFileSystem } from 'just-bash/browser'
import { resolvePath, type HostFiles } from './host-files.ts'
import { findChance } from './chance.ts'
import type { Unsupported } from '../tool.ts'

type FileText = Parameters<IFileSystem['writeFile']>[1]
type Stat = Awaited<ReturnType<IFileSystem['stat']>>
type Encoding = Parameters<IFileSystem['writeFile']>[2]

/** A write that failed. */
export interface FailedWrite {
  readonly path: string
  readonly code: string
  /** True when the file could not even be opened. */
  readonly atOpen: boolean
}

/** Told what lvsim does not model; its promise never settles. */
export type Stop = (unsupported: Unsupported) => Promise<never>

/** Nothing has a time of its own: everything dates from the start of the simulation. */
const START = { getTime: () => 0, valueOf: () => 0, toISOString: () => '1970-01-01T00:00:00.000Z' } as unknown as Stat['mtime']

/** One shell's view of a host's files. */
export class ShellFileSystem implements IFileSystem {
  readonly #files: HostFiles
  readonly #stop: Stop
  /** The last path that `exists` did not find, when nothing was asked since. */
  #missed: string | undefined
  #failedWrite: FailedWrite | undefined

  constructor(files: HostFiles, stop: Stop) {
    this.#files = files
    this.#stop = stop
  }

  /** The write that failed since the last call, if one did. */
  takeFailedWrite(): FailedWrite | undefined {
    const failed = this.#failedWrite
    this.#failedWrite = undefined
    return failed
  }

  /** Text of a file. Scripts are read by this call: one that depends on chance is refused. */
  async readFile(path: string): Promise<string> {
    const text = this.#text(path)
    const chance = text.startsWith('#!') || path.endsWith('.sh') ? findChance(text) : undefined
    return chance === undefined ? text : this.#stop(chance)
  }

  /** Bytes of a file, one character each. */
  async readFileBytes(path: string): Promise<never> {
    return latin1(new TextEncoder().encode(this.#text(path))) as never
  }

  /** Bytes of a file. */
  async readFileBuffer(path: string): Promise<Uint8Array> {
    return new TextEncoder().encode(this.#text(path))
  }

  /** Writes a file; a failure is kept for `takeFailedWrite`. */
  async writeFile(path: string, content: FileText, options?: Encoding): Promise<void> {
    this.#write(path, textOf(content, options))
  }

  /** Writes at the end of a file; a failure is kept for `takeFailedWrite`. */
  async appendFile(path: string, content: FileText, options?: Encoding): Promise<void> {
    const text = textOf(content, options)
    const before = path.startsWith('/proc/') ? undefined : this.#files.read(path)
    this.#write(path, before?.ok === true ? before.value + text : text)
  }

  /**
   * True when something is there. just-bash asks for a command in each folder of PATH, and then, having found nothing, for
   * /usr/bin itself: that is how an unknown command shows.
   */
  async exists(path: string): Promise<boolean> {
    const missed = this.#missed
    this.#missed = undefined
    if (path === '/usr/bin' && missed !== undefined) {
      const name = missed.slice(missed.lastIndexOf('/') + 1)
      return this.#stop({ word: name, what: `${name}: this command is not modelled` })
    }
    const found = this.#files.kindOf(path) !== undefined
    if (!found) this.#missed = path
    return found
  }

  /** What is there. */
  async stat(path: string): Promise<Stat> {
    this.#missed = undefined
    const kind = this.#files.kindOf(path)
    if (kind === undefined) throw failure('ENOENT', path)
    const size = kind === 'file' && !path.startsWith('/proc/') ? this.#text(path).length : 0
    return {
      isFile: kind === 'file', isDirectory: kind === 'folder', isSymbolicLink: false, mode: this.#files.modeOf(path), size,
      mtime: START,
    }
  }

  /** As `stat`: there are no links. */
  async lstat(path: string): Promise<Stat> {
    return this.stat(path)
  }

  /** Makes a folder. */
  async mkdir(path: string, options?: { recursive?: boolean }): Promise<void> {
    const made = this.#files.makeFolder(path, options?.recursive === true)
    if (!made.ok) throw failure(made.error, path)
  }

  /** Names in a folder. */
  async readdir(path: string): Promise<string[]> {
    const names = this.#files.list(path)
    if (names === undefined) throw failure('ENOENT', path)
    return names
  }

  /** Removes. */
  async rm(path: string, options?: { recursive?: boolean, force?: boolean }): Promise<void> {
    const removed = this.#files.remove(path, options?.recursive === true)
    if (!removed.ok && !(options?.force === true && removed.error === 'ENOENT')) throw failure(removed.error, path)
  }

  /** Copies a file, or a folder with what is in it. */
  async cp(source: string, target: string, options?: { recursive?: boolean }): Promise<void> {
    if (this.#files.kindOf(source) !== 'folder') {
      const written = this.#files.write(target, this.#text(source))
      if (!written.ok) throw failure(written.error, target)
      return
    }
    if (options?.recursive !== true) throw failure('EISDIR', source)
    await this.mkdir(target, { recursive: true })
    for (const name of this.#files.list(source) ?? []) await this.cp(`${source}/${name}`, `${target}/${name}`, options)
  }

  /** Moves. */
  async mv(source: string, target: string): Promise<void> {
    await this.cp(source, target, { recursive: true })
    await this.rm(source, { recursive: true })
  }

  /** See IFileSystem. */
  resolvePath(base: string, path: string): string {
    return resolvePath(base, path)
  }

  /** See IFileSystem. */
  getAllPaths(): string[] {
    return this.#files.allPaths()
  }

  /** Sets permissions. */
  async chmod(path: string, mode: number): Promise<void> {
    const set = this.#files.setMode(path, mode)
    if (!set.ok) throw failure(set.error, path)
  }

  /** Links are not modelled: stops the run. */
  async symlink(_target: string, linkPath: string): Promise<void> {
    return this.#stop({ word: linkPath, what: 'links between files are not modelled' })
  }

  /** Links are not modelled: stops the run. */
  async link(_existing: string, newPath: string): Promise<void> {
    return this.#stop({ word: newPath, what: 'links between files are not modelled' })
  }

  /** There are no links to read. */
  async readlink(path: string): Promise<string> {
    throw failure('EINVAL', path)
  }

  /** The path itself: there are no links. */
  async realpath(path: string): Promise<string> {
    const full = resolvePath('/', path)
    if (this.#files.kindOf(full) === undefined) throw failure('ENOENT', path)
    return full
  }

  /** Files have no times. */
  async utimes(path: string): Promise<void> {
    if (this.#files.kindOf(path) === undefined) throw failure('ENOENT', path)
  }

  #text(path: string): string {
    this.#missed = undefined
    const read = this.#files.read(path)
    if (!read.ok) throw failure(read.error, path)
    return read.value
  }

  #write(path: string, text: string): void {
    this.#missed = undefined
    // A redirection opens the file and writes later: only the first failure counts, and an open one is not tried again.
    if (this.#failedWrite?.path === path) return
    const written = this.#files.write(path, text)
    if (written.ok) return
    this.#failedWrite = { path, code: written.error, atOpen: written.error !== 'EINVAL' }
  }
}

/** An error as Node words it, which is what just-bash looks for. */
function failure(code: string, path: string): Error {
  const words: Record<string, string> = {
    ENOENT: 'no such file or directory', EISDIR: 'illegal operation on a directory', EEXIST: 'file already exists',
    ENOTEMPTY: 'directory not empty', EPERM: 'operation not permitted', EACCES: 'permission denied',
  }
  return new Error(`${code}: ${words[code] ?? 'invalid argument'}, '${path}'`)
}

function textOf(content: FileText, options: Encoding): string {
  const encoding = typeof options === 'string' ? options : options?.encoding
  if (typeof content !== 'string') return new TextDecoder().decode(content)
  if (encoding !== 'binary' && encoding !== 'latin1') return content
  return new TextDecoder().decode(Uint8Array.from(content, (character) => character.charCodeAt(0)))
}

function latin1(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}
