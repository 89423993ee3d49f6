/**
 * A part of the fuzzer's network that nobody disturbs but the links: a client behind a router that translates, and a
 * server that
 * has no way back to the client. Here everything that was sent must come, whole and in order, and nothing else may.
 * @module
 */
import { addRule, useTable } from '../../src/host/config/netfilter-changes.ts'
import { INITIAL_NETFILTER_CONFIG, type NetfilterConfig } from '../../src/host/config/netfilter-config.ts'
import type { RuleMatch, RuleSpec, RuleTarget } from '../../src/host/config/rule-config.ts'
import type { Host } from '../../src/host/host.ts'
import type { TcpHandlers } from '../../src/host/tcp/app-side.ts'
import { NS_PER_MILLISECOND } from '../../src/base/units.ts'
import { IPPROTO_TCP, type IpPacket } from '../../src/wire/ip-packet.ts'
import { IPV4_ANY } from '../../src/wire/address.ts'
import { sameBytes } from '../../src/wire/bytes.ts'
import { datagram, ip, ping, type DeviceSpec } from '../support/lan.ts'
import { patternBytes, type Chance } from './chance.ts'
import { linkOptions } from './network.ts'
import { complain, later, type World } from './world.ts'

const PLAIN =
  { src: undefined, dst: undefined, inDevice: undefined, outDevice: undefined, protocol: undefined,
  fragment: undefined }

/** One side of a connection of the cell. */
interface Side {
  received: number
  end: 'open' | 'closed' | 'error'
}

/** One connection: what each side is to send, and how far it came. */
export interface Transfer {
  readonly up: number
  readonly down: number
  readonly client: Side
  readonly server: Side
}

/** The cell of a run. */
export interface Cell {
  readonly client: Host
  readonly gate: Host
  readonly server: Host
  readonly transfers: readonly Transfer[]
  /** Its links lose nothing: every transfer must come to a good end. */
  readonly isGood: boolean
}

/** Builds the cell, with all its traffic to come. */
export function buildCell(world: World, chance: Chance): Cell {
  const { lan } = world
  const link = linkOptions(chance)
  const isGood = link.lossProbability === 0 && link.queueFramesMax === 1000
  const on = (segment: string,
    addr: string): DeviceSpec => ({ segment, addrs: [`${addr}/24`], link, mtu: chance.pick([1500, 1500, 576]) })
  const client = lan.host('client', { devices: { eth0: on('inside', '10.210.0.10') }, routes: ['default via 10.210.0.1'] })
  const gate = lan.host('gate', {
    devices: { eth0: on('inside', '10.210.0.1'), eth1: on('outside', '10.211.0.1') }, sysctl: { ip_forward: 1 },
  })
  const server = lan.host('server', { devices: { eth0: on('outside', '10.211.0.11') } })
  gate.netfilter.reconfigure(gateRules(chance))
  const transfers = Array.from({ length: 1 + chance.int(3) }, (_, index): Transfer => {
    const transfer: Transfer = {
      up: chance.pick([0, 1, 5_000, 5_000, 60_000]), down: chance.pick([0, 1, 5_000, 5_000, 60_000]),
      client: { received: 0, end: 'open' }, server: { received: 0, end: 'open' },
    }
    const inbound = chance.flip(0.3)
    begin(world, transfer,
      { from: inbound ? server : client, to: inbound ? client : server, port: 2000 + index, inbound }, chance)
    return transfer
  })
  for (let i = chance.int(3); i > 0; i--) {
    later(world, chance.int(500) * NS_PER_MILLISECOND, () => {
      ping(client, '10.211.0.11', { dataBytes: chance.pick([56, 4_000]), dontFragment: false, ttl: chance.pick([64, 1]) })
      datagram(client, '10.211.0.11', 9, { dataBytes: chance.pick([10, 4_000]), dontFragment: false })
    })
  }
  return { client, gate, server, transfers, isGood }
}

/** Is to be told of every frame at the nic of the client: it hears from nobody it has not written to. */
export class Contacts {
  readonly #contacted = new Set<string>()

  see(world: World, direction: 'in' | 'out', packet: IpPacket): void {
    const { payload } = packet.payload.kind === 'fragment' ? packet.payload.whole : packet
    if (payload.kind !== 'tcp' && payload.kind !== 'udp') return
    if (direction === 'out') this.#contacted.add(`${payload.kind} ${payload.sport} ${packet.dst} ${payload.dport}`)
    else if (!this.#contacted.has(`${payload.kind} ${payload.dport} ${packet.src} ${payload.sport}`)
      && payload.dport >= 32_768) {
      complain(world,
        `the client of the cell got ${payload.kind} to its port ${payload.dport} from one to whom it never wrote`)
    }
  }
}

