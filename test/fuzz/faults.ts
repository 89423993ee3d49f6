/**
 * Faults that a mistake in the sources could be, put into a network after it was built, and what gives each away. Each is
 * another mechanism, and each must be found.
 * @module
 */
import type { Host } from '../../src/host/host.ts'
import type { NeighborTable } from '../../src/host/neighbor-table.ts'
import { TcpEndpoint } from '../../src/host/tcp/endpoint.ts'
import { Reassembly } from '../../src/host/tcp/reassembly.ts'
import { SendBuffer } from '../../src/host/tcp/send-buffer.ts'
import type { Nic } from '../../src/link/nic.ts'
import { ethernetFrame } from '../../src/wire/frame.ts'
import { fragmentOf, ipFromHeader, isFragment, totalBytes, type IpPacket } from '../../src/wire/ip-packet.ts'
import type { MacAddr } from '../../src/wire/address.ts'
import type { Cell } from './cell.ts'
import type { World } from './world.ts'

/** One fault. */
export interface Fault {
  readonly name: string
  /** What is complained of. */
  readonly complaint: string
  /** May give what undoes it, where it is in more than this network. */
  plant(world: World, cell: Cell): (() => void) | undefined
}

function hostsOf(world: World): Host[] {
  return [...world.lan.hosts.values()]
}

/** The neighbor tables that are there at the start. */
function neighborsOf(world: World): NeighborTable[] {
  return hostsOf(world).flatMap((host) => host.devices.flatMap(({ neighbors }) => neighbors ?? []))
}

/** Has `change` say what every nic is given to send instead. */
function onSend(world: World, change: (nic: Nic, packet: IpPacket) => IpPacket): undefined {
  for (const nic of world.nics) {
    const send = nic.send.bind(nic)
    nic.send = ({ dst, src, payload, bytes }) => {
      const next = payload.kind === 'ip' ? change(nic, payload) : payload
      send(next === payload ? { dst, src, payload, bytes } : ethernetFrame(dst, src, next))
    }
  }
}

