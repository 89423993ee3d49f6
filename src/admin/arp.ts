/**
 * arp(8) of net-tools 2.10: show (-n, -a, -e, -i), -d, -s, -D, published entries (pub). Files of entries are not modelled.
 * @module
 */
import { addProxy, removeProxy } from '../host/config/proxies.ts'
import type { Host } from '../host/host.ts'
import type { Neighbor } from '../host/neighbor-table.ts'
import { formatIp, formatMac, parseMac, type IpAddr, type MacAddr } from '../wire/address.ts'
import { readOptions } from './options.ts'
import { resolve } from './names.ts'
import { printed, refused, unsupported, type Tool, type ToolResult } from './tool.ts'

/** The tool. */
export const arp: Tool = ({ host, argv }) => {
  const read = readOptions(
    argv,
    { valued: 'iHtAf', flags: 'naevDds', long: { numeric: 'n', all: 'a', verbose: 'v', device: 'i', delete: 'd', set: 's' } },
  )
  if (!read.ok) {
    return unsupported(read.error.startsWith('-') ? read.error : `-${read.error}`, `arp: option ${read.error} is not modelled`)
  }
  const { values, flags, operands } = read.value
  for (const letter of ['H', 't', 'A', 'f']) {
    if (values.has(letter)) return unsupported(`-${letter}`, `arp: option -${letter} is not modelled`)
  }
  const deviceName = values.get('i') ?? operandDevice(operands)
  if (deviceName !== undefined && host.findDevice(deviceName) === undefined) {
    return refused(`${deviceName}: No such device\n`, 255)
  }
  if (flags.has('d')) return remove(host, operands, deviceName)
  if (flags.has('s')) return set(host, operands, { deviceName, takesDevice: flags.has('D') })
  return show(host, { isBsd: flags.has('a'), target: operands[0], deviceName })
}

/** `dev eth0` or `-i eth0` behind the operands. */
function operandDevice(operands: readonly string[]): string | undefined {
  const index = operands.indexOf('dev')
  return index < 0 ? undefined : operands[index + 1]
}

interface Row {
  readonly device: string
  readonly addr: IpAddr
  /** Undefined for a published address, which /proc/net/arp lists behind all neighbors. */
  readonly neighbor: Neighbor | undefined
}

function rows(host: Host, deviceName: string | undefined): Row[] {
  const devices = host.devices.filter((device) => deviceName === undefined || device.name === deviceName)
  const known = devices.flatMap((device) => {
    return (device.neighbors?.entries() ?? []).filter((neighbor) => neighbor.state !== 'none').map(
      (neighbor): Row => ({ device: device.name, addr: neighbor.addr, neighbor }),
    )
  })
  const published = devices.flatMap(({ name, config }) => {
    return (config.proxies ?? []).map((addr): Row => ({ device: name, addr, neighbor: undefined }))
  })
  return [...known, ...published]
}

function show(host: Host, wanted: {
  readonly isBsd: boolean
  readonly target: string | undefined
  readonly deviceName: string | undefined
}): ToolResult {
  const { isBsd, target, deviceName } = wanted
  const addr = target === undefined ? undefined : resolve(host, target, 4)
  if (target !== undefined && addr === undefined) return refused(`${target}: Unknown host\n`, 255)
  const shown = rows(host, deviceName).filter((row) => addr === undefined || row.addr === addr)
  if (shown.length === 0) {
    return printed(addr === undefined ? '' : `${target} (${formatIp(addr)}) -- no entry\n`)
  }
  if (isBsd) return printed(shown.map(bsdLine).join(''))
  return printed(
    `Address                  HWtype  HWaddress           Flags Mask            Iface\n${shown.map(linuxLine).join('')}`,
  )
}

