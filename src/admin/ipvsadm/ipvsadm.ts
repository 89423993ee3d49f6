/**
 * ipvsadm 1.31, ipvsadm-save and ipvsadm-restore. Follows process_options() and restore_table() in ipvsadm.c.
 * The sync daemons are configured and listed; that they do nothing, and that SCTP is not carried, is told as a warning.
 * @module
 */
import { present } from '../../base/assert.ts'
import type { IpvsCommand, IpvsErrno } from '../../ipvs/control/command.ts'
import type { DestinationRule, ServiceId, ServiceOptions } from '../../ipvs/control/rules.ts'
import { attachIpvs, type Ipvs } from '../../ipvs/director.ts'
import { IPV4_ANY } from '../../wire/address.ts'
import { refused, unsupported, type Tool, type ToolContext, type ToolResult } from '../tool.ts'
import { listDaemons } from './daemon-options.ts'
import { HELP_TEXT, VERSION_TEXT } from './help.ts'
import { listConnections } from './list-connections.ts'
import { listAll, listOne, type ListFormat } from './list.ts'
import { limitsOf } from './limits.ts'
import { lossesOfSave } from './losses.ts'
import { kernelMessage } from './messages.ts'
import { Names } from './names.ts'
import { parseArguments } from './parse.ts'
import { TRY_HELP, type IpvsadmRequest, type Refusal } from './request.ts'

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
  readonly #stdin: string
  stdout = ''
  stderr = ''
  exitCode = 0
  /** Set when the tool has exited: no line is read after that. */
  #hasExited = false
  readonly #warnings: string[] = []

  constructor(context: ToolContext, ipvs: Ipvs) {
    this.ipvs = ipvs
    this.#stdin = context.stdin
    this.names = new Names((path) => context.readFile(path))
  }

  get result(): ToolResult {
    const { stdout, stderr, exitCode } = this
    return { stdout, stderr, exitCode, ...(this.#warnings.length === 0 ? {} : { warnings: this.#warnings }) }
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
      case 'save': return this.#save(request)
      case 'restore': return isFromStdin ? this.#refuse(TRY_HELP) : this.#restore()
      default: return this.#command(request)
    }
  }

  #save({ given }: IpvsadmRequest): number {
    this.stdout += listAll(this.ipvs.services.all, { ...formatOf(given), view: 'rule' }, this.names)
    this.#warnings.push(...lossesOfSave(this.ipvs.rules))
    return 0
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
    } else if (given.has('daemon')) {
      this.stdout += listDaemons(this.ipvs.rules)
    } else {
      this.stdout += listAll(this.ipvs.services.all, format, this.names)
    }
    return 0
  }

  #command(request: IpvsadmRequest): number {
    const command = commandOf(request)
    const applied = this.ipvs.apply(command)
    if (!applied.ok) return this.#fail(applied.error.code, request.command)
    this.#warnings.push(...limitsOf(command))
    return 0
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
export function commandOf(request: IpvsadmRequest): IpvsCommand {
  const service = serviceId(request)
  switch (request.command) {
    case 'add-service': return { kind: 'add-service', service, options: optionsOf(request) }
    case 'edit-service': return { kind: 'edit-service', service, options: optionsOf(request) }
    case 'delete-service': return { kind: 'delete-service', service }
    case 'add-server': return { kind: 'add-destination', service, destination: destinationOf(request) }
    case 'edit-server': return { kind: 'edit-destination', service, destination: destinationOf(request) }
    case 'delete-server': return {
      kind: 'delete-destination', service, addr: present(request.server, 'server').addr,
      port: request.serverPort,
    }
    case 'start-daemon': return { kind: 'start-daemon', role: request.daemonRole, wish: request.daemon }
    case 'stop-daemon': return { kind: 'stop-daemon', role: request.daemonRole }
    case 'zero': return { kind: 'zero', service: request.given.has('service-address') ? service : undefined }
    case 'set': {
      const [tcpSeconds = 0, tcpFinSeconds = 0, udpSeconds = 0] = request.timeouts
      return { kind: 'set-timeouts', timeouts: { tcpSeconds, tcpFinSeconds, udpSeconds } }
    }
    default: return { kind: 'flush' }
  }
}

function optionsOf(request: IpvsadmRequest): ServiceOptions {
  const { scheduler, schedulerFlags, persistenceSeconds, netmask, engine, onePacket } = request
  return { scheduler, schedulerFlags, persistenceSeconds, netmask, engine, onePacket }
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
