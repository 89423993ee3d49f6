/**
 * What must hold in every network, whatever is wrong with it: looked for at every frame and after every 100 ms.
 * @module
 */
import type { Host } from '../../src/host/host.ts'
import type { FrameTap, Nic } from '../../src/link/nic.ts'
import { NS_PER_MILLISECOND, NS_PER_SECOND } from '../../src/base/units.ts'
import { formatIp, MAC_BROADCAST } from '../../src/wire/address.ts'
import { ARP_REQUEST, type ArpPacket } from '../../src/wire/arp-packet.ts'
import type { Frame } from '../../src/wire/frame.ts'
import type { IpPacket } from '../../src/wire/ip-packet.ts'
import { RUN_MS, type Topology } from './random-topology.ts'

/** Looks on at all nics of a network. */
class Watch implements FrameTap {
  /** Sentences about what should not be; no more than a few are of use. */
  readonly violations: string[] = []
  readonly #topology: Topology
  readonly #hostOf = new Map<Nic, Host>()
  #lastNs = 0
  /** Per host and packet number: the TTLs with which it came in. */
  readonly #ttls = new Map<Host, Map<number, Set<number>>>()
  /** Per nic and target: when it was asked for last. */
  readonly #asked = new Map<string, number>()
  /** Whom the client of the cluster has written to: `protocol own-port peer peer-port`. */
  readonly #contacted = new Set<string>()

  constructor(topology: Topology) {
    this.#topology = topology
    for (const host of topology.lan.hosts.values()) {
      this.#ttls.set(host, new Map())
      for (const { nic } of host.devices) {
        if (nic === undefined) continue
        nic.tap = this
        this.#hostOf.set(nic, host)
      }
    }
  }

  onFrame(nic: Nic, direction: 'in' | 'out', frame: Frame): void {
    const { nowNs } = this.#topology.lan.sim
    if (nowNs < this.#lastNs) this.#complain(`time went back from ${this.#lastNs} to ${nowNs} ns`)
    this.#lastNs = nowNs
    if (direction === 'in' && frame.src === nic.mac) this.#complain(`${nic.name} got a frame of its own`)
    const host = this.#hostOf.get(nic) as Host
    if (frame.payload.kind === 'arp') {
      if (direction === 'out') this.#watchArp(nic, host, frame, frame.payload, nowNs)
      return
    }
    this.#watchTtl(host, direction, frame.payload)
    if (host === this.#topology.cluster?.client) this.#watchClient(direction, frame.payload)
  }

  /** The books, which balance whenever no event is being handled. */
  checkBooks(): void {
    for (const name of this.#topology.lan.imbalances()) this.#complain(`the books are off: ${name}`)
  }

  /** One question a second and address: not where a device went down, which forgets whom it asked. */
  #watchArp(nic: Nic, host: Host, frame: Frame, packet: ArpPacket, nowNs: number): void {
    if (packet.op !== ARP_REQUEST || frame.dst !== MAC_BROADCAST || this.#topology.flapped.has(host)) return
    const key = `${nic.name} ${packet.tpa}`
    if (nowNs < (this.#asked.get(key) ?? -Infinity) + NS_PER_SECOND) {
      this.#complain(`${nic.name} asked twice within a second for ${formatIp(packet.tpa)}`)
    }
    this.#asked.set(key, nowNs)
  }

  /** What came in and goes out has lost exactly one of its TTL, wrapped, unwrapped or rewritten. */
  #watchTtl(host: Host, direction: 'in' | 'out', packet: IpPacket): void {
    const ofHost = this.#ttls.get(host) as Map<number, Set<number>>
    const ttls = ofHost.get(packet.uid)
    if (direction === 'out') {
      if (ttls !== undefined && !ttls.has(packet.ttl + 1)) {
        this.#complain(`${host.name} sent on a packet with TTL ${packet.ttl} that had ${[...ttls].join(' and ')}`)
      }
      return
    }
    const seen = ttls ?? new Set<number>()
    ofHost.set(packet.uid, seen)
    for (let layer: unknown = packet; isPacket(layer); layer = layer.payload) seen.add(layer.ttl)
  }

  /** A client hears from nobody it has not written to. */
  #watchClient(direction: 'in' | 'out', packet: IpPacket): void {
    const inner = packet.payload.kind === 'fragment' ? packet.payload.whole.payload : packet.payload
    if (inner.kind !== 'tcp' && inner.kind !== 'udp') return
    if (direction === 'out') this.#contacted.add(`${inner.kind} ${inner.sport} ${packet.dst} ${inner.dport}`)
    else if (!this.#contacted.has(`${inner.kind} ${inner.dport} ${packet.src} ${inner.sport}`)) {
      this.#complain(`the client got ${inner.kind} from ${formatIp(packet.src)}:${inner.sport}, to whom it never wrote`)
    }
  }

  #complain(text: string): void {
    if (this.violations.length < 5) this.violations.push(`${text} (at ${this.#topology.lan.sim.nowNs} ns)`)
  }
}

/** Runs a network to its end, and says what was wrong on the way. An exception of the simulator is one of the wrongs. */
export function violationsOf(topology: Topology): readonly string[] {
  const watch = new Watch(topology)
  const { sim } = topology.lan
  try {
    for (let ms = 100; ms <= RUN_MS && watch.violations.length === 0; ms += 100) {
      const end = sim.run(ms * NS_PER_MILLISECOND)
      if (end !== 'time') return [...watch.violations, `the run ended by ${end}: ${JSON.stringify(sim.limitReached)}`]
      watch.checkBooks()
    }
  } catch (error) {
    return [...watch.violations, String(error)]
  }
  return watch.violations
}

function isPacket(value: unknown): value is IpPacket {
  return (value as { kind?: string }).kind === 'ip'
}
