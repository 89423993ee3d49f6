/**
 * `ip route get`: which way a packet would go, sent by the host itself or come in by a device. Follows inet_rtm_getroute().
 * A redirect that was believed shows as its gateway, without a word of its own.
 * @module
 */
import { NS_PER_SECOND } from '../../base/units.ts'
import type { Device } from '../../host/device.ts'
import type { Errno } from '../../host/errno.ts'
import type { Host } from '../../host/host.ts'
import { refusal } from '../../host/ip-output.ts'
import { isMartianSource, type Route } from '../../host/routing.ts'
import { TABLE_MAIN } from '../../host/config/rules.ts'
import { formatIp, IPV4_ANY, isLoopback, type IpAddr } from '../../wire/address.ts'
import { printed, refused, unsupported, type ToolResult } from '../tool.ts'
import { metricsText } from './route-text.ts'
import { ROUTE_USAGE } from './route-usage.ts'
import { tableText } from './tables.ts'
import { answered, expected, incomplete, isShortFor, noDevice, parseNumber, parsePrefix, Words, wrong } from './words.ts'

interface Question {
  dst?: IpAddr
  src?: IpAddr
  inDevice?: string
  outDevice?: string
  mark: number
}

/** Runs what follows `ip route get`. */
export function getRoute(host: Host, words: Words): ToolResult {
  const asked: Question = { mark: 0 }
  if (words.isEmpty) return refused(ROUTE_USAGE, 255)
  while (!words.isEmpty) {
    const problem = readWord(asked, words)
    if (problem !== undefined) return problem
  }
  const { dst, inDevice, outDevice } = asked
  if (dst === undefined) return refused('need at least a destination address\n', 1)
  for (const name of [inDevice, outDevice]) if (name !== undefined && host.findDevice(name) === undefined) return noDevice(name)
  const device = inDevice === undefined ? undefined : host.findDevice(inDevice)
  const found = device === undefined ? outputRoute(host, dst, asked) : inputRoute(host, dst, asked, device)
  return typeof found === 'string' ? answered(found) : printed(answerText(host, dst, asked, found))
}

function readWord(asked: Question, words: Words): ToolResult | undefined {
  const word = words.take() ?? ''
  if (/^(tos|notify|connected|vrf|uid|ipproto|sport|dport|as)$/.test(word) || isShortFor(word, 'dsfield')
    || isShortFor(word, 'fibmatch')) return unsupported(word, `ip route get: "${word}" is not modelled`)
  if (isShortFor(word, 'help')) return refused(ROUTE_USAGE, 255)
  const isValued = /^(to|iif|mark|oif|dev)$/.test(word) || isShortFor(word, 'from')
  const value = isValued ? words.take() : word
  if (value === undefined) return incomplete()
  if (word === 'iif') asked.inDevice = value
  else if (word === 'oif' || word === 'dev') asked.outDevice = value
  else if (word === 'mark') {
    const mark = parseNumber(value)
    if (mark === undefined) return wrong(value, 'invalid mark value')
    asked.mark = mark
  } else {
    if (value.includes(':')) return unsupported(value, 'ip route get: IPv6 addresses are not modelled here')
    const prefix = parsePrefix(value)
    if (prefix === undefined) return expected(asked.dst === undefined ? 'any valid prefix' : 'inet prefix', value)
    asked[isShortFor(word, 'from') ? 'src' : 'dst'] = prefix.addr
  }
  return undefined
}

function outputRoute(host: Host, dst: IpAddr, { src = IPV4_ANY, mark, outDevice }: Question): Route | Errno {
  if (src !== IPV4_ANY && !host.isLocalAddress(src)) return 'EINVAL'
  const device = outDevice === undefined ? undefined : host.findDevice(outDevice)
  if (device !== undefined && !device.config.isUp) return 'ENETUNREACH'
  const route = device === undefined ? host.routing.lookup(dst, { src, mark }) : host.routing.lookupBy(device, dst, { src, mark })
  return refusal(route) ?? route
}

/** ip_route_input_slow(). */
function inputRoute(host: Host, dst: IpAddr, { src = IPV4_ANY, mark }: Question, device: Device): Route | Errno {
  const { routing } = host
  const isWire = device.config.kind !== 'loopback'
  if (isWire && src !== IPV4_ANY && isMartianSource(src)) return 'EINVAL'
  if (isWire && isLoopback(dst)) return 'EINVAL'
  const route = routing.lookup(dst, { src, mark }, device)
  const isHere = route.type === 'local' || route.type === 'broadcast'
  if (!isHere && !routing.forwards(device)) return 'EHOSTUNREACH'
  const refused = refusal(route)
  if (refused !== undefined) return refused
  const verdict = !isWire || src === IPV4_ANY ? 'routed'
    : routing.validateSource(src, device, isHere ? undefined : route.device, { dst, mark })
  if (verdict === 'rp-filter') return 'EXDEV'
  if (verdict === 'martian-source') return 'EINVAL'
  return isHere ? { ...route, device: host.loopback } : route
}

function answerText(host: Host, dst: IpAddr, { src, inDevice, mark }: Question, route: Route): string {
  const isOutput = inDevice === undefined
  const { nowNs } = host.sim
  const learnt = isOutput && route.type === 'unicast' ? host.paths.find(dst, nowNs) : undefined
  const expiryNs = learnt === undefined ? undefined : host.paths.expiryNs(dst, nowNs)
  const { table = 0 } = route
  const first = [
    route.type === 'unicast' ? '' : route.type, formatIp(dst), src === undefined ? '' : `from ${formatIp(src)}`,
    route.gateway === undefined ? '' : `via ${formatIp(route.gateway)}`, `dev ${route.device.name}`,
    table === 0 || table === TABLE_MAIN ? '' : `table ${tableText(host, table)}`,
    isOutput && src === undefined ? `src ${formatIp(route.source)}` : '',
    mark === 0 ? '' : `mark ${mark < 16 ? mark : `0x${mark.toString(16)}`}`, isOutput ? 'uid 0' : '',
  ]
  const second = [
    'cache', route.type === 'local' ? '<local>' : route.type === 'broadcast' ? '<local,brd>' : '',
    expiryNs === undefined ? '' : `expires ${Math.floor((expiryNs - nowNs) / NS_PER_SECOND)}sec`,
    metricsText(learnt === undefined ? route : { ...route, mtuBytes: learnt }), isOutput ? '' : `iif ${inDevice}`,
  ]
  const line = (parts: readonly string[]): string => parts.filter((part) => part !== '').map((part) => `${part} `).join('')
  return `${line(first)}\n    ${line(second)}\n`
}
