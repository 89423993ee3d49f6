/**
 * Names of addresses and ports, as the C library finds them in /etc/hosts and /etc/services of the host. A host that is not
 * given the latter has Debian's.
 * There is no DNS.
 * @module
 */
import { formatIp, isIpv6, type IpAddr } from '../../wire/address.ts'
import { IPPROTO_TCP, IPPROTO_UDP } from '../../wire/ip-packet.ts'
import { portName, servicePort } from '../iptables/names.ts'
import { hostsEntries, type HostsEntry } from '../names.ts'

/** Reads a file of the host. */
export type ReadFile = (path: string) => string | undefined

/** Second names in /etc/services. */
const ALIASES: ReadonlyMap<string, string> = new Map(
  [['www', 'http'], ['webcache', 'http-alt'], ['imap', 'imap2'], ['pop-3', 'pop3'], ['mail', 'smtp']]
)

/** Protocols as /etc/services calls them. */
const PROTOCOL_WORDS: ReadonlyMap<number, string> = new Map([[IPPROTO_TCP, 'tcp'], [IPPROTO_UDP, 'udp'], [132, 'sctp']])

/** Names as one host knows them. */
export class Names {
  readonly #readFile: ReadFile

  constructor(readFile: ReadFile) {
    this.#readFile = readFile
  }

  /** The address a name stands for. */
  findAddress(name: string): IpAddr | undefined {
    return this.#hosts().find(({ addr, names }) => !isIpv6(addr) && names.includes(name))?.addr
  }

  /** The name of an address, or the address itself. */
  addressName(addr: IpAddr): string {
    return this.#hosts().find((entry) => entry.addr === addr)?.names[0] ?? formatIp(addr)
  }

  /** The port a service name stands for. */
  findPort(name: string, protocol: number): number | undefined {
    const services = this.#services(protocol)
    if (services !== undefined) return services.find(({ names }) => names.includes(name))?.port
    const first = ALIASES.get(name) ?? name
    const port = servicePort(first)
    return port !== undefined && this.portName(port, protocol) === first ? port : undefined
  }

  /** The name of a port, or its number. */
  portName(port: number, protocol: number): string {
    const services = this.#services(protocol)
    if (services !== undefined) return services.find((service) => service.port === port)?.names[0] ?? String(port)
    return protocol === IPPROTO_TCP || protocol === IPPROTO_UDP ? portName(port, protocol) : String(port)
  }

  #hosts(): HostsEntry[] {
    return hostsEntries(this.#readFile('/etc/hosts') ?? '')
  }

  /** The services of a protocol in the host's own file, first names first: `http 80/tcp www`. */
  #services(protocol: number): { readonly port: number, readonly names: readonly string[] }[] | undefined {
    const text = this.#readFile('/etc/services')
    return text === undefined ? undefined : wordsIn(text).flatMap(([name = '', place = '', ...aliases]) => {
      const [port, word] = place.split('/')
      return word === PROTOCOL_WORDS.get(protocol) ? [{ port: Number(port), names: [name, ...aliases] }] : []
    })
  }
}

/** The words of each line, without comments. */
function wordsIn(text: string): string[][] {
  return text.split('\n').map((line) => line.replace(/#.*/, '').trim().split(/\s+/))
}
