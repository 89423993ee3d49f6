/**
 * ifconfig(8) of net-tools 2.10: show, addresses and aliases, netmask, broadcast, up, down, mtu, arp; add and del for IPv6.
 * Hardware addresses, queues, promiscuity and point-to-point addresses cannot be set.
 * @module
 */
import { addAddress, removeAddress } from '../host/config/addresses.ts'
import { addIpv6Address, removeIpv6Address } from '../host/config/ipv6-config.ts'
import { setDeviceArp, setDeviceDown, setDeviceMtu, setDeviceUp } from '../host/config/devices.ts'
import { findDeviceConfig, type AddressConfig, type DeviceConfig } from '../host/config/net-config.ts'
import { errnoText, type Errno } from '../host/errno.ts'
import type { Host } from '../host/host.ts'
import { broadcastOf, parseIpv4, type IpAddr } from '../wire/address.ts'
import { entryText, shortTable } from './ifconfig-text.ts'
import { parseIpv6Prefix } from './ip/ipv6-words.ts'
import { maskLength } from './ip/words.ts'
import { printed, refused, unsupported, type Tool, type ToolResult } from './tool.ts'

/** Exit code when an ioctl failed: -1. */
const FAILED = 255

/** The tool. */
export const ifconfig: Tool = ({ host, argv }) => {
  const options = argv.filter((argument) => /^-[avs]$/.test(argument))
  const words = argv.filter((argument) => !/^-[avs]$/.test(argument))
  const [name, ...rest] = words
  const isAll = options.includes('-a')
  if (name?.startsWith('-') === true) return unsupported(name, `ifconfig: option ${name} is not modelled`)
  const isShort = options.includes('-s')
  if (name === undefined) {
    const shown = shownNames(host, isAll)
    return printed(isShort ? shortTable(host, shown) : shown.map((label) => entryText(host, label)).join(''))
  }
  if (rest.length === 0) {
    if (!exists(host, name)) return refused(`${name}: error fetching interface information: Device not found\n`, 1)
    return printed(isShort ? shortTable(host, [name]) : entryText(host, name))
  }
  return new Change(host, name).run(rest)
}

/** Names of devices and aliases, sorted; those that are down only when asked for. */
function shownNames(host: Host, isAll: boolean): string[] {
  const names: string[] = []
  for (const device of [...host.net.devices].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!isAll && !device.isUp) continue
    const labels = device.addresses.map((address) => address.label).filter((label) => label !== device.name)
    names.push(device.name, ...new Set(labels.sort()))
  }
  return names
}

function exists(host: Host, label: string): boolean {
  return findDeviceConfig(host.net, deviceOf(label)) !== undefined
}

function deviceOf(label: string): string {
  return label.split(':')[0] ?? ''
}

/** Changes to one device or alias: each word is an ioctl, done at once. */
class Change {
  readonly #host: Host
  readonly #label: string
  #stderr = ''

  constructor(host: Host, label: string) {
    this.#host = host
    this.#label = label
  }

  run(words: readonly string[]): ToolResult {
    const rest = [...words]
    while (rest.length > 0) {
      const word = rest.shift() ?? ''
      const outcome = this.#word(word, rest)
      if (outcome !== undefined) return outcome
    }
    return { stdout: '', stderr: this.#stderr, exitCode: this.#stderr === '' ? 0 : FAILED }
  }

  #word(word: string, rest: string[]): ToolResult | undefined {
    switch (word) {
      case 'up': return this.#flag(true)
      case 'down': return this.#flag(false)
      case 'inet': case 'inet6': return undefined
      case 'arp': case '-arp':
        return this.#configure('SIOCSIFFLAGS', (name) => setDeviceArp(this.#host.net, name, word === 'arp'))
      case 'mtu': {
        const mtuBytes = Number(rest.shift())
        return this.#configure('SIOCSIFMTU', (name) => setDeviceMtu(this.#host.net, name, mtuBytes))
      }
      case 'netmask': case 'broadcast': case 'add': case 'del': {
        const text = rest.shift()
        if (text === undefined && word === 'broadcast') return undefined
        if (text === undefined) return refused('ifconfig: option `netmask\' requires an argument.\n', 1)
        return word === 'add' || word === 'del' ? this.#ipv6(word, text) : this.#detail(word, text)
      }
      case 'txqueuelen':
        rest.shift()
        return undefined
      case 'multicast': case '-promisc': case '-allmulti': case 'dynamic': return undefined
      case 'hw': case 'promisc': case 'allmulti': case '-multicast': case 'pointopoint': case 'dstaddr': case 'metric':
      case 'tunnel': case 'irq': case 'io_addr': case 'media': case '-broadcast':
        return unsupported(word, `ifconfig: "${word}" is not modelled`)
      default: return this.#address(word)
    }
  }

  /** SIOCSIFFLAGS: an alias that goes down is gone. */
  #flag(up: boolean): ToolResult | undefined {
    const host = this.#host
    const name = deviceOf(this.#label)
    if (!this.#label.includes(':')) {
      const changed = up ? setDeviceUp(host.net, name) : setDeviceDown(host.net, name)
      if (changed.ok) host.reconfigure(changed.value)
      else this.#stderr += `${this.#label}: ERROR while getting interface flags: ${errnoText(changed.error)}\n`
      return undefined
    }
    const own = this.#own()
    if (own === undefined) {
      const errno: Errno = findDeviceConfig(host.net, name) === undefined ? 'ENODEV' : 'EADDRNOTAVAIL'
      this.#stderr += `${this.#label}: ERROR while getting interface flags: ${errnoText(errno)}\n`
    } else if (!up) {
      this.#remove(own)
    }
    return undefined
  }