/** What is wrong with the transfers once everything is over. */
export function checkCell(world: World, { transfers, isGood, gate }: Cell): void {
  for (const { up, down, client, server } of transfers) {
    if (server.received > up || client.received > down) complain(world, 'a side of the cell read more than was written')
    const isWhole = server.received === up && client.received === down
    if (client.end === 'closed' && server.end === 'closed' && !isWhole) {
      complain(world, `a transfer of ${up} and ${down} bytes closed well with ${server.received} and ${client.received}`)
    }
    if (isGood && (client.end !== 'closed' || server.end !== 'closed')) {
      complain(world, `a transfer over good links ended as ${client.end} and ${server.end}`)
    }
  }
  if (!gate.netfilter.conntrack.isActive) complain(world, 'the gate does not track')
}

/** The client is source-translated on its way out; from outside, ports 2000 and on lead to it. */
function gateRules(chance: Chance): NetfilterConfig {
  const ports = chance.pick([undefined, undefined, { first: 50_000, last: 50_009 }])
  const gate = ip('10.211.0.1')
  const source: RuleTarget = chance.flip(0.5) ? { kind: 'masquerade', ports }
    : { kind: 'snat', addrs: { first: gate, last: gate }, ports }
  const inside = ip('10.210.0.10')
  const established: RuleMatch =
    { kind: 'conntrack', legacy: false, states: ['ESTABLISHED', 'RELATED', 'DNAT'], inverted: false }
  const rules: [table: 'nat' | 'filter', chain: string, spec: RuleSpec][] = [
    ['nat', 'POSTROUTING',
      { ...PLAIN, outDevice: { name: 'eth1', inverted: false }, protocol: undefined, matches: [], target: source }],
    ['nat', 'PREROUTING', {
      ...PLAIN, inDevice: { name: 'eth1', inverted: false }, protocol: { number: IPPROTO_TCP, inverted: false },
      matches: [{ kind: 'tcp', sport: undefined, dport: { first: 2000, last: 2009, inverted: false }, flags: undefined }],
      target: { kind: 'dnat', addrs: { first: inside, last: inside }, ports: undefined },
    }],
    ['filter', 'FORWARD',
      { ...PLAIN, inDevice: { name: 'eth0', inverted: false }, matches: [], target: { kind: 'accept' } }],
    ['filter', 'FORWARD', { ...PLAIN, matches: [established], target: { kind: 'accept' } }],
    ['filter', 'FORWARD', { ...PLAIN, matches: [], target: { kind: 'drop' } }],
  ]
  return rules.reduce((config, [table, chain, spec]) => {
    const added = addRule(useTable(config, table), { table, chain }, spec)
    if (!added.ok) throw new Error(added.error)
    return added.value
  }, INITIAL_NETFILTER_CONFIG)
}

/** The client writes and ends its data; the server reads to the end, writes, and closes. */
function begin(
  world: World, transfer: Transfer,
  way: { readonly from: Host, readonly to: Host, readonly port: number, readonly inbound: boolean },
  chance: Chance,
): void {
  const { client, server, up, down } = transfer
  way.to.tcp.listen({ addr: IPV4_ANY, port: way.port }, (listener) => {
    listener.accept()?.attach({
      ...reader(world, server),
      onPeerClosed: (endpoint) => {
        if (down > 0) endpoint.send(patternBytes(0, down))
        endpoint.close()
      },
    })
  })
  later(world, chance.int(1_000) * NS_PER_MILLISECOND, () => {
    way.from.tcp.connect({ dst: ip(way.inbound ? '10.211.0.1' : '10.211.0.11'), dport: way.port }, {
      ...reader(world, client),
      onConnected: (endpoint) => {
        for (let at = 0; at < up; at += 20_000) endpoint.send(patternBytes(at, Math.min(20_000, up - at)))
        endpoint.shutdownWrite()
      },
      onPeerClosed: (endpoint) => endpoint.close(),
    })
  })
}

function reader(world: World, side: Side): TcpHandlers {
  return {
    onData: (_endpoint, bytes) => {
      if (!sameBytes(bytes, patternBytes(side.received, bytes.length)))
        complain(world, `the cell read what was not written, at ${side.received}`)
      side.received += bytes.length
    },
    onClosed: () => { side.end = 'closed' },
    onError: () => { side.end = 'error' },
  }
}
