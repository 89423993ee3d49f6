/**
 * Laws of persistence (`ipvsadm -p`): they are about the director and its templates, so they hold with every scheduler that
 * keeps to its own service.
 * @module
 */
import fc from 'fast-check'
import { adding, removing, trials } from './arbitraries.ts'
import { type Candidate, LINUX_SCHEDULERS } from './candidate.ts'
import type { LawText } from './law.ts'
import { PERSISTENCE_SECONDS, PORTS, type PersistentDirectorFactory, simulatedDirector } from './persistent-director.ts'
import { type Connect, letterOf, lettersOf, type Step, type Trial, whoOf } from './trial.ts'

/** The names of these laws. */
export type PersistenceLawName = 'persistent-client' | 'persistent-network' | 'persistent-ports'

const ONE_CLIENT = 0xffffffff
const ONE_NETWORK = 0xffffff00
/** 10.0.0.2 twice as often as 10.0.0.3 and 10.0.1.2. */
const CLIENTS = [0, 0, 1, 256]

const visits = trials({ servers: [2, 4], weight: [0, 5] }, fc.oneof(
  { weight: 8, arbitrary: fc.record({
    kind: fc.constant('connect'), client: fc.constantFrom(...CLIENTS), port: fc.constant(1024), target: fc.constantFrom(0, 0, 1),
    fate: fc.constant('held'),
  }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait'), seconds: fc.constantFrom(60, 200, 300, PERSISTENCE_SECONDS) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('weigh'), server: fc.nat(3), weight: fc.constantFrom(3, 0) }) },
  { weight: 1, arbitrary: adding }, { weight: 1, arbitrary: removing },
), { steps: [0, 25] })

/** Laws of persistence, for directors of this make. */
export function persistenceLaws(make: PersistentDirectorFactory): readonly LawText<PersistenceLawName>[] {
  const common = { group: 'persistence', holdsFor: LINUX_SCHEDULERS, trials: visits, trialsShare: 0.1 } as const
  const picks = (netmask: number): NonNullable<LawText['picks']> => (candidate, trial) => {
    const director = make(candidate, trial, netmask)
    return trial.steps.map((step) => director.play(step)).filter((_, i) => trial.steps[i]?.kind === 'connect')
  }
  return [
    {
      ...common, name: 'persistent-client',
      claim: 'With `-p 360` a client comes back to its server if its last connection to the service began less than 360 s ago, '
        + 'though that server be drained, as long as it is not removed.',
      judge: (candidate, trial) => judgeKeeping(make, candidate, trial, ONE_CLIENT), picks: picks(ONE_CLIENT),
    },
    {
      ...common, name: 'persistent-network',
      claim: 'With `-p 360 -M 255.255.255.0` the same is true of all clients of such a network together.',
      judge: (candidate, trial) => judgeKeeping(make, candidate, trial, ONE_NETWORK), picks: picks(ONE_NETWORK),
    },
    {
      ...common, name: 'persistent-ports',
      claim: 'What clients do at one port of an address changes no pick at another one, which is a service of its own.',
      judge: (candidate, trial) => judgePorts(make, candidate, trial), picks: picks(ONE_CLIENT),
    },
  ]
}

/** Laws of persistence, of the director of the simulator. */
export const PERSISTENCE_LAWS: readonly LawText<PersistenceLawName>[] = persistenceLaws(simulatedDirector)

function judgeKeeping(
  make: PersistentDirectorFactory, candidate: Candidate, trial: Trial, netmask: number,
): string | undefined {
  const director = make(candidate, trial, netmask)
  const visited = new Map<string, { readonly server: number, readonly atSeconds: number, readonly connection: number }>()
  let [nowSeconds, connections, servers] = [0, 0, trial.weights.length]
  for (const step of trial.steps) {
    const server = director.play(step)
    if (step.kind === 'wait') nowSeconds += step.seconds
    else if (step.kind === 'add') servers++
    else if (step.kind === 'remove') forget(visited, step.server % servers)
    if (step.kind !== 'connect') continue
    connections++
    const key = `${keyOf(step, netmask)} ${step.target}`
    const last = visited.get(key)
    if (last !== undefined && nowSeconds - last.atSeconds < PERSISTENCE_SECONDS && last.server !== server) {
      return `connection ${connections} should have the server of connection ${last.connection}, ${letterOf(last.server)}, `
        + `${nowSeconds - last.atSeconds} s later, and has ${whoOf(server)}`
    }
    if (server === undefined) visited.delete(key)
    else visited.set(key, { server, atSeconds: nowSeconds, connection: connections })
  }
  return undefined
}

function forget(visited: Map<string, { readonly server: number }>, removed: number): void {
  for (const [key, { server }] of visited) if (server === removed) visited.delete(key)
}

/** The client, or its network. */
function keyOf({ client }: Connect, netmask: number): number {
  return netmask === ONE_CLIENT ? client : (client + 2) >>> 8
}

function judgePorts(make: PersistentDirectorFactory, candidate: Candidate, trial: Trial): string | undefined {
  const picksOf = (steps: readonly Step[]): string[] => {
    const director = make(candidate, trial, ONE_CLIENT)
    const picks: [(number | undefined)[], (number | undefined)[]] = [[], []]
    for (const step of steps) {
      const server = director.play(step)
      if (step.kind === 'connect') picks[step.target === 0 ? 0 : 1].push(server)
    }
    return picks.map(lettersOf)
  }
  const together = picksOf(trial.steps)
  for (const [target, port] of PORTS.entries()) {
    const alone = picksOf(trial.steps.filter((step) => step.kind !== 'connect' || step.target === target))
    if (together[target] !== alone[target]) {
      return `at port ${port} the picks are ${together[target]}, and ${alone[target]} when nobody asks at the other port`
    }
  }
  return undefined
}
