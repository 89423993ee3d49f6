import { describe, expect, it } from 'vitest'
import {
  addRule, clearTable, deleteChain, deleteRule, deleteRuleAt, flushChain, newChain, renameChain, replaceRule, setPolicy, useTable,
} from '../../../src/host/config/netfilter-changes.ts'
import { kernelRefusal } from '../../../src/host/config/netfilter-check.ts'
import {
  findChain,
  findTable,
  INITIAL_NETFILTER_CONFIG,
  type NetfilterConfig,
} from '../../../src/host/config/netfilter-config.ts'
import type { RuleSpec, RuleTarget } from '../../../src/host/config/rule-config.ts'
import { Netfilter } from '../../../src/host/netfilter/netfilter.ts'
import { newToolHost } from '../../support/tool-host.ts'

const FILTER = useTable(INITIAL_NETFILTER_CONFIG, 'filter')
const INPUT = { table: 'filter', chain: 'INPUT' } as const
const USER = { table: 'filter', chain: 'user' } as const

function rule(target: RuleTarget, more: Partial<RuleSpec> = {}): RuleSpec {
  return {
    src: undefined, dst: undefined, inDevice: undefined, outDevice: undefined, protocol: undefined,
    fragment: undefined, matches: [], target, ...more,
  }
}

const ACCEPT = rule({ kind: 'accept' })
const DROP = rule({ kind: 'drop' })

function value<T>(result: { ok: true, value: T } | { ok: false, error: unknown }): T {
  if (!result.ok) throw new Error(String(result.error))
  return result.value
}

function targets(config: NetfilterConfig, chain = 'INPUT'): string[] {
  const table = findTable(config, 'filter')
  return (table === undefined ? undefined : findChain(table, chain))?.rules.map(({ spec }) => spec.target.kind) ?? []
}

describe('changes of netfilter rules', () => {
  it('make a table with empty chains at its first use, and leave it alone at the next', () => {
    expect(findTable(FILTER, 'filter')?.chains.map(({ name, policy }) => `${name} ${policy}`)).toEqual([
      'INPUT ACCEPT',
      'FORWARD ACCEPT',
      'OUTPUT ACCEPT',
    ])
    expect(useTable(FILTER, 'filter')).toBe(FILTER)
  })

  it('add, insert, replace and delete by number', () => {
    let config = value(addRule(FILTER, INPUT, ACCEPT))
    config = value(addRule(config, INPUT, DROP, 1))
    expect(targets(config)).toEqual(['drop', 'accept'])
    config = value(replaceRule(config, INPUT, rule({ kind: 'return' }), 2))
    expect(targets(config)).toEqual(['drop', 'return'])
    expect(targets(value(deleteRuleAt(config, INPUT, 1)))).toEqual(['return'])
    expect(targets(value(flushChain(config, INPUT)))).toEqual([])
  })

  it('delete the first rule that says the same', () => {
    const config = value(addRule(value(addRule(value(addRule(FILTER, INPUT, ACCEPT)), INPUT, DROP)), INPUT, ACCEPT))
    expect(targets(value(deleteRule(config, INPUT, rule({ kind: 'accept' }))))).toEqual(['drop', 'accept'])
    expect(deleteRule(config, INPUT, rule({ kind: 'return' }))).toEqual({ ok: false, error: 'no-rule' })
  })

  it('give every rule a number of its own, never used again', () => {
    const config = value(addRule(value(deleteRuleAt(value(addRule(FILTER, INPUT, ACCEPT)), INPUT, 1)), INPUT, ACCEPT))
    expect(findTable(config, 'filter')?.chains[0]?.rules[0]?.id).toBe(2)
  })

  it('keep the chains of users in the order of their names, behind the built-in ones', () => {
    let config = FILTER
    for (const chain of ['web', 'Zed', 'abc']) config = value(newChain(config, { table: 'filter', chain }))
    expect(findTable(config, 'filter')?.chains.map(({ name }) => name)).toEqual([
      'INPUT',
      'FORWARD',
      'OUTPUT',
      'Zed',
      'abc',
      'web',
    ])
  })

  it('rename a chain together with what refers to it', () => {
    const config = value(addRule(value(newChain(FILTER, USER)), INPUT, rule({ kind: 'jump', chain: 'user' })))
    const renamed = value(renameChain(config, USER, 'other'))
    expect(findTable(renamed, 'filter')?.chains[0]?.rules[0]?.spec.target).toEqual({ kind: 'jump', chain: 'other' })
    expect(deleteChain(renamed, { table: 'filter', chain: 'other' })).toEqual({ ok: false, error: 'chain-in-use' })
  })

  it('clear a table but for its policies', () => {
    const config = value(setPolicy(value(addRule(value(newChain(FILTER, USER)), INPUT, ACCEPT)), INPUT, 'DROP'))
    expect(
      findTable(clearTable(config, 'filter'), 'filter')?.chains.map(
        ({ name, policy, rules }) => `${name} ${policy} ${rules.length}`,
      ),
    ).toEqual(['INPUT DROP 0', 'FORWARD ACCEPT 0', 'OUTPUT ACCEPT 0'])
  })

  it.each([
    ['an unknown chain', () => addRule(FILTER, USER, ACCEPT), 'no-chain'],
    ['a place beyond the end', () => addRule(FILTER, INPUT, ACCEPT, 2), 'no-index'],
    ['a rule that is not there', () => deleteRuleAt(FILTER, INPUT, 1), 'no-index'],
    ['replacing a rule that is not there', () => replaceRule(FILTER, INPUT, ACCEPT, 1), 'no-index'],
    ['a chain that is there', () => newChain(FILTER, INPUT), 'chain-exists'],
    ['deleting a built-in chain', () => deleteChain(FILTER, INPUT), 'built-in-chain'],
    [
      'deleting a chain with rules',
      () => deleteChain(value(addRule(value(newChain(FILTER, USER)), USER, ACCEPT)), USER),
      'chain-not-empty',
    ],
    ['a policy for a chain of a user', () => setPolicy(value(newChain(FILTER, USER)), USER, 'DROP'), 'not-built-in'],
    [
      'renaming to a name that is taken',
      () => renameChain(value(newChain(FILTER, USER)), USER, 'INPUT'),
      'chain-exists',
    ],
    ['renaming a chain that is not there', () => renameChain(FILTER, USER, 'other'), 'no-chain'],
  ])('refuse %s', (_, change, error) => {
    expect(change()).toEqual({ ok: false, error })
  })
})

