/**
 * The rules of a real director, as ipvsadm-save printed them, for a cluster that is built around them: which virtual addresses
 * and real servers they name, and what each of those must listen on. IPv4 and plain IPIP tunnels only.
 * @module
 */
import { type ReadRules, readRules, type RuleCommand } from '../admin/ipvsadm/read-rules.ts'
import type { DestinationRule, ForwardingMethod, ServiceId } from '../ipvs/control/rules.ts'
import { inPrefix, type IpAddr, isIpv6 } from '../wire/address.ts'
import { IPPROTO_TCP, IPPROTO_UDP } from '../wire/ip-packet.ts'
import type { Mode } from './schema-check.ts'

const LOOPBACK = 0x7f000000 as IpAddr

/** Where something listens. */
export interface ListeningPort {
  readonly protocol: 'tcp' | 'udp'
  readonly port: number
}

/** What rules say of a cluster. */
export interface SavedRules {
  /** In the order of the text. */
  readonly commands: readonly RuleCommand[]
  /** Virtual addresses, each once; none for services of marks alone. */
  readonly vips: readonly IpAddr[]
  /** Addresses of real servers other than the director itself, each once, in the order of the text. */
  readonly servers: readonly IpAddr[]
  /** Those that are the director itself: its VIPs and 127.0.0.0/8. */
  readonly localServers: readonly IpAddr[]
}

/** Why a line cannot be part of a cluster, and its place in the text. */
export type RefusedRule = ReadRules['refused'][number]

/** What the text says, and the lines that are refused: by ipvsadm, or because a cluster cannot be built for them. */
export function readSavedRules(text: string): { readonly saved: SavedRules, readonly refused: readonly RefusedRule[] } {
  const { lines, refused } = readRules(text)
  const source = text.split('\n')
  const unbuilt = lines.flatMap(({ line, command }): RefusedRule[] => {
    const message = whyNotBuilt(command)
    const shown = source[line - 1]?.trim() ?? ''
    const column = (source[line - 1]?.indexOf(shown) ?? 0) + 1
    return message === undefined ? [] : [{ line, column, length: shown.length, message }]
  })
  const commands = lines.map(({ command }) => command)
  const vips = new Set(commands.flatMap(({ service }) => (service.fwmark === 0 ? [service.addr] : [])))
  const servers = [...new Set(destinationsOf(commands).map(({ addr }) => addr))]
  const isLocal = (addr: IpAddr): boolean => vips.has(addr) || inPrefix(addr, LOOPBACK, 8)
  const saved = {
    commands, vips: [...vips], servers: servers.filter((addr) => !isLocal(addr)), localServers: servers.filter(isLocal),
  }
  return { saved, refused: [...refused, ...unbuilt] }
}

/** How all servers are reached; undefined when not all are reached in the same way. */
export function methodOf({ commands }: SavedRules): Mode | undefined {
  const methods = new Set(destinationsOf(commands).map(({ method }) => method))
  const [method] = methods
  return methods.size === 1 ? method : undefined
}

/** The rules with every server reached in this way; as they are without one. */
export function withMethod(saved: SavedRules, method: ForwardingMethod | undefined): SavedRules {
  if (method === undefined) return saved
  return { ...saved, commands: saved.commands.map((command) => {
    if (command.kind === 'add-service') return command
    const { service, destination } = command
    // Only NAT can change the port of a packet.
    const port = method === 'nat' || service.fwmark !== 0 ? destination.port : service.port
    return { ...command, destination: { ...destination, method, port } }
  }) }
}

/** How a server is reached: by the first rule that names it. */
export function methodOfServer({ commands }: SavedRules, server: IpAddr): ForwardingMethod {
  return destinationsOf(commands).find(({ addr }) => addr === server)?.method ?? 'dr'
}

/** Where a server must listen, each port once. `anyPorts` stand for services of every port and of marks. */
export function portsOfServer({ commands }: SavedRules, server: IpAddr, anyPorts: readonly number[]): ListeningPort[] {
  const ports = new Map<string, ListeningPort>()
  for (const command of commands) {
    if (command.kind !== 'add-destination' || command.destination.addr !== server) continue
    const protocol = protocolOf(command.service)
    if (protocol === undefined) continue
    const port = portOf(command.service, command.destination)
    for (const one of port === 0 ? anyPorts : [port]) ports.set(`${protocol} ${one}`, { protocol, port: one })
  }
  return [...ports.values()]
}

function portOf(service: ServiceId, { method, port }: DestinationRule): number {
  return method === 'nat' ? port : service.port
}

/** SCTP has no servers here. */
function protocolOf({ fwmark, protocol }: ServiceId): ListeningPort['protocol'] | undefined {
  if (fwmark !== 0 || protocol === IPPROTO_TCP) return 'tcp'
  return protocol === IPPROTO_UDP ? 'udp' : undefined
}

function destinationsOf(commands: readonly RuleCommand[]): DestinationRule[] {
  return commands.flatMap((command) => (command.kind === 'add-destination' ? [command.destination] : []))
}

function whyNotBuilt(command: RuleCommand): string | undefined {
  const addresses = [command.service.addr, ...(command.kind === 'add-destination' ? [command.destination.addr] : [])]
  if (command.service.isIpv6 || addresses.some(isIpv6)) return 'a cluster is built in IPv4 only'
  if (command.kind === 'add-destination' && command.destination.method === 'tun' && command.destination.tunnel.type !== 'ipip') {
    return `a cluster is built with IPIP tunnels only, and this is ${command.destination.tunnel.type}`
  }
  return undefined
}
