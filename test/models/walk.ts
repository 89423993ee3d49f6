/**
 * Takes a director and its model through the same random steps, and compares after each: who got a packet, and what every server
 * and connection is like. A difference throws with the last steps before it.
 * @module
 */
import { DirectorModel, initialSettings, type ModelConnection, type ServerRule } from './director-model.ts'
import { Lots } from './lots.ts'
import { SCHEDULER_MODELS } from './models.ts'
import { FIRST_SERVER, PORT, RealDirector, SERVERS_MAX, VIP, type ServiceSetUp } from './real-director.ts'
import type { ModelFlow } from './scheduler-model.ts'
import { STATE_NAMES } from './tcp-state-model.ts'

/** How often each kind of step is taken, out of the sum of all. */
export type StepShares = Readonly<Record<Step, number>>
type Step = 'open' | 'segment' | 'reply' | 'edit' | 'add' | 'remove' | 'pass' | 'service' | 'renew' | 'settings'

/** Steps that try a scheduler. */
export const SCHEDULING: StepShares = {
  open: 50, segment: 16, reply: 4, edit: 10, add: 7, remove: 3, pass: 8, service: 1, renew: 0.2, settings: 0.3,
}
/** Steps that try the states of connections. */
export const STATES_AND_TIMERS: StepShares = {
  open: 15, segment: 40, reply: 30, edit: 2, add: 2, remove: 1, pass: 8, service: 0.2, renew: 0.2, settings: 1.5,
}

const FLAGS = ['S', 'A', 'A', 'A', 'FA', 'F', 'R', 'RA', 'SA', 'SF', 'SR', 'FR', 'PA', 'P', '', 'SFRA']
const WEIGHTS = [0, 0, 1, 1, 1, 2, 2, 3, 4, 5, 6, 8, 10, 12, 100, 300]
const HEAVY_WEIGHTS = [65_535, 1_000_000, 2_147_483_647]
const CONNECTIONS_MAX = 120
const LAST_STEPS = 25

/** What one walk is like. */
export interface WalkPlan extends ServiceSetUp {
  readonly name: string
  readonly seed: number
  readonly shares: StepShares
  readonly isSecure?: boolean
}

/** One walk. */
export class Walk {
  readonly model: DirectorModel
  readonly real: RealDirector
  readonly #lots: Lots
  readonly #plan: WalkPlan
  readonly #clients: readonly number[]
  readonly #targets: readonly number[]
  readonly #last: string[] = []
  /** Every server has a low threshold: all are overloaded at times. */
  readonly #isTight: boolean
  /** Connections last for days, and so does the walk: what is remembered for a day is forgotten meanwhile. */
  readonly #isByDays: boolean
  #setUp: ServiceSetUp
  #port = 1024

  constructor(plan: WalkPlan) {
    this.#plan = plan
    this.#setUp = plan
    this.#lots = new Lots(plan.seed, plan.name)
    const make = SCHEDULER_MODELS[plan.scheduler]
    if (make === undefined) throw new Error(`no model of ${plan.scheduler}`)
    this.model = new DirectorModel(make, initialSettings(plan.isUdp, plan.method !== 'nat'))
    this.real = new RealDirector(plan)
    this.#isTight = this.#lots.int(3) === 0
    this.#isByDays = plan.scheduler.startsWith('lblc') && this.#lots.int(2) === 0
    if (this.#isByDays) this.#setTimeouts(100_000, 0, 100_000)
    this.#setFlags(plan.flags)
    const anyAddress = (): number => 0x01000001 + this.#lots.int(0xdeffffff)
    this.#clients = Array.from({ length: 60 }, (_, i) => (i < 30 ? 0x0a000002 + i : anyAddress()))
    this.#targets = Array.from({ length: 12 }, (_, i) => (i === 0 || !plan.isMarked ? VIP : anyAddress()))
    if (plan.isSecure === true) this.#secure(true)
  }

  /** Takes so many steps. */
  take(steps: number): void {
    for (let i = 0; i < steps; i++) {
      const before = this.#last.length
      try {
        this.#step(this.model.connections.length >= CONNECTIONS_MAX ? 'pass' : this.#choose())
        this.#compare()
      } catch (error) {
        throw new Error(
          `${this.#plan.name}, seed ${this.#plan.seed}, step ${i}: ${(error as Error).message}\nafter\n${this.#last.join('\n')}`,
          { cause: error },
        )
      }
      if (before > LAST_STEPS) this.#last.splice(0, before - LAST_STEPS)
    }
  }

  #choose(): Step {
    const shares = Object.entries(this.#plan.shares) as [Step, number][]
    let rest = this.#lots.int(shares.reduce((sum, [, share]) => sum + share, 0) * 1000) / 1000
    return (shares.find(([, share]) => (rest -= share) < 0) ?? ['open'])[0]
  }

  #step(step: Step): void {
    const { model } = this
    switch (step) {
      case 'open': return this.#request(this.#newFlow(), 'S')
      case 'segment': return this.#request(this.#someConnection()?.flow ?? this.#newFlow(), this.#lots.one(FLAGS))
      case 'reply': return this.#reply(this.#someConnection())
      case 'edit': return model.servers.length === 0 ? this.#add() : this.#edit()
      case 'add': return this.#add()
      case 'remove': return this.#remove()
      case 'pass': return this.#pass()
      case 'service': return this.#editService()
      case 'renew': {
        this.#say('service deleted and added')
        model.renew()
        return this.real.renew()
      }
      case 'settings': return this.#changeSettings()
    }
  }

