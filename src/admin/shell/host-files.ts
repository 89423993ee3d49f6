/**
 * The files of one host: those of `host.files` with the folders around them, /proc, and one stub for each command. Nothing here
 * reaches the machine that lvsim runs on. Links, owners and times are not modelled; a file that begins with `#!` may be executed.
 * @module
 */
import { err, ok, type Result } from '../../base/result.ts'
import type { Errno } from '../../host/errno.ts'
import type { Host } from '../../host/host.ts'
import { isProcPath, listProc, readProc, writeProc } from '../proc-files.ts'

/** Folders every host has. */
const FOLDERS = [
  '/', '/bin', '/boot', '/dev', '/etc', '/etc/init.d', '/etc/sysconfig', '/etc/default', '/etc/network', '/home', '/lib',
  '/mnt', '/opt', '/proc', '/root', '/run',
  '/sbin', '/srv', '/sys', '/tmp', '/usr', '/usr/bin', '/usr/sbin', '/usr/local', '/usr/local/bin', '/usr/local/sbin', '/var',
  '/var/lib', '/var/lock', '/var/lock/subsys', '/var/log', '/var/www', '/var/www/html', '/usr/share',
]
/** Folders in which commands stand. The shell runs a tool from the first two; from the others, by a script that calls it. */
const COMMAND_FOLDERS = ['/usr/bin/', '/bin/', '/usr/sbin/', '/sbin/']
const DEVICES = new Set(['/dev/null', '/dev/zero', '/dev/stdin', '/dev/stdout', '/dev/stderr', '/dev/tty'])
/** Bits of a mode that allow execution. */
const EXECUTABLE = 0o111

/** The file system of one host. Paths are absolute and normal (no `.`, `..`, or slash at the end). */
export class HostFiles {
  readonly #host: Host
  readonly #commands: ReadonlySet<string>
  readonly #folders = new Set(FOLDERS)
  readonly #modes = new Map<string, number>()

  constructor(host: Host, commands: ReadonlySet<string>) {
    this.#host = host
    this.#commands = commands
  }

