/**
 * `ip tunnel`: IPIP and GRE tunnels with their ends. Of the other modes (sit, isatap, vti) and of keys, sequence numbers and
 * TOS nothing is modelled.
 * @module
 */
import { addDevice, removeDevice, setDeviceTunnel } from '../../host/config/devices.ts'
import { findDeviceConfig, isTunnel, type DeviceConfig, type NetConfig, type TunnelConfig } from '../../host/config/net-config.ts'
import { errnoText, type Errno } from '../../host/errno.ts'
import type { Host } from '../../host/host.ts'
import { formatIp, IPV4_ANY, type MacAddr, parseIpv4, type IpAddr } from '../../wire/address.ts'
import { printed, refused, unsupported, type ToolResult } from '../tool.ts'
import { expected, incomplete, isShortFor, Words } from './words.ts'

/** What the modes differ in: the module, the device it brings, names that Linux gives, and the MTU over Ethernet. */
interface Mode {
  readonly kind: 'ipip' | 'gre'
  readonly module: string
  readonly base: string
  readonly stem: string
  readonly mtuBytes: number
}

const IPIP: Mode = { kind: 'ipip', module: 'ipip', base: 'tunl0', stem: 'tunl', mtuBytes: 1480 }
const GRE: Mode = { kind: 'gre', module: 'ip_gre', base: 'gre0', stem: 'gre', mtuBytes: 1476 }
const MODES: ReadonlyMap<string, Mode> = new Map([['ipip', IPIP], ['ip/ip', IPIP], ['gre', GRE], ['gre/ip', GRE]])
/** A checksum makes the GRE header this much longer. */
const GRE_CHECKSUM_BYTES = 4
const OTHER_MODES: ReadonlySet<string> = new Set(['sit', 'ipv6/ip', 'isatap', 'vti', 'any'])
const OTHER_WORDS: ReadonlySet<string> = new Set([
  'key', 'ikey', 'okey', 'seq', 'iseq', 'oseq', 'tos', 'dsfield', 'dev', 'prl-default', '6rd-prefix', 'ignore-df',
])

interface Wanted {
  readonly name: string | undefined
  readonly mode: string | undefined
  readonly tunnel: Partial<TunnelConfig>
}

/** The object `tunnel` of ip(8). */
export function ipTunnel(host: Host, argv: readonly string[]): ToolResult {
  const [verb = 'show', ...rest] = argv
  if (isShortFor(verb, 'show') || isShortFor(verb, 'list')) return show(host, rest)
  const isAdd = isShortFor(verb, 'add')
  if (!isAdd && !isShortFor(verb, 'change') && !isShortFor(verb, 'del') && verb !== 'delete') {
    return verb === 'prl' || verb === '6rd' ? unsupported(verb, `ip tunnel: "${verb}" is not modelled`)
      : refused(`Command "${verb}" is unknown, try "ip tunnel help"\n`, 255)
  }
  const wanted = readWanted(new Words(rest))
  if ('exitCode' in wanted) return wanted
  if (isAdd) return add(host, wanted)
  return isShortFor(verb, 'change') ? change(host, wanted) : remove(host, wanted)
}

function readWanted(words: Words): Wanted | ToolResult {
  let name: string | undefined
  let mode: string | undefined
  const tunnel: { -readonly [K in keyof TunnelConfig]?: TunnelConfig[K] } = {}
  while (!words.isEmpty) {
    const word = words.take() ?? ''
    if (word === 'pmtudisc') tunnel.pmtuDiscovery = true
    else if (word === 'nopmtudisc') tunnel.pmtuDiscovery = false
    else if (word === 'csum' || word === 'icsum' || word === 'ocsum') {
      if (word !== 'ocsum') tunnel.checksumIn = true
      if (word !== 'icsum') tunnel.checksumOut = true
    } else if (OTHER_WORDS.has(word)) return unsupported(word, `ip tunnel: "${word}" is not modelled`)
    else if (/^(mode|remote|local|ttl|hoplimit|hlim|name)$/.test(word)) {
      const value = words.take()
      if (value === undefined) return incomplete()
      if (word === 'mode') mode = value
      else if (word === 'name') name = value
      else if (word === 'remote' || word === 'local') {
        const addr = readEnd(value)
        if (addr === undefined) return expected('inet address', value)
        tunnel[word] = addr
      } else {
        const isTtl = value === 'inherit' || (/^\d+$/.test(value) && Number(value) <= 255)
        if (!isTtl) return refused(`Error: argument "${value}" is wrong: invalid TTL\n\n`, 255)
        tunnel.ttl = value === 'inherit' ? 0 : Number(value)
      }
    } else if (name === undefined) name = word
    else return refused(`Error: either "name" is duplicate, or "${word}" is a garbage.\n`, 255)
  }
  return { name, mode, tunnel }
}

