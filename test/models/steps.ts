/**
 * How many steps the walks of the second model take: a few in the suite, and millions on demand by MODEL_STEPS.
 * @module
 */

/** MODEL_STEPS, or `usual` where that is not set. Throws when it is no positive integer. */
export function stepsAsked(usual: number): number {
  const text = process.env['MODEL_STEPS']
  if (text === undefined || text === '') return usual
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`MODEL_STEPS is '${text}', not a positive number`)
  return Number(text)
}
