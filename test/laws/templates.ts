/**
 * Two persistent services with templates of their own, done right or wrong in one of the ways in which this can be done wrong.
 * They share no code with the director of lvsim but the bench on which its schedulers are tried.
 * @module
 */
import { Bench } from '../../src/laws/bench.ts'
import { PERSISTENCE_SECONDS, type PersistentDirectorFactory } from '../../src/laws/persistent-director.ts'
import type { Connect } from '../../src/laws/trial.ts'

/** What templates can do wrong. */
export interface TemplateFaults {
  /** One template serves both ports. */
  readonly leaksPorts?: boolean
  /** A template is found by the port of the client, too. */
  readonly splitsByPort?: boolean
  /** A template ends when its time is over, however often it was used. */
  readonly isNotRenewed?: boolean
  /** Drained servers lose their clients. */
  readonly dropsDrained?: boolean
  /** The mask of the service does nothing. */
  readonly ignoresMask?: boolean
}

/** Makes services whose templates have these faults. */
export function templates(faults: TemplateFaults = {}): PersistentDirectorFactory {
  return (candidate, trial, netmask) => {
    const benches = [new Bench(candidate, trial), new Bench(candidate, trial)]
    const known = new Map<string, { server: number, untilSeconds: number }>()
    let connections = 0
    const keyOf = ({ client, target }: Connect): string => {
      const network = (0x0a000002 + client) & (faults.ignoresMask ? -1 : netmask)
      return `${network} ${faults.leaksPorts ? '' : target} ${faults.splitsByPort ? connections : ''}`
    }
    return {
      play(step) {
        if (step.kind !== 'connect') {
          for (const each of benches) each.play(step)
          return undefined
        }
        connections++
        const bench = benches[step.target] as Bench
        const entry = known.get(keyOf(step))
        const destination = bench.servers[entry?.server ?? -1]
        const isKept = entry !== undefined && bench.nowSeconds < entry.untilSeconds && destination?.available === true
          && !(faults.dropsDrained && destination.weight === 0)
        if (!isKept) bench.play({ ...step, target: 0 })
        const server = isKept ? entry.server : bench.picks.at(-1)
        const untilSeconds = isKept && faults.isNotRenewed ? entry.untilSeconds : bench.nowSeconds + PERSISTENCE_SECONDS
        if (server !== undefined) known.set(keyOf(step), { server, untilSeconds })
        return server
      },
    }
  }
}
