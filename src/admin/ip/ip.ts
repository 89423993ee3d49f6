/**
 * ip(8) of iproute2 6.1: `address`, `link`, `route`, `rule`, `neigh`, `tunnel`, and `fou`. Objects and options may be cut
 * short. Namespaces, changes to the rules of IPv6, and output as JSON are not modelled.
 * @module
 */
import type { Host } from '../../host/host.ts'
import { printed, refused, unsupported, type Tool, type ToolResult } from '../tool.ts'
import { ipAddress } from './address.ts'
import { ipFou } from './fou.ts'
import { ipv6Route } from './ipv6-route.ts'
import { namesIpv6 } from './ipv6-words.ts'
import { ipLink } from './link.ts'
import { ipNeigh } from './neigh.ts'
import type { IpOptions } from './options.ts'
import { ipRoute } from './route.ts'
import { ipRule } from './rule.ts'
import { ipTunnel } from './tunnel.ts'
import { isShortFor } from './words.ts'

/** Objects of Linux that lvsim has no part in. */
const OTHER_OBJECTS = [
  'netns', 'tuntap', 'maddress', 'mroute', 'mrule', 'xfrm', 'monitor', 'vrf', 'l2tp', 'macsec', 'token',
  'tcp_metrics', 'addrlabel', 'ntable', 'netconf', 'sr', 'nexthop', 'mptcp', 'ioam', 'stats', 'ila', 'help',
]

/** Options of iproute2 that lvsim has nothing to show for. */
const OTHER_OPTIONS = /^-(j|p|r|a|b|t|f|l|n|d|h|ts|rcvbuf|echo|0|B|M)/

/** The tool. */
export const ip: Tool = ({ host, argv }) => {
  let family: 4 | 6 | undefined
  let brief = false
  let oneLine = false
  let statistics = false
  let index = 0
  for (; argv[index]?.startsWith('-') === true; index++) {
    const option = argv[index] ?? ''
    if (option === '-4') family = 4
    else if (option === '-6') family = 6
    else if (isShortFor(option, '-brief', 3)) brief = true
    else if (isShortFor(option, '-oneline', 2)) oneLine = true
    else if (isShortFor(option, '-statistics', 2) || isShortFor(option, '-stats', 2)) statistics = true
    else if (option === '-Version' || option === '-V') return printed('ip utility, iproute2-6.1.0, libbpf 1.1.0\n')
    else if (!/^-c(olor)?(=\w+)?$/.test(option) && option !== '-N') {
      return OTHER_OPTIONS.test(option)
        ? unsupported(option, `ip: option "${option}" is not modelled`)
        : refused(`Option "${option}" is unknown, try "ip -help".\n`, 255)
    }
  }
  const [object, ...rest] = argv.slice(index)
  if (object === undefined) return refused(USAGE, 255)
  return runObject(host, object, rest, { family, brief, oneLine, statistics })
}

function runObject(host: Host, object: string, rest: readonly string[], options: IpOptions): ToolResult {
  const is = (full: string): boolean => isShortFor(object, full)
  const isIpv6 = options.family === 6 || (options.family === undefined && namesIpv6(rest))
  // The order of iproute2's table decides what an abbreviation means.
  if (is('address')) return ipAddress(host, rest, options)
  if (is('route')) return isIpv6 ? ipv6Route(host, rest) : ipRoute(host, rest)
  if (is('rule')) return isIpv6 ? ipv6Rule(object, rest) : ipRule(host, rest)
  if (is('link')) return ipLink(host, rest, options)
  if (isShortFor(object, 'neighbor') || isShortFor(object, 'neighbour')) return ipNeigh(host, rest, options.family)
  if (is('tunnel') || object === 'tunl') return ipTunnel(host, rest)
  if (isShortFor(object, 'fou', 2)) return ipFou(host, rest, options)
  const other = OTHER_OBJECTS.find((full) => isShortFor(object, full, 2))
  if (other !== undefined) return unsupported(object, `ip: "${other}" is not modelled`)
  return refused(`Object "${object}" is unknown, try "ip help".\n`, 1)
}

/** The rules that every host has; there are no others. */
function ipv6Rule(object: string, [verb = 'show', ...rest]: readonly string[]): ToolResult {
  const isListing = isShortFor(verb, 'show') || isShortFor(verb, 'list') || verb === 'lst'
  if (!isListing || rest.length > 0) return unsupported(object, 'ip: rules of IPv6 are not modelled')
  return printed('0:\tfrom all lookup local\n32766:\tfrom all lookup main\n')
}

const USAGE = `Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }
       ip [ -force ] -batch filename
where  OBJECT := { address | addrlabel | amt | fou | help | ila | ioam | l2tp |
                   link | macsec | maddress | monitor | mptcp | mroute | mrule |
                   neighbor | neighbour | netconf | netns | nexthop | ntable |
                   ntbl | route | rule | sr | tap | tcpmetrics |
                   token | tunnel | tuntap | vrf | xfrm }
`
