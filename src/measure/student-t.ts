/**
 * Quantiles of Student's t: how many standard errors around a mean of few numbers hold the true mean with a given confidence.
 * Computed from the finite sums for whole degrees of freedom (Abramowitz and Stegun 26.7.3 and 26.7.4), by `+ - * /` and square
 * roots alone.
 * @module
 */
import { assert } from '../base/assert.ts'
import { exactAtan, PI } from '../base/exact-math.ts'

/** Beyond it lies less than any confidence leaves out that may be asked for. */
const T_MAX = 100_000
/** Halvings after which the interval of the search is narrower than the last bits. */
const HALVINGS = 80

/**
 * The t that |T| stays below with probability `confidence` (0..0.9999) for 1..1000 degrees of freedom, to ten digits:
 * `studentT(19, 0.95)` is 2.093024054.
 */
export function studentT(degrees: number, confidence: number): number {
  assert(Number.isInteger(degrees) && degrees >= 1 && degrees <= 1000, 'degrees of freedom are 1..1000')
  assert(confidence >= 0 && confidence <= 0.9999, 'a confidence is 0..0.9999')
  let [low, high] = [0, T_MAX]
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2
    if (probabilityWithin(middle, degrees) < confidence) low = middle
    else high = middle
  }
  return high
}

/** P(|T| < t). */
function probabilityWithin(t: number, degrees: number): number {
  const length = Math.sqrt(degrees + t * t)
  const sine = t / length
  const squareOfCosine = degrees / (degrees + t * t)
  const isOdd = degrees % 2 === 1
  let sum = 0
  let term = isOdd ? Math.sqrt(degrees) / length : 1
  for (let power = isOdd ? 1 : 0; power <= degrees - 2; power += 2) {
    sum += term
    term *= squareOfCosine * (power + 1) / (power + 2)
  }
  if (!isOdd) return sine * sum
  return 2 / PI * (exactAtan(t / Math.sqrt(degrees)) + sine * sum)
}
