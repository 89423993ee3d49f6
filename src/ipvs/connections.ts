/**
 * The life of connections: made and bound to a destination, kept by timers, followed through their states, ended.
 * Follows ip_vs_conn_new(), ip_vs_bind_dest(), ip_vs_conn_expire() and ip_vs_unbind_dest() in ip_vs_conn.c,
 * set_tcp_state() and udp_state_transition(). Application helpers (FTP) are not modelled, nor is the removal of
 * conntrack's entry with a connection's. Timers have 31 bits of ticks: one for later than 99 days of simulated time (at 250
 * ticks a second) never fires.
 * @module
 */
import { present } from '../base/assert.ts'
import type { Actor } from '../sim/event-queue.ts'
import type { Simulator } from '../sim/simulator.ts'
import type { Host } from '../host/host.ts'
import type { IpPayload } from '../wire/ip-packet.ts'
import { type Connection, type ConnectionFields, connectionOf, newConnection, NO_TICK } from './connection.ts'
import { RECORD_WORDS } from './connection-records.ts'
import { ConnectionTable } from './connection-table.ts'
import type { TimeoutRule } from './control/rules.ts'
import type { Destination } from './destination.ts'
import type { IpvsSettings } from './sysctls.ts'
import { isActiveTcpState, nextTcpState, TCP_STATE } from './tcp-states.ts'
import {
  CONTROLLING_SECONDS, mayFireBefore, NEW_CONNECTION_SECONDS, tcpTimeouts, tickNs, ticksAt, wheelTick,
} from './timeouts.ts'

/** All connections of one director, alive. */
export class Connections implements Actor {
  readonly table = new ConnectionTable()
  /** True while secure_tcp has switched to its own state table. */
  isSecure = false
  readonly #sim: Simulator
  readonly #hz: number
  readonly #settings: IpvsSettings
  /** Of the one that is being made, until it has its place in the table. */
  readonly #words = new Int32Array(RECORD_WORDS)
  #tcpTimeouts: readonly number[] = []
  #udpSeconds = 0
  #tick = 0
  #nextTickNs = 0

  constructor(host: Host, settings: IpvsSettings, timeouts: TimeoutRule) {
    this.#sim = host.sim
    this.#hz = host.profile.hz
    this.#settings = settings
    this.setTimeouts(timeouts)
  }

  /** Takes over timeouts; a connection has them from its next packet on. */
  setTimeouts(timeouts: TimeoutRule): void {
    this.#tcpTimeouts = tcpTimeouts(timeouts)
    this.#udpSeconds = timeouts.udpSeconds
  }

  /** Makes a connection, and binds it to its destination (none: bypass). Its timer runs from the first `restart` on. */
  create(fields: ConnectionFields, destination: Destination | undefined): Connection {
    const words = fields.isOnePacket ? undefined : this.#words
    const connection = newConnection(this.table.records, fields, NEW_CONNECTION_SECONDS, words)
    connection.isTracked = this.#settings.conntrack !== 0
    if (destination !== undefined) bind(connection, destination)
    if (!connection.isOnePacket) this.table.insert(connection)
    return connection
  }

  /** Ties a connection to the template it came from. */
  control(connection: Connection, template: Connection): void {
    connection.control = template
    template.controlledCount++
  }

  /** Gives a connection back after use: its timer starts anew. One that serves a single packet ends here. */
  restart(connection: Connection): void {
    if (connection.isOnePacket) return this.#end(connection)
    const tick = this.#now()
    const expiresTick = tick + connection.timeoutSeconds * this.#hz
    connection.startTimer(expiresTick)
    // The event that is queued will find the timer set for later; only one that is too late needs another before it.
    if (mayFireBefore(tick, expiresTick, connection.queuedTick)) this.#queue(connection, wheelTick(tick, expiresTick))
  }

  /** Has the timer of a connection fire at the next tick (ip_vs_conn_expire_now). */
  expireNow(connection: Connection): void {
    const tick = this.#now()
    const isTimed = connection.queuedTick !== NO_TICK && !connection.isDead
    if (!isTimed || connection.expiresTick <= tick) return
    connection.expireAt(tick)
    this.#queue(connection, tick + 1)
  }

