/**
 * modprobe(8) and lsmod(8) of kmod 30. A module cannot be unloaded, and takes no options. Sizes are of the right order only.
 * @module
 */
import type { Host } from '../host/host.ts'
import { printed, refused, unsupported, type Tool } from './tool.ts'

/** Loads modules, those they need first. */
export const modprobe: Tool = ({ host, argv }) => {
  let isQuiet = false
  let takesAll = false
  const names: string[] = []
  for (const argument of argv) {
    if (argument === '-q' || argument === '--quiet') isQuiet = true
    else if (argument === '-a' || argument === '--all') takesAll = true
    else if (argument.startsWith('-') && argument !== '-v' && argument !== '-s') {
      return unsupported(argument, `modprobe: option ${argument} is not modelled`)
    } else if (!argument.startsWith('-')) names.push(argument)
  }
  const [first, ...rest] = names
  if (first === undefined) return refused('modprobe: ERROR: missing parameters. See -h.\n', 1)
  const [option] = rest
  if (!takesAll && option !== undefined) return unsupported(option, 'modprobe: options of modules are not modelled')
  let stderr = ''
  for (const name of takesAll ? names : [first]) {
    const module = name.replaceAll('-', '_')
    if (/^ip_vs_/.test(module) && host.profile.modules.includes(module)) host.modules.load('ip_vs')
    if (host.modules.load(name).ok || isQuiet) continue
    stderr += takesAll ? `modprobe: WARNING: Module ${name} not found in directory /lib/modules/${host.profile.kernelRelease}\n`
      : `modprobe: FATAL: Module ${name} not found in directory /lib/modules/${host.profile.kernelRelease}\n`
  }
  const hasFailed = !host.modules.has(first) && (isQuiet || stderr !== '')
  return { stdout: '', stderr, exitCode: stderr !== '' || hasFailed ? 1 : 0 }
}

/** Lists the loaded modules, the youngest first. */
export const lsmod: Tool = ({ host }) => printed(moduleTable(host, (name, size, users) => {
  return `${name.padEnd(19)} ${String(size).padStart(8)}  ${users.length}${users.length === 0 ? '' : ` ${users.join(',')}`}\n`
}, 'Module                  Size  Used by\n'))

/** /proc/modules. */
export function procModules(host: Host): string {
  return moduleTable(
    host,
    (name, size, users) => {
      return `${name} ${size} ${users.length} ${users.length === 0 ? '-' : `${users.join(',')},`} Live 0x0000000000000000\n`
    },
    '',
  )
}

function moduleTable(host: Host, row: (name: string, size: number, users: readonly string[]) => string, head: string): string {
  const loaded = [...host.modules.loaded()].reverse()
  return head + loaded.map((name) => {
    const users = name === 'ip_vs' ? loaded.filter((other) => other.startsWith('ip_vs_')) : []
    return row(name, name === 'ip_vs' ? 184_320 : 16_384, users)
  }).join('')
}
