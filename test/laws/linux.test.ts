import { describe, expect, it } from 'vitest'
import { judged } from '../../src/laws/check.ts'
import { checkScheduler, LAWS, LINUX_SCHEDULERS } from '../../src/laws/laws.ts'
import { complaint } from '../../src/laws/law.ts'
import { seed } from '../support/seed.ts'

const TRIALS = 25

describe.each(LAWS)(`$name (seed ${seed})`, (law) => {
  it('says of each scheduler of Linux, once, that it keeps or breaks it, or that nobody knows', () => {
    const named = [...law.holdsFor, ...(law.undecided ?? []), ...law.brokenBy.flatMap(([schedulers]) => schedulers)]
    expect(named.toSorted()).toEqual(LINUX_SCHEDULERS.toSorted())
  })

  it('is kept by those that it says, and broken by the counterexamples of the others', () => {
    const broken = law.holdsFor.flatMap((name) => {
      const { counterexample } = judged(law, name, { seed, trials: TRIALS })
      return counterexample === undefined ? [] : [`${name}: ${counterexample.wrong} ${JSON.stringify(counterexample.trial)}`]
    })
    expect(broken).toEqual([])
    const kept = law.brokenBy.flatMap(([schedulers, trial]) => schedulers.filter((name) => (
      complaint(law, name, trial) === undefined)))
    expect(kept).toEqual([])
  })
})

describe(`the laws together (seed ${seed})`, () => {
  it('have names of their own, and claims that are sentences', () => {
    expect(new Set(LAWS.map(({ name }) => name)).size).toBe(LAWS.length)
    for (const { claim } of LAWS) expect(claim).toMatch(/^[A-Z].*\.\)?$/)
  })

  it('tell any two schedulers of Linux apart', () => {
    const kept = LINUX_SCHEDULERS.map((one) => LAWS.map(({ holdsFor }) => holdsFor.includes(one)).join(' '))
    expect(new Set(kept).size).toBe(LINUX_SCHEDULERS.length)
  })

  it.each(['wlc', 'sh'])('find at random what %s breaks, and nothing else', (name) => {
    const due = LAWS.filter(({ brokenBy }) => brokenBy.some(([schedulers]) => schedulers.includes(name))).map((law) => law.name)
    const { broken } = checkScheduler(name, { seed, trials: 80 })
    expect(due).toEqual(expect.arrayContaining([...broken]))
    // What takes a rare trial may be missed.
    expect(broken.length).toBeGreaterThanOrEqual(due.length - 2)
  })
})