describe('the kernel', () => {
  const tcp = { number: 6, inverted: false }
  const syn = { kind: 'tcp', sport: undefined, dport: undefined, flags: { mask: 6, set: 2, inverted: false } } as const
  const masquerade = rule({ kind: 'masquerade', ports: undefined })

  it.each([
    ['MASQUERADE outside nat', INPUT, masquerade],
    [
      'REJECT outside filter',
      { table: 'mangle', chain: 'INPUT' },
      rule({ kind: 'reject', answer: 'icmp-port-unreachable' }),
    ],
    [
      'DNAT in POSTROUTING',
      { table: 'nat', chain: 'POSTROUTING' },
      rule({ kind: 'dnat', addrs: undefined, ports: undefined }),
    ],
    ['NOTRACK outside raw', INPUT, rule({ kind: 'notrack', legacy: true })],
    ['a TCP reset for any protocol', INPUT, rule({ kind: 'reject', answer: 'tcp-reset' })],
    ['the tcp match without -p tcp', INPUT, rule({ kind: 'drop' }, { matches: [syn] })],
    [
      'TCPMSS for more than SYNs',
      { table: 'mangle', chain: 'FORWARD' },
      rule({ kind: 'tcpmss', mssBytes: 1400 }, { protocol: tcp }),
    ],
    [
      'TCPMSS by path MTU before routing',
      { table: 'mangle', chain: 'PREROUTING' },
      rule({ kind: 'tcpmss', mssBytes: 'path-mtu' }, { protocol: tcp, matches: [syn] }),
    ],
    ['a jump into a built-in chain', INPUT, rule({ kind: 'jump', chain: 'OUTPUT' })],
  ] as const)('refuses %s', (_, place, spec) => {
    const config = value(addRule(useTable(FILTER, place.table), place, spec))
    expect(kernelRefusal(config)).toBe('invalid')
  })

  it('takes a target that is misplaced in a chain only once a hook reaches it', () => {
    const nat = value(newChain(useTable(INITIAL_NETFILTER_CONFIG, 'nat'), { table: 'nat', chain: 'user' }))
    const config = value(addRule(nat, { table: 'nat', chain: 'user' }, masquerade))
    expect(kernelRefusal(config)).toBeUndefined()
    const reach = (chain: string) =>
      kernelRefusal(value(addRule(config, { table: 'nat', chain }, rule({ kind: 'jump', chain: 'user' }))))
    expect(reach('POSTROUTING')).toBeUndefined()
    expect(reach('PREROUTING')).toBe('invalid')
  })

  it('takes a loop only where no hook reaches it', () => {
    const config = value(addRule(value(newChain(FILTER, USER)), USER, rule({ kind: 'jump', chain: 'user' })))
    expect(kernelRefusal(config)).toBeUndefined()
    expect(kernelRefusal(value(addRule(config, INPUT, rule({ kind: 'jump', chain: 'user' }))))).toBe('loop')
  })

  it('leaves the rules in force as they are when it refuses others', () => {
    const netfilter = new Netfilter(newToolHost())
    netfilter.reconfigure(FILTER)
    expect(netfilter.reconfigure(value(addRule(FILTER, INPUT, masquerade)))).toBe('invalid')
    expect(netfilter.config).toBe(FILTER)
  })
})
