import { describe, expect, it } from 'vitest'
import { SCHEDULERS } from '../../../src/ipvs/scheduler/registry.ts'
import type { IpAddr } from '../../../src/wire/address.ts'
import { SchedulerBench, type Fate } from './bench.ts'

/** Picks of a Linux 6.1 director, servers in the order of their adding: scheduler, weights, fate of the connections, picks. */
const RECORDED: readonly (readonly [string, readonly number[], Fate, string])[] = [
  ['rr', [1, 1, 1], 'closed', 'CBACBACBA'],
  ['rr', [1, 0, 1], 'closed', 'CACACA'],
  ['wrr', [4, 3, 2], 'closed', 'CBAABACBACBAABACBACBAABACBA'],
  ['wrr', [5, 1, 1], 'closed', 'CBAAAAACBAAAAA'],
  ['wrr', [2, 1], 'closed', 'BAABAABAA'],
  ['wrr', [3, 0, 1], 'closed', 'CAAACAAA'],
  ['lc', [1, 1, 1], 'held', 'CBACBACBACBA'],
  ['lc', [1, 1, 1], 'closed', 'CBACBACBACBA'],
  ['wlc', [3, 2, 1], 'held', 'CBAABACBAABACBAABA'],
  ['wlc', [3, 2, 1], 'closed', 'CBAABACBAABACBAABA'],
  ['wlc', [2, 1, 0], 'held', 'BAABAABAA'],
  ['sed', [3, 2, 1], 'held', 'ABACBAABACBAABACBA'],
  ['sed', [3, 2, 1], 'closed', 'AAAAAA'],
  ['nq', [4, 2, 1], 'held', 'CBAAABAABAACBA'],
  ['nq', [3, 2, 1], 'closed', 'CCCCCC'],
  ['fo', [3, 2, 1], 'closed', 'AAAA'],
  ['ovf', [3, 2, 1], 'held', 'AAAABBBCC'],
]

describe('picks as on a Linux director', () => {
  it.each(RECORDED)('%s with weights %j, connections %s: %s', (scheduler, weights, fate, picks) => {
    expect(new SchedulerBench(scheduler, weights).picks(picks.length, fate)).toBe(picks)
  })

  it('sh: clients 10.0.0.2 to 10.0.0.65 over three equal servers', () => {
    expect(new SchedulerBench('sh', [1, 1, 1]).mapOfClients(64))
      .toBe('ABACBCACBCBCCABABBCACACBCBABABCCACACBCBCBABCBACABBCBCAABCBACABAC')
  })

  it('mh: clients 10.0.0.2 to 10.0.0.65 over three equal servers', () => {
    expect(new SchedulerBench('mh', [1, 1, 1]).mapOfClients(64))
      .toBe('AAACCBCCCCCBCBBACCBABCCCBABACBCAAABBCACABCBBCACCCCCCCBACBABCABAA')
  })

  it('rr: after two picks the server picked last is removed, and the walk goes on before it', () => {
    const bench = new SchedulerBench('rr', [1, 1, 1])
    expect(bench.picks(2)).toBe('CB')
    bench.remove('B')
    expect(bench.picks(6)).toBe('ACACAC')
  })
})

describe('every scheduler', () => {
  it.each([...SCHEDULERS.keys()])('%s picks nobody without servers, and nobody who is drained', (name) => {
    expect(new SchedulerBench(name, []).picks(2)).toBe('--')
    expect(new SchedulerBench(name, [0, 0]).picks(2)).toBe('--')
  })

  it('is worth something, but for the one called none', () => {
    expect(new SchedulerBench('none', [1, 1]).picks(3)).toBe('---')
    const others = [...SCHEDULERS.keys()].filter((name) => name !== 'none')
    expect(others.map((name) => new SchedulerBench(name, [1]).picks(1))).toEqual(others.map(() => 'A'))
  })

  it.each([...SCHEDULERS.keys()])('%s picks nobody who is overloaded', (name) => {
    const bench = new SchedulerBench(name, [2, 3])
    for (const server of bench.service.destinations) server.overloaded = true
    expect(bench.picks(3)).toBe('---')
  })
})

