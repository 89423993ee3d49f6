/**
 * Builds the network of a lab: all hosts are namespaces of one Debian 12 machine, so they share their kernel modules.
 * @module
 */
import { err, ok, type Result } from '../../base/result.ts'
import { HOOK_PRIORITY } from '../../host/hooks.ts'
import type { Host } from '../../host/host.ts'
import { DEBIAN_12, KernelModules, type HostProfile } from '../../host/profile.ts'
import { DEFAULT_LINK, type LinkOptions } from '../../link/link.ts'
import { isIpv6, parseIp, type IpAddr, type MacAddr } from '../../wire/address.ts'
import { IPPROTO_TCP } from '../../wire/ip-packet.ts'
import { World } from '../world.ts'
import type { Lab, LabHost } from './lab.ts'

/** A pair of virtual Ethernet devices: no rate, hardly a delay. */
const LAB_LINK: LinkOptions = { ...DEFAULT_LINK, rateBitsPerSecond: Infinity, delayNs: 10_000 }

/** The recording machine had IPVS loaded with all its schedulers. */
const SCHEDULERS = ['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'dh', 'sh', 'sed', 'nq', 'fo', 'ovf', 'mh']
const LOADED_MODULES = ['ip_vs', ...SCHEDULERS.map((name) => `ip_vs_${name}`)]

/** The machine that all hosts of a lab share has 1.5 GiB of memory, of which the kernel itself leaves so much to others. */
const LAB_PROFILE: HostProfile = { ...DEBIAN_12, memoryBytes: 357_152 * 4096 }

/** Makes the world of a lab. The error names what cannot be modelled or understood. Routes are for the player to add. */
export function buildLab(lab: Lab): Result<World, string> {
  const world = new World(`lab ${lab.name}`)
  const modules = new KernelModules(LAB_PROFILE.modules)
  for (const module of LOADED_MODULES) modules.load(module)
  for (const segment of lab.topology.segments) world.addSegment(segment)
  const names = Object.keys(lab.topology.nodes)
  for (const [index, name] of names.entries()) {
    const spec = lab.topology.nodes[name] as LabHost
    const host = world.addHost({ name, profile: LAB_PROFILE, modules })
    host.sysctl.set('net.ipv4.tcp_timestamps', '0')
    if (spec.ipv6 === true) host.ipv6.switchOn()
    const plugged = plugAll(world, name, index, spec)
    if (!plugged.ok) return plugged
    for (const [path, text] of Object.entries(spec.files ?? {})) host.files.set(path, text)
    const muted = spec.mute?.find((protocol) => protocol !== 'tcp')
    if (muted !== undefined) return err(`${name}: only tcp can be muted, not ${muted}`)
    if (spec.mute !== undefined) mute(host)
  }
  return ok(world)
}

function plugAll(world: World, name: string, index: number, spec: LabHost): Result<void, string> {
  for (const [number, device] of Object.keys(spec.ifaces).entries()) {
    const { segment, addrs, mtu } = spec.ifaces[device] as LabHost['ifaces'][string]
    if (!world.bridges.has(segment)) return err(`${name}.${device}: there is no segment ${segment}`)
    const addresses: { addr: IpAddr, prefixLength: number }[] = []
    for (const text of addrs) {
      const [addr, length] = text.split('/')
      const parsed = parseIp(addr ?? '')
      const isPrefix = parsed !== undefined && /^\d+$/.test(length ?? '') && Number(length) <= (isIpv6(parsed) ? 128 : 32)
      if (!isPrefix) return err(`${name}.${device}: ${text} is not an address with a prefix length`)
      addresses.push({ addr: parsed, prefixLength: Number(length) })
    }
    // 02:00:00:00:NN:II: number of the host from 1, of the interface from 0.
    const mac = (0x020000000000 + (index + 1) * 256 + number) as MacAddr
    world.plug({ host: name, device, mac, mtuBytes: mtu ?? 1500, addresses }, segment, LAB_LINK)
  }
  return ok(undefined)
}

/** The host never answers TCP by itself: what an INPUT rule with DROP does. */
function mute(host: Host): void {
  host.hooks.register('localIn', 'mute', HOOK_PRIORITY.filter, (packet) => {
    if (packet.protocol !== IPPROTO_TCP) return packet
    host.drop(packet, 'muted')
    return undefined
  })
}
