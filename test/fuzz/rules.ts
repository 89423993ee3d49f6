/**
 * Random changes of netfilter rules and of the services of a director, as an admin would make them by iptables and ipvsadm:
 * the possible and the impossible.
 * @module
 */
import {
  addRule, clearTable, deleteChain, deleteRule, deleteRuleAt, flushChain, newChain, renameChain, replaceRule,
  setPolicy, useTable,
  type ChainPlace,
} from '../../src/host/config/netfilter-changes.ts'
import { findTable, isTableName, type NetfilterConfig, type TableName } from '../../src/host/config/netfilter-config.ts'
import {
  CONNTRACK_STATES, REJECT_ANSWERS, type RuleMatch, type RuleSpec, type RuleTarget,
} from '../../src/host/config/rule-config.ts'
import type { Host } from '../../src/host/host.ts'
import { attachIpvs } from '../../src/ipvs/director.ts'
import type { IpvsCommand } from '../../src/ipvs/control/command.ts'
import { addressId, type ServiceId } from '../../src/ipvs/control/rules.ts'
import { SCHEDULERS } from '../../src/ipvs/scheduler/registry.ts'
import { addIpv6Address } from '../../src/host/config/ipv6-config.ts'
import { addAddress } from '../../src/host/config/addresses.ts'
import { IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP } from '../../src/wire/ip-packet.ts'
import { prefixMask, type IpAddr } from '../../src/wire/address.ts'
import type { Chance } from './chance.ts'
import { someAddr6, VIP6 } from './ipv6.ts'
import { GUE_PORT, tryChange, VIP } from './network.ts'
import { someAddr, TCP_PORT, UDP_PORT } from './traffic.ts'
import { complain, type World } from './world.ts'

const CHAINS = ['INPUT', 'OUTPUT', 'FORWARD', 'PREROUTING', 'POSTROUTING', 'mine', 'yours', 'theirs']
const TABLES: readonly TableName[] = ['filter', 'filter', 'nat', 'nat', 'mangle', 'raw']

/** Makes one to three changes of a host's rules, and puts them into force unless they are refused. */
export function changeRules(world: World, chance: Chance): void {
  const host = chance.pick(world.hosts.slice(0, 3))
  for (let i = chance.pick([2, 3, 6]); i > 0; i--) {
    const before = host.netfilter.config
    const next = changed(world, before, chance)
    if (next !== undefined && host.netfilter.reconfigure(next) !== undefined && host.netfilter.config !== before) {
      complain(world, `rules that were refused are in force on ${host.name}`)
    }
  }
}

/** The rules after one change; undefined where it cannot be. */
function changed(world: World, config: NetfilterConfig, chance: Chance): NetfilterConfig | undefined {
  const table = chance.pick(TABLES)
  if (!isTableName(table)) return undefined
  const used = chance.flip(0.95) ? useTable(config, table) : config
  const names = findTable(used, table)?.chains.map((chain) => chain.name) ?? []
  const place: ChainPlace = { table, chain: chance.flip(0.9) ? chance.pickAny(names) ?? 'mine' : chance.pick(CHAINS) }
  const position = 1 + chance.int(3)
  const result = ((): ReturnType<typeof addRule> => {
    switch (chance.int(16)) {
      case 0: return replaceRule(used, place, someRule(world, table, place.chain, chance), position)
      case 1: return deleteRuleAt(used, place, position)
      case 2: {
        const rules = findTable(used, table)?.chains.flatMap((chain) => chain.rules) ?? []
        return deleteRule(used, place, chance.pickAny(rules)?.spec ?? someRule(world, table, place.chain, chance))
      }
      case 3: return flushChain(used, place)
      case 4: return { ok: true, value: clearTable(used, table) }
      case 5: return setPolicy(used, place, chance.pick(['ACCEPT', 'ACCEPT', 'ACCEPT', 'DROP']))
      case 6: return newChain(used, { table, chain: chance.pick(CHAINS) })
      case 7: return newChain(used, { table, chain: chance.pick(CHAINS.slice(5)) })
      case 8: return deleteChain(used, { table, chain: chance.pick(chance.flip(0.8) ? CHAINS.slice(5) : CHAINS) })
      case 9: return renameChain(used, { table, chain: chance.pick(chance.flip(0.8) ? CHAINS.slice(5) : CHAINS) },
        chance.pick(CHAINS))
      default: return addRule(used, place, someRule(world, table, place.chain, chance), chance.flip(0.5) ? position
        : undefined)
    }
  })()
  return result.ok ? result.value : undefined
}

