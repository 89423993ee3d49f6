/**
 * sysctl(8) of procps 4.0: show, set, -a, -p, -n, -e, -q. Of the sysctls that lvsim has no part in, those that touch no packet
 * (kernel, vm, fs) are taken and forgotten, and others are taken only with the value they have in Linux anyway.
 * @module
 */
import type { Host } from '../host/host.ts'
import { errnoText } from '../host/errno.ts'
import { unsupported, type Tool, type ToolResult } from './tool.ts'

/** Sysctls that exist in Linux and not here, with the value they have there. */
const FIXED: readonly (readonly [RegExp, string])[] = [
  [/^net\.ipv4\.conf\.\w+\.(accept_source_route|arp_accept|arp_notify|promote_secondaries|route_localnet)$/, '0'],
  [/^net\.ipv4\.(tcp_syncookies|tcp_timestamps|icmp_ignore_bogus_error_responses)$/, '1'], [/^net\.ipv4\.tcp_tw_reuse$/, '2'],
]
/** Sysctls that touch no packet. */
const HARMLESS = /^(kernel|vm|fs|dev|user|abi|debug)\./

interface Options {
  readonly names: boolean
  readonly valuesOnly: boolean
  readonly ignoreUnknown: boolean
  readonly quiet: boolean
}

/** The tool. */
export const sysctl: Tool = ({ host, argv, readFile }) => {
  let write = false
  let all = false
  let load = false
  const options = { names: false, valuesOnly: false, ignoreUnknown: false, quiet: false }
  const operands: string[] = []
  for (const argument of argv) {
    if (!argument.startsWith('-')) {
      operands.push(argument)
      continue
    }
    const letters = argument.startsWith('--') ? LONG_OPTIONS[argument] : argument.slice(1)
    if (letters === undefined) return unsupported(argument, `sysctl: option ${argument} is not modelled`)
    for (const letter of letters) {
      switch (letter) {
        case 'w': write = true; break
        case 'a': case 'A': case 'X': all = true; break
        case 'p': case 'f': load = true; break
        case 'n': options.valuesOnly = true; break
        case 'N': options.names = true; break
        case 'e': options.ignoreUnknown = true; break
        case 'q': options.quiet = true; break
        default: return unsupported(argument, `sysctl: option ${argument} is not modelled`)
      }
    }
  }
  const run = new Run(host, options)
  if (load) {
    for (const path of operands.length === 0 ? ['/etc/sysctl.conf'] : operands) run.load(path, readFile(path))
  } else if (all) {
    for (const name of host.sysctl.names().sort()) run.show(name, name)
  } else {
    if (operands.length === 0) run.stderr += `sysctl: no variables specified\nTry \`sysctl --help' for more information.\n`
    for (const operand of operands) {
      const outcome = run.operand(operand, write)
      if (outcome !== undefined) return outcome
    }
  }
  return run.stop ?? { stdout: run.stdout, stderr: run.stderr, exitCode: run.stderr === '' ? 0 : 1 }
}

const LONG_OPTIONS: Record<string, string> = {
  '--all': 'a', '--values': 'n', '--names': 'N', '--write': 'w', '--load': 'p', '--quiet': 'q', '--ignore': 'e', '--system': 'p',
}

/** One call of the tool. */
class Run {
  readonly #host: Host
  readonly #options: Options
  stdout = ''
  stderr = ''
  stop: ToolResult | undefined

  constructor(host: Host, options: Options) {
    this.#host = host
    this.#options = options
  }

  /** `name`, or `name=value`. */
  operand(text: string, mustWrite: boolean): ToolResult | undefined {
    const equals = text.indexOf('=')
    if (equals >= 0) this.set(text.slice(0, equals).trim(), text.slice(equals + 1).trim(), text)
    else if (mustWrite) this.stderr += `sysctl: "${text}" must be of the form name=value\n`
    else this.#showAll(text)
    return this.stop
  }

