/**
 * Packets towards real servers: the connection they belong to, or a new one; its state; and on they go.
 * Follows ip_vs_in_hook() and is_new_conn_expected() in ip_vs_core.c. What is not modelled of SCTP, ESP
 * and AH is said in unmodelled.ts.
 * @module
 */
import type { HookPoint, Passage } from '../host/hooks.ts'
import { formatIp } from '../wire/address.ts'
import { IPPROTO_TCP, type IpPacket } from '../wire/ip-packet.ts'
import type { Connection } from './connection.ts'
import { countIn } from './counting.ts'
import { asksForNew, joinHeaders, portsOf } from './headers.ts'
import { handleIncomingError, isIcmp } from './icmp-errors.ts'
import { byIpvs, changeOf, type IpvsParts } from './parts.ts'
import { schedule } from './scheduling.ts'
import { TCP_STATE } from './tcp-states.ts'
import { transmit } from './transmit/transmit.ts'
import type { Sending } from './transmit/way.ts'
import { dropUnmodelled, isBalancedOnLinux } from './unmodelled.ts'

/** The hook function for requests, at localIn and localOut. */
export function handleRequest(
  parts: IpvsParts, packet: IpPacket, passage: Passage, point: HookPoint,
): IpPacket | undefined {
  if (passage.fromIpvs) return packet
  if (isIcmp(packet)) return handleIncomingError(parts, packet, passage, point)
  const { connections, settings, host } = parts
  const ports = portsOf(packet)
  if (ports === undefined) {
    if (dropUnmodelled(parts, packet)) return undefined
    if (settings.ignore_tunneled !== 0 && !isBalancedOnLinux(packet.protocol)) passage.fromIpvs = true
    return packet
  }
  let connection = connections.table.findRequest(packet, ports)
  if (connection !== undefined && asksForNew(packet.payload) && mustReschedule(parts, connection, passage)) {
    const isStillTracked = usesOldTracking(connection, passage)
    host.trace?.decision(host, packet, byIpvs(`a new connection by the ports of an old one in ${connection.stateName}`))
    if (connection.controlledCount === 0) connections.expireNow(connection)
    if (isStillTracked) return dropped(parts, packet)
    connection = undefined
  }
  if (connection?.destination?.available === false) {
    if (settings.expire_nodest_conn === 0) {
      host.trace?.decision(host, packet, byIpvs('the real server of this connection was deleted'))
      host.drop(packet, 'ipvs-destination-gone')
      return undefined
    }
    const isStillTracked = usesOldTracking(connection, passage)
    connections.expireNow(connection)
    if (isStillTracked) return dropped(parts, packet)
    connection = undefined
  }
  if (connection === undefined) {
    const scheduled = schedule(parts, { packet, passage, headers: joinHeaders(packet, ports), isIcmp: false })
    if (scheduled === 'pass') return packet
    if (scheduled === 'taken') return undefined
    connection = scheduled
  }
  return forward(parts, { packet, passage, point, connection })
}

/** Counts a request, follows its connection, and sends it. */
function forward(parts: IpvsParts, sending: Sending): IpPacket | undefined {
  const { packet, connection } = sending
  const { host } = parts
  countIn(parts, connection, packet)
  const before = host.trace === undefined ? TCP_STATE.NONE : connection.state
  parts.connections.follow(connection, packet.payload, 'input')
  host.trace?.decision(host, packet, byIpvs(
    `to ${formatIp(connection.daddr)} by ${connection.method}: ${changeOf(before, connection)}`,
  ))
  const result = transmit(parts, sending)
  if (!connection.isOnePacket) connection.countInPacket()
  else connection.control?.countInPacket()
  parts.connections.restart(connection)
  return result
}

function mustReschedule(parts: IpvsParts, connection: Connection, passage: Passage): boolean {
  const { settings } = parts
  if (settings.expire_nodest_conn !== 0 && connection.destination?.weight === 0) return true
  if (settings.conn_reuse_mode === 0 || !mayBeReused(connection, settings.conn_reuse_mode)) return false
  return connection.controlledCount === 0 || !usesOldTracking(connection, passage)
}

/** Over, or (bit 2, where the server's side is not seen) half over. A connection of a template never is. */
function mayBeReused(connection: Connection, mode: number): boolean {
  if (connection.control !== undefined || connection.protocol !== IPPROTO_TCP) return false
  const { state } = connection
  return state === TCP_STATE.TIME_WAIT || state === TCP_STATE.CLOSE
    || ((mode & 2) !== 0 && state === TCP_STATE.FIN_WAIT && connection.noOutput)
}

/** conntrack still has the old flow, and would take the new packet for a part of it. */
function usesOldTracking(connection: Connection, passage: Passage): boolean {
  return connection.isTracked && passage.conntrack?.entry.isConfirmed === true
}

function dropped(parts: IpvsParts, packet: IpPacket): undefined {
  parts.host.trace?.decision(parts.host, packet, byIpvs('conntrack still knows the old connection'))
  parts.host.drop(packet, 'ipvs-drop-packet')
  return undefined
}
