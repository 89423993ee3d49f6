/**
 * Files: read whole, or written whole or not at all. The only place that touches the disk.
 * @module
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path'
import { err, ok, type Result } from '../base/result.ts'

/** Why a file could not be read or written: path and the system's words. */
export interface FileError {
  readonly path: string
  readonly message: string
}

/** The text of a file; `-` is standard input. A file that is not UTF-8 text is refused. */
export function readText(path: string): Result<string, FileError> {
  const bytes = readBytes(path)
  if (!bytes.ok) return bytes
  try {
    return ok(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.value))
  } catch {
    return err({ path, message: 'not UTF-8 text' })
  }
}

/** The bytes of a file; `-` is standard input. */
export function readBytes(path: string): Result<Uint8Array, FileError> {
  try {
    return ok(readFileSync(path === '-' ? 0 : path))
  } catch (error) {
    return err({ path, message: reasonOf(error) })
  }
}

/**
 * The bytes of a file that a scenario names: a plain file below the folder of the scenario file, links followed, of at most
 * `bytesMax` bytes. Beside `-` is the folder that the command runs in.
 */
export function readBeside(scenarioPath: string, name: string, bytesMax: number): Result<Uint8Array, FileError> {
  const folder = dirname(scenarioPath)
  const path = join(folder, name)
  try {
    const inside = relative(realpathSync(folder), realpathSync(path))
    if (inside.split(sep)[0] === '..' || isAbsolute(inside)) return err({ path, message: 'it is a link to another folder' })
    const stat = statSync(path)
    if (stat.isDirectory()) return err({ path, message: 'is a directory' })
    if (!stat.isFile()) return err({ path, message: 'is no plain file' })
    if (stat.size > bytesMax) return err({ path, message: `its ${stat.size} bytes are more than the ${bytesMax} left for files` })
  } catch (error) {
    return err({ path, message: reasonOf(error) })
  }
  return readBytes(path)
}

/**
 * Writes a file, from one piece or many: to a temporary one beside it, which takes its name when it is complete on disk. Makes
 * missing folders.
 */
export function writeWhole(path: string, content: string | Iterable<Uint8Array>): Result<void, FileError> {
  const folder = dirname(path)
  const temporary = join(folder, `.${basename(path)}.${process.pid}.tmp`)
  try {
    makeFolder(folder)
    const pieces = typeof content === 'string' ? [new TextEncoder().encode(content)] : content
    const handle = openSync(temporary, 'w', 0o644)
    try {
      for (const piece of pieces) for (let done = 0; done < piece.length; ) done += writeSync(handle, piece, done)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    renameSync(temporary, path)
    return ok(undefined)
  } catch (error) {
    if (isFolder(folder)) rmSync(temporary, { force: true })
    return err({ path, message: reasonOf(error) })
  }
}

/** Makes a folder and those above it, one by one: Node's own `recursive` never comes back from a folder such as /proc. */
function makeFolder(path: string): void {
  if (isFolder(path)) return
  const above = dirname(path)
  if (above !== path) makeFolder(above)
  mkdirSync(path)
}

/** True for a folder. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

/** Paths of all files below a folder whose names end so, relative to it, sorted; `['']` when the path is itself a file. */
export function filesBelow(path: string, ending: string): Result<string[], FileError> {
  try {
    if (!statSync(path).isDirectory()) return ok([''])
    const walk = (folder: string, prefix: string): string[] =>
      readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        const name = prefix + entry.name
        if (entry.isDirectory()) return walk(join(folder, entry.name), `${name}/`)
        return entry.name.endsWith(ending) ? [name] : []
      })
    return ok(walk(path, '').sort())
  } catch (error) {
    return err({ path, message: reasonOf(error) })
  }
}

/** The system's words, without the path and the call that Node adds. */
function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EISDIR') return 'is a directory'
  // Only folders are ever made: what exists already is in the way of one.
  if (code === 'EEXIST') return 'not a directory'
  return /^[A-Z]+: ([^,]+)/.exec(message)?.[1] ?? message
}