  /** Ends a connection at once, and with it a template that nothing else needs (ip_vs_conn_del). */
  delete(connection: Connection): void {
    const template = connection.control
    this.#expire(connection)
    if (template !== undefined && template.controlledCount === 0 && !template.assured) this.delete(template)
  }

  /** The timer of the connection of a number may have fired. */
  onEvent(number: number, serial: unknown): void {
    const connection = connectionOf(this.table.records, number)
    // It was for one that has ended.
    if (connection.serial !== serial) return
    const tick = this.#now()
    // An earlier event has taken its place.
    if (tick !== connection.queuedTick) return
    connection.queuedTick = NO_TICK
    const { expiresTick } = connection
    const setTick = connection.expiresNow ? expiresTick : expiresTick - connection.timeoutSeconds * this.#hz
    const firesTick = wheelTick(setTick, expiresTick)
    if (firesTick > tick) this.#queue(connection, firesTick)
    else this.#expire(connection)
  }

  /** Follows a packet of a connection: its state, its timeout, and which counter of the destination it is in. */
  follow(connection: Connection, payload: IpPayload, direction: 'input' | 'output'): void {
    if (payload.kind === 'tcp') {
      this.#followTcp(connection, payload.flags, direction)
    } else {
      connection.timeoutSeconds = this.#udpSeconds
      if (direction === 'output') assureTemplate(connection)
    }
  }

  #followTcp(connection: Connection, flags: number, direction: 'input' | 'output'): void {
    if (direction === 'output') connection.noOutput = false
    const column = direction === 'input' && connection.noOutput ? 'input-only' : direction
    const state = nextTcpState(connection.state, flags, column, this.isSecure)
    if (state !== connection.state) {
      countAs(connection, isActiveTcpState(state))
      if (state === TCP_STATE.ESTABLISHED) assureTemplate(connection)
      connection.state = state
    }
    connection.timeoutSeconds = present(this.#tcpTimeouts[state], 'the timeout of a state')
  }

  /** The tick that it is: asked for each packet, and seldom another one. */
  #now(): number {
    const { nowNs } = this.#sim
    if (nowNs >= this.#nextTickNs) {
      this.#tick = ticksAt(nowNs, this.#hz)
      this.#nextTickNs = tickNs(this.#tick + 1, this.#hz)
    }
    return this.#tick
  }

  /** Queues an event for a timer, unless an earlier one is there. */
  #queue(connection: Connection, tick: number): void {
    if (tick >= connection.queuedTick) return
    connection.queuedTick = tick
    this.#sim.schedule(tickNs(tick, this.#hz), this, connection.number, connection.serial)
  }

  #expire(connection: Connection): void {
    if (connection.isDead) return
    if (connection.controlledCount > 0) {
      connection.timeoutSeconds = CONTROLLING_SECONDS
      return this.restart(connection)
    }
    this.#end(connection)
  }

  #end(connection: Connection): void {
    const { control, destination } = connection
    if (control !== undefined) control.controlledCount--
    if (connection.isOnePacket) connection.end()
    else this.table.remove(connection)
    if (destination === undefined) return
    unbind(connection, destination)
    if (destination.totalConns + destination.persistConns === 0) this.table.records.release(destination)
  }
}

function bind(connection: Connection, destination: Destination): void {
  connection.destination = destination
  connection.method = destination.method
  connection.noOutput = destination.method !== 'nat'
  destination.references++
  if (connection.isTemplate) destination.persistConns++
  else destination.inactiveConns++
  destination.checkUpperThreshold()
}

function unbind(connection: Connection, destination: Destination): void {
  destination.references--
  if (connection.isTemplate) destination.persistConns--
  else if (connection.inactive) destination.inactiveConns--
  else destination.activeConns--
  destination.checkLowerThreshold()
}

function countAs(connection: Connection, isActive: boolean): void {
  if (connection.inactive === !isActive) return
  connection.inactive = !isActive
  const { destination } = connection
  if (destination === undefined) return
  destination.activeConns += isActive ? 1 : -1
  destination.inactiveConns += isActive ? -1 : 1
}

/** A template counts as assured once one of its connections is (ip_vs_control_assure_ct). */
function assureTemplate(connection: Connection): void {
  const { control } = connection
  if (control?.isTemplate === true) control.assured = true
}