describe('rr and wrr after everybody was overloaded', () => {
  it.each(['rr', 'wrr'])('%s picks again as soon as one server is free', (name) => {
    const bench = new SchedulerBench(name, [1, 1])
    for (const server of bench.service.destinations) server.overloaded = true
    expect(bench.picks(2)).toBe('--')
    bench.server('A').overloaded = false
    expect(bench.picks(2)).toBe('AA')
  })

  it('wrr goes on where it was at its lowest level, and begins anew from a higher one', () => {
    const bench = new SchedulerBench('wrr', [3, 1])
    const pause = (): void => {
      for (const server of bench.service.destinations) server.overloaded = true
      expect(bench.picks(1)).toBe('-')
      for (const server of bench.service.destinations) server.overloaded = false
    }
    // Level 1: B, and after the pause A.
    expect(bench.picks(1)).toBe('B')
    pause()
    expect(bench.picks(1)).toBe('A')
    // Level 3: A; after the pause level 3 once more: A; 2: A; 1: BA.
    expect(bench.picks(1)).toBe('A')
    pause()
    expect(bench.picks(4)).toBe('AABA')
  })

  it('wrr finds a light server far below an overloaded heavy one at once', () => {
    const bench = new SchedulerBench('wrr', [2_000_000_000, 1])
    bench.server('A').overloaded = true
    expect(bench.picks(3)).toBe('BBB')
  })
})

describe('rr after its last pick was removed', () => {
  it('goes on at the head of the list, with a server that was added meanwhile', () => {
    const bench = new SchedulerBench('rr', [1, 1])
    expect(bench.picks(1)).toBe('B')
    bench.remove('B')
    // The bench names a server by its number in the list: the new one is B again. It stands before A.
    bench.add(1)
    expect(bench.picks(3)).toBe('BAB')
  })
})

describe('the walk of rr', () => {
  it('goes on after the last pick when a server is added before it, or removed behind it', () => {
    const bench = new SchedulerBench('rr', [1, 1])
    expect(bench.picks(1)).toBe('B')
    bench.add(1)
    // C B A, and B was the last.
    expect(bench.picks(2)).toBe('AC')
    bench.remove('A')
    expect(bench.picks(2)).toBe('BC')
  })
})

describe('the level of wrr', () => {
  it('begins at the highest weight when the scheduler takes over a list', () => {
    const bench = new SchedulerBench('rr', [4, 2])
    bench.service.edit({ ...bench.service.options, scheduler: 'wrr' })
    // Divisor 2; level 4 - 1 = 3 is for A only, 3 - 2 = 1 for both.
    expect(bench.picks(6)).toBe('ABAABA')
  })

  it('is kept when a weight changes, though the walk begins anew', () => {
    const bench = new SchedulerBench('rr', [6, 3, 3])
    bench.service.edit({ ...bench.service.options, scheduler: 'wrr' })
    // Divisor 3, level 6 - 2 = 4.
    expect(bench.picks(1)).toBe('A')
    bench.edit('B', 4)
    // Divisor 1, level 4 still: B and A, then level 3 for all.
    expect(bench.picks(5)).toBe('BACBA')
  })

  it('is brought to one above a multiple of the divisor when that changes', () => {
    const bench = new SchedulerBench('wrr', [9, 7])
    // A alone had divisor 9 and level 1. Level 1: BA; 9: A; 8: A; 7: BA; 6: B.
    expect(bench.picks(7)).toBe('BAAABAB')
    bench.edit('B', 6)
    // Divisor 3: 6 becomes 7, which is A's alone; then level 4, level 1, and 9 - 2 = 7 again.
    expect(bench.picks(6)).toBe('ABABAA')
  })

  it('falls with the highest weight, and does not rise with it', () => {
    const bench = new SchedulerBench('wrr', [7, 1])
    // Level 1: BA; 7: A.
    expect(bench.picks(3)).toBe('BAA')
    bench.edit('A', 2)
    bench.edit('A', 9)
    bench.edit('B', 4)
    // Level 2: BA; 1: BA; 9: A.
    expect(bench.picks(5)).toBe('BABAA')
  })

  it('falls when the heaviest server is removed, and the walk begins anew', () => {
    const bench = new SchedulerBench('wrr', [1, 3, 5])
    // C B A. A alone was at level 1; then BA, and CBA. Level 1: CBA; 5: C; 4: C; 3: CB.
    expect(bench.picks(6)).toBe('CBACCC')
    bench.remove('C')
    // Level 3: B; 2: B; 1: BA.
    expect(bench.picks(4)).toBe('BBBA')
  })
})

