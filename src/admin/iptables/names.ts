/**
 * Names and numbers that iptables takes and prints: protocols, services, ICMP types, log levels. An excerpt of Debian's
 * /etc/protocols and /etc/services, without the obscure.
 * @module
 */

/** Protocols by name; of two names for one number the first is printed. */
const PROTOCOLS: readonly (readonly [name: string, number: number])[] = [
  ['icmp', 1], ['igmp', 2], ['ipencap', 4], ['tcp', 6], ['egp', 8], ['igp', 9], ['udp', 17], ['dccp', 33],
  ['ipv6', 41], ['rsvp', 46], ['gre', 47],
  ['esp', 50], ['ah', 51], ['ipv6-icmp', 58], ['icmpv6', 58], ['eigrp', 88], ['ospf', 89], ['ipip', 94],
  ['pim', 103], ['ipcomp', 108],
  ['vrrp', 112], ['l2tp', 115], ['isis', 124], ['sctp', 132], ['udplite', 136],
]

/** Services of TCP and, where they have the same name there, of UDP. */
const SERVICES: readonly (readonly [name: string, port: number, protocols: 'tcp' | 'udp' | 'both'])[] = [
  ['tcpmux', 1, 'tcp'], ['echo', 7, 'both'], ['discard', 9, 'both'], ['systat', 11, 'tcp'],
  ['daytime', 13, 'both'], ['netstat', 15, 'tcp'],
  ['qotd', 17, 'tcp'], ['chargen', 19, 'both'], ['ftp-data', 20, 'tcp'], ['ftp', 21, 'tcp'], ['fsp', 21, 'udp'],
  ['ssh', 22, 'tcp'],
  ['telnet', 23, 'tcp'], ['smtp', 25, 'tcp'], ['time', 37, 'both'], ['whois', 43, 'tcp'],
  ['tacacs', 49, 'both'], ['domain', 53, 'both'],
  ['bootps', 67, 'udp'], ['bootpc', 68, 'udp'], ['tftp', 69, 'udp'], ['gopher', 70, 'tcp'],
  ['finger', 79, 'tcp'], ['http', 80, 'tcp'],
  ['kerberos', 88, 'both'], ['pop3', 110, 'tcp'], ['sunrpc', 111, 'both'], ['auth', 113, 'tcp'],
  ['nntp', 119, 'tcp'], ['ntp', 123, 'udp'],
  ['netbios-ns', 137, 'udp'], ['netbios-dgm', 138, 'udp'], ['netbios-ssn', 139, 'tcp'], ['imap2', 143, 'tcp'],
  ['snmp', 161, 'both'],
  ['snmp-trap', 162, 'both'], ['bgp', 179, 'tcp'], ['ldap', 389, 'both'], ['https', 443, 'both'], ['microsoft-ds', 445, 'tcp'],
  ['submissions', 465, 'tcp'], ['isakmp', 500, 'udp'], ['login', 513, 'tcp'], ['shell', 514, 'tcp'], ['syslog', 514, 'udp'],
  ['printer', 515, 'tcp'], ['route', 520, 'udp'], ['submission', 587, 'tcp'], ['ldaps', 636, 'both'], ['domain-s', 853, 'both'],
  ['rsync', 873, 'tcp'], ['ftps', 990, 'tcp'], ['imaps', 993, 'tcp'], ['pop3s', 995, 'tcp'],
  ['socks', 1080, 'tcp'], ['openvpn', 1194, 'both'],
  ['ms-sql-s', 1433, 'tcp'], ['l2f', 1701, 'udp'], ['radius', 1812, 'both'], ['radius-acct', 1813, 'both'], ['nfs', 2049, 'both'],
  ['iscsi-target', 3260, 'tcp'], ['mysql', 3306, 'tcp'], ['ms-wbt-server', 3389, 'tcp'], ['svn', 3690, 'tcp'],
  ['sip', 5060, 'both'],
  ['sip-tls', 5061, 'both'], ['xmpp-client', 5222, 'tcp'], ['mdns', 5353, 'udp'], ['postgresql', 5432, 'tcp'],
  ['amqps', 5671, 'tcp'],
  ['amqp', 5672, 'tcp'], ['x11', 6000, 'tcp'], ['redis', 6379, 'tcp'], ['http-alt', 8080, 'tcp'], ['tproxy', 8081, 'tcp'],
  ['git', 9418, 'tcp'], ['webmin', 10_000, 'tcp'], ['zabbix-agent', 10_050, 'tcp'], ['zabbix-trapper', 10_051, 'tcp'],
]

