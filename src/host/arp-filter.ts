/**
 * arptables on one host: the rules in force, their counters, and the walk of an ARP packet through them.
 * Follows arpt_do_table() and arp_packet_match() in net/ipv4/netfilter/arp_tables.c, and arpt_mangle.c.
 * @module
 */
import type { MacAddr } from '../wire/address.ts'
import { ARP_PACKET_BYTES, type ArpPacket } from '../wire/arp-packet.ts'
import { ETHERNET_HEADER_BYTES } from '../wire/frame.ts'
import {
  findArpChain, INITIAL_ARP_RULES, type ArpChain, type ArpRule, type ArpRules, type ArpRuleSpec, type FieldMatch,
  type MacMatch, type MangleTarget,
} from './config/arp-rules.ts'
import type { AddressMatch, DeviceMatch } from './config/rule-config.ts'
import { count, RuleCounters } from './netfilter/rule-counters.ts'

/** ar_hrd and ar_hln of Ethernet, ar_pro of IPv4: what every packet of lvsim has. */
const HARDWARE_TYPE = 1
const HARDWARE_LENGTH = 6
const PROTOCOL_TYPE = 0x0800
const LOW_WORD = 0x1000000

/** Where a packet meets the rules, and the device that it came in or leaves by. */
export interface ArpPassage {
  readonly chain: 'INPUT' | 'OUTPUT'
  readonly device: string
}

/** What became of a packet: the packet as the rules left it, or what dropped it, `INPUT rule 1` or `INPUT policy`. */
export type ArpOutcome =
  { readonly kind: 'passed', readonly packet: ArpPacket } | { readonly kind: 'dropped', readonly by: string }

/** How a walk through a chain ended: `on` means that the caller's chain goes on. */
type Verdict = 'accept' | 'drop' | 'on'

/** The arptables of one host. */
export class ArpFilter {
  readonly counters = new RuleCounters()
  #rules = INITIAL_ARP_RULES

  /** The rules in force. */
  get rules(): ArpRules {
    return this.#rules
  }

  /**
   * Puts rules into force, or says why the kernel refuses them: `loop`, or `invalid` for a jump to a built-in chain and for a
   * `mangle` that changes nothing.
   */
  reconfigure(next: ArpRules): 'loop' | 'invalid' | undefined {
    const refusal = refusalOf(next)
    if (refusal !== undefined) return refusal
    this.#rules = next
    this.counters.keepRules(new Set(next.chains.flatMap((chain) => chain.rules.map((rule) => rule.id))))
    return undefined
  }

