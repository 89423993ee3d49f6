import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Lab } from '../../../src/scenario/lab/lab.ts'
import { judgeLab } from '../../../src/scenario/lab/judge/judge.ts'
import { seed } from '../../support/seed.ts'
import { kernelLabNames, readKernelLab } from './kernel-labs.ts'
import { MUTATIONS, mutated } from './mutations.ts'

/** What a judge gives: all differences. */
type Judge = (recorded: Lab, emitted: Lab) => readonly { readonly step: number; readonly field: string }[]

/** The judge that came with the recordings: a program without types. */
const { compareLab } = (await import(new URL('../../kernel/compare.mjs', import.meta.url).href)) as { compareLab: Judge }
const LABS = new Map(kernelLabNames().map((name) => [name, readKernelLab(name)]))
const withCaptures = [...LABS.keys()].filter((name) => LABS.get(name)?.packets !== undefined)
const draws = fc.array(fc.nat(), { minLength: 8, maxLength: 8 })
const RUNS_OF_ONE = 8
const RUNS_OF_SEVERAL = 100
/** Mutations that leave something that is no record of a kernel: only what was played may look so. */
const SPOILING: ReadonlySet<string> = new Set(['a key of a result less', 'a result where there is none'])

/** What both judges say, without the words. */
function places(differences: readonly { readonly step: number; readonly field: string }[]): string[] {
  return differences.map(({ step, field }) => `${step} ${field}`)
}

function expectAgreement(
  name: string,
  changes: readonly { readonly kind: string; readonly draws: readonly number[] }[],
): void {
  const lab = LABS.get(name)
  if (lab === undefined) throw new Error(`no lab ${name}`)
  const other = mutated(
    lab,
    changes.map(({ kind, draws: numbers }) => ({ mutation: MUTATIONS[kind] ?? (() => false), draws: numbers })),
  )
  fc.pre(other !== undefined)
  if (other === undefined) return
  expect(places(judgeLab(lab, other))).toEqual(places(compareLab(lab, other)))
  if (changes.some(({ kind }) => SPOILING.has(kind))) return
  expect(places(judgeLab(other, lab))).toEqual(places(compareLab(other, lab)))
}

describe(`the judge (seed ${seed})`, () => {
  it.each(Object.keys(MUTATIONS))('always agrees with the one that came with the recordings: %s', (kind) => {
    const names = fc.constantFrom(
      ...(/frame|MAC|TTL|port|sequence|ICMP|flags|acknowledge|capture/.test(kind) ? withCaptures : LABS.keys()),
    )
    fc.assert(
      fc.property(names, draws, (name, numbers) => expectAgreement(name, [{ kind, draws: numbers }])),
      {
        seed,
        numRuns: RUNS_OF_ONE,
        maxSkipsPerRun: 10_000,
      },
    )
  })

  it('always agrees with it on several changes at once', () => {
    const changes = fc.array(fc.record({ kind: fc.constantFrom(...Object.keys(MUTATIONS)), draws }), {
      minLength: 2,
      maxLength: 4,
    })
    fc.assert(fc.property(fc.constantFrom(...LABS.keys()), changes, expectAgreement), {
      seed,
      numRuns: RUNS_OF_SEVERAL,
      maxSkipsPerRun: 10_000,
    })
  })
})
