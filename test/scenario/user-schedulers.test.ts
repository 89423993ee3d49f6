import { describe, expect, it } from 'vitest'
import {
  compareScenarioText, type Problem, renderProblem, type Result, type RunResult, runScenarioText, type Schedulers,
  validateScenarioText,
} from '../../src/index.ts'

const fileName = 'own.lvs.yaml'

/** A client, two directors and two servers on one Ethernet; a service of each director with `-s SCHEDULER`. */
function lanText(
  scheduler: string, more: { readonly lb?: string, readonly traffic?: string, readonly modules?: string } = {},
): string {
  const director = (name: string, number: number): string => `
  ${name}:
    interfaces: {eth0: {segment: lan, addresses: [10.0.0.${number}/24, 10.0.0.10${number}/32]}}${more.modules ?? ''}
    setup: |
      ipvsadm -A -t 10.0.0.10${number}:80 -s ${scheduler}
      ipvsadm -a -t 10.0.0.10${number}:80 -r 10.0.0.11 -m -w 3
      ipvsadm -a -t 10.0.0.10${number}:80 -r 10.0.0.12 -m
      ${more.lb ?? ''}`
  const server = (name: string, number: number): string => (
    `\n  ${name}: {interfaces: {eth0: {segment: lan, addresses: [10.0.0.${number}/24]}}}`
  )
  return `name: own
seed: 7
segments: {lan: {}}
hosts:${server('client', 10)}${director('lb1', 1)}${director('lb2', 2)}${server('rs1', 11)}${server('rs2', 12)}
traffic:
  ${more.traffic ?? '- {kind: connect, from: client, to: 10.0.0.101:80, count: 4, timeout: 100ms}'}
observe:
  - {on: lb1, run: ipvsadm -Ln}
  - {on: lb2, run: ipvsadm -Sn}
  - {on: lb1, run: lsmod}
`
}

/** Sends everything to the destination that was added last. */
const NEWEST: Schedulers = { newest: (pool) => ({ pick: () => pool.destinations[0] }) }

/** Everything to the one that stands last in the list as it is now. */
const OLDEST: Schedulers = { oldest: (pool) => ({ pick: () => pool.destinations.at(-1) }) }

function valueOf<T>(result: Result<T, readonly Problem[]>): T {
  if (!result.ok) throw new Error(result.error.map(renderProblem).join('\n'))
  return result.value
}

async function run(text: string, schedulers?: Schedulers): Promise<RunResult> {
  return valueOf(await runScenarioText(text, { fileName, ...(schedulers === undefined ? {} : { schedulers }) }))
}

