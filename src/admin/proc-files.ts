/**
 * What stands under /proc on a host: a live view of its sysctls under /proc/sys, and files that are written out when read.
 * Processes have no folders there.
 * @module
 */
import { err, ok, type Result } from '../base/result.ts'
import type { Errno } from '../host/errno.ts'
import type { Host } from '../host/host.ts'

/** Writes out a file; undefined when the host has no such file now (its module is not loaded). */
export type ProcRenderer = (host: Host) => string | undefined

const SYS = '/proc/sys/'
const renderers = new Map<string, ProcRenderer>()

/** Adds a file, on every host. Done once, while modules are loaded: it describes code, not a run. */
export function registerProcFile(path: string, render: ProcRenderer): void {
  renderers.set(path, render)
}

/** True for /proc and everything under it. */
export function isProcPath(path: string): boolean {
  return path === '/proc' || path.startsWith('/proc/')
}

/** The text of a file; undefined when there is none. */
export function readProc(host: Host, path: string): string | undefined {
  if (path.startsWith(SYS)) {
    const value = host.sysctl.find(sysctlName(path))
    return value === undefined ? undefined : `${value}\n`
  }
  return renderers.get(path)?.(host)
}

/** Writes a sysctl: ENOENT when there is no such file (nothing can be created here), EACCES for one that is only read. */
export function writeProc(host: Host, path: string, text: string): Result<void, Errno> {
  if (!path.startsWith(SYS)) return err(renderers.get(path)?.(host) === undefined ? 'ENOENT' : 'EACCES')
  const name = sysctlName(path)
  if (!host.sysctl.has(name)) return err('ENOENT')
  // Opening a file for writing cuts it to nothing first, which means nothing here.
  if (text === '') return ok(undefined)
  const written = host.sysctl.set(name, text)
  return written.ok ? ok(undefined) : written
}

/** Names in a folder, sorted; undefined when there is no such folder. */
export function listProc(host: Host, path: string): string[] | undefined {
  const prefix = `${path}/`
  const names = new Set<string>()
  for (const other of allPaths(host)) {
    if (other.startsWith(prefix)) names.add((other.slice(prefix.length).split('/')[0]) ?? '')
  }
  return names.size === 0 ? undefined : [...names].sort()
}

/** `net.ipv4.ip_forward` for /proc/sys/net/ipv4/ip_forward. */
function sysctlName(path: string): string {
  return path.slice(SYS.length).replaceAll('/', '.')
}

function allPaths(host: Host): string[] {
  const rendered = [...renderers].filter(([, render]) => render(host) !== undefined).map(([path]) => path)
  return [...rendered, ...host.sysctl.names().map((name) => SYS + name.replaceAll('.', '/'))]
}
