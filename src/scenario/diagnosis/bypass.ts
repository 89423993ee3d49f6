/**
 * The ARP problem: requests for a VIP that reach a real server without the director, because a neighbor believes that the
 * real server has the VIP.
 * @module
 */
import { ARP_REPLY, type ArpPacket } from '../../wire/arp-packet.ts'
import { formatIp, type IpAddr } from '../../wire/address.ts'
import { flowOf } from '../packet-changes.ts'
import type { RecordedNic } from '../recorder.ts'
import type { Trail } from '../trails.ts'
import {
  deviceOf, findNic, largerOfAll, markOf, servedBy, wasAt, type Cause, type Evidence, type Finding,
} from './evidence.ts'

/** One finding for each request that went past its director. */
export function findBypasses(evidence: Evidence): Finding[] {
  return evidence.trails.flatMap((trail) => bypassOf(evidence, trail) ?? [])
}

function bypassOf(evidence: Evidence, trail: Trail): Finding | undefined {
  const end = trail.records.at(-1)
  if (end === undefined || (end.kind !== 'consumed' && end.kind !== 'dropped')) return undefined
  const { packet, host } = end
  if (packet.payload.kind !== 'tcp' && packet.payload.kind !== 'udp') return undefined
  const flow = flowOf(packet)
  const directors = flow === undefined ? [] : servedBy(evidence, flow, markOf(trail)).map(({ director }) => director.name)
  if (directors.length === 0 || directors.some((director) => director === host || wasAt(trail, director))) return undefined
  const arrival = trail.records.findLast((record) => (
    record.kind === 'frame' && record.nic.host === host && record.direction === 'in'))
  if (arrival?.kind !== 'frame' || arrival.frame.dst !== arrival.nic.mac) return undefined
  const sender = findNic(evidence, arrival.frame.src)
  if (sender === undefined) return undefined
  const { cause, cure } = whyBelieved(evidence, { vip: packet.dst, taker: arrival.nic, sender, timeNs: arrival.timeNs })
  return {
    uids: [trail.uid],
    cause: `${cause}; so ${sender.host} sends to ${host} what is for the VIP, and IPVS on ${directors.join(' and ')} never`
      + ' sees it.',
    cure,
  }
}

interface Belief {
  readonly vip: IpAddr
  /** The nic that gets the frames. */
  readonly taker: RecordedNic
  /** The nic that sends them. */
  readonly sender: RecordedNic
  readonly timeNs: number
}

function whyBelieved(evidence: Evidence, belief: Belief): Cause {
  const { vip, taker, sender } = belief
  const { host } = taker
  const device = deviceOf(taker)
  const name = `the VIP ${formatIp(vip)}`
  const settings = 'net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2'
  const cure = `on ${host} and each other real server: sysctl -w ${settings}, before the VIP is added to lo;`
    + ` then, on ${sender.host}: ip neigh flush all.`
  const claim = lastClaim(evidence, belief)
  if (claim === undefined) return { cause: `${sender.host} has the MAC address of ${host} for ${name}`, cure }
  const server = evidence.world.hosts.get(host)
  if (server === undefined) return { cause: `${host} took ${name} for itself by ARP`, cure }
  const isQuestion = claim.op !== ARP_REPLY
  const setting = isQuestion ? 'arp_announce' : 'arp_ignore'
  const { value, all, own } = largerOfAll(server, device, setting)
  const onLo = largerOfAll(server, 'lo', setting).own
  const isOnDevice = server.findDevice(device)?.config.addresses.some(({ addr }) => addr === vip) === true
  const loNote = value === 0 && onLo > 0 ? `; lo=${onLo} does not, for no ARP comes in by lo` : ''
  const why = isOnDevice && !isQuestion ? `which it has on ${device}, where arp_ignore=1 lets it answer`
    : `as ${setting} is ${value} for ${device} (the larger one of all=${all} and ${device}=${own} counts${loNote})`
  return {
    cause: isQuestion ? `${host} asks by ARP with ${name} as its own address, ${why}` : `${host} answers ARP for ${name}, ${why}`,
    cure: isOnDevice ? `move the VIP of ${host} from ${device} to lo (ip addr add ${formatIp(vip)}/32 dev lo); ${cure}` : cure,
  }
}

/** The last ARP packet before that by which the sender could learn that the VIP is there. */
function lastClaim({ arps }: Evidence, { vip, taker, sender, timeNs }: Belief): ArpPacket | undefined {
  return arps.findLast(({ direction, nic, packet, ...arp }) => arp.timeNs <= timeNs && direction === 'in'
    && nic.host === sender.host && packet.spa === vip && packet.sha === taker.mac)?.packet
}
