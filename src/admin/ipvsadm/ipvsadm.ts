/**
 * ipvsadm 1.31, ipvsadm-save and ipvsadm-restore. Follows process_options() and restore_table() in ipvsadm.c.
 * Sync daemons and persistence engines are not modelled, and refused as such.
 * @module
 */
import { present } from '../../base/assert.ts'
import type { Host } from '../../host/host.ts'
import type { IpvsCommand, IpvsErrno } from '../../ipvs/control/command.ts'
import type { DestinationRule, ServiceId, ServiceOptions } from '../../ipvs/control/rules.ts'
import { attachIpvs, type Ipvs } from '../../ipvs/director.ts'
import { IPV4_ANY } from '../../wire/address.ts'
import { refused, unsupported, type Tool, type ToolContext, type ToolResult, type Unsupported } from '../tool.ts'
import { HELP_TEXT, VERSION_TEXT } from './help.ts'
import { listConnections } from './list-connections.ts'
import { listAll, listOne, type ListFormat } from './list.ts'
import { kernelMessage } from './messages.ts'
import { Names } from './names.ts'
import { parseArguments } from './parse.ts'
import { TRY_HELP, type IpvsadmRequest, type Refusal } from './request.ts'
import { parseFlags } from './scheduler-flags.ts'

/** The exit code of an error of the kernel, or of a command line that cannot be read. */
const FAILED = 255

/** The tool. */
export const ipvsadm: Tool = (context) => {
  const run = openRun(context)
  if (!(run instanceof Run)) return run
  if (context.argv.length === 0) run.stdout += listAll(run.ipvs.services.all, formatOf(new Set()), run.names)
  else run.exitCode = run.line(context.argv, false)
  return run.result
}

/** `ipvsadm-save [-n]`: the rules as commands. */
export const ipvsadmSave: Tool = (context) => ipvsadm({ ...context, argv: ['-S', ...context.argv] })

/** `ipvsadm-restore`: clears the table, then takes commands from standard input, without lines that begin with `#`. */
export const ipvsadmRestore: Tool = async (context) => {
  const [option] = context.argv
  if (option !== undefined) return unsupported(option, `ipvsadm-restore: ${option} is not modelled`)
  const cleared = await ipvsadm({ ...context, argv: ['-C'] })
  if (cleared.exitCode !== 0) return cleared
  const stdin = context.stdin.split('\n').filter((line) => !line.startsWith('#')).join('\n')
  return ipvsadm({ ...context, argv: ['-R'], stdin })
}

/** Opens the way to the kernel: loads the module if need be. */
function openRun(context: ToolContext): Run | ToolResult {
  const { host } = context
  if (!host.modules.load('ip_vs').ok) {
    return refused('Can\'t initialize ipvs: No such file or directory\n'
      + 'Are you sure that IP Virtual Server is built in the kernel or as module?\n', 2)
  }
  return new Run(context, attachIpvs(host))
}

/** One call of the tool; with -R, it carries out many lines. */
class Run {
  readonly ipvs: Ipvs
  readonly names: Names
  readonly #host: Host
  readonly #stdin: string
  stdout = ''
  stderr = ''
  exitCode = 0
  /** Set when the tool has exited: no line is read after that. */
  #hasExited = false
  #unsupported: Unsupported | undefined

  constructor(context: ToolContext, ipvs: Ipvs) {
    this.ipvs = ipvs
    this.#host = context.host
    this.#stdin = context.stdin
    this.names = new Names((path) => context.readFile(path))
  }

