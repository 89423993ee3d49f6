/**
 * Builds the world of a scenario: segments, links, hosts with their interfaces, files and sysctls. What needs a shell
 * (routes, `setup`) is left to the run. A MAC address follows from the nic's name, so that a host added moves nobody else's.
 * @module
 */
import { assert } from '../base/assert.ts'
import { hashText } from '../base/hash.ts'
import { err, ok, type Result } from '../base/result.ts'
import { errnoText } from '../host/errno.ts'
import type { Host } from '../host/host.ts'
import { addAddress } from '../host/config/addresses.ts'
import { addIpv6Address } from '../host/config/ipv6-config.ts'
import { canonicalModule, KernelModules, PROFILES, type HostProfile } from '../host/profile.ts'
import { DEFAULT_LINK, type LinkOptions } from '../link/link.ts'
import { isIpv6, type MacAddr } from '../wire/address.ts'
import { nearestWord } from './nearest.ts'
import type { Problem } from './problems.ts'
import type { Host as HostSpec, Interface, Scenario } from './scenario.ts'
import type { Segment } from './schema-network.ts'
import type { SchedulersOfRun } from './user-schedulers.ts'
import { World, type NicSpec } from './world.ts'

/** Builds a scenario whose cluster, if it has one, is expanded. Refuses what only a host can judge: sysctls and modules. */
export function buildWorld(
  scenario: Scenario, seed: string, schedulers: SchedulersOfRun,
): Result<World, readonly Problem[]> {
  const world = new World(seed, scenario.limits, (host) => schedulers.of(host))
  const problems: Problem[] = []
  for (const name of scenario.segments.keys()) world.addSegment(name)
  for (const spec of scenario.hosts.values()) {
    problems.push(...buildHost(world, scenario, spec, schedulers.modules))
  }
  if (problems.length > 0) return err(problems)
  const macs = new MacAddresses(scenario)
  for (const spec of scenario.hosts.values()) plugHost(world, scenario, spec, macs)
  for (const link of scenario.links) {
    const [first, second] = link.endpoints.map(({ host, nic }) => nicSpec(scenario, host, nic, macs))
    assert(first !== undefined && second !== undefined, 'a link has two ends')
    world.join(first, second, linkOptions(link, link.framing))
  }
  for (const spec of scenario.hosts.values()) problems.push(...setSysctls(world.host(spec.name), scenario, spec))
  return problems.length > 0 ? err(problems) : ok(world)
}

/** Options of a link as the engine takes them. */
export function linkOptions(cable: Segment, framing: 'ethernet' | 'ppp'): LinkOptions {
  return {
    ...DEFAULT_LINK, framing, rateBitsPerSecond: cable.rateBitsPerSecond, delayNs: cable.delayNs,
    queueFramesMax: cable.queuePackets, lossProbability: cable.lossProbability,
    duplicateProbability: cable.duplicateProbability, reorderProbability: cable.reorderProbability,
  }
}

function buildHost(world: World, scenario: Scenario, spec: HostSpec, schedulerModules: readonly string[]): Problem[] {
  const base = PROFILES.get(spec.profile)
  assert(base !== undefined, 'the schema knows the profiles')
  // Who loads what the distribution leaves out has built it.
  const built = spec.modules.loaded.map(canonicalModule).filter((module) => base.unbuiltModules.includes(module))
  const profile: HostProfile = {
    ...base, memoryBytes: spec.memoryBytes ?? base.memoryBytes, modules: [...base.modules, ...built, ...schedulerModules],
  }
  const modules = new KernelModules(profile.modules.filter((module) => !spec.modules.missing.includes(module)))
  const { cpu } = spec
  const host = world.addHost({
    name: spec.name, profile, modules,
    ...(cpu === undefined ? {} : { cpu: { packetNs: cpu.perPacketNs, byteNs: cpu.perByteNs, queueFramesMax: cpu.queuePackets } }),
  })
  // Who has an IPv6 address speaks IPv6; on others it is off until a sysctl says otherwise.
  const prefixes = [...spec.interfaces.values()].flatMap(({ addresses }) => addresses)
  if (prefixes.some(({ address }) => isIpv6(address))) host.ipv6.switchOn()
  for (const [path, text] of spec.files) host.files.set(path, text)
  host.files.set('/etc/hostname', `${spec.hostname}\n`)
  const hosts = spec.files.get('/etc/hosts') ?? `127.0.0.1\tlocalhost\n127.0.1.1\t${spec.hostname}\n`
  host.files.set('/etc/hosts', hosts + spec.etcHosts.map((line) => `${line}\n`).join(''))
  return spec.modules.loaded.flatMap((module, index) => {
    if (modules.load(module).ok) return []
    const path = [...spec.path, 'modules', 'loaded', index]
    const nearest = nearestWord(module, [...profile.modules, ...profile.unbuiltModules])
    return [scenario.source.problem(path, { code: 'LVS1062', message: `there is no module ${module}`, nearest })]
  })
}

function plugHost(world: World, scenario: Scenario, spec: HostSpec, macs: MacAddresses): void {
  for (const [device, nic] of spec.interfaces) {
    if (device === 'lo') addToLoopback(world.host(spec.name), nic)
    else if (nic.segment !== undefined) {
      const segment = scenario.segments.get(nic.segment)
      assert(segment !== undefined, 'references are checked')
      world.plug(nicSpec(scenario, spec.name, device, macs), nic.segment, linkOptions(segment, 'ethernet'))
    }
  }
}

function addToLoopback(host: Host, nic: Interface): void {
  for (const { address, prefixLength } of nic.addresses) {
    const add = isIpv6(address) ? addIpv6Address : addAddress
    const next = add(host.net, 'lo', { addr: address, prefixLength })
    if (next.ok) host.reconfigure(next.value)
  }
}

function nicSpec(scenario: Scenario, host: string, device: string, macs: MacAddresses): NicSpec {
  const nic = scenario.hosts.get(host)?.interfaces.get(device)
  assert(nic !== undefined, 'references are checked')
  const addresses = nic.addresses.map(({ address, prefixLength }) => ({ addr: address, prefixLength }))
  return { host, device, mac: nic.mac ?? macs.take(`${host}.${device}`), mtuBytes: nic.mtuBytes, addresses, isUp: nic.up }
}

function setSysctls(host: Host, scenario: Scenario, spec: HostSpec): Problem[] {
  return [...spec.sysctl].flatMap(([name, value]) => {
    const dotted = name.replaceAll('/', '.')
    // Writing one of these at boot loads the module, as sysctl.d with modules-load.d does.
    if (dotted.startsWith('net.ipv4.vs.')) host.modules.load('ip_vs')
    const written = host.sysctl.set(dotted, value)
    if (written.ok) return []
    const path = [...spec.path, 'sysctl', name]
    const nearest = host.sysctl.has(dotted) ? undefined : nearestWord(dotted, host.sysctl.names())
    return [scenario.source.problem(path, { code: 'LVS1061', message: `${dotted}: ${errnoText(written.error)}`, nearest })]
  })
}

/** Addresses of nics that have none of their own: 02:00 and 32 bits of the name, counted up where two names meet. */
class MacAddresses {
  readonly #taken = new Set<number>()

  constructor(scenario: Scenario) {
    for (const host of scenario.hosts.values()) {
      for (const nic of host.interfaces.values()) if (nic.mac !== undefined) this.#taken.add(nic.mac)
    }
  }

  take(name: string): MacAddr {
    let mac = 0x020000000000 + hashText(name)
    while (this.#taken.has(mac)) mac++
    this.#taken.add(mac)
    return mac as MacAddr
  }
}
