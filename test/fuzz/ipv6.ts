/**
 * The IPv6 side of the fuzzer: hosts that speak it, packets and errors of ICMPv6, neighbor discovery of all kinds,
 * and changes of
 * addresses, routes and switches.
 * @module
 */
import { addIpv6Address, addIpv6Route, removeIpv6Address, removeIpv6Route } from '../../src/host/config/ipv6-config.ts'
import type { Host } from '../../src/host/host.ts'
import {
  formatIp, IPV6_ALL_HOSTS, IPV6_ANY, IPV6_LOOPBACK, ipv6FromWords, linkLocalOf, networkOf, parseIp, solicitedNodeOf,
  type IpAddr,
} from '../../src/wire/address.ts'
import { icmpBytes, icmpError, type IcmpMessage } from '../../src/wire/icmp-message.ts'
import { IPPROTO_ICMPV6, IPPROTO_UDP, ipPacket, totalBytes, type IpPayload } from '../../src/wire/ip-packet.ts'
import {
  neighborAdvertisement, neighborBytes, neighborSolicitation,
} from '../../src/wire/neighbor-message.ts'
import { NO_DATA } from '../../src/wire/tcp-segment.ts'
import { udpDatagram } from '../../src/wire/udp-datagram.ts'
import { patternBytes, type Chance } from './chance.ts'
import { tryChange, type Network } from './network.ts'
import { complain, type World } from './world.ts'

/** The IPv6 address that every director has. */
export const VIP6 = ipv6FromWords(0xfd000009, 0, 0, 1)

/** Host number `host` on segment `segment`, both from 0: fd00:<segment>::<host + 1>. */
export function addressOf6(segment: number, host: number): IpAddr {
  return ipv6FromWords((0xfd00 << 16 | segment) >>> 0, 0, 0, host + 1)
}

/** Switches IPv6 on for all hosts of some networks. Returns their addresses; none where it stays off. */
export function speakIpv6(hosts: readonly Host[], chance: Chance): IpAddr[] {
  if (chance.flip(0.4)) return []
  const addrs: IpAddr[] = [VIP6]
  hosts.forEach((host, index) => {
    host.ipv6.switchOn()
    host.sysctl.set('net.ipv6.conf.all.forwarding', chance.pick(['1', '1', '0']))
    for (const { name, addresses } of host.net.devices) {
      const segment = addresses[0] === undefined ? 0 : (addresses[0].addr >>> 16) & 255
      if (!name.startsWith('eth') && !name.startsWith('ppp')) continue
      const addr = name.startsWith('eth') ? addressOf6(segment, index)
        : ipv6FromWords(0xfd000014, 0, (addresses[0]?.addr ?? 0) >>> 2, index + 1)
      if (tryChange(host, (net) => addIpv6Address(net, name, { addr, prefixLength: 64, nodad: chance.flip(0.8) })))
        addrs.push(addr)
    }
    const nearby = addressOf6(chance.int(3), chance.int(hosts.length))
    tryChange(host, (net) => addIpv6Route(net, { network: IPV6_ANY, prefixLength: 0, gateway: nearby }))
  })
  return addrs
}

/** An IPv6 address: mostly one that leads somewhere. */
export function someAddr6({ addrs6, nics }: Pick<Network, 'addrs6' | 'nics'>, chance: Chance): IpAddr {
  if (chance.flip(0.75) && addrs6.length > 0) return chance.pick(addrs6)
  const near = addressOf6(chance.int(3), 200)
  return chance.pick([
    IPV6_ANY, IPV6_LOOPBACK, IPV6_ALL_HOSTS, near, solicitedNodeOf(chance.pick(addrs6.length > 0 ? addrs6 : [near])),
    linkLocalOf(chance.pick(nics).mac), ipv6FromWords(0x20010db8, 0, 0, chance.int(4)),
    ipv6FromWords(0xff020000, 0, 0, 0x16), VIP6,
  ])
}

