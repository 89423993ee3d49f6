/**
 * ls(1) as in the C locale: names, one per line, or with -l their kind and size. Owners are always root, times the start of
 * the run.
 * @module
 */
import type { ShellResult } from './shell-task.ts'
import { resolvePath, type HostFiles } from './host-files.ts'

/** Lists files and folders: -a -A -l -1 -d -F, and those that only change the order by time, which is the same for all. */
export function list(files: HostFiles, args: readonly string[], cwd: string): ShellResult {
  const options = new Set(args.filter((word) => /^-./.test(word)).flatMap((word) => [...word.slice(1)]))
  const unknown = [...options].find((letter) => !'aAl1dFhtrnis'.includes(letter))
  if (unknown !== undefined) {
    return { stdout: '', stderr: `ls: invalid option -- '${unknown}'\nTry 'ls --help' for more information.\n`, exitCode: 2 }
  }
  const operands = args.filter((word) => !/^-./.test(word))
  const names = operands.length === 0 ? ['.'] : operands
  let stderr = ''
  const single: string[] = []
  const folders: string[] = []
  for (const name of names) {
    const kind = files.kindOf(resolvePath(cwd, name))
    if (kind === undefined) stderr += `ls: cannot access '${name}': No such file or directory\n`
    else if (kind === 'file' || options.has('d')) single.push(name)
    else folders.push(name)
  }
  const line = (name: string, path: string): string => (options.has('l')
    ? longLine(files, name, path)
    : `${name}${options.has('F') && files.kindOf(path) === 'folder' ? '/' : ''}\n`)
  const parts: string[] = []
  if (single.length > 0) parts.push(single.sort().map((name) => line(name, resolvePath(cwd, name))).join(''))
  for (const name of folders.sort()) {
    const path = resolvePath(cwd, name)
    const own = (files.list(path) ?? []).filter(
      (entry) => !entry.startsWith('lvsim-') && (options.has('a') || options.has('A') || !entry.startsWith('.')),
    )
    const listed = options.has('a') ? ['.', '..', ...own] : own
    if (options.has('r')) listed.reverse()
    const head = (names.length > 1 ? `${name}:\n` : '') + (options.has('l') ? 'total 0\n' : '')
    parts.push(head + listed.map((entry) => line(entry, resolvePath(path, entry))).join(''))
  }
  return { stdout: parts.join('\n'), stderr, exitCode: stderr === '' ? 0 : 2 }
}

function longLine(files: HostFiles, name: string, path: string): string {
  const isFolder = files.kindOf(path) === 'folder'
  const text = files.read(path)
  const bytes = text.ok ? new TextEncoder().encode(text.value).length : 4096
  const mode = files.modeOf(path)
  const bits = [...'rwxrwxrwx'].map((letter, index) => ((mode >> (8 - index)) & 1) === 1 ? letter : '-').join('')
  const size = String(path.startsWith('/proc/') ? 0 : bytes).padStart(5)
  return `${isFolder ? 'd' : '-'}${bits} 1 root root ${size} Jan  1  1970 ${name}\n`
}
