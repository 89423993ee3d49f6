/**
 * Changes of configuration while packets are under way: addresses, routes, devices, sysctls, neighbors, cables,
 * caches. Some
 * make no sense and are refused; that must leave everything as it was.
 * @module
 */
import { addAddress, flushAddresses, removeAddress } from '../../src/host/config/addresses.ts'
import {
  addDevice, removeDevice, setDeviceArp, setDeviceDown, setDeviceMtu, setDeviceTunnel, setDeviceUp,
} from '../../src/host/config/devices.ts'
import { addProxy, removeProxy } from '../../src/host/config/proxies.ts'
import { addRoute, removeRoute } from '../../src/host/config/routes.ts'
import { addRule, removeRule, type RulePrefix } from '../../src/host/config/rules.ts'
import { findDeviceConfig, type NetConfig } from '../../src/host/config/net-config.ts'
import { bringUp, type Host } from '../../src/host/host.ts'
import { broadcastOf, IPV4_ANY, isIpv6, MAC_BROADCAST, MAC_ZERO, networkOf, type IpAddr,
  type MacAddr } from '../../src/wire/address.ts'
import { ARP_REPLY, ARP_REQUEST } from '../../src/wire/arp-packet.ts'
import type { Chance } from './chance.ts'
import { someAddr6 } from './ipv6.ts'
import { GUE_PORT, linkOptions, tryChange, tunnelConfig, VIP } from './network.ts'
import { someAddr } from './traffic.ts'
import { complain, later, type World } from './world.ts'

/** Adds, removes or flushes addresses. */
export function changeAddresses(world: World, chance: Chance): void {
  const host = chance.pick(world.hosts)
  const device = deviceName(host, chance)
  const addr = someAddr(world, chance)
  const prefixLength = chance.pick([32, 24, 30, 16, 31])
  refuseOrChange(world, host, (net) => {
    switch (chance.int(8)) {
      case 0: return flushAddresses(net, device)
      case 1: case 2: return removeAddress(net, device, chance.flip(0.5) ? { addr } : { addr, prefixLength })
      default: return addAddress(net, device, {
        addr, prefixLength, broadcast: chance.flip(0.5) ? broadcastOf(addr, prefixLength) : undefined,
        ...(chance.flip(0.2) ? { scope: chance.pick(['host', 'link', 'global'] as const) } : {}),
      })
    }
  })
  // So that not every network ends without a way through: most devices get back what they had.
  if (chance.flip(0.7))
    later(world, 300_000_000, () => tryChange(host, (net) => addAddress(net, device, { addr, prefixLength: 24 })))
}

/** Adds or removes routes of every type. */
export function changeRoutes(world: World, chance: Chance): void {
  const host = chance.pick(world.hosts)
  const prefixLength = chance.pick([0, 8, 24, 32])
  const network = chance.flip(0.9) ? networkOf(someAddr(world, chance), prefixLength) : someAddr(world, chance)
  refuseOrChange(world, host, (net) => {
    if (chance.flip(0.25)) {
      const route = chance.pickAny(net.routes)
      const wanted = route !== undefined && chance.flip(0.8)
        ? { network: route.network, prefixLength: route.prefixLength } : { network, prefixLength }
      return removeRoute(net, {
        ...wanted, ...(route !== undefined && chance.flip(0.4) ? route : {}),
        ...(chance.flip(0.2)
          ? { metric: 0, type: 'unicast' as const, device: deviceName(host, chance), gateway: IPV4_ANY } : {}),
      })
    }
    const isWay = chance.flip(0.7)
    return addRoute(net, {
      network, prefixLength, type: isWay ? 'unicast' : chance.pick(['blackhole', 'unreachable', 'prohibit']),
      gateway: chance.flip(0.7) ? chance.pick(world.addrs) : undefined,
      device: chance.flip(0.5) ? deviceName(host, chance) : undefined,
      preferredSource: chance.flip(0.2) ? someAddr(world, chance) : undefined, metric: chance.pick([0, 0, 10]),
      onLink: chance.flip(0.3), mtuBytes: chance.pick([undefined, undefined, 700, 70_000]),
      advertisedMss: chance.pick([undefined, 500]), ...(chance.flip(0.2) ? { scope: 'link' as const } : {}),
    }, chance.pick(['add', 'add', 'replace', 'append', 'prepend', 'change'] as const))
  })
}

