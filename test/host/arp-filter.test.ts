/**
 * arptables in the kernel: what rules see of a packet, what becomes of it, and what they count.
 * @module
 */
import { beforeEach, describe, expect, it } from 'vitest'
import { ArpFilter, maskedMac } from '../../src/host/arp-filter.ts'
import {
  addArpRule, newArpChain, setArpPolicy, type ArpRules, type ArpRuleSpec, type ChangedRules, type MangleTarget,
} from '../../src/host/config/arp-rules.ts'
import { MAC_BROADCAST, type MacAddr } from '../../src/wire/address.ts'
import { ARP_REQUEST, arpPacket } from '../../src/wire/arp-packet.ts'
import { ip } from '../support/lan.ts'

const ANY: ArpRuleSpec = {
  source: undefined, sourceMac: undefined, target: undefined, targetMac: undefined, inDevice: undefined, outDevice: undefined,
  hardwareLength: undefined, opcode: undefined, hardwareType: undefined, protocolType: undefined, action: { kind: 'drop' },
}
const MANGLE: MangleTarget = {
  kind: 'mangle', sourceIp: ip('10.0.0.11'), sourceMac: undefined, targetIp: undefined, targetMac: undefined, verdict: 'ACCEPT',
}
const QUESTION = arpPacket(
  ARP_REQUEST, { sha: 0x020000000100 as MacAddr, spa: ip('10.0.0.100') }, { tha: 0 as MacAddr, tpa: ip('10.0.0.1') },
)
const INPUT = { chain: 'INPUT', device: 'eth0' } as const
const OUTPUT = { chain: 'OUTPUT', device: 'eth0' } as const

let filter: ArpFilter

beforeEach(() => {
  filter = new ArpFilter()
})

function apply(change: (rules: ArpRules) => ChangedRules): string | undefined {
  const next = change(filter.rules)
  return next.ok ? filter.reconfigure(next.value) : next.error
}

function rule(chain: string, spec: Partial<ArpRuleSpec>): string | undefined {
  return apply((rules) => addArpRule(rules, chain, { ...ANY, ...spec }))
}

describe('a rule matches', () => {
  const all32 = 0xffffffff
  it.each<readonly [what: string, spec: Partial<ArpRuleSpec>, isMatch: boolean]>([
    ['everything', {}, true],
    ['the sender\'s address', { source: { addr: ip('10.0.0.100'), mask: all32, inverted: false } }, true],
    ['any other sender', { source: { addr: ip('10.0.0.100'), mask: all32, inverted: true } }, false],
    ['a network of targets', { target: { addr: ip('10.0.0.0'), mask: 0xffffff00, inverted: false } }, true],
    ['another target', { target: { addr: ip('10.0.0.2'), mask: all32, inverted: false } }, false],
    ['the device', { inDevice: { name: 'eth+', inverted: false } }, true],
    ['no device to leave by, on the way in', { outDevice: { name: 'eth0', inverted: false } }, false],
    ['questions', { opcode: { value: 1, mask: 0xffff, inverted: false } }, true],
    ['answers', { opcode: { value: 2, mask: 0xffff, inverted: false } }, false],
    ['Ethernet', { hardwareType: { value: 1, mask: 0xffff, inverted: false } }, true],
    ['addresses of 6 bytes', { hardwareLength: { value: 6, mask: 0xff, inverted: false } }, true],
    ['what is not IPv4', { protocolType: { value: 0x0800, mask: 0xffff, inverted: true } }, false],
    ['the upper half of a hardware address', {
      sourceMac: { mac: 0x020000000000 as MacAddr, mask: 0xffffff000000 as MacAddr, inverted: false },
    }, true],
    ['another hardware address', { sourceMac: { mac: 0x020000000101 as MacAddr, mask: MAC_BROADCAST, inverted: false } }, false],
  ])('%s', (_what, spec, isMatch) => {
    rule('INPUT', spec)
    expect(filter.pass(QUESTION, INPUT)).toEqual(
      isMatch ? { kind: 'dropped', by: 'INPUT rule 1' } : { kind: 'passed', packet: QUESTION },
    )
  })

  it('in the chain of its direction only', () => {
    rule('OUTPUT', {})
    expect(filter.pass(QUESTION, INPUT).kind).toBe('passed')
    expect(filter.pass(QUESTION, OUTPUT)).toEqual({ kind: 'dropped', by: 'OUTPUT rule 1' })
  })
})