  /** Sets one. */
  set(key: string, value: string, typed: string): void {
    const name = dotted(key)
    const { sysctl } = this.#host
    if (!sysctl.has(name)) return this.#setUnknown(key, name, value, typed)
    const written = sysctl.set(name, value)
    if (!written.ok) {
      this.stderr += written.error === 'EACCES'
        ? `sysctl: permission denied on key "${name}"\n`
        : `sysctl: setting key "${name}": ${errnoText(written.error)}\n`
    } else if (!this.#options.quiet) {
      this.stdout += this.#line(name, value)
    }
  }

  /** Reads the lines of a file of settings. */
  load(path: string, text: string | undefined): void {
    if (text === undefined) {
      this.stderr += `sysctl: cannot open "${path}": No such file or directory\n`
      return
    }
    for (const [index, raw] of text.split('\n').entries()) {
      const line = raw.trim()
      if (line === '' || line.startsWith('#') || line.startsWith(';')) continue
      const equals = line.indexOf('=')
      if (equals < 0) this.stderr += `sysctl: ${path}(${index + 1}): invalid syntax, continuing...\n`
      else this.set(line.slice(0, equals).trim(), line.slice(equals + 1).trim(), line)
      if (this.stop !== undefined) return
    }
  }

  /** Shows one that is there. */
  show(name: string, shownAs: string): void {
    const value = this.#host.sysctl.find(name)
    if (value !== undefined) this.stdout += this.#line(shownAs, value)
  }

  /** Shows one, or all under a folder. */
  #showAll(key: string): void {
    const name = dotted(key)
    const { sysctl } = this.#host
    if (sysctl.has(name)) return this.show(name, name)
    const under = sysctl.names().filter((other) => other.startsWith(`${name}.`)).sort()
    for (const other of under) this.show(other, other)
    if (under.length > 0) return
    const known = FIXED.find(([pattern]) => pattern.test(name))
    if (known !== undefined) this.stdout += this.#line(name, known[1])
    else if (isElsewhere(name)) this.stop = unsupported(key, `sysctl: ${name} is not modelled`)
    else this.#missing(key)
  }

  #setUnknown(key: string, name: string, value: string, typed: string): void {
    const known = FIXED.find(([pattern]) => pattern.test(name))
    const isTaken = HARMLESS.test(name) || (known !== undefined && known[1] === value)
    if (isTaken) {
      if (!this.#options.quiet) this.stdout += this.#line(name, value)
    } else if (isElsewhere(name)) {
      this.stop = unsupported(typed.includes(key) ? key : name, `sysctl: ${name} is not modelled`)
    } else {
      this.#missing(key)
    }
  }

  #missing(key: string): void {
    if (!this.#options.ignoreUnknown) {
      this.stderr += `sysctl: cannot stat /proc/sys/${dotted(key).replaceAll('.', '/')}: No such file or directory\n`
    }
  }

  #line(name: string, value: string): string {
    if (this.#options.names) return `${name}\n`
    return this.#options.valuesOnly ? `${value}\n` : `${name} = ${value}\n`
  }
}

/** True for what Linux may well have and lvsim has not: saying "No such file" of it would be a lie. */
function isElsewhere(name: string): boolean {
  if (HARMLESS.test(name)) return true
  // What lvsim models, it models with every name that Linux has.
  if (/^net\.ipv4\.(vs|conf\.\w+)\./.test(name)) return FIXED.some(([pattern]) => pattern.test(name))
  return /^net\.(core|netfilter|bridge|ipv6|unix)\./.test(name)
    || /^net\.ipv4\.(tcp|udp|icmp|igmp|ip|inet|route|neigh|fib|ping|cipso|fwmark|nexthop|raw)_?/.test(name)
}

/** `net/ipv4/ip_forward` and `net.ipv4.ip_forward` are the same. */
function dotted(key: string): string {
  return key.replaceAll('/', '.')
}