  /** What stands at a path; undefined for nothing. */
  kindOf(path: string): 'file' | 'folder' | undefined {
    if (isProcPath(path)) {
      if (readProc(this.#host, path) !== undefined) return 'file'
      return listProc(this.#host, path) === undefined ? undefined : 'folder'
    }
    if (this.#host.files.has(path) || DEVICES.has(path) || this.#commandAt(path) !== undefined) return 'file'
    return this.#isFolder(path) ? 'folder' : undefined
  }

  /** The text of a file: ENOENT, EISDIR. */
  read(path: string): Result<string, Errno | 'EISDIR'> {
    const kind = this.kindOf(path)
    if (kind === undefined) return err('ENOENT')
    if (kind === 'folder') return err('EISDIR')
    if (isProcPath(path)) return ok(readProc(this.#host, path) ?? '')
    if (DEVICES.has(path)) return ok('')
    const command = this.#commandAt(path)
    return ok(this.#host.files.get(path) ?? `#!/bin/sh\n/usr/bin/${command ?? ''} "$@"\n`)
  }

  /** Writes a file: ENOENT without its folder, EISDIR, and what a sysctl answers. */
  write(path: string, text: string): Result<void, Errno | 'EISDIR'> {
    if (isProcPath(path)) return writeProc(this.#host, path, text)
    if (DEVICES.has(path)) return ok(undefined)
    if (this.kindOf(path) === 'folder') return err('EISDIR')
    if (!this.#isFolder(folderOf(path))) return err('ENOENT')
    if (!this.#host.files.has(path)) this.#modes.set(path, 0o644)
    this.#host.files.set(path, text)
    return ok(undefined)
  }

  /** Permissions of what is there. */
  modeOf(path: string): number {
    if (this.kindOf(path) === 'folder') return 0o755
    if (path.startsWith('/proc/sys/')) return 0o644
    if (isProcPath(path)) return 0o444
    const given = this.#modes.get(path)
    if (given !== undefined) return given
    const isScript = this.#commandAt(path) !== undefined || this.#host.files.get(path)?.startsWith('#!') === true
    return isScript ? 0o755 : 0o644
  }

  /** Sets permissions: ENOENT. */
  setMode(path: string, mode: number): Result<void, Errno> {
    if (this.kindOf(path) === undefined) return err('ENOENT')
    // A file that may be executed by its first line keeps that right under `chmod 700` and `chmod +x` alike.
    this.#modes.set(path, mode & (EXECUTABLE | 0o666))
    return ok(undefined)
  }

  /** Names in a folder, sorted; undefined when there is no such folder. */
  list(path: string): string[] | undefined {
    if (isProcPath(path)) return listProc(this.#host, path)
    if (!this.#isFolder(path)) return undefined
    const prefix = path === '/' ? '/' : `${path}/`
    const names = new Set<string>()
    const add = (other: string): void => {
      if (other.startsWith(prefix) && other !== prefix) names.add(other.slice(prefix.length).split('/')[0] ?? '')
    }
    for (const folder of this.#folders) add(folder)
    for (const file of this.#host.files.keys()) add(file)
    if (COMMAND_FOLDERS.includes(prefix)) for (const command of this.#commands) names.add(command)
    return [...names].sort()
  }

  /** Makes a folder, with those above it if `recursive`: EEXIST, ENOENT, EPERM under /proc. */
  makeFolder(path: string, recursive: boolean): Result<void, Errno> {
    if (isProcPath(path)) return err(recursive && this.kindOf(path) === 'folder' ? 'EEXIST' : 'EPERM')
    if (this.kindOf(path) !== undefined) return recursive ? ok(undefined) : err('EEXIST')
    const above = folderOf(path)
    if (!this.#isFolder(above)) {
      if (!recursive) return err('ENOENT')
      const made = this.makeFolder(above, true)
      if (!made.ok) return made
    }
    this.#folders.add(path)
    return ok(undefined)
  }

  /** Removes a file, or a folder with what is in it (if `recursive` or empty): ENOENT, ENOTEMPTY, EPERM under /proc. */
  remove(path: string, recursive: boolean): Result<void, Errno | 'ENOTEMPTY'> {
    const kind = this.kindOf(path)
    if (kind === undefined) return err('ENOENT')
    if (isProcPath(path) || DEVICES.has(path)) return err('EPERM')
    if (kind === 'file') {
      if (!this.#host.files.delete(path)) return err('EPERM')
      return ok(undefined)
    }
    if ((this.list(path)?.length ?? 0) > 0 && !recursive) return err('ENOTEMPTY')
    for (const file of [...this.#host.files.keys()]) if (file.startsWith(`${path}/`)) this.#host.files.delete(file)
    for (const folder of [...this.#folders]) if (folder === path || folder.startsWith(`${path}/`)) this.#folders.delete(folder)
    return ok(undefined)
  }

  /** Every path, for those who match names. */
  allPaths(): string[] {
    return [...this.#folders, ...this.#host.files.keys()]
  }

  #isFolder(path: string): boolean {
    if (this.#folders.has(path)) return true
    const prefix = `${path}/`
    for (const file of this.#host.files.keys()) if (file.startsWith(prefix)) return true
    return false
  }

  #commandAt(path: string): string | undefined {
    for (const folder of COMMAND_FOLDERS) {
      if (path.startsWith(folder) && this.#commands.has(path.slice(folder.length))) return path.slice(folder.length)
    }
    return undefined
  }
}

/** The folder a path stands in. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash <= 0 ? '/' : path.slice(0, slash)
}

/** `path` as seen from `cwd`, without `.`, `..` and doubled slashes. /var/run is /run, as on every Debian. */
export function resolvePath(cwd: string, path: string): string {
  const parts: string[] = []
  for (const part of (path.startsWith('/') ? path : `${cwd}/${path}`).split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  if (parts[0] === 'var' && parts[1] === 'run') parts.shift()
  return `/${parts.join('/')}`
}