  /** SIOCSIFADDR and SIOCDIFADDR of an IPv6 socket: an address more or less. */
  #ipv6(word: 'add' | 'del', text: string): ToolResult | undefined {
    const host = this.#host
    const name = deviceOf(this.#label)
    if (parseIpv4(text.split('/')[0] ?? '') !== undefined) {
      return unsupported(text, `ifconfig: "${word}" of an IPv4 address is not modelled`)
    }
    const prefix = parseIpv6Prefix(text)
    if (prefix === undefined) return refused(`${text}: Unknown host\nifconfig: \`--help' gives usage information.\n`, 1)
    const change = word === 'add' ? addIpv6Address : removeIpv6Address
    const changed = change(host.net, name, { addr: prefix.addr, prefixLength: prefix.prefixLength })
    if (changed.ok) host.reconfigure(changed.value)
    else this.#stderr += `${word === 'add' ? 'SIOCSIFADDR' : 'SIOCDIFADDR'}: ${errnoText(changed.error)}\n`
    return undefined
  }

  /** SIOCSIFADDR: the address of the label changes, with the mask of its class, or the one written with it. */
  #address(text: string): ToolResult | undefined {
    if (text.includes(':')) return this.#ipv6('add', text)
    const host = this.#host
    const [address = '', length] = text.split('/')
    const addr = address === '0' ? 0 as IpAddr : parseIpv4(address)
    if (addr === undefined) return refused(`${text}: Unknown host\nifconfig: \`--help' gives usage information.\n`, 1)
    const device = findDeviceConfig(host.net, deviceOf(this.#label))
    if (device === undefined) {
      const reason = errnoText('ENODEV')
      this.#stderr += `SIOCSIFADDR: ${reason}\n${this.#label}: ERROR while getting interface flags: ${reason}\n`
      return undefined
    }
    const own = this.#own()
    if (own !== undefined && own.addr !== addr) this.#remove(own)
    const prefixLength = length === undefined ? classPrefixLength(addr) : Number(length)
    if (addr !== 0 && own?.addr !== addr) {
      this.#add(device, { addr, prefixLength, broadcast: defaultBroadcast(device, addr, prefixLength) })
    } else if (addr !== 0 && length !== undefined) {
      this.#detail('netmask', length)
    }
    if (!this.#label.includes(':')) this.#flag(true)
    return undefined
  }

  /** SIOCSIFNETMASK and SIOCSIFBRDADDR. */
  #detail(word: 'netmask' | 'broadcast', text: string): ToolResult | undefined {
    const value = /^\d{1,2}$/.test(text) && word === 'netmask' ? undefined : parseIpv4(text === '+' ? '0.0.0.0' : text)
    const prefixLength = value === undefined ? Number(text) : maskLength(value)
    const call = word === 'netmask' ? 'SIOCSIFNETMASK' : 'SIOCSIFBRDADDR'
    if (value === undefined && !/^\d{1,2}$/.test(text)) {
      return refused(`${text}: Unknown host\nifconfig: \`--help' gives usage information.\n`, 1)
    }
    const device = findDeviceConfig(this.#host.net, deviceOf(this.#label))
    const own = this.#own()
    if (device === undefined || own === undefined) {
      this.#stderr += `${call}: ${errnoText(device === undefined ? 'ENODEV' : 'EADDRNOTAVAIL')}\n`
      return undefined
    }
    if (word === 'broadcast') {
      this.#replace(device, own, { ...own, broadcast: value })
      return undefined
    }
    if (prefixLength === undefined) {
      this.#stderr += `${call}: ${errnoText('EINVAL')}\n`
      return undefined
    }
    // A broadcast address that followed from the old mask follows the new one.
    const followed = own.broadcast === broadcastOf(own.addr, own.prefixLength)
    const broadcast = followed ? defaultBroadcast(device, own.addr, prefixLength) : own.broadcast
    this.#replace(device, own, { addr: own.addr, prefixLength, broadcast })
    return undefined
  }

  #replace(device: DeviceConfig, own: AddressConfig, next: Pick<AddressConfig, 'addr' | 'prefixLength' | 'broadcast'>): void {
    this.#remove(own)
    this.#add(device, next)
  }

  #add(device: DeviceConfig, address: Pick<AddressConfig, 'addr' | 'prefixLength' | 'broadcast'>): void {
    const { addr, prefixLength, broadcast } = address
    const added = addAddress(this.#host.net, device.name, { addr, prefixLength, broadcast, label: this.#label })
    if (added.ok) this.#host.reconfigure(added.value)
    else this.#stderr += `SIOCSIFADDR: ${errnoText(added.error)}\n`
  }

  #remove(own: AddressConfig): void {
    const removed = removeAddress(this.#host.net, deviceOf(this.#label), own)
    if (removed.ok) this.#host.reconfigure(removed.value)
  }

  #own(): AddressConfig | undefined {
    return findDeviceConfig(this.#host.net, deviceOf(this.#label))?.addresses.find((address) => address.label === this.#label)
  }

  #configure(call: string, change: (name: string) => ReturnType<typeof setDeviceMtu>): undefined {
    const changed = change(deviceOf(this.#label))
    if (changed.ok) this.#host.reconfigure(changed.value)
    else this.#stderr += `${call}: ${errnoText(changed.error)}\n`
    return undefined
  }
}

/** inet_abc_len(): the mask of the address's class. */
function classPrefixLength(addr: IpAddr): number {
  const first = addr >>> 24
  if (first < 128) return 8
  return first < 192 ? 16 : 24
}

function defaultBroadcast(device: DeviceConfig, addr: IpAddr, prefixLength: number): IpAddr | undefined {
  const broadcasts = device.kind === 'ethernet' || device.kind === 'dummy'
  return broadcasts && prefixLength < 31 ? broadcastOf(addr, prefixLength) : undefined
}