const IPPROTO_UDP = 17

/** ICMP types and codes; a type of its own has all codes. Of two names for one, the first is printed. */
export const ICMP_TYPES: readonly {
  readonly name: string
  readonly type: number
  readonly first: number
  readonly last: number
}[] = [
  icmpType('any', 255),
  icmpType('echo-reply', 0),
  icmpType('pong', 0),
  icmpType('destination-unreachable', 3),
  ...codes(3, [
    'network-unreachable',
    'host-unreachable',
    'protocol-unreachable',
    'port-unreachable',
    'fragmentation-needed',
    'source-route-failed',
    'network-unknown',
    'host-unknown',
    '',
    'network-prohibited',
    'host-prohibited',
    'TOS-network-unreachable',
    'TOS-host-unreachable',
    'communication-prohibited',
    'host-precedence-violation',
    'precedence-cutoff',
  ]),
  icmpType('source-quench', 4),
  icmpType('redirect', 5),
  ...codes(5, ['network-redirect', 'host-redirect', 'TOS-network-redirect', 'TOS-host-redirect']),
  icmpType('echo-request', 8),
  icmpType('ping', 8),
  icmpType('router-advertisement', 9),
  icmpType('router-solicitation', 10),
  icmpType('time-exceeded', 11),
  icmpType('ttl-exceeded', 11),
  ...codes(11, ['ttl-zero-during-transit', 'ttl-zero-during-reassembly']),
  icmpType('parameter-problem', 12),
  ...codes(12, ['ip-header-bad', 'required-option-missing']),
  icmpType('timestamp-request', 13),
  icmpType('timestamp-reply', 14),
  icmpType('address-mask-request', 17),
  icmpType('address-mask-reply', 18),
]

/** Log levels: what is printed, what is also taken. */
export const LOG_LEVELS: readonly (readonly [printed: string, number: number, taken: readonly string[]])[] = [
  ['emerg', 0, ['emerg', 'panic']], ['alert', 1, ['alert']], ['crit', 2, ['crit']], ['err', 3, ['error']],
  ['warn', 4, ['warning']],
  ['notice', 5, ['notice']], ['info', 6, ['info']], ['debug', 7, ['debug']],
]

/** The number of a protocol by name (in any case) or number 0..255; 0 for `all`. */
export function parseProtocol(text: string): number | undefined {
  const number = parseInteger(text)
  if (number !== undefined) return number <= 255 ? number : undefined
  const name = text.toLowerCase()
  return name === 'all' ? 0 : PROTOCOLS.find((entry) => entry[0] === name)?.[1]
}

/** The name of a protocol; its number when it has none. */
export function protocolName(number: number): string {
  return number === 0 ? 'all' : PROTOCOLS.find((entry) => entry[1] === number)?.[0] ?? String(number)
}

/** The port of a service by name; undefined when there is none. */
export function servicePort(name: string): number | undefined {
  return SERVICES.find((entry) => entry[0] === name)?.[1]
}

/** The name of a port under a protocol, or its number. */
export function portName(port: number, protocol: number): string {
  const without = protocol === IPPROTO_UDP ? 'tcp' : 'udp'
  return SERVICES.find(([, number, protocols]) => number === port && protocols !== without)?.[0] ?? String(port)
}

/** strtoul() with base 0: decimal, 0x hexadecimal, 0 octal. Undefined for anything else. */
export function parseInteger(text: string): number | undefined {
  if (/^0[xX][0-9a-fA-F]+$/.test(text)) return parseInt(text.slice(2), 16)
  if (/^0[0-7]+$/.test(text)) return parseInt(text, 8)
  return /^\d+$/.test(text) && !/^0\d/.test(text) ? Number(text) : undefined
}

function icmpType(name: string, type: number): { name: string, type: number, first: number, last: number } {
  return { name, type, first: 0, last: 255 }
}

function codes(type: number, names: readonly string[]): { name: string, type: number, first: number, last: number }[] {
  return names.map((name, code) => ({ name, type, first: code, last: code })).filter(({ name }) => name !== '')
}