/** The faults. */
export const FAULTS: readonly Fault[] = [
  {
    name: 'a packet that is used is counted twice', complaint: 'the books are off',
    plant: (world) => {
      for (const host of hostsOf(world)) {
        const consume = host.consume.bind(host)
        host.consume = (packet, by) => {
          host.ledger.consumed++
          consume(packet, by)
        }
      }
    },
  },
  {
    name: 'a router takes nothing from the TTL', complaint: 'sent on a packet with TTL',
    plant: (world) => {
      for (const { output } of hostsOf(world)) {
        const emit = output.emit.bind(output)
        output.emit = (packet, ...rest) => emit(packet.ttl === 63 ? { ...packet, ttl: 64 } : packet, ...rest)
      }
    },
  },
  {
    name: 'the length of a packet is not that of what it carries', complaint: 'payloadBytes is the length of',
    plant: (world) => onSend(world, (_nic, packet) =>
      packet.payloadBytes % 7 === 3 ? { ...packet, payloadBytes: packet.payloadBytes + 1 } : packet),
  },
  {
    name: 'the pieces of a packet begin where they should not',
    complaint: 'a fragment lies inside the packet it is a piece of',
    plant: (world) => onSend(world, (_nic, packet) =>
      packet.fragmentOffsetBytes > 0 && packet.payload.kind === 'fragment'
        ? { ...packet, fragmentOffsetBytes: packet.fragmentOffsetBytes + 8 } : packet),
  },
  {
    name: 'a packet is put together though pieces are missing', complaint: 'bytes, of which',
    plant: (world) => {
      for (const { input } of hostsOf(world)) {
        const reassemble = input.reassemble.bind(input)
        input.reassemble = (packet, asker) => {
          const { payload } = packet
          if (payload.kind !== 'fragment' || packet.fragmentOffsetBytes > 0) return reassemble(packet, asker)
          const header = { ...packet, moreFragments: false }
          return ipFromHeader(packet.uid, header, payload.whole.payload, payload.whole.payloadBytes)
        }
      }
    },
  },
  {
    name: 'ARP is answered with the MAC address of another', complaint: 'gave a MAC address not its own',
    plant: (world) => {
      for (const nic of world.nics) {
        const send = nic.send.bind(nic)
        nic.send = (frame) => {
          const { payload } = frame
          send(payload.kind === 'arp' && payload.op === 2
            ? { ...frame, payload: { ...payload, sha: (payload.sha ^ 1) as MacAddr } } : frame)
        }
      }
    },
  },
  {
    name: 'packets that wait for a neighbor are forgotten when it does not answer', complaint: 'are alive when all is over',
    plant: (world) => {
      for (const table of neighborsOf(world)) {
        const onEvent = table.onEvent.bind(table)
        table.onEvent = (kind, data) => {
          const neighbor = data as { state: string, probes: number, queue: IpPacket[] }
          if (neighbor.state === 'incomplete' && neighbor.probes >= 6) neighbor.queue.length = 0
          onEvent(kind, data)
        }
      }
    },
  },
  {
    name: 'conntrack never forgets', complaint: 'flows for ever',
    plant: (world) => {
      for (const { netfilter: { conntrack: { table } } } of hostsOf(world)) {
        const insert = table.insert.bind(table)
        table.insert = (entry, nowNs) => {
          Object.defineProperty(entry, 'deadlineNs', { get: () => Infinity, set: () => undefined })
          return insert(entry, nowNs)
        }
      }
    },
  },
  {
    name: 'TCP hands on what lies behind a gap', complaint: 'read what was not written',
    plant: () => {
      const { take } = Reassembly.prototype
      Reassembly.prototype.take = function (position) {
        return take.call(this, position) ?? take.call(this, this.blocks(position, 1)[0]?.left ?? position)
      }
      return () => { Reassembly.prototype.take = take }
    },
  },
  {
    name: 'TCP sends other bytes again than at first', complaint: 'read what was not written',
    plant: () => {
      const { slice } = SendBuffer.prototype
      const sent = new WeakMap<SendBuffer, number>()
      SendBuffer.prototype.slice = function (start, end) {
        const highest = sent.get(this) ?? 0
        sent.set(this, Math.max(highest, end))
        const bytes = slice.call(this, start, end)
        return start < highest ? bytes.map((byte) => byte ^ 1) : bytes
      }
      return () => { SendBuffer.prototype.slice = slice }
    },
  },
  {
    name: 'a timer is never cancelled', complaint: 'a connection that is over has a timer',
    plant: () => {
      const { cancelTimers } = TcpEndpoint.prototype
      TcpEndpoint.prototype.cancelTimers = () => undefined
      return () => { TcpEndpoint.prototype.cancelTimers = cancelTimers }
    },
  },
  {
    name: 'NAT does not turn replies back', complaint: 'a transfer over good links ended as',
    plant: (_world, { gate }) => {
      const index = gate.hooks.prerouting.findIndex(({ owner }) => owner === 'iptable_nat')
      gate.hooks.prerouting.splice(index, 1)
    },
  },
  {
    name: 'a nic takes in what is for others', complaint: 'took in a frame for another',
    plant: (world) => {
      for (const nic of world.nics) {
        const arrive = nic.arrive.bind(nic)
        nic.arrive = (frame) => {
          if (frame.payload.kind === 'ip' && frame.dst !== nic.mac) nic.tap?.onFrame(nic, 'in', frame)
          arrive(frame)
        }
      }
    },
  },
  {
    name: 'a packet leaves that is larger than the MTU', complaint: 'more than its MTU',
    plant: (world) => onSend(world, (_nic, packet) =>
      isFragment(packet) && packet.payload.kind === 'fragment' && packet.fragmentOffsetBytes === 0
        && totalBytes(packet.payload.whole) > 1500
        ? fragmentOf(packet.payload.whole, { offsetBytes: 0, payloadBytes: packet.payloadBytes + 64, more: true })
          : packet),
  },
]
