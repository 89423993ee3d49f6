/**
 * Plays a lab: its steps one after the other, each with the pause that the recordings have, and what happened beside it.
 * A step that lvsim does not model ends the lab with a message; nothing is passed over.
 * @module
 */
import { HostShell } from '../../admin/shell/host-shell.ts'
import { ShellDriver } from '../../admin/shell/shell-driver.ts'
import { TOOLS } from '../../admin/tools.ts'
import { secondsToNs } from '../../base/units.ts'
import { err, ok, type Result } from '../../base/result.ts'
import type { Nic } from '../../link/nic.ts'
import type { Frame } from '../../wire/frame.ts'
import type { IpPacket } from '../../wire/ip-packet.ts'
import { buildLab } from './build-lab.ts'
import { kindOf, withoutResults, type Lab, type LabHost, type LabStep } from './lab.ts'
import { labPackets, type SeenFrame } from './lab-packets.ts'
import { LabTraffic } from './lab-traffic.ts'
import type { World } from '../world.ts'

/** Pauses of the recordings, in seconds: after a step of traffic unless the lab says so, and after one of set-up. */
const SETTLE_SECONDS = 0.05
const SETUP_SETTLE_SECONDS = 0.02
/** What it takes to start a process: no step begins before the frames of the one before are in. */
const PROCESS_SECONDS = 0.001

/** One who looks on while a lab is played. */
export interface LabObserver {
  /** Routes and sysctls are set, and the first step is to come. It may take the taps of nics; then the lab records no frames. */
  onWorld(world: World): void
  /** A step begins. */
  onStep(index: number): void
  /** A step has come to something; the pause after it is still to come. */
  onResult(index: number, result: unknown): void
}

/**
 * Plays a lab and gives its record. The error names what is not modelled. The books are checked at the end. The observer is
 * told of each step as it happens.
 */
export async function playLab(lab: Lab, observer?: LabObserver): Promise<Result<Lab, string>> {
  const stripped = withoutResults(lab)
  const built = buildLab(stripped)
  if (!built.ok) return built
  return new LabPlayer(stripped, built.value, observer).play()
}

class LabPlayer {
  readonly #lab: Lab
  readonly #world: World
  readonly #driver: ShellDriver
  readonly #shells = new Map<string, HostShell>()
  readonly #traffic: LabTraffic
  readonly #seen: SeenFrame[] = []
  readonly #shortened = new Set<IpPacket>()
  readonly #observer: LabObserver | undefined
  #step = 0

  constructor(lab: Lab, world: World, observer: LabObserver | undefined) {
    this.#lab = lab
    this.#world = world
    this.#observer = observer
    this.#driver = new ShellDriver(world.sim)
    this.#traffic = new LabTraffic(world)
    for (const host of world.hosts.values()) this.#shells.set(host.name, new HostShell(host, this.#driver, TOOLS))
  }

  async play(): Promise<Result<Lab, string>> {
    const refused = await this.#configure()
    if (refused !== undefined) return err(refused)
    this.#capture()
    this.#observer?.onWorld(this.#world)
    const steps: LabStep[] = []
    for (const [index, step] of this.#lab.steps.entries()) {
      this.#step = index
      this.#observer?.onStep(index)
      const played = await this.#play(step)
      if (!played.ok) return err(`step ${index}: ${played.error}`)
      steps.push(played.value === undefined ? step : { ...step, result: played.value })
    }
    this.#world.checkLedgers()
    if (this.#lab.capture === undefined) return ok({ ...this.#lab, steps })
    const packets = labPackets(this.#seen, this.#lab.capture, { nics: this.#world.nics.values(), shortened: this.#shortened })
    return ok({ ...this.#lab, steps, packets })
  }

  /** Routes and sysctls, in the order of the hosts. */
  async #configure(): Promise<string | undefined> {
    for (const [name, host] of Object.entries(this.#lab.topology.nodes) as [string, LabHost][]) {
      const commands = [
        ...(host.routes ?? []).map((route) => `ip route add ${route}`),
        ...Object.entries(host.sysctl ?? {}).map(([key, value]) => `sysctl -w ${key}=${value}`),
      ]
      for (const command of commands) {
        const ran = await this.#run(name, command)
        if (!ran.ok) return `${name}: ${ran.error}`
        if (ran.value.rc !== 0) return `${name}: ${command}: ${ran.value.stderr.trim()}`
      }
    }
    return undefined
  }

  /** Frames flooded past a host are not seen: a nic shows its tap only what is for it. */
  #capture(): void {
    const onFrame = (nic: Nic, direction: 'in' | 'out', frame: Frame): void => {
      this.#seen.push({ nic, step: this.#step, direction, frame })
    }
    for (const name of this.#lab.capture ?? []) {
      const nic = this.#world.nics.get(name)
      if (nic !== undefined) nic.tap = { onFrame }
    }
    for (const host of this.#world.hosts.values()) host.guePorts.onTaken = (packet) => this.#shortened.add(packet)
  }

  async #play(step: LabStep): Promise<Result<unknown, string>> {
    const kind = kindOf(step)
    switch (kind) {
      case 'sh': return this.#setUp(step)
      case 'show': {
        const { on, sh } = step['show'] as { readonly on: string, readonly sh: string }
        const shown = await this.#run(on, sh)
        if (shown.ok) this.#observer?.onResult(this.#step, shown.value)
        await this.#pass(PROCESS_SECONDS)
        return shown
      }
      case 'serve': return this.#traffic.serve(step['serve'])
      case 'sleep':
        await this.#pass(Number(step['sleep']))
        return ok(undefined)
      case undefined: return err(`unknown step: ${Object.keys(step).join(', ')}`)
      default: {
        const begun = this.#traffic.begin(kind, step[kind])
        if (!begun.ok) return begun
        while (!begun.value.isOver) {
          const end = await this.#driver.runUntil(Infinity)
          if (end === 'limit' || end === 'idle') return err('the step never ends')
        }
        this.#observer?.onResult(this.#step, begun.value.result)
        await this.#pass(this.#lab.settle ?? SETTLE_SECONDS)
        return ok(begun.value.result)
      }
    }
  }

  async #setUp(step: LabStep): Promise<Result<unknown, string>> {
    const ran = await this.#run(String(step['on']), String(step['sh']))
    if (ran.ok) {
      this.#observer?.onResult(this.#step, ran.value)
      await this.#pass(SETUP_SETTLE_SECONDS)
    }
    return ran
  }

  async #run(on: string, script: string): Promise<Result<{ rc: number, stdout: string, stderr: string }, string>> {
    const shell = this.#shells.get(on)
    if (shell === undefined) return err(`there is no host ${on}`)
    const task = shell.start({ script, name: on })
    while (task.result === undefined) {
      const end = await this.#driver.runUntil(Infinity, task)
      const stop = shell.placeOfStop(task)
      if (stop !== undefined) return err(`${on}: ${stop.what}`)
      if (end === 'limit' || end === 'idle') return err(`${on}: ${script} never ends`)
    }
    const { exitCode, stdout, stderr } = task.result
    return ok({ rc: exitCode, stdout, stderr })
  }

  async #pass(seconds: number): Promise<void> {
    const untilNs = this.#world.sim.nowNs + secondsToNs(seconds)
    while (await this.#driver.runUntil(untilNs) === 'stopped');
  }
}