describe('hash schedulers with flags', () => {
  it('sh without sh-fallback serves nobody whose server is drained; with it, somebody else does', () => {
    const plain = new SchedulerBench('sh', [1, 0])
    expect(plain.mapOfClients(64)).toMatch(/^[A-]+$/)
    expect(plain.mapOfClients(64)).toContain('-')
    expect(new SchedulerBench('sh', [1, 0], 1).mapOfClients(64)).toBe('A'.repeat(64))
  })

  it('mh keeps its table when a server is drained, so that only that server\'s clients move', () => {
    const bench = new SchedulerBench('mh', [1, 1, 1], 1)
    const before = bench.mapOfClients(64)
    bench.edit('B', 0)
    const after = bench.mapOfClients(64)
    const others = [...before].map((letter, i) => (letter === 'B' ? '?' : after[i])).join('')
    expect(others).toBe(before.replaceAll('B', '?'))
    expect(after).not.toContain('B')
  })

  it.each(['sh', 'mh'])('%s looks at the port only with its port flag', (name) => {
    const map = (flags: number): string => {
      const bench = new SchedulerBench(name, [1, 1, 1, 1], flags)
      const ports = Array.from({ length: 32 }, (_, i) => 1024 + i)
      return ports.map((sport) => bench.letterOf(bench.pick({ src: 1 as IpAddr, dst: 2 as IpAddr, sport }))).join('')
    }
    expect(new Set(map(0)).size).toBe(1)
    expect(new Set(map(2)).size).toBe(4)
  })

  it('dh ignores weights above 0, and goes by the destination address', () => {
    const bench = new SchedulerBench('dh', [100, 1])
    const picks = Array.from(
      { length: 256 }, (_, i) => bench.letterOf(bench.pick({ src: 1 as IpAddr, dst: i as IpAddr, sport: 1 })),
    )
    const shareOfA = picks.filter((letter) => letter === 'A').length
    expect(shareOfA).toBeGreaterThan(100)
    expect(shareOfA).toBeLessThan(156)
  })
})

describe('lblc and lblcr', () => {
  it.each(['lblc', 'lblcr'])('%s keeps the server of a destination address while it is not crowded', (name) => {
    const bench = new SchedulerBench(name, [1, 1, 1])
    // The second pick still finds the first server at its weight; a third would find it above, and others idle.
    expect(bench.picks(2, 'held')).toBe('CC')
    expect(bench.picks(1, 'held')).not.toBe('C')
  })

  it('lblc forgets an address that was not asked for in a day', () => {
    const bench = new SchedulerBench('lblc', [1, 1])
    expect(bench.picks(1)).toBe('B')
    bench.clock.nowNs = 86_400e9 - 1
    expect(bench.picks(1)).toBe('B')
    // The sweep half an hour after the day is over meets it: two days on it is gone for sure, and A has fewer connections.
    bench.clock.nowNs = 3 * 86_400e9
    expect(bench.picks(1)).toBe('A')
  })

  it('lblcr shares an address among servers once the first is crowded, and drops one a day after the last change', () => {
    const bench = new SchedulerBench('lblcr', [1, 1])
    expect(bench.picks(4, 'held')).toBe('BBAA')
    expect(bench.server('A').references + bench.server('B').references).toBe(2)
    bench.clock.nowNs = 86_400e9 + 1
    // It was asked for half a day ago, so it is not swept away.
    bench.picks(1, 'held')
    expect(bench.server('A').references + bench.server('B').references).toBeLessThan(3)
  })

  it('lblc lets go of its servers when the service gets another scheduler', () => {
    const bench = new SchedulerBench('lblc', [1])
    bench.picks(1)
    expect(bench.server('A').references).toBe(1)
    bench.service.edit({ ...bench.service.options, scheduler: 'rr' })
    expect(bench.server('A').references).toBe(0)
  })
})