/** Takes devices down and up, changes MTUs and tunnels, adds and removes devices, switches ARP. */
export function changeDevices(world: World, chance: Chance): void {
  const host = chance.pick(world.hosts)
  const name = deviceName(host, chance)
  const far = chance.pick(world.hosts)
  switch (chance.int(8)) {
    case 0: case 1: {
      refuseOrChange(world, host, (net) => setDeviceDown(net, name))
      if (chance.flip(0.9))
        later(world, chance.pick([1, 1_000_000, 900_000_000]), () => tryChange(host, (net) => setDeviceUp(net, name)))
      return
    }
    case 2: return refuseOrChange(world, host, (net) => setDeviceUp(net, name))
    case 3: return refuseOrChange(world, host,
      (net) => setDeviceMtu(net, name, chance.pick([1500, 68, 576, 9000, 100, 67, 70_000])))
    case 4: return refuseOrChange(world, host, (net) => setDeviceArp(net, name, chance.flip(0.7)))
    case 5: return refuseOrChange(world, host, (net) => setDeviceTunnel(net, name, tunnelConfig(host, far, chance)))
    case 6: {
      const kind = chance.pick(['dummy', 'ipip', 'gre'] as const)
      const tunnel = kind === 'dummy' ? {} : { tunnel: tunnelConfig(host, far, chance) }
      refuseOrChange(world, host,
        (net) => addDevice(net, { name: `${kind}7`, kind, mac: 0 as MacAddr, mtuBytes: 1300, ...tunnel }))
      tryChange(host, (net) => setDeviceUp(net, `${kind}7`))
      tryChange(host,
        (net) => addAddress(net, `${kind}7`,
        { addr: chance.pick([0x0a1e_0005, 0x0a1e_0105] as IpAddr[]), prefixLength: 24 }))
      return
    }
    default: {
      // A nic stays with its host for ever: only software devices go.
      const isSoftware = host.findDevice(name)?.nic === undefined
      if (isSoftware) refuseOrChange(world, host, (net) => removeDevice(net, name))
    }
  }
}

/** Adds and removes rules of policy routing and the routes of their tables, and proxies of ARP. */
export function changePolicy(world: World, chance: Chance): void {
  const host = chance.pick(world.hosts)
  const device = deviceName(host, chance)
  const prefix = (): RulePrefix => ({ addr: someAddr(world, chance), prefixLength: chance.pick([0, 24, 32]) })
  const some = <T>(value: T): T | undefined => (chance.flip(0.3) ? value : undefined)
  refuseOrChange(world, host, (net) => {
    switch (chance.int(6)) {
      case 0: {
        const rule = chance.pickAny(net.policy.rules) ?? { priority: 7 }
        const { priority } = rule
        return removeRule(net, chance.flip(0.5) ? { priority }
          : { ...rule, ...(chance.flip(0.5) ? { from: prefix() } : {}) })
      }
      case 1: return addRoute(net, {
        table: chance.pick([100, 255, 253]), network: IPV4_ANY, prefixLength: 0, device,
        gateway: some(chance.pick(world.addrs)), type: chance.pick(['unicast', 'unicast', 'throw', 'blackhole']),
      })
      case 2: return addProxy(net, device, someAddr(world, chance))
      case 3: return removeProxy(net, device, chance.pickAny(findDeviceConfig(net, device)?.proxies ?? []) ?? VIP)
      default: {
        const [from, to, inDevice, outDevice] =
          [some(prefix()), some(prefix()), some(device), chance.flip(0.1) ? device : undefined]
        const [mark, suppressPrefixLength] = [some({ value: 1, mask: 0xffff_ffff }), chance.flip(0.1) ? 0 : undefined]
        return addRule(net, {
          action: chance.pick(['table', 'table', 'table', 'blackhole', 'unreachable', 'prohibit']),
          table: chance.pick([100, 254]),
          isInverted: chance.flip(0.1), ...(from && { from }), ...(to && { to }),
          ...(inDevice === undefined ? {} : { inDevice }),
          ...(outDevice === undefined ? {} : { outDevice }), ...(mark && { mark }),
          ...(suppressPrefixLength === undefined ? {} : { suppressPrefixLength }),
          ...(chance.flip(0.5) ? { priority: chance.int(200) } : {}),
        })
      }
    }
  })
  if (chance.flip(0.6))
    host.sysctl.set(`net.ipv4.conf.${chance.pick(['all', device])}.proxy_arp`, chance.pick(['1', '1', '1', '0']))
  if (chance.flip(0.3))
    host.sysctl.set(`net.ipv4.conf.${device}.${chance.pick(['proxy_arp_pvlan', 'medium_id'])}`,
    chance.pick(['1', '2', '-1', '0']))
  if (chance.flip(0.3))
    host.sysctl.set(`net.ipv4.neigh.${device}.${chance.pick(['proxy_delay', 'proxy_qlen'])}`,
    chance.pick(['0', '3', '80']))
}