  #request(flow: ModelFlow, flags: string): void {
    this.#say(`request ${JSON.stringify(flow)} ${flags}`)
    const [expected, got] = [this.model.request(flow, flags), this.real.request(flow, flags)]
    if (expected !== got) throw new Error(`the packet: model ${String(expected)}, director ${String(got)}`)
  }

  #reply(connection: ModelConnection | undefined): void {
    if (connection === undefined || this.model.find(connection.flow) !== connection) return
    const flags = this.#lots.one(FLAGS)
    this.#say(`reply ${JSON.stringify(connection.flow)} ${flags}`)
    this.model.reply(connection, flags)
    this.real.reply(connection.flow, connection.server, flags)
  }

  #edit(): void {
    const rule = this.#rule(this.#lots.one(this.model.servers))
    this.#say(`edit ${JSON.stringify(rule)}`)
    this.model.edit(rule)
    this.real.put('edit-destination', rule)
  }

  #add(): void {
    const listed = new Set(this.model.servers.map(({ addr }) => addr))
    const free = Array.from({ length: SERVERS_MAX }, (_, i) => FIRST_SERVER + i).filter((addr) => !listed.has(addr))
    if (free.length === 0) return
    const rule = this.#rule({ addr: this.#lots.one(free), port: this.#plan.isMarked ? 0 : PORT })
    this.#say(`add ${JSON.stringify(rule)}`)
    this.model.add(rule)
    this.real.put('add-destination', rule)
  }

  #remove(): void {
    if (this.model.servers.length === 0) return
    const { addr, port } = this.#lots.one(this.model.servers)
    this.#say(`remove ${addr}`)
    this.model.remove(addr)
    this.real.remove({ addr, port })
  }

  #pass(): void {
    const { model } = this
    const kind = this.#lots.int(100)
    const isLong = kind < (this.#isByDays ? 5 : 1)
    const seconds = isLong ? 40_000 + this.#lots.int(20_000) : 1 + this.#lots.int(kind < 10 ? 1500 : 40)
    const then = model.nextSureTime(model.now + seconds)
    this.#say(`pass to ${then}`)
    model.passTo(then)
    this.real.passTo(then)
  }

  /** Other flags, or the scheduler begins anew because another one was there for a moment. */
  #editService(): void {
    const { real, model } = this
    if (this.#lots.int(2) === 0) {
      const setUp = this.#setUp
      const other = setUp.scheduler === 'rr' ? 'wrr' : 'rr'
      this.#say(`scheduler ${other} and back`)
      real.editService({ ...setUp, scheduler: other })
      real.editService(setUp)
      return model.restartScheduler()
    }
    const flags = this.#lots.int(4)
    this.#say(`flags ${flags}`)
    this.#setUp = { ...this.#setUp, flags }
    real.editService(this.#setUp)
    this.#setFlags(flags)
  }

  #setFlags(flags: number): void {
    this.model.mayFallBack = (flags & 1) !== 0
    this.model.usesPort = (flags & 2) !== 0
  }

  #changeSettings(): void {
    const { model, real } = this
    const { settings } = model
    switch (this.#lots.int(4)) {
      case 0: return this.#secure(!settings.isSecure)
      case 1: {
        settings.reuseMode = this.#lots.int(4)
        this.#say(`conn_reuse_mode ${settings.reuseMode}`)
        return real.set('conn_reuse_mode', settings.reuseMode)
      }
      case 2: {
        settings.isSloppy = !settings.isSloppy
        this.#say(`sloppy_tcp ${settings.isSloppy}`)
        return real.set('sloppy_tcp', settings.isSloppy ? 1 : 0)
      }
      default: {
        const [tcp = 0, fin = 0, udp = 0] = [0, 0, 0].map(() => this.#lots.one([0, 1, 20, 200, 900, 2000]))
        return this.#setTimeouts(tcp, fin, udp)
      }
    }
  }

  /** 0 leaves a timeout as it is. */
  #setTimeouts(tcp: number, fin: number, udp: number): void {
    const { settings } = this.model
    this.#say(`timeouts ${tcp} ${fin} ${udp}`)
    this.real.setTimeouts(tcp, fin, udp)
    settings.tcpSeconds = tcp || settings.tcpSeconds
    settings.tcpFinSeconds = fin || settings.tcpFinSeconds
    settings.udpSeconds = udp || settings.udpSeconds
  }

  #secure(isSecure: boolean): void {
    this.#say(`secure_tcp ${isSecure}`)
    this.model.settings.isSecure = isSecure
    this.real.set('secure_tcp', isSecure ? 3 : 0)
  }

  #newFlow(): ModelFlow {
    this.#port = this.#port === 65_535 ? 1024 : this.#port + 1
    return { client: this.#lots.one(this.#clients), clientPort: this.#port, target: this.#lots.one(this.#targets) }
  }

  #someConnection(): ModelConnection | undefined {
    return this.model.connections.length === 0 ? undefined : this.#lots.one(this.model.connections)
  }

  #rule({ addr, port }: { readonly addr: number, readonly port: number }): ServerRule {
    const upper = this.#isTight ? 1 + this.#lots.int(4) : this.#lots.int(3) === 0 ? 1 + this.#lots.int(12) : 0
    // The walk of wrr is as long as the weights are great.
    const mayBeHeavy = this.#plan.scheduler !== 'wrr' && this.#lots.int(12) === 0
    const weights = mayBeHeavy ? HEAVY_WEIGHTS : this.#isTight ? WEIGHTS.slice(2) : WEIGHTS
    return { addr, port, weight: this.#lots.one(weights), upper, lower: this.#lots.int(upper + 1) }
  }

  #compare(): void {
    const { model, real } = this
    const listed = real.ipvs.services.all[0]?.destinations ?? []
    if (listed.length !== model.servers.length) throw new Error('the lists have different lengths')
    for (const [place, server] of model.servers.entries()) {
      const other = listed[place]
      if (other?.addr !== server.addr || other.weight !== server.weight || other.activeConns !== server.active
        || other.inactiveConns !== server.inactive || other.overloaded !== server.isOverloaded) {
        throw new Error(`place ${place}: model ${JSON.stringify(server)}, director ${
          JSON.stringify(other, ['addr', 'weight', 'activeConns', 'inactiveConns', 'overloaded'])}`)
      }
    }
    this.#compareConnections()
  }

  /** All of them, in the order in which they were made. */
  #compareConnections(): void {
    const { model, real } = this
    const { table } = real.ipvs.connections
    const { connections } = model
    if (table.size !== connections.length) throw new Error(`connections: model ${connections.length}, director ${table.size}`)
    let place = 0
    for (const other of table) {
      const { flow, server, state, seconds, isActive } = connections[place++] as ModelConnection
      const name = model.settings.isUdp ? 'UDP' : STATE_NAMES[state]
      if (other.caddr !== flow.client || other.cport !== flow.clientPort || other.daddr !== server.addr
        || other.stateName !== name || other.timeoutSeconds !== seconds || other.inactive === isActive) {
        throw new Error(`connection ${JSON.stringify(flow)}: model ${name} ${seconds} s ${isActive}, director ${
          other.stateName} ${other.timeoutSeconds} s ${!other.inactive}`)
      }
    }
  }

  #say(text: string): void {
    this.#last.push(text)
  }
}
