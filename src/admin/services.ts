/**
 * service(8) and systemctl(1): start, stop, restart, reload, status, enable and their kin, for the daemons that a host is given.
 * A daemon enters its name with `registerService`; the `ipvsadm` service saves and restores the table by the tool of that name.
 * @module
 */
import type { Host } from '../host/host.ts'
import { printed, refused, unsupported, type Tool, type ToolContext, type ToolResult } from './tool.ts'

/** A daemon of a host. Each function does nothing when there is nothing to do. */
export interface Service {
  isActive(): boolean
  start(): void
  stop(): void
  /** Reads its configuration again; without it, a restart. */
  reload?(): void
}

const services = new WeakMap<Host, Map<string, Service>>()

/** Enters a daemon of a host by its unit's name, without `.service`. A second one of the name takes its place. */
export function registerService(host: Host, name: string, service: Service): void {
  let known = services.get(host)
  if (known === undefined) services.set(host, known = new Map())
  known.set(name, service)
}

/** Names that stand for a host's web server, whichever of them it was entered by. */
const WEB_SERVERS = ['nginx', 'httpd', 'apache2', 'lighttpd']
/** Services of a machine that have no part in a simulation: nothing happens, and nothing is said. */
const INERT = ['firewalld', 'NetworkManager', 'rsyslog', 'syslog', 'sshd', 'ssh', 'chronyd', 'ntpd', 'cron', 'crond', 'selinux']
const VERBS = [
  'start', 'stop', 'restart', 'reload', 'status', 'save', 'enable', 'disable', 'is-active', 'condrestart', 'try-restart',
  'force-reload', 'daemon-reload', 'is-enabled', 'clear',
]

/** `service NAME VERB`. `tools` has ipvsadm. */
export function makeService(tools: ReadonlyMap<string, Tool>): Tool {
  return (context) => {
    const [name, verb] = context.argv
    if (name === undefined || verb === undefined) {
      return refused('Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]\n', 1)
    }
    return control(context, tools, name, verb)
  }
}

/** `systemctl VERB NAME...`. `tools` has ipvsadm. */
export function makeSystemctl(tools: ReadonlyMap<string, Tool>): Tool {
  return async (context) => {
    const words = context.argv.filter((word) => word !== '--now' && word !== '-q' && word !== '--quiet' && word !== '--no-pager')
    const [verb, ...names] = words
    if (verb === undefined || verb.startsWith('-')) return unsupported(verb ?? 'systemctl', 'systemctl: this is not modelled')
    if (verb === 'daemon-reload') return printed('')
    if (names.length === 0) return refused('Too few arguments.\n', 1)
    let stdout = ''
    let stderr = ''
    let exitCode = 0
    for (const name of names) {
      const isNow = context.argv.includes('--now')
      const asked = isNow && verb === 'enable' ? 'start' : isNow && verb === 'disable' ? 'stop' : verb
      const result = await control(context, tools, name.replace(/\.service$/, ''), asked)
      if (result.unsupported !== undefined) return result
      stdout += result.stdout
      stderr += result.stderr
      exitCode = result.exitCode
    }
    return { stdout, stderr, exitCode }
  }
}

async function control(context: ToolContext, tools: ReadonlyMap<string, Tool>, name: string, verb: string): Promise<ToolResult> {
  if (!VERBS.includes(verb)) return unsupported(verb, `service: "${verb}" is not modelled`)
  const known = services.get(context.host)
  const alias = WEB_SERVERS.includes(name) ? WEB_SERVERS.find((other) => known?.has(other)) : undefined
  const service = known?.get(name) ?? (alias === undefined ? undefined : known?.get(alias))
  if (service === undefined && name === 'ipvsadm') return ipvsadmService(context, tools, verb)
  if (service === undefined && INERT.includes(name)) return printed(verb === 'is-active' ? 'inactive\n' : '')
  if (service === undefined) {
    if (verb === 'is-active') return { stdout: 'inactive\n', stderr: '', exitCode: 3 }
    if (verb === 'status') return refused(`Unit ${name}.service could not be found.\n`, 4)
    return refused(`Failed to ${verb} ${name}.service: Unit ${name}.service not found.\n`, 5)
  }
  return act(service, name, verb)
}

function act(service: Service, name: string, verb: string): ToolResult {
  switch (verb) {
    case 'start':
      service.start()
      return printed('')
    case 'stop':
      service.stop()
      return printed('')
    case 'restart': case 'force-reload':
      service.stop()
      service.start()
      return printed('')
    case 'condrestart': case 'try-restart':
      if (service.isActive()) {
        service.stop()
        service.start()
      }
      return printed('')
    case 'reload':
      if (service.reload !== undefined) service.reload()
      else if (service.isActive()) {
        service.stop()
        service.start()
      }
      return printed('')
    case 'is-active':
      return { stdout: service.isActive() ? 'active\n' : 'inactive\n', stderr: '', exitCode: service.isActive() ? 0 : 3 }
    case 'status': {
      const [dot, state, exitCode] = service.isActive() ? ['●', 'active (running)', 0] : ['○', 'inactive (dead)', 3]
      return { stdout: `${dot} ${name}.service\n     Active: ${state}\n`, stderr: '', exitCode: Number(exitCode) }
    }
    case 'save': return unsupported(verb, `service ${name}: "save" is not modelled`)
    default: return printed('')
  }
}

/** Where Red Hat's script keeps the rules; Debian's keeps them in /etc/ipvsadm.rules. */
const SAVED_RULES = '/etc/sysconfig/ipvsadm'

async function ipvsadmService(context: ToolContext, tools: ReadonlyMap<string, Tool>, verb: string): Promise<ToolResult> {
  const ipvsadm = tools.get('ipvsadm')
  if (ipvsadm === undefined) return unsupported('ipvsadm', 'service: ipvsadm is not modelled')
  switch (verb) {
    case 'save': {
      const saved = await ipvsadm({ ...context, argv: ['-S', '-n'], stdin: '' })
      if (saved.exitCode === 0) context.writeFile(SAVED_RULES, saved.stdout)
      return { ...saved, stdout: '' }
    }
    case 'start': case 'restart': case 'reload': case 'force-reload': {
      const rules = context.readFile(SAVED_RULES) ?? context.readFile('/etc/ipvsadm.rules')
      await ipvsadm({ ...context, argv: ['-C'], stdin: '' })
      return rules === undefined ? printed('') : ipvsadm({ ...context, argv: ['-R'], stdin: rules })
    }
    case 'stop': case 'clear': return ipvsadm({ ...context, argv: ['-C'], stdin: '' })
    case 'status': return ipvsadm({ ...context, argv: ['-L', '-n'], stdin: '' })
    default: return printed('')
  }
}
