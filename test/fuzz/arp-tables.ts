/**
 * Random changes of arptables rules, possible and impossible.
 * @module
 */
import {
  addArpRule, clearedArpRules, deleteArpChain, deleteArpRule, deleteArpRuleAt, flushArpChain, newArpChain, renameArpChain,
  replaceArpRule, setArpPolicy, type ArpRules, type ArpRuleSpec, type ArpTarget, type FieldMatch, type MacMatch,
} from '../../src/host/config/arp-rules.ts'
import type { AddressMatch } from '../../src/host/config/rule-config.ts'
import { prefixMask, type IpAddr, type MacAddr } from '../../src/wire/address.ts'
import type { Chance } from './chance.ts'
import { someAddr } from './traffic.ts'
import { complain, type World } from './world.ts'

const CHAINS = ['INPUT', 'OUTPUT', 'mine', 'yours', 'FORWARD']

/** Makes one or two changes, and puts them into force unless they are refused. */
export function changeArpRules(world: World, chance: Chance): void {
  const { filter } = chance.pick(world.hosts).arp
  for (let i = chance.pick([1, 2]); i > 0; i--) {
    const before = filter.rules
    const next = changed(world, before, chance)
    if (next !== undefined && filter.reconfigure(next) !== undefined && filter.rules !== before) {
      complain(world, 'rules of arptables that were refused are in force')
    }
  }
}

function changed(world: World, rules: ArpRules, chance: Chance): ArpRules | undefined {
  const chain = chance.pick(CHAINS)
  const position = 1 + chance.int(2)
  const result = ((): ReturnType<typeof addArpRule> => {
    switch (chance.int(12)) {
      case 0: return replaceArpRule(rules, chain, someRule(world, chance), position)
      case 1: return deleteArpRuleAt(rules, chain, position)
      case 2: {
        const spec = chance.pickAny(rules.chains.flatMap((other) => other.rules))?.spec
        return deleteArpRule(rules, chain, spec ?? someRule(world, chance))
      }
      case 3: return flushArpChain(rules, chain)
      case 4: return { ok: true, value: clearedArpRules(rules) }
      case 5: return setArpPolicy(rules, chain, chance.pick(['ACCEPT', 'ACCEPT', 'DROP']))
      case 6: return newArpChain(rules, chance.pick(['mine', 'yours', 'INPUT']))
      case 7: return deleteArpChain(rules, chain)
      case 8: return renameArpChain(rules, chain, chance.pick(CHAINS))
      default: return addArpRule(rules, chain, someRule(world, chance), chance.flip(0.5) ? position : undefined)
    }
  })()
  return result.ok ? result.value : undefined
}

function someRule(world: World, chance: Chance): ArpRuleSpec {
  const inverted = chance.flip(0.2)
  const some = <T>(value: T): T | undefined => (chance.flip(0.2) ? value : undefined)
  const address = (): AddressMatch => {
    const mask = chance.pick([0xffff_ffff, prefixMask(24)])
    return { addr: ((someAddr(world, chance) & mask) >>> 0) as IpAddr, mask, inverted }
  }
  const mac = (): MacMatch => ({ mac: chance.pick(world.nics).mac, mask: 0xffff_ffff_ffff as MacAddr, inverted })
  const field = (value: number): FieldMatch => ({ value, mask: 0xffff, inverted })
  return {
    source: some(address()), sourceMac: some(mac()), target: some(address()), targetMac: some(mac()),
    inDevice: some({ name: 'eth0', inverted }), outDevice: some({ name: 'eth+', inverted }),
    hardwareLength: some(field(6)), opcode: some(field(chance.pick([1, 2]))), hardwareType: some(field(1)),
    protocolType: some(field(0x0800)), action: someTarget(world, chance),
  }
}

function someTarget(world: World, chance: Chance): ArpTarget {
  const some = <T>(value: T): T | undefined => (chance.flip(0.4) ? value : undefined)
  switch (chance.int(6)) {
    case 0: return { kind: 'drop' }
    case 1: return { kind: 'jump', chain: chance.pick(CHAINS.slice(1)) }
    case 2: return { kind: 'return' }
    case 3: return {
      kind: 'mangle', sourceIp: some(someAddr(world, chance)), sourceMac: some(chance.pick(world.nics).mac),
      targetIp: some(someAddr(world, chance)), targetMac: some(chance.pick(world.nics).mac),
      verdict: chance.pick(['ACCEPT', 'DROP', 'CONTINUE']),
    }
    case 4: return { kind: 'none' }
    default: return { kind: 'accept' }
  }
}
