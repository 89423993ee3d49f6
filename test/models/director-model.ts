/**
 * The second model of a director with one service: its list of servers, the connections with their states, counters and ends,
 * thresholds, and deleted servers that come back. No packet is looked at, and there is no clock but the seconds it is told of.
 * @module
 */
import type { ModelFlow, ModelServer, SchedulerModel } from './scheduler-model.ts'
import { isActive, nextState, SECONDS, UDP_SECONDS, type State } from './tcp-state-model.ts'

/** How a director is set up. */
export interface ModelSettings {
  readonly isUdp: boolean
  /** Replies do not pass the director (DR, TUN): only the client's segments are followed until one is seen. */
  readonly isOneWay: boolean
  reuseMode: number
  isSecure: boolean
  isSloppy: boolean
  tcpSeconds: number
  tcpFinSeconds: number
  udpSeconds: number
}

/** One connection. Live. */
export interface ModelConnection {
  readonly flow: ModelFlow
  readonly server: ModelServer
  state: State
  isActive: boolean
  /** No reply was seen, and none is expected. */
  isOneWay: boolean
  seconds: number
  touchedAt: number
  /** Its ports were used again: it goes with the next tick. */
  isDoomed: boolean
}

/** What becomes of a packet: for this server, not for IPVS, nobody to serve it, or its server was deleted. */
export type ModelFate = number | 'pass' | 'refused' | 'lost'

/** What may be said of a server. */
export type ServerRule = Pick<ModelServer, 'addr' | 'port' | 'weight' | 'upper' | 'lower'>

/** The timer wheel fires late: up to 4 ms for timers below 0.252 s, 8 times that for those below 8 times that, and so on. */
function lateness(seconds: number): number {
  let late = 0.004
  for (let reach = 0.252; reach <= seconds; reach *= 8) late *= 8
  return late + 0.01
}

/** One director. */
export class DirectorModel {
  /** The newest first. */
  readonly servers: ModelServer[] = []
  connections: ModelConnection[] = []
  now = 0
  mayFallBack = false
  usesPort = false
  readonly settings: ModelSettings
  #scheduler: SchedulerModel
  readonly #make: (servers: readonly ModelServer[]) => SchedulerModel
  readonly #known = new Map<number, ModelServer>()

  constructor(make: (servers: readonly ModelServer[]) => SchedulerModel, settings: ModelSettings) {
    this.#make = make
    this.settings = settings
    this.#scheduler = make([])
  }

  /** The scheduler forgets what it knew. */
  restartScheduler(): void {
    this.#scheduler = this.#make(this.servers)
  }