/** What only IPv6 carries: neighbor discovery, echoes and errors of ICMPv6. */
export function somePayload6(
  world: World, ends: { readonly src: IpAddr, readonly dst: IpAddr }, chance: Chance,
): [number, IpPayload, number] {
  const mac = chance.pick([...world.nics, ...world.rogues]).mac
  const linkAddress = chance.flip(0.8) ? mac : undefined
  switch (chance.int(6)) {
    case 0: case 1: {
      const payload = neighborSolicitation(someAddr6(world, chance), linkAddress)
      return [IPPROTO_ICMPV6, payload, neighborBytes(payload)]
    }
    case 2: {
      const flags = { isRouter: chance.flip(0.5), isSolicited: chance.flip(0.5), isOverride: chance.flip(0.5) }
      const payload = neighborAdvertisement(someAddr6(world, chance), linkAddress, flags)
      return [IPPROTO_ICMPV6, payload, neighborBytes(payload)]
    }
    case 3: {
      const data = patternBytes(0, chance.pick([0, 56, 2000]))
      const message: IcmpMessage = {
        kind: 'icmpv6', type: chance.pick([128, 129, 128, 133, 137]), code: chance.pick([0, 0, 1]),
        rest: chance.int(65_536), quoted: undefined,
        data, dataBytes: data.length,
      }
      return [IPPROTO_ICMPV6, message, icmpBytes(message)]
    }
    default: return someError6(world, ends, chance)
  }
}

function someError6(world: World, { dst }: { readonly dst: IpAddr }, chance: Chance): [number, IpPayload, number] {
  const seen = chance.pickAny(world.seen.filter(({ payload }) => payload.kind === 'ip' && payload.dst >= IPV6_ANY))?.payload
  const quoted = seen?.kind === 'ip' ? seen : ipPacket({
    uid: 0, src: dst, dst: someAddr6(world, chance), protocol: IPPROTO_UDP,
    payload: udpDatagram({ sport: 53, dport: 53 }, NO_DATA), payloadBytes: 8,
  })
  const whole = totalBytes(quoted)
  const type = chance.pick([1, 1, 2, 2, 3, 4, 100])
  const message =
    icmpError({ type, code: chance.int(6), rest: chance.pick([0, 576, 1280, 1400]) }, quoted,
    chance.pick([whole, Math.min(whole, 48)]))
  return [IPPROTO_ICMPV6, message, icmpBytes(message)]
}

/** Adds and removes IPv6 addresses and routes, and switches it off and on. */
export function changeIpv6(world: World, chance: Chance): void {
  const host = chance.pick(world.hosts)
  const device = chance.flip(0.05) ? 'nothing0' : chance.pick(host.devices).name
  const addr = someAddr6(world, chance)
  const prefixLength = chance.pick([64, 128, 48, 64])
  const before = host.net
  const text = JSON.stringify(before)
  const isChanged = ((): boolean => {
    switch (chance.int(7)) {
      case 0: {
        const gone = chance.pickAny(host.net.ipv6.addresses)
        if (gone === undefined || chance.flip(0.2))
          return tryChange(host, (net) => removeIpv6Address(net, device, { addr, prefixLength }))
        return tryChange(host, (net) => removeIpv6Address(net, gone.device, chance.flip(0.5) ? gone : { addr: gone.addr }))
      }
      case 1: case 2: return tryChange(host, (net) => addIpv6Address(net, device, {
        addr, prefixLength, nodad: chance.flip(0.4), ...(chance.flip(0.2) ? { isDeprecated: true } : {}),
      }))
      case 3: case 4: return tryChange(host, (net) => addIpv6Route(net, {
        network: networkOf(addr, prefixLength), prefixLength, gateway: chance.flip(0.7) ? someAddr6(world, chance)
          : undefined,
        device: chance.flip(0.5) ? device : undefined,
        type: chance.pick(['unicast', 'unicast', 'unicast', 'blackhole', 'unreachable', 'prohibit']),
        metric: chance.pick([1024, 10]), onLink: chance.flip(0.2),
        ...(chance.flip(0.2) ? { preferredSource: someAddr6(world, chance) } : {}),
      }, chance.flip(0.3) ? { replace: true } : {}))
      case 5: {
        const route = chance.pickAny(host.net.ipv6.routes)
        if (route !== undefined && chance.flip(0.5)) return tryChange(host, (net) => removeIpv6Route(net, route))
        return tryChange(host,
          (net) => removeIpv6Route(net,
          { network: route?.network ?? addr, prefixLength: route?.prefixLength ?? 128 }))
      }
      default:
        host.sysctl.set(`net.ipv6.conf.${chance.pick(['all', 'default', device])}.${chance.pick(['disable_ipv6',
          'forwarding', 'accept_dad', 'hop_limit'])}`,
          chance.pick(['0', '0', '1']))
        return true
    }
  })()
  if (!isChanged && (host.net !== before || JSON.stringify(host.net) !== text))
    complain(world, `a refused change of IPv6 changed ${host.name}`)
  if (parseIp(formatIp(addr)) !== addr) complain(world, `${formatIp(addr)} does not read back`)
  parseIp(chance.pick(['::1::', 'fe80:', '1:2:3:4:5:6:7:8:9', '::ffff:1.2.3.4', '1::2:3:4:5:6:7:8', 'x::', ':', '12345::']))
}
