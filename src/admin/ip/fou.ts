/**
 * `ip fou`: UDP ports at which packets are taken out of GUE. Of FOU without a header (`ipproto`), of IPv6, and of ports that
 * are bound to an address, a peer or a device nothing is modelled.
 * @module
 */
import { errnoText } from '../../host/errno.ts'
import type { Host } from '../../host/host.ts'
import { printed, refused, unsupported, type ToolResult } from '../tool.ts'
import type { IpOptions } from './options.ts'
import { answered, incomplete, isShortFor, Words } from './words.ts'

const OTHER_WORDS = ['ipproto', '-6', 'local', 'peer', 'peer_port', 'dev']
const USAGE = `Usage: ip fou add port PORT { ipproto PROTO  | gue }
\t   [ local IFADDR ] [ peer IFADDR ]
\t   [ peer_port PORT ] [ dev IFNAME ]
       ip fou del port PORT [ local IFADDR ]
\t   [ peer IFADDR ] [ peer_port PORT ]
\t   [ dev IFNAME ]
       ip fou show

Where: PROTO { ipproto-name | 1..255 }
       PORT { 1..65535 }
       IFADDR { addr }
`

/** The object `fou` of ip(8). It speaks to the module, which must be loaded. */
export function ipFou(host: Host, argv: readonly string[], options: IpOptions): ToolResult {
  if (!host.modules.has('fou')) return refused(`RTNETLINK answers: ${errnoText('ENOENT')}\nError talking to the kernel\n`, 1)
  if (options.family === 6) return unsupported('-6', 'ip fou: IPv6 is not modelled')
  const [verb, ...rest] = argv
  if (verb === undefined || isShortFor(verb, 'help')) return refused(USAGE, 255)
  if (isShortFor(verb, 'show')) return printed(host.guePorts.list().map((port) => `port ${port} gue\n`).join(''))
  const isAdd = isShortFor(verb, 'add')
  if (!isAdd && !isShortFor(verb, 'delete')) return refused(`Command "${verb}" is unknown, try "ip fou help".\n`, 255)
  const port = readPort(new Words(rest), isAdd)
  if (typeof port !== 'number') return port
  const done = isAdd ? host.guePorts.add(port) : host.guePorts.remove(port)
  return done.ok ? printed('') : answered(done.error)
}

function readPort(words: Words, isAdd: boolean): number | ToolResult {
  let port: number | undefined
  let isGue = false
  while (!words.isEmpty) {
    const word = words.take() ?? ''
    if (isShortFor(word, 'port')) {
      const value = words.take()
      if (value === undefined) return incomplete()
      port = /^\d+$/.test(value) ? Number(value) : 0
      if (port === 0 || port > 65_535) return refused(`Error: argument "${value}" is wrong: invalid port\n\n`, 255)
    } else if (isShortFor(word, 'gue')) isGue = true
    else if (OTHER_WORDS.some((other) => isShortFor(word, other))) return unsupported(word, `ip fou: "${word}" is not modelled`)
    else return refused(`fou: unknown command "${word}"?\n${USAGE}`, 255)
  }
  // iproute2 says what is missing and then asks the kernel all the same, which finds the request invalid.
  const missing = port === undefined ? 'fou: missing port\n' : isAdd && !isGue ? 'fou: must set ipproto or gue\n' : undefined
  if (missing === undefined && port !== undefined) return port
  const { stderr, exitCode } = answered('EINVAL')
  return refused(`${missing ?? ''}${stderr}`, exitCode)
}