  /** Puts a server at the head of the list: a deleted one comes back with its connections. */
  add({ addr, port, weight, upper, lower }: ServerRule): void {
    const server = this.#known.get(addr) ?? {
      addr, port, weight, lastWeight: weight, upper: 0, lower: 0, active: 0, inactive: 0, isOverloaded: false, isListed: false,
    }
    this.#known.set(addr, server)
    server.isListed = true
    server.lastWeight = weight
    this.#set(server, weight, upper, lower)
    this.servers.unshift(server)
    this.#scheduler.changed?.(this.servers)
  }

  /** Gives a server new numbers. */
  edit({ addr, weight, upper, lower }: ServerRule): void {
    const server = this.#known.get(addr) as ModelServer
    if (weight !== 0) server.lastWeight = weight
    this.#set(server, weight, upper, lower)
    this.#scheduler.changed?.(this.servers)
  }

  /** Takes a server off the list. */
  remove(addr: number): void {
    const place = this.servers.findIndex((server) => server.addr === addr)
    const server = this.servers[place] as ModelServer
    this.servers.splice(place, 1)
    server.isListed = false
    this.#scheduler.changed?.(this.servers, { server, place })
  }

  /** The service is deleted with all its servers, and added again. */
  renew(): void {
    for (const server of this.servers.splice(0)) server.isListed = false
    this.#scheduler = this.#make([])
  }

  /** A packet of a client. */
  request(flow: ModelFlow, flags: string): ModelFate {
    const { isUdp, isSloppy } = this.settings
    let connection = this.find(flow)
    if (connection !== undefined && !isUdp && flags.includes('S') && this.#mayBeReused(connection)) {
      connection.isDoomed = true
      connection = undefined
    }
    if (connection !== undefined && !connection.server.isListed) return 'lost'
    if (connection === undefined) {
      const mayBegin = isUdp || (!flags.includes('R') && (isSloppy || flags.includes('S')))
      if (!mayBegin) return 'pass'
      const { servers, mayFallBack, usesPort, now } = this
      const server = this.#scheduler.pick({ servers, flow, mayFallBack, usesPort, now })
      if (server === undefined) return 'refused'
      connection = this.#open(flow, server)
    }
    this.#follow(connection, flags, connection.isOneWay ? 'IN-ONLY' : 'IN')
    return connection.server.addr
  }

  /** A packet of a server back to the client. */
  reply(connection: ModelConnection, flags: string): void {
    connection.isOneWay = false
    this.#follow(connection, flags, 'OUT')
  }

  /** The newest connection of a client and what it asked for. */
  find({ client, clientPort, target }: ModelFlow): ModelConnection | undefined {
    return this.connections.findLast(({ flow }) => (
      flow.client === client && flow.clientPort === clientPort && flow.target === target))
  }

  /** The first time from `then` on at which the descriptions leave nothing open: no timer may or may not have fired. */
  nextSureTime(then: number): number {
    const isSure = (time: number): boolean => this.#scheduler.isUnsure?.(time) !== true && this.connections.every(
      ({ touchedAt, seconds, isDoomed }) => {
        const age = time - touchedAt
        return isDoomed || age < seconds || age > seconds + lateness(seconds)
      },
    )
    let time = then
    while (!isSure(time)) time++
    return time
  }

  /** Time passes, until one of the sure times. */
  passTo(time: number): void {
    this.now = time
    this.connections = this.connections.filter((connection) => {
      if (!connection.isDoomed && time - connection.touchedAt < connection.seconds) return true
      this.#close(connection)
      return false
    })
  }

  #set(server: ModelServer, weight: number, upper: number, lower: number): void {
    if (upper === 0 || upper > server.upper) server.isOverloaded = false
    Object.assign(server, { weight, upper, lower })
  }

  /** Over; bit 2 of conn_reuse_mode: or half over, where only one side is seen. */
  #mayBeReused({ state, isOneWay }: ModelConnection): boolean {
    const { reuseMode } = this.settings
    if (reuseMode === 0) return false
    return state === 'TW' || state === 'CL' || ((reuseMode & 2) !== 0 && state === 'FW' && isOneWay)
  }

  #open(flow: ModelFlow, server: ModelServer): ModelConnection {
    const connection: ModelConnection = {
      flow, server, state: 'NO', isActive: false, isOneWay: this.settings.isOneWay, seconds: 3, touchedAt: this.now,
      isDoomed: false,
    }
    this.connections.push(connection)
    server.inactive++
    if (server.upper !== 0 && server.active + server.inactive >= server.upper) server.isOverloaded = true
    return connection
  }

  #follow(connection: ModelConnection, flags: string, direction: 'IN' | 'OUT' | 'IN-ONLY'): void {
    const { server } = connection
    const { isUdp, isSecure, tcpSeconds, tcpFinSeconds, udpSeconds } = this.settings
    connection.touchedAt = this.now
    connection.isDoomed = false
    connection.seconds = udpSeconds
    if (isUdp) return
    connection.state = nextState(connection.state, flags, direction, isSecure)
    const set: Partial<Record<State, number>> = { ES: tcpSeconds, FW: tcpFinSeconds }
    connection.seconds = set[connection.state] ?? SECONDS[connection.state]
    if (connection.isActive === isActive(connection.state)) return
    connection.isActive = !connection.isActive
    server.active += connection.isActive ? 1 : -1
    server.inactive -= connection.isActive ? 1 : -1
  }

  #close({ server, isActive: wasActive }: ModelConnection): void {
    if (wasActive) server.active--
    else server.inactive--
    const { active, inactive, upper, lower } = server
    const total = active + inactive
    if (lower !== 0 ? total < lower : total * 4 < upper * 3 || upper === 0) server.isOverloaded = false
  }
}

/** Settings of a director that nobody has changed. */
export function initialSettings(isUdp: boolean, isOneWay: boolean): ModelSettings {
  return {
    isUdp, isOneWay, reuseMode: 1, isSecure: false, isSloppy: false,
    tcpSeconds: SECONDS.ES, tcpFinSeconds: SECONDS.FW, udpSeconds: UDP_SECONDS,
  }
}