describe('a scheduler that is brought to a run', () => {
  it('is there for ipvsadm on every director, listed by its name and saved with its flags', async () => {
    const { observations, problem } = await run(lanText('oldest -b flag-1,flag-3'), OLDEST)
    const [list, saved, modules] = observations.map(({ stdout }) => stdout)
    expect(problem).toBeUndefined()
    expect(list).toContain('TCP  10.0.0.101:80 oldest (flag-1,flag-3)\n')
    expect(list).toMatch(/10\.0\.0\.12:80 +Masq +1 +0 +0 +\n/)
    expect(list).toMatch(/10\.0\.0\.11:80 +Masq +3 +4 +0 +\n/)
    expect(saved).toContain('-A -t 10.0.0.102:80 -s oldest -b flag-1,flag-3\n')
    expect(modules).toMatch(/^ip_vs_oldest +\d+ {2}0$/m)
  })

  it('has the flags of -b in its hands', async () => {
    const flags: number[] = []
    await run(lanText('mine -b flag-2'), { mine: (pool) => ({ pick: () => void flags.push(pool.schedulerFlags) }) })
    expect(flags).toEqual([2, 2, 2, 2])
  })

  it('is refused by ipvsadm in a run that it was not brought to, and where its module is missing', async () => {
    const refusal = 'Scheduler or persistence engine not found\n'
    expect((await run(lanText('oldest'))).setup[0]?.stderr).toContain(refusal)
    const { setup } = await run(lanText('oldest', { modules: '\n    modules: {missing: [ip_vs_oldest]}' }), OLDEST)
    expect(setup[0]?.stderr).toContain(refusal)
  })

  it('changes nothing for those who do not use it', async () => {
    expect(await run(lanText('wrr'), OLDEST)).toEqual(await run(lanText('wrr')))
  })

  it('draws the same numbers in every run of a seed, and others of its own for each service', async () => {
    const draws: number[][] = [[], []]
    const lots: Schedulers = { lots: (pool) => {
      const own = pool.destinations.length === 0 ? draws.shift() as number[] : []
      return { pick: () => void own.push(pool.random()) }
    } }
    const all = [...draws]
    const text = lanText('lots', {
      traffic: '- {kind: connect, from: client, to: 10.0.0.101:80, count: 3, timeout: 100ms}\n'
        + '  - {kind: connect, from: client, to: 10.0.0.102:80, count: 3, timeout: 100ms}',
    })
    await run(text, lots)
    const again: number[][] = [[], []]
    draws.push(...again)
    await run(text, lots)
    expect(again).toEqual(all)
    expect(all.map((numbers) => numbers.length)).toEqual([3, 3])
    expect(all[0]).not.toEqual(all[1])
  })

  it('may be named by a cluster, in every mode', async () => {
    const text = `name: own
cluster: {vip: 10.0.0.100, service: tcp 80, scheduler: newest, real_servers: [{name: rs, replicas: 3}], server: {protocol: http}}
traffic: [{kind: http, from: client, to: 'http://10.0.0.100/', count: 6}]
`
    const schedulers = NEWEST
    const results = valueOf(await compareScenarioText(text, { fileName, schedulers }))
    const serversOf = ({ traffic }: RunResult): unknown[] => (
      [...new Set(traffic[0]?.requests.map(({ answeredBy }) => answeredBy))]
    )
    expect(results.map((result) => [result.mode, ...serversOf(result)])).toEqual([
      ['nat', 'rs3'], ['dr', 'rs3'], ['tun', 'rs3'],
    ])
    expect(validateScenarioText(text, { fileName, schedulers })).toEqual([])
    expect(validateScenarioText(text, { fileName }).map(renderProblem).join()).toMatch(
      /error LVS1023: `newest` is not allowed here[^]*expected: one of rr, .*, twos, or one that is brought to the run$/,
    )
  })
})

describe('schedulers that cannot be brought', () => {
  it.each([
    ['RR', 'error LVS1065: `RR` is no name for a scheduler'],
    ['', 'error LVS1065: `` is no name for a scheduler'],
    ['abcdefghijklmnop', 'error LVS1065: `abcdefghijklmnop` is no name for a scheduler'],
    ['wlc', 'error LVS1065: Linux has a scheduler wlc of its own'],
    ['twos', 'error LVS1065: Linux has a scheduler twos of its own'],
    ['none', 'error LVS1065: Linux has a scheduler none of its own'],
  ])('have the name %j', async (name, message) => {
    const options = { fileName, schedulers: { [name]: () => ({ pick: () => undefined }) } }
    const ran = await runScenarioText(lanText('rr'), options)
    expect(ran.ok ? '' : ran.error.map(renderProblem).join()).toContain(message)
    expect(validateScenarioText(lanText('rr'), options).map(renderProblem).join()).toContain(message)
  })

  it('are no functions', () => {
    const [problem] = validateScenarioText(lanText('rr'), { fileName, schedulers: { mine: { pick: () => undefined } as never } })
    expect(problem).toMatchObject({ code: 'LVS1065', file: 'schedulers', message: 'the scheduler mine is no function' })
  })

  it('are told of together with the problems of the text', () => {
    const problems = validateScenarioText('', { fileName, schedulers: { RR: () => ({ pick: () => undefined }) } })
    expect(problems.map(({ code }) => code)).toEqual(['LVS1065', 'LVS1006'])
  })

  it('have a name of 15 characters at most, of which any may be a digit or _', () => {
    const schedulers: Schedulers = { _23456789012345: () => ({ pick: () => undefined }) }
    expect(validateScenarioText(lanText('rr'), { fileName, schedulers })).toEqual([])
  })
})

