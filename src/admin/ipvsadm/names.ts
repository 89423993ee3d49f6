/**
 * Names of addresses and ports, as the C library finds them: /etc/hosts and /etc/services of the host, and of the latter, where
 * it is missing, the entries every machine has. There is no DNS.
 * @module
 */
import { formatIp, isIpv6, type IpAddr } from '../../wire/address.ts'
import { IPPROTO_TCP, IPPROTO_UDP } from '../../wire/ipv4-packet.ts'
import { parseAddress } from './addresses.ts'

/** Reads a file of the host. */
export type ReadFile = (path: string) => string | undefined

/** /etc/services of Debian, cut down to what people balance. `domain` and its like serve both protocols. */
const SERVICES = `ftp-data 20/tcp
ftp 21/tcp
ssh 22/tcp
telnet 23/tcp
smtp 25/tcp
domain 53/tcp
domain 53/udp
tftp 69/udp
http 80/tcp www
kerberos 88/tcp
kerberos 88/udp
pop3 110/tcp
sunrpc 111/tcp
sunrpc 111/udp
ntp 123/udp
imap2 143/tcp imap
snmp 161/tcp
snmp 161/udp
ldap 389/tcp
ldap 389/udp
https 443/tcp
https 443/udp
submission 587/tcp
syslog 514/udp
ldaps 636/tcp
domain-s 853/tcp
imaps 993/tcp
pop3s 995/tcp
openvpn 1194/tcp
openvpn 1194/udp
ms-sql-s 1433/tcp
radius 1812/udp
nfs 2049/tcp
nfs 2049/udp
mysql 3306/tcp
sip 5060/tcp
sip 5060/udp
postgresql 5432/tcp
http-alt 8080/tcp webcache
http-alt 8080/udp
`

/** Names as one host knows them. */
export class Names {
  readonly #readFile: ReadFile

  constructor(readFile: ReadFile) {
    this.#readFile = readFile
  }

  /** The address a name stands for. */
  findAddress(name: string): IpAddr | undefined {
    const row = this.#rows('/etc/hosts', '').find(([, ...names]) => names.includes(name))
    const addr = row?.[0] === undefined ? undefined : parseAddress(row[0])
    return addr === undefined || isIpv6(addr) ? undefined : addr
  }

  /** The name of an address, or the address itself. */
  addressName(addr: IpAddr): string {
    const row = this.#rows('/etc/hosts', '').find(([text]) => text !== undefined && parseAddress(text) === addr)
    return row?.[1] ?? formatIp(addr)
  }

  /** The port a service name stands for. */
  findPort(name: string, protocol: number): number | undefined {
    const suffix = `/${protocolName(protocol)}`
    const row = this.#services().find(([first, port, ...aliases]) => port?.endsWith(suffix) === true && (first === name || aliases.includes(name)))
    return row?.[1] === undefined ? undefined : Number(row[1].slice(0, -suffix.length))
  }

  /** The name of a port, or its number. */
  portName(port: number, protocol: number): string {
    const wanted = `${port}/${protocolName(protocol)}`
    return this.#services().find(([, own]) => own === wanted)?.[0] ?? String(port)
  }

  #services(): string[][] {
    return this.#rows('/etc/services', SERVICES)
  }

  #rows(path: string, instead: string): string[][] {
    return (this.#readFile(path) ?? instead).split('\n').map((line) => line.replace(/#.*/, '').trim().split(/\s+/))
  }
}

function protocolName(protocol: number): string {
  if (protocol === IPPROTO_TCP) return 'tcp'
  return protocol === IPPROTO_UDP ? 'udp' : 'sctp'
}
