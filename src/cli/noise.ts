/**
 * Whether a machine was quiet enough to measure on.
 * @module
 */
import { availableParallelism, loadavg } from 'node:os'

/** Rounds of one kind of work that differ by more than this share of their median were disturbed. */
const SPREAD_MAX = 0.1

/**
 * What to say of measurements whose rounds differ by a share of their median, on so many cores with so many processes that want
 * to run; undefined when they can be believed.
 */
export function noiseWarning(
  spread: number, [load, cores] = [loadavg()[0] ?? 0, availableParallelism()],
): string | undefined {
  if (spread <= SPREAD_MAX && load <= cores) return undefined
  return `The machine is noisy: rounds differ by up to ${(spread * 100).toFixed(0)} %, load ${load.toFixed(1)} on ${cores} cores.
Trust the ratios more than the times; close what else runs, or keep to one core (taskset -c 1).`
}