describe('a scheduler that fails', () => {
  it('ends the run at once, with the scheduler, the host and the place of its name', async () => {
    const { problem, traffic, endNs, trafficStartNs } = await run(lanText('mine'), { mine: () => {
      return { pick: () => { throw new Error('nobody home') } }
    } })
    // Line 9 is `      ipvsadm -A -t 10.0.0.101:80 -s mine`: 6 blanks and 31 characters stand before the name.
    expect(problem).toMatchObject({
      code: 'LVS1066', file: fileName, line: 9, column: 38, message: 'lb1: the scheduler mine threw Error: nobody home',
    })
    expect(traffic[0]?.requests.filter(({ outcome }) => outcome === 'ok')).toEqual([])
    expect(endNs - trafficStartNs).toBeLessThan(10_000_000)
  })

  it('is found out in a command too, and the first fault is told', async () => {
    const { problem, observations } = await run(lanText('mine'), { mine: () => 5 as never })
    expect(problem?.message).toBe('lb1: the scheduler mine begins as the number 5, not as an object with a function `pick`')
    expect(observations).toEqual([])
  })

  it('by a pick that is a destination of another service is a fault as well', async () => {
    const pools: Parameters<NonNullable<Schedulers['mine']>>[0][] = []
    const mine: Schedulers = { mine: (pool) => {
      pools.push(pool)
      return { pick: () => pools.find((other) => other !== pool)?.destinations[0] }
    } }
    expect((await run(lanText('mine'), mine)).problem?.message).toBe(
      'lb1: the scheduler mine picked an object, which is none of its destinations',
    )
  })

  it('is told of where the cluster names it, or at the top where the file does not name it', async () => {
    const cluster = (scheduler: string): string => `cluster:
  vip: 10.0.0.100
  service: tcp 80
  scheduler: ${scheduler}
  director: {setup: ipvsadm -E -t 10.0.0.100:80 -s $(echo mi)ne}
  real_servers: [{name: rs}]
traffic: [{kind: http, from: client, to: 'http://10.0.0.100/'}]
`
    const schedulers: Schedulers = { mine: () => ({ pick: () => 5 as never }) }
    expect((await run(cluster('mine'), schedulers)).problem).toMatchObject({ line: 4, column: 14 })
    expect((await run(cluster('rr'), schedulers)).problem).toMatchObject({ line: 1, column: 1 })
  })
})

describe('twos', () => {
  const CONNECTS = '- {kind: connect, from: client, to: 10.0.0.101:80, count: 40, arrivals: constant 1000/s, timeout: 100ms}'

  it('is there on a host whose kernel was built with it, and on no other', async () => {
    const text = lanText('twos', { modules: '\n    modules: {loaded: [ip_vs_twos]}' })
    expect((await run(text)).observations[0]?.stdout).toContain('TCP  10.0.0.101:80 twos\n')
    const { setup } = await run(lanText('twos', { lb: 'modprobe ip_vs_twos' }))
    expect(setup[0]?.stderr).toContain('Scheduler or persistence engine not found\n')
    expect(setup[0]?.stderr).toContain('modprobe: FATAL: Module ip_vs_twos not found in directory /lib/modules/6.1.0-56-amd64\n')
  })

  it('may be missing all the same, and a module that nobody has is refused with the nearest', async () => {
    const refused = async (modules: string): Promise<string> => {
      const ran = await runScenarioText(lanText('rr', { modules: `\n    modules: ${modules}` }), { fileName })
      return ran.ok ? '' : ran.error.map(renderProblem).join()
    }
    expect(await refused('{loaded: [ip_vs_twos], missing: [ip_vs_twos]}')).toContain('LVS1062: there is no module ip_vs_twos')
    expect(await refused('{loaded: [ip_vs_two]}')).toMatch(/there is no module ip_vs_two\n[^]*did you mean `ip_vs_twos`/)
  })

  it('follows from the seed alone', async () => {
    const text = lanText('twos', { modules: '\n    modules: {loaded: [ip-vs-twos]}', traffic: CONNECTS })
    // Nothing else in this run draws.
    const hash = async (seed: string): Promise<string> => valueOf(await runScenarioText(text, { fileName, seed })).hash
    expect(await hash('1')).toBe(await hash('1'))
    expect(await hash('1')).not.toBe(await hash('2'))
  })

  it('may be named by a cluster, whose director then has it', async () => {
    const text = `cluster: {vip: 10.0.0.100, service: tcp 80, scheduler: twos, real_servers: [{name: rs, replicas: 2}]}
observe: [{on: lb, run: ipvsadm -Ln}]
`
    for (const { observations } of valueOf(await compareScenarioText(text, { fileName }))) {
      expect(observations[0]?.stdout).toContain('TCP  10.0.0.100:80 twos\n')
    }
  })
})