  get result(): ToolResult {
    const { stdout, stderr, exitCode } = this
    return this.#unsupported === undefined ? { stdout, stderr, exitCode } : {
      stdout, stderr, exitCode: 3, unsupported: this.#unsupported,
    }
  }

  /** Carries out one command line; gives its exit code. */
  line(argv: readonly string[], isFromStdin: boolean): number {
    const parsed = parseArguments(argv, this.names)
    if (!parsed.ok) return this.#refuse(parsed.error)
    if (parsed.value === 'help' || parsed.value === 'version') {
      this.stdout += parsed.value === 'help' ? HELP_TEXT : VERSION_TEXT
      this.#hasExited = true
      return 0
    }
    const request = parsed.value
    switch (request.command) {
      case 'list': return this.#list(request)
      case 'save': this.stdout += listAll(
        this.ipvs.services.all, { ...formatOf(request.given), view: 'rule' }, this.names,
      ); return 0
      case 'restore': return isFromStdin ? this.#refuse(TRY_HELP) : this.#restore()
      case 'start-daemon': return this.#stop('--start-daemon', 'the sync daemons are not modelled')
      case 'stop-daemon': return this.#fail('ESRCH', 'stop-daemon')
      default: return this.#command(request)
    }
  }

  #restore(): number {
    let result = 0
    for (const line of this.#stdin.split('\n')) {
      const words = line.split(/\s+/).filter((word) => word !== '')
      if (words[0] === 'ipvsadm') words.shift()
      if (words.length === 0) continue
      result = this.line(words, true)
      if (this.#hasExited) break
    }
    return result
  }

  #list(request: IpvsadmRequest): number {
    const { given } = request
    const format = formatOf(given)
    if (given.has('connection')) {
      const view = { isNumeric: format.isNumeric, names: this.names, showsEngines: given.has('persistent-conn') }
      this.stdout += listConnections(this.ipvs, view)
    } else if (given.has('service-address')) {
      const service = this.ipvs.services.find(serviceId(request))
      if (service === undefined) return this.#fail('ESRCH', 'list', 1)
      this.stdout += listOne(service, format, this.names)
    } else if (given.has('timeout')) {
      const { tcpSeconds, tcpFinSeconds, udpSeconds } = this.ipvs.rules.timeouts
      this.stdout += `Timeout (tcp tcpfin udp): ${tcpSeconds} ${tcpFinSeconds} ${udpSeconds}\n`
    } else if (!given.has('daemon')) {
      this.stdout += listAll(this.ipvs.services.all, format, this.names)
    }
    return 0
  }

  #command(request: IpvsadmRequest): number {
    let schedulerFlags = 0
    if (request.given.has('sched-flags')) {
      const flags = parseFlags(request.schedulerFlags, request.scheduler)
      if (!flags.ok) return this.#refuse({ text: `${flags.error}\n`, exitCode: 2, kind: 'exit' })
      schedulerFlags = flags.value
    }
    if (request.engine === 'sip') return this.#stop('--pe', 'the persistence engine sip is not modelled')
    if (request.engine !== '') return this.#fail('ENOENT', request.command)
    const applied = this.ipvs.apply(commandOf(request, schedulerFlags))
    return applied.ok ? 0 : this.#fail(applied.error.code, request.command)
  }

  #fail(code: IpvsErrno, command: IpvsadmRequest['command'], exitCode = FAILED): number {
    this.stderr += `${kernelMessage(code, command)}\n`
    return exitCode
  }

  #refuse(refusal: Refusal): number {
    this.stderr += refusal.text
    if (refusal.kind === 'exit') this.#hasExited = true
    return refusal.exitCode
  }

  #stop(word: string, what: string): number {
    this.#unsupported = { word, what: `ipvsadm: ${what}` }
    this.stderr += `lvsim: ipvsadm on ${this.#host.name}: ${what}\n`
    this.#hasExited = true
    return FAILED
  }
}

function formatOf(given: IpvsadmRequest['given']): ListFormat {
  const view = (
    ['stats', 'rate', 'thresholds', 'persistent-conn', 'tun-info'] as const
  ).find((name) => given.has(name)) ?? 'plain'
  return { view, isNumeric: given.has('numeric'), isExact: given.has('exact'), isSorted: !given.has('nosort') }
}

function serviceId(request: IpvsadmRequest): ServiceId {
  const { fwmark, protocol, addr, port } = request
  return fwmark === 0 ? { fwmark, isIpv6: request.isIpv6, protocol, addr, port }
    : { fwmark, isIpv6: request.isIpv6, protocol, addr: IPV4_ANY, port: 0 }
}

/** What the kernel is asked for. The request has been checked: what a command needs is there. */
function commandOf(request: IpvsadmRequest, schedulerFlags: number): IpvsCommand {
  const service = serviceId(request)
  switch (request.command) {
    case 'add-service': return { kind: 'add-service', service, options: optionsOf(request, schedulerFlags) }
    case 'edit-service': return { kind: 'edit-service', service, options: optionsOf(request, schedulerFlags) }
    case 'delete-service': return { kind: 'delete-service', service }
    case 'add-server': return { kind: 'add-destination', service, destination: destinationOf(request) }
    case 'edit-server': return { kind: 'edit-destination', service, destination: destinationOf(request) }
    case 'delete-server': return {
      kind: 'delete-destination', service, addr: present(request.server, 'server').addr,
      port: request.serverPort,
    }
    case 'zero': return { kind: 'zero', service: request.given.has('service-address') ? service : undefined }
    case 'set': {
      const [tcpSeconds = 0, tcpFinSeconds = 0, udpSeconds = 0] = request.timeouts
      return { kind: 'set-timeouts', timeouts: { tcpSeconds, tcpFinSeconds, udpSeconds } }
    }
    default: return { kind: 'flush' }
  }
}

function optionsOf(request: IpvsadmRequest, schedulerFlags: number): ServiceOptions {
  const { scheduler, persistenceSeconds, netmask, onePacket } = request
  return { scheduler, schedulerFlags, persistenceSeconds, netmask, onePacket }
}

function destinationOf(request: IpvsadmRequest): DestinationRule {
  const { given, method, weight, upperThreshold, lowerThreshold, tunnelType, tunnelPort } = request
  return {
    addr: present(request.server, 'server').addr, port: request.serverPort, method, weight, upperThreshold,
    lowerThreshold,
    tunnel: {
      type: tunnelType, port: tunnelPort,
      checksum: given.has('tun-remcsum') ? 'remote' : given.has('tun-csum') ? 'full' : 'none',
    },
  }
}