function linuxLine({ device, addr, neighbor }: Row): string {
  const address = formatIp(addr).padEnd(23)
  if (neighbor === undefined) return `${address}  ${'*'.padEnd(8)}${'<from_interface>'.padEnd(20)}${'MP'.padEnd(22)}${device}\n`
  if (!neighbor.isValid) return `${address}          ${'(incomplete)'.padEnd(20)}${' '.repeat(22)}${device}\n`
  const flags = neighbor.state === 'permanent' ? 'CM' : 'C'
  return `${address}  ${'ether'.padEnd(6)}  ${formatMac(neighbor.mac).padEnd(18)}  ${flags.padEnd(22)}${device}\n`
}

function bsdLine({ device, addr, neighbor }: Row): string {
  if (neighbor === undefined) return `? (${formatIp(addr)}) at <from_interface> PERM PUP on ${device}\n`
  const at = neighbor.isValid
    ? `${formatMac(neighbor.mac)} [ether] ${neighbor.state === 'permanent' ? 'PERM ' : ''}`
    : '<incomplete> '
  return `? (${formatIp(addr)}) at ${at} on ${device}\n`
}

/** Takes an entry out, and a published one of the address with it; `pub` and `priv` ask for one of them alone. */
function remove(host: Host, operands: readonly string[], deviceName: string | undefined): ToolResult {
  const [target] = operands
  if (target === undefined) return refused('arp: need host name\n', 255)
  const addr = resolve(host, target, 4)
  if (addr === undefined) return refused(`${target}: Unknown host\n`, 255)
  const [isPublic, isPrivate] = [operands.includes('pub'), operands.includes('priv')]
  const found = rows(host, deviceName).filter((row) => row.addr === addr
    && (row.neighbor === undefined ? isPublic || !isPrivate : isPrivate || !isPublic))
  if (found.length === 0) return refused(`No ARP entry for ${target}\n`, 255)
  for (const row of found) {
    if (row.neighbor !== undefined) {
      host.findDevice(row.device)?.neighbors?.remove(addr)
      continue
    }
    const next = removeProxy(host.net, row.device, addr)
    if (next.ok) host.reconfigure(next.value)
  }
  return printed('')
}

/** -s: with -D, the second operand names a device whose hardware address is meant. */
function set(
  host: Host, operands: readonly string[], given: { readonly deviceName: string | undefined, readonly takesDevice: boolean },
): ToolResult {
  const [target, hardware, ...rest] = operands
  if (target === undefined) return refused('arp: need host name\n', 255)
  if (hardware === undefined) return refused('arp: need hardware address\n', 255)
  const addr = resolve(host, target, 4)
  if (addr === undefined) return refused(`${target}: Unknown host\n`, 255)
  const mac = given.takesDevice ? macOf(host, hardware) : parseMac(hardware)
  if (mac === undefined) {
    return refused(given.takesDevice ? `arp: cant get HW-Address for \`${hardware}': No such device.\n`
      : 'arp: invalid hardware address\n', 255)
  }
  const other = rest.find((word) => /^(netmask|trail|dontpub|auto)$/.test(word))
  if (other !== undefined) return unsupported(other, `arp: "${other}" is not modelled`)
  if (rest.includes('pub')) return publish(host, addr, given.deviceName ?? deviceWith(host, mac))
  const device = given.deviceName === undefined ? host.findOutputRoute(addr)?.device : host.findDevice(given.deviceName)
  if (device?.neighbors === undefined) return refused('SIOCSARP: Network is unreachable\n', 255)
  device.neighbors.set(addr, mac, rest.includes('temp') ? 'stale' : 'permanent')
  return printed('')
}

/** A hardware address says only by which device the host answers: what it answers with is that device's own. */
function publish(host: Host, addr: IpAddr, deviceName: string | undefined): ToolResult {
  const next = addProxy(host.net, deviceName ?? '', addr)
  if (!next.ok) return refused('SIOCSARP: No such device\n', 255)
  host.reconfigure(next.value)
  return printed('')
}

function macOf(host: Host, deviceName: string): MacAddr | undefined {
  return host.findDevice(deviceName)?.config.mac
}

function deviceWith(host: Host, mac: MacAddr): string | undefined {
  return host.devices.find((device) => device.config.kind === 'ethernet' && device.config.mac === mac)?.name
}
