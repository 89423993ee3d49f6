/**
 * arping(8) of iputils 20221126: -c -w -I -i -s -f -b -q -U -A -D. Broadcasts first, and asks whoever answered alone from
 * then on.
 * @module
 */
import { NS_PER_MILLISECOND, secondsToNs } from '../base/units.ts'
import type { Device } from '../host/device.ts'
import type { Host } from '../host/host.ts'
import { formatIp, formatMac, MAC_BROADCAST, IPV4_ANY, type IpAddr, type MacAddr } from '../wire/address.ts'
import { ARP_REPLY, ARP_REQUEST, type ArpPacket } from '../wire/arp-packet.ts'
import { readOptions } from './options.ts'
import { resolve } from './names.ts'
import { Interrupted } from './shell/shell-task.ts'
import { refused, unsupported, type Tool, type ToolResult, type Waiter } from './tool.ts'

interface ArpingOptions {
  readonly host: Host
  readonly device: Device
  readonly target: IpAddr
  readonly source: IpAddr
  readonly count: number
  readonly deadlineNs: number
  readonly intervalNs: number
  readonly flags: ReadonlySet<string>
}

/** The tool. */
export const arping: Tool = async ({ host, argv, waiter }) => {
  const read = readOptions(argv, { valued: 'cwIsi', flags: 'fqbDUAV0' })
  if (!read.ok) return refused(`arping: invalid option -- '${read.error}'\n`, 2)
  const { values, flags, operands } = read.value
  if (flags.has('V') || flags.has('0')) return unsupported('-V', 'arping: option -V is not modelled')
  const [name] = operands
  if (name === undefined) return refused('Usage:\n  arping [options] <destination>\n', 2)
  const target = resolve(host, name, 4)
  if (target === undefined) return refused(`arping: ${name}: Name or service not known\n`, 2)
  const deviceName = values.get('I') ?? host.devices.find((other) => other.neighbors !== undefined && other.config.isUp)?.name
  if (deviceName === undefined) return refused('arping: no suitable device found\n', 2)
  const device = host.findDevice(deviceName)
  if (device === undefined) return refused(`arping: Device ${deviceName} not available.\n`, 2)
  if (device.neighbors === undefined || !device.config.usesArp) return refused(`Interface "${deviceName}" is not ARPable\n`, 2)
  if (!device.config.isUp) return refused(`arping: Interface "${deviceName}" is down\n`, 2)
  const given = values.get('s')
  const source = given === undefined ? ownAddress(host, device, target, flags) : resolve(host, given, 4)
  if (source === undefined) return refused(`arping: invalid source ${given}\n`, 2)
  if (given !== undefined && !host.isLocalAddress(source)) return refused('arping: bind: Cannot assign requested address\n', 2)
  return new ArpingRun({
    host, device, target, source, count: Number(values.get('c') ?? Infinity),
    deadlineNs: values.has('w') ? secondsToNs(Number(values.get('w'))) : Infinity,
    intervalNs: secondsToNs(Number(values.get('i') ?? 1)), flags,
  }).run(waiter)
}

/** Whose address the question gives: none with -D, the target's own with -U and -A, else what the route says. */
function ownAddress(host: Host, device: Device, target: IpAddr, flags: ReadonlySet<string>): IpAddr {
  if (flags.has('D')) return IPV4_ANY
  if (flags.has('U') || flags.has('A')) return target
  const route = host.findOutputRoute(target)
  if (route?.device === device) return route.source
  return device.config.addresses[0]?.addr ?? IPV4_ANY
}

class ArpingRun {
  readonly #options: ArpingOptions
  readonly #lines: string[] = []
  #sent = 0
  #broadcasts = 0
  #received = 0
  #answerer: MacAddr | undefined
  #sentNs = 0
  #wake: (() => void) | undefined

  constructor(options: ArpingOptions) {
    this.#options = options
  }

  async run(waiter: Waiter): Promise<ToolResult> {
    const { host, target, source, device, count, deadlineNs, intervalNs, flags } = this.#options
    this.#lines.push(`ARPING ${formatIp(target)} from ${formatIp(source)} ${device.name}\n`)
    const startNs = host.sim.nowNs
    const stopListening = host.arp.listen((where, packet) => {
      if (where === device) this.#take(packet)
    })
    let exitCode: number | undefined
    try {
      for (;;) {
        const isOver = this.#sent >= count && (deadlineNs === Infinity || this.#received >= count)
        if (isOver || host.sim.nowNs - startNs >= deadlineNs || this.#isContent) break
        if (this.#sent < count || deadlineNs < Infinity) this.#ask()
        const untilNs = Math.min(intervalNs, startNs + deadlineNs - host.sim.nowNs)
        await this.#pause(waiter, untilNs)
      }
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error
      exitCode = 143
    }
    stopListening()
    this.#lines.push(`Sent ${this.#sent} probes (${this.#broadcasts} broadcast(s))\nReceived ${this.#received} response(s)\n`)
    const stdout = flags.has('q') ? '' : this.#lines.join('')
    return { stdout, stderr: '', exitCode: exitCode ?? this.#exitCode() }
  }

  /** True when nothing more is to be waited for. */
  get #isContent(): boolean {
    const { flags, count } = this.#options
    if (flags.has('U') || flags.has('A')) return false
    return this.#received > 0 && (flags.has('f') || flags.has('D') || this.#received >= count)
  }

  async #pause(waiter: Waiter, ns: number): Promise<void> {
    const untilNs = this.#options.host.sim.nowNs + ns
    for (;;) {
      const leftNs = untilNs - this.#options.host.sim.nowNs
      if (leftNs <= 0 || this.#isContent) return
      await waiter.waitFor((resume) => {
        this.#wake = resume
      }, leftNs)
    }
  }

  #ask(): void {
    const { host, device, target, source, flags } = this.#options
    this.#sent++
    this.#sentNs = host.sim.nowNs
    const to = flags.has('b') ? undefined : this.#answerer
    if (to === undefined) this.#broadcasts++
    if (flags.has('A')) host.arp.announce(device, target, ARP_REPLY)
    else if (flags.has('U')) host.arp.announce(device, target, ARP_REQUEST)
    else host.arp.request(device, { spa: source, tpa: target, to, tha: to ?? MAC_BROADCAST })
  }

  #take(packet: ArpPacket): void {
    const { target, source, host, flags } = this.#options
    if (packet.op !== ARP_REPLY || packet.spa !== target || packet.tpa !== source) return
    this.#received++
    if (!flags.has('b')) this.#answerer ??= packet.sha
    const ms = ((host.sim.nowNs - this.#sentNs) / NS_PER_MILLISECOND).toFixed(3)
    this.#lines.push(`Unicast reply from ${formatIp(packet.spa)} [${formatMac(packet.sha).toUpperCase()}]  ${ms}ms\n`)
    this.#wake?.()
  }

  #exitCode(): number {
    const { flags } = this.#options
    if (flags.has('U') || flags.has('A')) return 0
    if (flags.has('D')) return this.#received > 0 ? 1 : 0
    return this.#received > 0 ? 0 : 1
  }
}