/** Writes a sysctl: one that is there, or one that is not; a value that fits, or none that does. */
export function changeSysctls(world: World, chance: Chance): void {
  const host = chance.pick(world.hosts)
  const names = host.sysctl.names()
  const name = chance.flip(0.05) ? 'net.ipv4.nothing' : chance.pick(names)
  const before = host.sysctl.find(name)
  const written =
    host.sysctl.set(name,
    chance.pick(['0', '1', '1', '2', '3', '64', '-5', ' 7 ', '1 2', 'x', '0x1f', '99999999999']))
  if (!written.ok && host.sysctl.find(name) !== before) complain(world, `a refused write changed ${name}`)
  if (chance.flip(0.2)) host.sysctl.set('net.ipv4.ip_forward', chance.pick(['1', '1', '0']))
  if (chance.flip(0.3)) {
    const conf =
      chance.pick(['arp_ignore', 'arp_announce', 'arp_filter', 'rp_filter', 'accept_local', 'send_redirects',
      'accept_redirects', 'shared_media', 'secure_redirects'])
    host.sysctl.set(`net.ipv4.conf.${chance.pick(['all', deviceName(host, chance)])}.${conf}`,
      String(chance.pick([0, 1, 1, 2, 3, 8, 9])))
  }
  if (chance.flip(0.3)) {
    const option =
      chance.pick(['sack', 'sack', 'timestamps', 'window_scaling', 'slow_start_after_idle', 'retries2',
      'syn_retries'])
    host.sysctl.set(`net.ipv4.tcp_${option}`, String(chance.pick([0, 0, 1, 2])))
  }
  if (chance.flip(0.1)) host.sysctl.set('net.netfilter.nf_conntrack_max', String(chance.pick([0, 2, 8192])))
  if (chance.flip(0.1)) host.sysctl.set('net.ipv4.ip_default_ttl', String(chance.pick([64, 3, 32])))
}

/** Sets, removes and announces neighbors. */
export function changeNeighbors(world: World, chance: Chance): void {
  const host = chance.pick(world.hosts)
  const device = chance.pick(host.devices)
  const table = chance.flip(0.3) ? device.ipv6Neighbors : device.neighbors
  const addr = table !== undefined && table === device.ipv6Neighbors ? someAddr6(world, chance) : someAddr(world, chance)
  const mac = chance.pick(world.nics).mac
  switch (chance.int(6)) {
    case 0: table?.set(addr, mac, chance.pick(['permanent', 'reachable', 'stale'])); break
    case 1: table?.remove(chance.pickAny(table.entries())?.addr ?? addr); break
    case 2: table?.confirm(addr); break
    case 3: {
      if (device.neighbors === undefined || !device.config.isUp || isIpv6(addr)) break
      if (chance.flip(0.5)) host.arp.announce(device, addr, chance.pick([ARP_REPLY, ARP_REQUEST]))
      else host.arp.request(device,
        { spa: addr, tpa: someAddr(world, chance), to: chance.pick([undefined, mac]), tha: MAC_BROADCAST })
      break
    }
    case 4: {
      const forget = host.arp.listen(() => undefined)
      later(world, 500_000_000, forget)
      break
    }
    default: table?.set(addr, MAC_ZERO, 'stale')
  }
}

/** Pulls cables, makes links better or worse. */
export function changeLinks(world: World, chance: Chance): void {
  const cable = chance.pickAny(world.cables)
  if (cable === undefined) return
  if (chance.flip(0.5)) {
    cable.up.isUp = cable.down.isUp = false
    later(world, chance.pick([1_000, 50_000_000, 2_000_000_000]), () => { cable.up.isUp = cable.down.isUp = true })
    return
  }
  const direction = chance.pick([cable.up, cable.down])
  direction.setOptions({ ...linkOptions(chance), framing: direction.options.framing })
  if (direction.queuedFrames < 0) complain(world, 'a queue holds less than nothing')
}

/** Forgets paths, redirects, conntrack; loads modules, opens and closes ports of GUE. */
export function flushThings(world: World, chance: Chance): void {
  const host = chance.pick(world.hosts)
  switch (chance.int(6)) {
    case 0: host.paths.flush(chance.flip(0.5) ? 4 : 6); break
    case 1: host.routing.forgetRedirects(); break
    case 2: {
      const { table } = host.netfilter.conntrack
      for (const entry of table.entries(world.lan.sim.nowNs)) table.remove(entry)
      break
    }
    case 3: host.guePorts.add(GUE_PORT); break
    case 4: host.guePorts.remove(chance.pickAny(host.guePorts.list()) ?? 1); break
    default:
      host.modules.load(chance.pick(['ipip', 'ip-gre', 'ip_vs', 'nothing']))
      if (chance.flip(0.3) && host.modules.loaded().includes('dummy'))
        complain(world, 'a module is loaded that nobody asked for')
      bringUp(host)
  }
}

function deviceName(host: Host, chance: Chance): string {
  return chance.flip(0.05) ? 'nothing0' : chance.pick(host.devices).name
}

/** A refused change leaves the very tree that was there. */
function refuseOrChange(world: World, host: Host, transaction: Parameters<typeof tryChange>[1]): void {
  const before: NetConfig = host.net
  const text = JSON.stringify(before)
  const done = tryChange(host, transaction)
  if (!done && (host.net !== before || JSON.stringify(host.net) !== text))
    complain(world, `a refused change changed ${host.name}`)
}
