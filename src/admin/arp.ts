/**
 * arp(8) of net-tools 2.10: show (-n, -a, -e, -i), -d, -s. Published entries and files of entries are not modelled.
 * @module
 */
import type { Host } from '../host/host.ts'
import type { Neighbor } from '../host/neighbor-table.ts'
import { formatIp, formatMac, parseMac } from '../wire/address.ts'
import { readOptions } from './options.ts'
import { resolve } from './ping.ts'
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
  if (flags.has('D')) return unsupported('-D', 'arp: option -D is not modelled')
  const deviceName = values.get('i') ?? operandDevice(operands)
  if (deviceName !== undefined && host.findDevice(deviceName) === undefined) {
    return refused(`${deviceName}: No such device\n`, 255)
  }
  if (flags.has('d')) return remove(host, operands, deviceName)
  if (flags.has('s')) return set(host, operands, deviceName)
  return show(host, { isBsd: flags.has('a'), target: operands[0], deviceName })
}

/** `dev eth0` or `-i eth0` behind the operands. */
function operandDevice(operands: readonly string[]): string | undefined {
  const index = operands.indexOf('dev')
  return index < 0 ? undefined : operands[index + 1]
}

interface Row {
  readonly device: string
  readonly neighbor: Neighbor
}

function rows(host: Host, deviceName: string | undefined): Row[] {
  return host.devices.filter((device) => deviceName === undefined || device.name === deviceName).flatMap((device) => {
    return (device.neighbors?.entries() ?? []).filter((neighbor) => neighbor.state !== 'none').map(
      (neighbor) => ({ device: device.name, neighbor }),
    )
  })
}

function show(host: Host, wanted: {
  readonly isBsd: boolean
  readonly target: string | undefined
  readonly deviceName: string | undefined
}): ToolResult {
  const { isBsd, target, deviceName } = wanted
  const addr = target === undefined ? undefined : resolve(host, target)
  if (target !== undefined && addr === undefined) return refused(`${target}: Unknown host\n`, 255)
  const shown = rows(host, deviceName).filter(({ neighbor }) => addr === undefined || neighbor.addr === addr)
  if (shown.length === 0) {
    return printed(addr === undefined ? '' : `${target} (${formatIp(addr)}) -- no entry\n`)
  }
  if (isBsd) return printed(shown.map(bsdLine).join(''))
  return printed(
    `Address                  HWtype  HWaddress           Flags Mask            Iface\n${shown.map(linuxLine).join('')}`,
  )
}

function linuxLine({ device, neighbor }: Row): string {
  const address = formatIp(neighbor.addr).padEnd(23)
  if (!neighbor.isValid) return `${address}          ${'(incomplete)'.padEnd(20)}${' '.repeat(22)}${device}\n`
  const flags = neighbor.state === 'permanent' ? 'CM' : 'C'
  return `${address}  ${'ether'.padEnd(6)}  ${formatMac(neighbor.mac).padEnd(18)}  ${flags.padEnd(22)}${device}\n`
}

function bsdLine({ device, neighbor }: Row): string {
  const at = neighbor.isValid
    ? `${formatMac(neighbor.mac)} [ether] ${neighbor.state === 'permanent' ? 'PERM ' : ''}`
    : '<incomplete> '
  return `? (${formatIp(neighbor.addr)}) at ${at} on ${device}\n`
}

function remove(host: Host, operands: readonly string[], deviceName: string | undefined): ToolResult {
  const [target] = operands
  if (target === undefined) return refused('arp: need host name\n', 255)
  const addr = resolve(host, target)
  if (addr === undefined) return refused(`${target}: Unknown host\n`, 255)
  const found = rows(host, deviceName).find(({ neighbor }) => neighbor.addr === addr)
  if (found === undefined) return refused(`No ARP entry for ${target}\n`, 255)
  host.findDevice(found.device)?.neighbors?.remove(addr)
  return printed('')
}

function set(host: Host, operands: readonly string[], deviceName: string | undefined): ToolResult {
  const [target, hardware, ...rest] = operands
  if (target === undefined) return refused('arp: need host name\n', 255)
  if (hardware === undefined) return refused('arp: need hardware address\n', 255)
  const addr = resolve(host, target)
  if (addr === undefined) return refused(`${target}: Unknown host\n`, 255)
  const mac = parseMac(hardware)
  if (mac === undefined) return refused('arp: invalid hardware address\n', 255)
  const other = rest.find((word) => /^(temp|pub|netmask|trail|dontpub|auto)$/.test(word))
  if (other !== undefined && other !== 'temp') return unsupported(other, `arp: "${other}" is not modelled`)
  const device = deviceName === undefined ? host.findOutputRoute(addr)?.device : host.findDevice(deviceName)
  if (device?.neighbors === undefined) return refused('SIOCSARP: Network is unreachable\n', 255)
  device.neighbors.set(addr, mac, other === 'temp' ? 'stale' : 'permanent')
  return printed('')
}
