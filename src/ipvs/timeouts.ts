/**
 * How long things last: the timer wheel of Linux, which fires late by up to an eighth of the time asked for, and the timeouts
 * of connections by protocol and state. Follows calc_wheel_index() in kernel/time/timer.c and ip_vs_proto_tcp.c.
 * @module
 */
import { NS_PER_SECOND } from '../base/units.ts'
import type { TimeoutRule } from './control/rules.ts'
import { TCP_STATE } from './tcp-states.ts'

/** A new connection lasts this long until its first packet sets the timeout of a state. */
export const NEW_CONNECTION_SECONDS = 3
/** A connection that controls others is kept this much longer each time its timer fires. */
export const CONTROLLING_SECONDS = 60
/** Buckets of a level of the wheel, less one; each of its 9 levels is 8 times as coarse as the one before. */
const LEVEL_BUCKETS = 63
/** A timer for so many ticks later (63 * 8^8: 48.9 days at 250 Hz) or more lies beyond the wheel; it is set for its end. */
const WHEEL_CUTOFF = 1_056_964_608
const WHEEL_MAX = 1_040_187_392

/** Whole timer ticks since the start. The phase of the ticks is that of simulated time. */
export function ticksAt(timeNs: number, hz: number): number {
  return Math.floor(timeNs * hz / NS_PER_SECOND)
}

/** The tick at which a timer fires that is set at tick `now` for tick `expires`: rounded up to the granularity of its level. */
export function wheelTick(now: number, expires: number): number {
  const ahead = Math.max(0, expires - now)
  const delta = ahead < WHEEL_CUTOFF ? ahead : WHEEL_MAX
  let granule = 1
  for (let reach = LEVEL_BUCKETS; delta >= reach; reach *= 8) granule *= 8
  return (Math.floor((now + delta) / granule) + 1) * granule
}

/** False where `wheelTick` would be `tick` or later for certain: a timer fires after the tick it is set for, wheel permitting. */
export function mayFireBefore(now: number, expires: number, tick: number): boolean {
  return expires < tick || tick > now + WHEEL_MAX
}

/** When a tick begins, in ns. */
export function tickNs(tick: number, hz: number): number {
  return Math.ceil(tick * NS_PER_SECOND / hz)
}

/** When a timer set at `nowNs` for `seconds` later fires, in ns. */
export function wheelExpiryNs(nowNs: number, seconds: number, hz: number): number {
  const now = ticksAt(nowNs, hz)
  return tickNs(wheelTick(now, now + Math.floor(seconds * hz)), hz)
}

/** Seconds until `expiresTick`, rounded down; 0 when it is past. */
export function secondsLeft(nowNs: number, expiresTick: number, hz: number): number {
  return Math.max(0, Math.floor((expiresTick - ticksAt(nowNs, hz)) / hz))
}

/** Timeout of each TCP state in seconds, by its number. `--set` changes ESTABLISHED and FIN_WAIT only. */
export function tcpTimeouts(timeouts: TimeoutRule): readonly number[] {
  const seconds: number[] = []
  seconds[TCP_STATE.NONE] = 2
  seconds[TCP_STATE.ESTABLISHED] = timeouts.tcpSeconds
  seconds[TCP_STATE.SYN_SENT] = 120
  seconds[TCP_STATE.SYN_RECV] = 60
  seconds[TCP_STATE.FIN_WAIT] = timeouts.tcpFinSeconds
  seconds[TCP_STATE.TIME_WAIT] = 120
  seconds[TCP_STATE.CLOSE] = 10
  seconds[TCP_STATE.CLOSE_WAIT] = 60
  seconds[TCP_STATE.LAST_ACK] = 30
  seconds[TCP_STATE.LISTEN] = 120
  seconds[TCP_STATE.SYNACK] = 120
  return seconds
}
