/**
 * Runs a scenario: routes and setup of all hosts at once at time 0, then traffic, events and observations, whose times count
 * from the moment the last setup was over; at last the observations of the end, the books, and the expectations.
 * @module
 */
import { assert } from '../base/assert.ts'
import { err, ok, type Result } from '../base/result.ts'
import { NS_PER_SECOND } from '../base/units.ts'
import { HostShell } from '../admin/shell/host-shell.ts'
import { ShellDriver } from '../admin/shell/shell-driver.ts'
import type { ShellTask } from '../admin/shell/shell-task.ts'
import { TOOLS } from '../admin/tools.ts'
import { changeCables } from './cable-events.ts'
import { buildWorld } from './build.ts'
import { checkAll } from './checks.ts'
import type { Problem } from './problems.ts'
import type { CommandOutput, RunResult } from './result.ts'
import { unreadFiles } from './replay-files.ts'
import { hostResults, linkResults } from './results-of-world.ts'
import { rulesHistories } from './rules-histories.ts'
import type { Scenario } from './scenario.ts'
import { startServers } from './servers.ts'
import { TrafficRun } from './traffic.ts'
import { unsupportedProblem } from './unsupported.ts'
import { problemsOfSchedulers, SchedulersOfRun, type UserSchedulers } from './user-schedulers.ts'
import type { World } from './world.ts'
import type { Path } from './source-tree.ts'

/** How a run is done. */
export interface RunOptions {
  /** Instead of the seed of the file. */
  readonly seed?: string
  /** Called with the world before anything happens: to attach a recorder. */
  readonly onWorld?: (world: World) => void
  /** Ends the run this long after traffic began, instead of when the file says. */
  readonly stopAfterNs?: number
  /** Commands to run at the very end, whose outputs join the observations. */
  readonly atEnd?: readonly { readonly host: string; readonly command: string }[]
  /** Schedulers that the directors have beside those of Linux. */
  readonly schedulers?: UserSchedulers
}

/** Runs a scenario whose cluster, if it has one, is expanded. Refused when it cannot even be built. */
export async function runScenario(
  scenario: Scenario,
  options: RunOptions = {},
): Promise<Result<RunResult, readonly Problem[]>> {
  const wrong = [...problemsOfSchedulers(options.schedulers ?? {}), ...unreadFiles(scenario)]
  if (wrong.length > 0) return err(wrong)
  const seed = options.seed ?? scenario.seed
  const schedulers = new SchedulersOfRun(options.schedulers)
  const built = buildWorld(scenario, seed, schedulers)
  if (!built.ok) return built
  const run = new Run(scenario, built.value, schedulers, options)
  options.onWorld?.(built.value)
  return run.toEnd(seed)
}

/** How long a run without a `duration` goes on after its last request: connections close, and what is under way arrives. */
const AFTERMATH_NS = NS_PER_SECOND

/** Why the driver came back. */
type End = Awaited<ReturnType<ShellDriver['runUntil']>>

/** A command that a shell was given, and what it is for. */
interface Started {
  readonly kind: 'setup' | 'observation' | 'event'
  readonly name: string
  readonly host: string
  readonly command: string
  readonly path: Path
  readonly task: ShellTask
}

class Run {
  readonly #scenario: Scenario
  readonly #world: World
  readonly #schedulers: SchedulersOfRun
  readonly #options: RunOptions
  readonly #driver: ShellDriver
  readonly #shells = new Map<string, HostShell>()
  readonly #started: Started[] = []
  #problem: Problem | undefined
  #isOver = false

  constructor(scenario: Scenario, world: World, schedulers: SchedulersOfRun, options: RunOptions) {
    this.#scenario = scenario
    this.#world = world
    this.#schedulers = schedulers
    this.#options = options
    this.#driver = new ShellDriver(world.sim)
    for (const host of world.hosts.values()) this.#shells.set(host.name, new HostShell(host, this.#driver, TOOLS))
  }