describe('a walk', () => {
  it('goes into chains of users and comes back from them, by their end and by RETURN', () => {
    apply((rules) => newArpChain(rules, 'one'))
    rule('one', { action: { kind: 'return' } })
    rule('one', {})
    rule('INPUT', { action: { kind: 'none' } })
    rule('INPUT', { action: { kind: 'jump', chain: 'one' } })
    rule('INPUT', { action: { kind: 'accept' } })
    expect(filter.pass(QUESTION, INPUT).kind).toBe('passed')
    const counts = filter.rules.chains.map(({ rules }) => rules.map(({ id }) => filter.counters.rule(id).packets))
    expect(counts).toEqual([[1, 1, 1], [], [], [1, 0]])
  })

  it('ends with the policy, which counts what no rule decided: 28 bytes on the way in, 42 on the way out', () => {
    apply((rules) => setArpPolicy(rules, 'INPUT', 'DROP'))
    expect(filter.pass(QUESTION, INPUT)).toEqual({ kind: 'dropped', by: 'INPUT policy' })
    filter.pass(QUESTION, OUTPUT)
    expect(['INPUT', 'OUTPUT'].map((chain) => ({ ...filter.counters.policy({ table: 'filter', chain }) })))
      .toEqual([{ packets: 1, bytes: 28 }, { packets: 1, bytes: 42 }])
  })

  it('mangles, and then accepts, drops, or goes on', () => {
    const changed = { ...QUESTION, spa: ip('10.0.0.11') }
    rule('OUTPUT', { action: { ...MANGLE, verdict: 'CONTINUE' } })
    rule('OUTPUT', { source: { addr: ip('10.0.0.11'), mask: 0xffffffff, inverted: false }, action: MANGLE })
    rule('OUTPUT', {})
    expect(filter.pass(QUESTION, OUTPUT)).toEqual({ kind: 'passed', packet: changed })
    rule('INPUT', { action: { ...MANGLE, verdict: 'DROP' } })
    expect(filter.pass(QUESTION, INPUT)).toEqual({ kind: 'dropped', by: 'INPUT rule 1' })
  })
})

describe('rules are refused', () => {
  it('that jump in a circle or into a built-in chain, or mangle nothing; then the old ones stay', () => {
    apply((rules) => newArpChain(rules, 'a'))
    apply((rules) => newArpChain(rules, 'b'))
    expect(rule('a', { action: { kind: 'jump', chain: 'b' } })).toBeUndefined()
    expect(rule('b', { action: { kind: 'jump', chain: 'a' } })).toBeUndefined()
    expect(rule('INPUT', { action: { kind: 'jump', chain: 'a' } })).toBe('loop')
    expect(rule('a', { action: { kind: 'jump', chain: 'INPUT' } })).toBe('invalid')
    expect(rule('INPUT', { action: { ...MANGLE, sourceIp: undefined } })).toBe('invalid')
    expect(filter.rules.chains[0]?.rules).toEqual([])
  })
})

describe('chains that many rules lead to', () => {
  it('are looked through for loops once each', () => {
    const names = Array.from({ length: 40 }, (_, i) => `c${i}`)
    for (const name of names) apply((rules) => newArpChain(rules, name))
    for (const [i, name] of names.slice(0, -1).entries()) {
      for (let twice = 0; twice < 2; twice++) rule(name, { action: { kind: 'jump', chain: names[i + 1] ?? '' } })
    }
    expect(rule('INPUT', { action: { kind: 'jump', chain: 'c0' } })).toBeUndefined()
  })
})

describe('a hardware address', () => {
  it('is masked in all of its 48 bits', () => {
    expect(maskedMac(0xfedcba987654 as MacAddr, 0xff00ff00ff00 as MacAddr)).toBe(0xfe00ba007600)
    expect(maskedMac(MAC_BROADCAST, MAC_BROADCAST)).toBe(MAC_BROADCAST)
  })
})
