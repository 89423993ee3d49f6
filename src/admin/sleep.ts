/**
 * sleep(1) of coreutils, in simulated time.
 * @module
 */
import { secondsToNs } from '../base/units.ts'
import { printed, refused, type Tool } from './tool.ts'

const SECONDS_PER: Record<string, number> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 }

/** Nanoseconds of `0.5`, `10s`, `2m`, `1h`, `1d`; undefined for anything else. */
export function durationNs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d*)?|\.\d+)([smhd]?)$/.exec(text)
  if (match === null) return undefined
  return secondsToNs(Number(match[1]) * (SECONDS_PER[match[2] ?? ''] ?? 1))
}

/** Waits for the sum of its arguments. */
export const sleep: Tool = async ({ argv, waiter }) => {
  if (argv.length === 0) return refused("sleep: missing operand\nTry 'sleep --help' for more information.\n", 1)
  let totalNs = 0
  for (const text of argv) {
    const ns = text === 'infinity' ? Infinity : durationNs(text)
    if (ns === undefined) return refused(`sleep: invalid time interval '${text}'\nTry 'sleep --help' for more information.\n`, 1)
    totalNs += ns
  }
  await waiter.waitNs(totalNs)
  return printed('')
}
