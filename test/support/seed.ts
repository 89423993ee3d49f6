/**
 * The seed of every property in the tests: FC_SEED, or 42 on a developer's machine.
 * @module
 */

/**
 * Reads the seed from an environment. Throws when CI is set and FC_SEED is not, because a seed that never changes would test
 * the same cases for ever, and throws when FC_SEED is no decimal 32-bit integer.
 */
export function seedFrom(environment: Readonly<Record<string, string | undefined>>): number {
  const text = environment['FC_SEED']
  if (text === undefined || text === '') {
    if (environment['CI']) throw new Error('FC_SEED is not set: on CI it is derived from the commit hash, see .ci/run')
    return 42
  }
  const seed = Number(text)
  if (!/^-?\d+$/.test(text) || seed !== (seed | 0)) throw new Error(`FC_SEED is '${text}', not a decimal 32-bit integer`)
  return seed
}

/** The seed of this run of the tests. Print it in the name of each suite that uses it. */
export const seed: number = seedFrom(process.env)
