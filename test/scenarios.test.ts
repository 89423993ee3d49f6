import { describe, expect, it } from 'vitest'
import { checkScenario, expectedNames, scenarioNames } from './support/goldens.ts'

const FOLDER = new URL('../scenarios/', import.meta.url)

describe('the scenarios that users copy', () => {
  it.each(scenarioNames(FOLDER))('%s prints what stands beside it, and every expectation holds', async (name) => {
    await checkScenario(FOLDER, name)
  })

  it('have no expected output without a scenario', () => {
    expect(expectedNames(FOLDER)).toEqual(scenarioNames(FOLDER))
  })
})