  async toEnd(seed: string): Promise<Result<RunResult, readonly Problem[]>> {
    const { sim } = this.#world
    const scenario = this.#scenario
    const refused = [...startServers(this.#world, scenario), ...(await this.#setUp())]
    if (refused.length > 0) return err(refused)
    const trafficStartNs = sim.nowNs
    const traffic = new TrafficRun(this.#world, scenario)
    if (!this.#isOver) {
      traffic.begin(trafficStartNs)
      await this.#timeline(trafficStartNs, traffic)
      if (!this.#isOver) await this.#observeEnd()
    }
    this.#world.checkLedgers()
    const outputs = (kind: Started['kind']): CommandOutput[] =>
      this.#started.filter((one) => one.kind === kind).map(outputOf)
    const observations = outputs('observation')
    const hosts = hostResults(this.#world)
    const results = traffic.results()
    const { frames } = sim
    const lost = frames.lost.loss + frames.lost.queueFull + frames.lost.linkDown
    return ok({
      scenario: scenario.name,
      mode: scenario.mode,
      seed,
      hash: sim.hash.digest(),
      endNs: sim.nowNs,
      events: sim.eventCount,
      frames: {
        sent: frames.sent,
        duplicated: frames.duplicated,
        delivered: frames.delivered,
        lost,
        inFlight: frames.inFlight,
      },
      trafficStartNs,
      setup: [...outputs('setup'), ...outputs('event')],
      observations,
      traffic: results,
      hosts,
      links: linkResults(this.#world),
      rules: rulesHistories(this.#world),
      checks: this.#isOver ? [] : checkAll(scenario, { observations, traffic: results, hosts }),
      warnings: [...this.#driver.warnings],
      limit: sim.limitReached,
      problem: this.#problem,
    })
  }

  /** Routes first, each a command of its own, then the scripts of all hosts side by side. */
  async #setUp(): Promise<Problem[]> {
    const problems: Problem[] = []
    for (const host of this.#scenario.hosts.values()) {
      for (const [index, route] of host.routes.entries()) {
        const path = [...host.path, 'routes', index]
        const started = this.#start({
          kind: 'setup',
          name: 'routes',
          host: host.name,
          command: `ip route add ${route}`,
          path,
        })
        await this.#wait([started])
        if (this.#isOver) return problems
        const { result } = started.task
        if (result === undefined || result.exitCode === 0) continue
        const message = `ip route add ${route}: ${result.stderr.trim()}`
        problems.push(this.#scenario.source.problem(path, { code: 'LVS1061', message }))
      }
    }
    if (problems.length > 0) return problems
    const scripts = [...this.#scenario.hosts.values()].filter((host) => host.setup.trim() !== '')
    await this.#wait(
      scripts.map((host) =>
        this.#start({
          kind: 'setup',
          name: 'setup',
          host: host.name,
          command: host.setup,
          path: [...host.path, 'setup'],
        }),
      ),
    )
    return problems
  }

  /** Lets time pass from event to event until everything is over. */
  async #timeline(startNs: number, traffic: TrafficRun): Promise<void> {
    const scenario = this.#scenario
    const moments = [
      ...scenario.events.map((event) => ({ atNs: event.atNs, do: () => this.#event(event) })),
      ...scenario.observe.flatMap((one) =>
        one.at === 'end' ? [] : [{ atNs: one.at.ns, do: () => this.#observe(one) }],
      ),
    ].sort((a, b) => a.atNs - b.atNs)
    const endNs = Math.min(scenario.durationNs ?? Infinity, this.#options.stopAfterNs ?? Infinity)
    for (const moment of moments) {
      if (moment.atNs > endNs) break
      await this.#runUntil(startNs + moment.atNs)
      if (this.#isOver) return
      moment.do()
    }
    if (endNs !== Infinity) {
      await this.#runUntil(startNs + endNs)
      return
    }
    while (!traffic.isOver && !this.#isOver) {
      const end = await this.#runUntil(Infinity)
      assert(end !== 'idle' || traffic.isOver, 'every request ends, be it by a timeout')
    }
    await this.#wait(this.#started)
    if (!this.#isOver) await this.#runUntil(this.#world.sim.nowNs + AFTERMATH_NS)
  }

  #event(event: Scenario['events'][number]): void {
    if (event.kind === 'command') {
      this.#start({ kind: 'event', name: 'event', host: event.on, command: event.run, path: [...event.path, 'run'] })
    } else {
      changeCables(this.#world, this.#scenario, event)
    }
  }

  #observe(one: Scenario['observe'][number]): Started {
    return this.#start({
      kind: 'observation',
      name: one.name,
      host: one.on,
      command: one.run,
      path: [...one.path, 'run'],
    })
  }

  async #observeEnd(): Promise<void> {
    for (const one of this.#scenario.observe) if (one.at === 'end') await this.#wait([this.#observe(one)])
    for (const { host, command } of this.#options.atEnd ?? []) {
      await this.#wait([this.#start({ kind: 'observation', name: command, host, command, path: [] })])
    }
  }

  #start(command: Omit<Started, 'task'>): Started {
    const shell = this.#shells.get(command.host)
    assert(shell !== undefined, 'references are checked')
    const started = {
      ...command,
      task: shell.start({ script: command.command, name: `${command.host} ${command.name}` }),
    }
    this.#started.push(started)
    return started
  }

  async #wait(started: readonly Started[]): Promise<void> {
    for (const { task } of started) {
      while (task.result === undefined && !this.#isOver) {
        const end = await this.#driver.runUntil(Infinity, task)
        this.#end(end)
        if (end === 'idle' && !this.#isOver) this.#hang(started.find((one) => one.task === task) as Started)
      }
    }
  }

  /** Nothing is left to happen, and a command still waits: it would wait for ever. */
  #hang({ host, path }: Started): void {
    const message = `${host}: this command waits for something that never happens`
    this.#problem ??= this.#scenario.source.problem(path, { code: 'LVS1063', message })
    this.#isOver = true
  }

  /** Time passes up to `untilNs`; with Infinity, until somebody stops it or nothing is left to do. */
  async #runUntil(untilNs: number): Promise<End> {
    for (;;) {
      const end = await this.#driver.runUntil(untilNs)
      this.#end(end)
      if (this.#isOver || end === 'time' || untilNs === Infinity) return end
    }
  }

  /** Takes note of what ends a run early. */
  #end(end: End): void {
    if (end === 'limit') this.#isOver = true
    this.#problem ??= this.#schedulers.problemIn(this.#scenario)
    if (this.#problem !== undefined) this.#isOver = true
    const stopped = this.#started.find(({ task }) => task.stop !== undefined)
    if (stopped === undefined || this.#problem !== undefined) return
    this.#isOver = true
    const place = this.#shells.get(stopped.host)?.placeOfStop(stopped.task)
    assert(place !== undefined, 'a stopped shell knows where')
    this.#problem = unsupportedProblem(this.#scenario, stopped, place)
  }
}

function outputOf({ name, host, command, task }: Started): CommandOutput {
  const result = task.result ?? { stdout: '', stderr: '', exitCode: 0 }
  const { stdout, stderr, exitCode } = result
  return {
    name,
    host,
    command: command.trim(),
    atNs: task.startedNs,
    stdout,
    stderr,
    exitCode,
    complaints: complaintsIn(stderr, task),
  }
}

/** The complaints of a shell's tools that came out on its standard error, each once and in order. */
function complaintsIn(stderr: string, { complaints }: ShellTask): CommandOutput['complaints'] {
  let from = 0
  return complaints.filter(({ text }) => {
    const at = stderr.indexOf(text, from)
    if (at < 0) return false
    from = at + text.length
    return true
  })
}
