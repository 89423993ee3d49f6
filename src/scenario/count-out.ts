/**
 * From a host of the file to the hosts of a run: replicas counted out, defaults filled in.
 * @module
 */
import { formatIp, inPrefix, isIpv6 } from '../wire/address.ts'
import { addressPlus, type AddressPrefix } from './address-text.ts'
import type { ProblemText } from './scenario-source.ts'
import type { Host, Interface, ScenarioLink, Server } from './scenario.ts'
import type { HostSpec, InterfaceSpec, Segment } from './schema-network.ts'
import type { ServerSpec } from './schema-server.ts'
import type { NicRef } from './schema-values.ts'
import type { Path } from './source-tree.ts'

/** MTU of `lo`, as Linux has it. */
const LOOPBACK_MTU_BYTES = 65_536
const ETHERNET_MTU_BYTES = 1_500

/** What hosts are plugged into. */
export interface Wiring {
  readonly segments: ReadonlyMap<string, Segment>
  /** By `host.nic`. */
  readonly links: ReadonlyMap<string, ScenarioLink>
}

/** The hosts of `name`: itself, or NAME1, NAME2, ... `complain` hears of addresses that run out of their network. */
export function countOut(options: {
  readonly name: string
  readonly spec: HostSpec
  readonly path: Path
  readonly wiring: Wiring
  readonly complain: (path: Path, problem: ProblemText) => void
}): Host[] {
  const { name, spec, path } = options
  const numbers = spec.replicas === undefined ? [undefined] : Array.from({ length: spec.replicas }, (_, i) => i + 1)
  const outgrown = new Set<string>()
  return numbers.map((number) => {
    const hostName = `${name}${number ?? ''}`
    const interfaces = new Map([...spec.interfaces].map(([nic, nicSpec]): [string, Interface] => {
      const addresses = nicSpec.addresses.flatMap((prefix, index) => {
        const counted = countUp(prefix, (number ?? 1) - 1)
        if (counted !== undefined) return [counted]
        const at = [...path, 'interfaces', nic, 'addresses', index]
        if (!outgrown.has(at.join())) options.complain(at, outgrownProblem(prefix, spec.replicas ?? 1))
        outgrown.add(at.join())
        return []
      })
      return [nic, plugged(nicSpec, addresses, { host: hostName, nic }, options.wiring)]
    }))
    return filledIn(spec, { name: hostName, group: name, path, interfaces })
  })
}

/** A host with the defaults of its profile; also what the expansion of a cluster uses. */
export function filledIn(
  spec: Omit<HostSpec, 'interfaces' | 'replicas'>,
  own: Pick<Host, 'name' | 'group' | 'path' | 'interfaces'>,
): Host {
  return {
    ...own,
    profile: spec.profile,
    hostname: spec.hostname ?? own.name,
    memoryBytes: spec.memoryBytes,
    modules: spec.modules,
    routes: spec.routes,
    sysctl: spec.sysctl,
    files: spec.files,
    etcHosts: spec.etcHosts,
    setup: spec.setup,
    servers: spec.servers.map((server) => filledServer(server, own.name)),
    cpu: spec.cpu,
  }
}

function filledServer(server: ServerSpec, hostName: string): Server {
  const closes = server.closes ?? (server.protocol === 'http' ? 'server' : 'client')
  return { ...server, name: server.name ?? hostName, closes }
}

function plugged(spec: InterfaceSpec, addresses: readonly AddressPrefix[], ref: NicRef, wiring: Wiring): Interface {
  const link = wiring.links.get(`${ref.host}.${ref.nic}`)
  const wireMtu = wiring.segments.get(spec.segment ?? '')?.mtuBytes ?? link?.mtuBytes
  const mtuBytes = spec.mtuBytes ?? (ref.nic === 'lo' ? LOOPBACK_MTU_BYTES : wireMtu ?? ETHERNET_MTU_BYTES)
  return { segment: spec.segment, addresses, mtuBytes, mac: spec.mac, up: spec.up }
}

/** The address `count` further on, if it is in the same network and no broadcast address there. */
function countUp(prefix: AddressPrefix, count: number): AddressPrefix | undefined {
  if (count === 0) return prefix
  const { prefixLength } = prefix
  const address = addressPlus(prefix.address, count)
  if (address === undefined) return undefined
  if (isIpv6(address) || prefixLength >= 31) return { address, prefixLength }
  const beyond = addressPlus(address, 1)
  const inside = beyond !== undefined && inPrefix(beyond, prefix.address, prefixLength)
  return inside ? { address, prefixLength } : undefined
}

function outgrownProblem(prefix: AddressPrefix, replicas: number): ProblemText {
  const text = `${formatIp(prefix.address)}/${prefix.prefixLength}`
  return { code: 'LVS1055', message: `${replicas} replicas from ${text} do not fit into its network` }
}