function someRule(world: World, table: TableName, chain: string, chance: Chance): RuleSpec {
  const target = someTarget(world, table, chain, chance)
  // Some targets want TCP, or nothing but its SYNs.
  const wantsTcp = chance.flip(0.9)
    && (target.kind === 'tcpmss' || (target.kind === 'reject' && target.answer === 'tcp-reset'))
  const number = wantsTcp ? IPPROTO_TCP
    : chance.pick([undefined, undefined, IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP])
  const extra: RuleMatch[] = wantsTcp ? [
    { kind: 'tcp', sport: undefined, dport: undefined, flags: { mask: 0x06, set: 0x02, inverted: false } },
  ] : []
  const address = (): RuleSpec['src'] => {
    if (chance.flip(0.85)) return undefined
    const mask = chance.pick([0xffff_ffff, prefixMask(24), 0])
    return { addr: ((someAddr(world, chance) & mask) >>> 0) as IpAddr, mask, inverted: chance.flip(0.2) }
  }
  const device = (): RuleSpec['inDevice'] =>
    chance.flip(0.9) ? undefined : { name: chance.pick(['eth0', 'eth+', 'lo', 'tunl0']), inverted: chance.flip(0.3) }
  return {
    src: address(), dst: address(), inDevice: device(), outDevice: device(),
    protocol: number === undefined ? undefined : { number, inverted: chance.flip(0.05) },
    fragment: chance.flip(0.95) ? undefined : { inverted: chance.flip(0.5) },
    matches: [...extra, ...Array.from({ length: chance.pick([0, 0, 0, 1, 1, 2]) }, () => someMatch(number, chance))],
    target,
  }
}

function someMatch(protocol: number | undefined, chance: Chance): RuleMatch {
  const inverted = chance.flip(0.2)
  const port = (): { first: number, last: number, inverted: boolean } | undefined =>
    chance.flip(0.4) ? undefined
      : { ...chance.pick([{ first: 80, last: 80 }, { first: 0, last: 1023 }, { first: 53, last: 53 }]), inverted }
  if (protocol === IPPROTO_TCP && chance.flip(0.4)) {
    const flags = chance.flip(0.4) ? { mask: 0x17, set: 0x02, inverted } : undefined
    return { kind: 'tcp', sport: port(), dport: port(), flags }
  }
  if (protocol === IPPROTO_UDP && chance.flip(0.4)) return { kind: 'udp', sport: port(), dport: port() }
  if (protocol === IPPROTO_ICMP && chance.flip(0.5)) {
    return { kind: 'icmp', type: chance.pick([255, 8, 0, 3]), codes: { first: 0, last: chance.pick([0, 255]) }, inverted }
  }
  switch (chance.int(6)) {
    case 0: return { kind: 'multiport', side: chance.pick(['sports', 'dports', 'ports']),
      ranges: [{ first: 53, last: 80 }], inverted }
    case 1: case 2:
      return { kind: 'conntrack', legacy: false,
        states: [chance.pick(CONNTRACK_STATES), chance.pick(CONNTRACK_STATES)], inverted }
    case 3: return { kind: 'mark', value: chance.int(2), mask: 0xffff_ffff, inverted }
    case 4: return { kind: 'comment', text: 'nothing' }
    default: return ipvsMatch(chance.pick([0, 0.2, 0.6]), inverted, chance)
  }
}