function readEnd(text: string): IpAddr | undefined {
  return text === 'any' ? IPV4_ANY : parseIpv4(text)
}

function add(host: Host, { name, mode, tunnel }: Wanted): ToolResult {
  if (mode !== undefined && OTHER_MODES.has(mode)) return unsupported(mode, `ip tunnel: mode ${mode} is not modelled`)
  const known = mode === undefined ? undefined : MODES.get(mode)
  if (known === undefined) return refused('cannot determine tunnel mode (ipip, gre, vti or sit)\n', 255)
  const { kind, base, stem } = known
  if (!host.modules.load(known.module).ok) return failed(base, 'ENODEV')
  const anywhere: TunnelConfig = {
    local: IPV4_ANY, remote: IPV4_ANY, ttl: 0, pmtuDiscovery: true, checksumIn: false, checksumOut: false,
  }
  // Only GRE has checksums; the words are let pass for all.
  const config: TunnelConfig = { ...anywhere, ...tunnel, ...(kind === 'gre' ? {} : { checksumIn: false, checksumOut: false }) }
  // A fixed TTL needs DF, or packets could run in circles (ipip_tunnel_ctl).
  if (config.ttl !== 0 && !config.pmtuDiscovery) return refused('ttl != 0 and nopmtudisc are incompatible\n', 255)
  if (host.net.devices.some((device) => device.kind === kind && hasSameEnds(device, config))) return failed(base, 'EEXIST')
  const mtuBytes = known.mtuBytes - (config.checksumOut ? GRE_CHECKSUM_BYTES : 0)
  const added = addDevice(host.net, {
    name: name ?? freeName(host.net, stem), kind, mac: 0 as MacAddr, mtuBytes, tunnel: config,
  })
  if (!added.ok) return failed(base, added.error)
  host.reconfigure(added.value)
  return printed('')
}

function change(host: Host, { name = 'tunl0', tunnel }: Wanted): ToolResult {
  const known = findDeviceConfig(host.net, name)?.tunnel
  if (known === undefined) return failed(name, 'ENODEV')
  const changed = setDeviceTunnel(host.net, name, { ...known, ...tunnel })
  if (!changed.ok) return failed(name, changed.error)
  host.reconfigure(changed.value)
  return printed('')
}

function remove(host: Host, { name = 'tunl0' }: Wanted): ToolResult {
  const device = findDeviceConfig(host.net, name)
  if (device === undefined || !isTunnel(device)) return failed(name, 'ENODEV')
  // The device of last resort stays as long as its module does.
  if (device.tunnel === undefined) return failed(name, 'EPERM')
  const removed = removeDevice(host.net, name)
  if (!removed.ok) return failed(name, removed.error)
  host.reconfigure(removed.value)
  return printed('')
}

function show(host: Host, names: readonly string[]): ToolResult {
  const [first] = names
  const named = first === undefined ? undefined : findDeviceConfig(host.net, first)
  if (first !== undefined && (named === undefined || !isTunnel(named))) return failed(first, 'ENODEV')
  const shown = host.net.devices.filter((device) => isTunnel(device) && (named === undefined || device === named))
  return printed(shown.map(tunnelLine).join(''))
}

function tunnelLine({ name, kind, tunnel }: DeviceConfig): string {
  if (tunnel === undefined) {
    return `${name}: ${kind === 'gre' ? 'gre' : 'any'}/ip remote any local any ttl inherit nopmtudisc\n`
  }
  const end = (addr: IpAddr): string => addr === IPV4_ANY ? 'any' : formatIp(addr)
  const mode = kind === 'gre' ? 'gre/ip' : 'ip/ip'
  const ttl = tunnel.ttl === 0 ? 'inherit' : String(tunnel.ttl)
  const rest = (tunnel.pmtuDiscovery ? '' : ' nopmtudisc')
    + (tunnel.checksumIn ? '\n  Checksum in received packet is required.' : '')
    + (tunnel.checksumOut ? '\n  Checksum output packets.' : '')
  return `${name}: ${mode} remote ${end(tunnel.remote)} local ${end(tunnel.local)} ttl ${ttl}${rest}\n`
}

function hasSameEnds({ tunnel }: DeviceConfig, config: TunnelConfig): boolean {
  return tunnel !== undefined && tunnel.local === config.local && tunnel.remote === config.remote
}

/** tunl1, tunl2, ... as Linux counts them up. */
function freeName(net: NetConfig, stem: string): string {
  let index = 1
  while (findDeviceConfig(net, `${stem}${index}`) !== undefined) index++
  return `${stem}${index}`
}

/** What the kernel refused, of which device. */
function failed(device: string, errno: Errno): ToolResult {
  const verb = errno === 'ENODEV' ? 'get' : 'add'
  return refused(`${verb} tunnel "${device}" failed: ${errnoText(errno)}\n`, 1)
}
