/**
 * `ip link`: show, set (up, down, mtu, arp), add and delete dummy and ipip devices. Other kinds of devices, names, addresses
 * and namespaces cannot be changed.
 * @module
 */
import { hashText } from '../../base/hash.ts'
import type { Host } from '../../host/host.ts'
import { addDevice, removeDevice, setDeviceArp, setDeviceDown, setDeviceMtu, setDeviceUp } from '../../host/config/devices.ts'
import { findDeviceConfig, type DeviceConfig, type NetConfig } from '../../host/config/net-config.ts'
import type { Errno } from '../../host/errno.ts'
import type { Result } from '../../base/result.ts'
import type { MacAddr } from '../../wire/address.ts'
import { printed, refused, unsupported, type ToolResult } from '../tool.ts'
import {
  briefAddress, counterLines, deviceFlags, deviceHead, deviceName, deviceState, linkAddress, queueLength,
} from './device-text.ts'
import type { IpOptions } from './options.ts'
import { answered, answeredInWords, incomplete, isShortFor, noDevice, Words } from './words.ts'

/** Kinds of devices that exist in Linux and not here. */
const OTHER_KINDS: ReadonlySet<string> = new Set([
  'vlan', 'bridge', 'bond', 'veth', 'macvlan', 'macvtap', 'ipvlan', 'vxlan', 'gre', 'gretap', 'ip6tnl', 'sit', 'vti', 'tun',
  'tap', 'ifb', 'team', 'vrf', 'nlmon', 'geneve', 'wireguard',
])

/** Runs what follows `ip link`. */
export function ipLink(host: Host, argv: readonly string[], options: IpOptions): ToolResult {
  const words = new Words(argv)
  const verb = words.take() ?? 'show'
  if (isShortFor(verb, 'set') || isShortFor(verb, 'change')) return set(host, words)
  if (isShortFor(verb, 'show') || isShortFor(verb, 'list') || verb === 'lst') return show(host, words, options)
  if (isShortFor(verb, 'add')) return add(host, words)
  if (isShortFor(verb, 'delete')) return remove(host, words)
  if (verb === 'replace' || verb === 'property' || verb === 'xstats' || verb === 'help') {
    return unsupported(verb, `ip link: "${verb}" is not modelled`)
  }
  return refused(`Command "${verb}" is unknown, try "ip link help".\n`, 255)
}

function set(host: Host, words: Words): ToolResult {
  words.takeIf('dev')
  const name = words.take()
  if (name === undefined) return refused('Not enough of information: "dev" argument is required.\n', 255)
  if (findDeviceConfig(host.net, name) === undefined) return noDevice(name)
  let next = host.net
  while (!words.isEmpty) {
    const word = words.take() ?? ''
    const outcome = setOne(next, name, word, words)
    if ('exitCode' in outcome) return outcome
    if (!outcome.ok) return answered(outcome.error)
    next = outcome.value
  }
  host.reconfigure(next)
  return printed('')
}

function setOne(net: NetConfig, name: string, word: string, words: Words): Result<NetConfig, Errno> | ToolResult {
  switch (word) {
    case 'up': return setDeviceUp(net, name)
    case 'down': return setDeviceDown(net, name)
    case 'mtu': {
      const text = words.take()
      if (text === undefined) return incomplete()
      if (!/^\d+$/.test(text)) return refused(`Error: argument "${text}" is wrong: Invalid "mtu" value\n\n`, 255)
      const changed = setDeviceMtu(net, name, Number(text))
      if (changed.ok || changed.error !== 'EINVAL') return changed
      return answeredInWords(Number(text) < 68 ? 'mtu less than device minimum' : 'mtu greater than device maximum')
    }
    case 'arp': {
      const text = words.take()
      if (text === undefined) return incomplete()
      if (text !== 'on' && text !== 'off') return refused(`Error: argument of "arp" must be "on" or "off", not "${text}"\n`, 255)
      return setDeviceArp(net, name, text === 'on')
    }
    default: return unsupported(word, `ip link set: "${word}" is not modelled`)
  }
}

function add(host: Host, words: Words): ToolResult {
  let name: string | undefined
  let kind: string | undefined
  while (!words.isEmpty) {
    const word = words.take() ?? ''
    if (word === 'type') kind = words.take()
    else if (word === 'name' || word === 'dev') name = words.take()
    else if (name === undefined && kind === undefined) name = word
    else return unsupported(word, `ip link add: "${word}" is not modelled`)
  }
  if (kind === undefined) return refused('Not enough information: "type" argument is required\n', 255)
  if (OTHER_KINDS.has(kind)) return unsupported(kind, `ip link add: devices of type ${kind} are not modelled`)
  if (kind === 'ipip') return unsupported(kind, 'ip link add: tunnels beside tunl0 are not modelled')
  if (kind !== 'dummy') return answeredInWords('Unknown device type')
  host.modules.load('dummy')
  // The name counts up, as Linux does for dummy%d.
  for (let index = 0; name === undefined; index++) {
    if (findDeviceConfig(host.net, `dummy${index}`) === undefined) name = `dummy${index}`
  }
  const added = addDevice(host.net, { name, kind: 'dummy', mac: localMac(`${host.name}.${name}`), mtuBytes: 1500 })
  if (!added.ok) return answered(added.error)
  host.reconfigure(added.value)
  return printed('')
}

/** A locally administered address that depends on the name alone (Linux draws one). */
function localMac(name: string): MacAddr {
  return (0x020000000000 + 0xee00000000 + hashText(name)) as MacAddr
}

function remove(host: Host, words: Words): ToolResult {
  words.takeIf('dev')
  const name = words.take()
  if (name === undefined) return refused('Not enough information: "dev" argument is required.\n', 255)
  const device = findDeviceConfig(host.net, name)
  if (device === undefined) return noDevice(name)
  if (device.kind !== 'dummy') return answered('EOPNOTSUPP')
  const removed = removeDevice(host.net, name)
  if (!removed.ok) return answered(removed.error)
  host.reconfigure(removed.value)
  return printed('')
}

function show(host: Host, words: Words, options: IpOptions): ToolResult {
  let name: string | undefined
  let onlyUp = false
  while (!words.isEmpty) {
    const word = words.take() ?? ''
    if (word === 'up') onlyUp = true
    else if (/^(type|master|vrf|group)$/.test(word)) return unsupported(word, `ip link: filter "${word}" is not modelled`)
    else name = word === 'dev' ? words.take() : word
  }
  if (name !== undefined && findDeviceConfig(host.net, name) === undefined) {
    return refused(`Device "${name}" does not exist.\n`, 1)
  }
  let text = ''
  for (const config of host.net.devices) {
    if ((name !== undefined && config.name !== name) || (onlyUp && !config.isUp)) continue
    text += options.brief ? briefLine(config) : entry(host, config, options)
  }
  return printed(text)
}

function entry(host: Host, config: DeviceConfig, options: IpOptions): string {
  const separator = options.oneLine ? '\\' : '\n'
  const first = `${deviceHead(config)}mode DEFAULT group default qlen ${queueLength(config)}`
  const head = `${first}${separator}    ${linkAddress(config)}\n`
  const device = options.statistics ? host.findDevice(config.name) : undefined
  return head + (device === undefined ? '' : counterLines(device))
}

function briefLine(config: DeviceConfig): string {
  const name = deviceName(config)
  return `${name.padEnd(16)} ${deviceState(config).padEnd(14)} ${briefAddress(config)} <${deviceFlags(config).join(',')}> \n`
}