/** A target, of those that belong there most of the time. */
function someTarget(world: World, table: TableName, chain: string, chance: Chance): RuleTarget {
  const kinds: Record<TableName, readonly RuleTarget['kind'][]> = {
    filter: ['accept', 'drop', 'reject', 'reject', 'reject', 'log', 'none', 'jump'],
    mangle: ['mark', 'mark', 'tcpmss', 'tcpmss', 'none', 'jump'],
    nat: chain === 'PREROUTING' || chain === 'OUTPUT' ? ['dnat', 'redirect', 'accept']
      : ['snat', 'masquerade', 'masquerade', 'return'],
    raw: ['notrack', 'notrack', 'none'],
  }
  const any: readonly RuleTarget['kind'][] =
    ['jump', 'goto', 'return', 'accept', 'mark', 'dnat', 'reject', 'notrack', 'masquerade']
  const kind = chance.pick(chance.flip(0.75) ? kinds[table] : any)
  const ports = chance.pick([undefined, undefined, { first: 8080, last: 8080 }, { first: 2000, last: 2002 }])
  const addr = chance.pick(world.addrs)
  switch (kind) {
    case 'jump': case 'goto': return { kind, chain: chance.pick(CHAINS.slice(chance.flip(0.9) ? 5 : 4)) }
    case 'mark': return { kind, value: chance.int(3), mask: chance.pick([0xffff_ffff, 1]) }
    case 'reject': return { kind, answer: chance.pick(REJECT_ANSWERS) }
    case 'masquerade': case 'redirect': return { kind, ports }
    case 'snat': case 'dnat':
      return { kind, addrs: chance.pick([undefined, { first: addr, last: addr }, { first: addr, last: addr + 2 }]), ports }
    case 'log': return { kind, level: 4, prefix: '' }
    case 'notrack': return { kind, legacy: chance.flip(0.5) }
    case 'tcpmss': return { kind, mssBytes: chance.pick([500, 40, 'path-mtu']) }
    default: return { kind }
  }
}

/** Gives a director one to three commands; a host becomes one by the first. */
export function changeServices(world: World, chance: Chance): void {
  const host = chance.pick(world.hosts.slice(0, 2))
  host.modules.load('ip_vs')
  const ipvs = attachIpvs(host)
  if (chance.flip(0.7)) tryChange(host, (net) => addAddress(net, 'lo', { addr: VIP, prefixLength: 32 }))
  if (world.addrs6.length > 0)
    tryChange(host, (net) => addIpv6Address(net, 'lo', { addr: VIP6, prefixLength: 128, nodad: true }))
  if (chance.flip(0.4)) askOfIpvs(host, chance)
  const service = chance.pickAny(ipvs.rules.services)
  if (service === undefined || chance.flip(0.2)) {
    const id = someService(world, host, chance)
    ipvs.apply(addService(id, chance))
    for (let i = chance.int(4); i > 0; i--) ipvs.apply(destination(world, 'add-destination', id, chance))
    return
  }
  const before = ipvs.rules
  const done = ipvs.apply(someCommand(world, service, chance))
  if (!done.ok && ipvs.rules !== before) complain(world, `a refused command changed the services of ${host.name}`)
}

/** A rule on a director that asks of what IPVS has handled. */
function askOfIpvs(host: Host, chance: Chance): void {
  const spec: RuleSpec = {
    src: undefined, dst: undefined, inDevice: undefined, outDevice: undefined, protocol: undefined, fragment: undefined,
    matches: [ipvsMatch(chance.pick([0, 0.3, 0.6]), chance.flip(0.3), chance)], target: { kind: 'none' },
  }
  const table = chance.pick(['mangle', 'filter', 'nat'] as const)
  const chain = table === 'filter' ? 'OUTPUT' : 'POSTROUTING'
  const added = addRule(useTable(host.netfilter.config, table), { table, chain }, spec, 1)
  if (added.ok) host.netfilter.reconfigure(added.value)
}