  /** Sends a packet through the rules. */
  pass(packet: ArpPacket, passage: ArpPassage): ArpOutcome {
    const chain = findArpChain(this.#rules, passage.chain)
    if (chain === undefined) return { kind: 'passed', packet }
    const walk = new Walk(this.#rules, this.counters, packet, passage)
    const verdict = walk.through(chain)
    if (verdict === 'accept') return { kind: 'passed', packet: walk.packet }
    if (verdict === 'drop') return { kind: 'dropped', by: walk.last }
    count(this.counters.policy({ table: 'filter', chain: chain.name }), bytesAt(passage))
    return chain.policy === 'DROP' ? { kind: 'dropped', by: `${chain.name} policy` } : { kind: 'passed', packet: walk.packet }
  }
}

class Walk {
  packet: ArpPacket
  /** The rule that matched last. */
  last = ''
  readonly #rules: ArpRules
  readonly #counters: RuleCounters
  readonly #passage: ArpPassage

  constructor(rules: ArpRules, counters: RuleCounters, packet: ArpPacket, passage: ArpPassage) {
    this.#rules = rules
    this.#counters = counters
    this.packet = packet
    this.#passage = passage
  }

  through(chain: ArpChain): Verdict {
    for (let i = 0; i < chain.rules.length; i++) {
      const { id, spec } = chain.rules[i] as ArpRule
      if (!matches(spec, this.packet, this.#passage)) continue
      count(this.#counters.rule(id), bytesAt(this.#passage))
      this.last = `${chain.name} rule ${i + 1}`
      if (spec.action.kind === 'return') return 'on'
      const verdict = this.#apply(spec)
      if (verdict !== 'on') return verdict
    }
    return 'on'
  }

  #apply({ action }: ArpRuleSpec): Verdict {
    switch (action.kind) {
      case 'accept': case 'drop': return action.kind
      case 'jump': {
        const chain = findArpChain(this.#rules, action.chain)
        return chain === undefined ? 'on' : this.through(chain)
      }
      case 'mangle':
        this.packet = mangled(this.packet, action)
        return action.verdict === 'ACCEPT' ? 'accept' : action.verdict === 'DROP' ? 'drop' : 'on'
      default: return 'on'
    }
  }
}

/** A packet that comes in has lost its Ethernet header when it meets the rules; one that leaves has it on already. */
function bytesAt({ chain }: ArpPassage): number {
  return chain === 'INPUT' ? ARP_PACKET_BYTES : ETHERNET_HEADER_BYTES + ARP_PACKET_BYTES
}

function mangled(packet: ArpPacket, { sourceIp, sourceMac, targetIp, targetMac }: MangleTarget): ArpPacket {
  return {
    kind: 'arp', op: packet.op, sha: sourceMac ?? packet.sha, spa: sourceIp ?? packet.spa, tha: targetMac ?? packet.tha,
    tpa: targetIp ?? packet.tpa,
  }
}

function matches(spec: ArpRuleSpec, packet: ArpPacket, passage: ArpPassage): boolean {
  const isInput = passage.chain === 'INPUT'
  return isField(spec.opcode, packet.op) && isField(spec.hardwareType, HARDWARE_TYPE)
    && isField(spec.protocolType, PROTOCOL_TYPE) && isField(spec.hardwareLength, HARDWARE_LENGTH)
    && isMac(spec.sourceMac, packet.sha) && isMac(spec.targetMac, packet.tha)
    && isAddress(spec.source, packet.spa) && isAddress(spec.target, packet.tpa)
    && isDevice(spec.inDevice, isInput ? passage.device : '') && isDevice(spec.outDevice, isInput ? '' : passage.device)
}

function isField(match: FieldMatch | undefined, value: number): boolean {
  return match === undefined || ((value & match.mask) === match.value) !== match.inverted
}

function isAddress(match: AddressMatch | undefined, addr: number): boolean {
  return match === undefined || ((addr & match.mask) >>> 0 === match.addr) !== match.inverted
}

function isMac(match: MacMatch | undefined, mac: MacAddr): boolean {
  return match === undefined || (maskedMac(mac, match.mask) === match.mac) !== match.inverted
}

function isDevice(match: DeviceMatch | undefined, name: string): boolean {
  if (match === undefined) return true
  const isIt = match.name.endsWith('+') ? name.startsWith(match.name.slice(0, -1)) : name === match.name
  return isIt !== match.inverted
}

/** The bits of a hardware address under a mask; `&` sees only 32 of the 48. */
export function maskedMac(mac: MacAddr, mask: MacAddr): MacAddr {
  const high = Math.floor(mac / LOW_WORD) & Math.floor(mask / LOW_WORD)
  return (high * LOW_WORD + ((mac % LOW_WORD) & (mask % LOW_WORD))) as MacAddr
}

function refusalOf(rules: ArpRules): 'loop' | 'invalid' | undefined {
  for (const { spec: { action } } of rules.chains.flatMap((chain) => chain.rules)) {
    if (action.kind === 'jump' && findArpChain(rules, action.chain)?.policy !== undefined) return 'invalid'
    if (action.kind === 'mangle' && action.sourceIp === undefined && action.sourceMac === undefined
      && action.targetIp === undefined && action.targetMac === undefined) return 'invalid'
  }
  const isBuiltIn = (chain: ArpChain): boolean => chain.policy !== undefined
  const done = new Set<string>()
  return rules.chains.some((chain) => isBuiltIn(chain) && loops(rules, chain, new Set(), done)) ? 'loop' : undefined
}

/** True when a chain leads to one `above` it. What is `done` is not looked through again. */
function loops(rules: ArpRules, chain: ArpChain, above: Set<string>, done: Set<string>): boolean {
  if (above.has(chain.name)) return true
  if (done.has(chain.name)) return false
  above.add(chain.name)
  const isLoop = chain.rules.some(({ spec: { action } }) => {
    const next = action.kind === 'jump' ? findArpChain(rules, action.chain) : undefined
    return next !== undefined && loops(rules, next, above, done)
  })
  above.delete(chain.name)
  done.add(chain.name)
  return isLoop
}