function ipvsMatch(share: number, inverted: boolean, chance: Chance): RuleMatch {
  const some = <T>(value: T): T | undefined => (chance.flip(share) ? value : undefined)
  return {
    kind: 'ipvs', protocol: some(IPPROTO_TCP), vaddr: some(VIP), vaddrMask: 0xffff_ffff, vport: some(TCP_PORT),
    direction: some(chance.pick(['ORIGINAL', 'REPLY'] as const)),
    method: some(chance.pick(['MASQ', 'GATE', 'IPIP'] as const)),
    vportControl: some(0), inverted: inverted ? ['ipvs', 'vproto', 'vaddr', 'vport', 'vmethod', 'vportctl'] : [],
  }
}

function someService(world: World, host: Host, chance: Chance): ServiceId {
  const isOf6 = world.addrs6.length > 0 && chance.flip(0.35)
  const own = host.net.devices[1]?.addresses[0]?.addr ?? VIP
  const own6 = host.net.ipv6.addresses.find(({ scope, device }) => scope === 'global' && device !== 'lo')?.addr ?? VIP6
  const addr = isOf6 ? chance.pick([VIP6, own6]) : chance.pick([VIP, VIP, own])
  if (chance.flip(0.1)) return { ...addressId(0, isOf6 ? VIP6 : VIP, 0), fwmark: 1 }
  const [protocol, port] = chance.pick([[IPPROTO_TCP, TCP_PORT], [IPPROTO_UDP, UDP_PORT], [IPPROTO_TCP, 0]] as const)
  return addressId(protocol, addr, port)
}

function addService(service: ServiceId, chance: Chance): IpvsCommand {
  return {
    kind: chance.flip(0.9) ? 'add-service' : 'edit-service', service,
    options: {
      scheduler: chance.flip(0.95) ? chance.pick([...SCHEDULERS.keys()]) : 'twos',
      schedulerFlags: chance.pick([0, 0, 1, 2]),
      persistenceSeconds: service.port === 0 ? 60 : chance.pick([undefined, undefined, 1, 60]),
      netmask: service.isIpv6 ? chance.pick([128, 64]) : chance.pick([0xffff_ffff, prefixMask(24)]), engine: '',
      onePacket: service.protocol === IPPROTO_UDP && chance.flip(0.2),
    },
  }
}

function destination(world: World, kind: 'add-destination' | 'edit-destination', service: ServiceId,
  chance: Chance): IpvsCommand {
  const type = chance.pick(['ipip', 'gue', 'gre'] as const)
  return {
    kind, service, destination: {
      addr: service.isIpv6 ? someAddr6(world, chance) : chance.flip(0.9) ? chance.pick(world.addrs)
        : someAddr(world, chance), port: chance.flip(0.8) ? service.port : 8080,
      method: chance.pick(['nat', 'dr', 'tun']), weight: chance.pick([1, 1, 3, 0]), upperThreshold: chance.pick([0, 0, 1]),
      lowerThreshold: 0,
      tunnel: { type, port: type === 'gue' ? GUE_PORT : 0, checksum: type === 'ipip' ? 'none'
        : chance.pick(['none', 'full', 'remote']) },
    },
  }
}

function someCommand(world: World, service: ServiceId & { destinations: readonly { addr: IpAddr, port: number }[] },
  chance: Chance): IpvsCommand {
  const { addr = VIP, port = 80 } = chance.pickAny(service.destinations) ?? {}
  switch (chance.int(10)) {
    case 0: return { kind: 'flush' }
    case 1: return { kind: 'delete-service', service }
    case 2: return { kind: 'zero', service: chance.flip(0.5) ? service : undefined }
    case 3: {
      const timeouts = { tcpSeconds: chance.pick([0, 10, 99_999_999]), tcpFinSeconds: 5, udpSeconds: chance.pick([0, 3]) }
      return { kind: 'set-timeouts', timeouts }
    }
    case 4: case 5: return { kind: 'delete-destination', service, addr, port }
    case 6: return addService(service, chance)
    case 7: return destination(world, 'edit-destination', service, chance)
    default: return destination(world, 'add-destination', service, chance)
  }
}
