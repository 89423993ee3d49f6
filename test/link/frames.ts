/**
 * Frames, and ends of links that write down what reaches them, for the tests of this folder.
 * @module
 */
import type { LinkEnd } from '../../src/link/link.ts'
import type { Simulator } from '../../src/sim/simulator.ts'
import { MAC_BROADCAST, type MacAddr } from '../../src/wire/address.ts'
import { ethernetFrame, type Frame } from '../../src/wire/frame.ts'
import { udpDatagram } from '../../src/wire/udp-datagram.ts'
import { packetOf } from '../wire/packets.ts'

/** 02:00:00:00:00:<n>. */
export function macOf(n: number): MacAddr {
  return (0x020000000000 + n) as MacAddr
}

/** A frame of `bytes` bytes (at least 42) that carries a UDP datagram. */
export function frameOf(bytes: number, ends: { readonly from?: number, readonly to?: number | 'all' } = {}): Frame {
  const dst = ends.to === 'all' ? MAC_BROADCAST : macOf(ends.to ?? 2)
  // 14 bytes of Ethernet, 20 of IPv4, 8 of UDP.
  return ethernetFrame(dst, macOf(ends.from ?? 1), packetOf(udpDatagram({ sport: 1, dport: 2 }, new Uint8Array(bytes - 42))))
}

/** The end of a link. */
export class End implements LinkEnd {
  isUp = true
  readonly arrivals: { readonly timeNs: number, readonly frame: Frame }[] = []
  readonly #sim: Simulator

  constructor(sim: Simulator) {
    this.#sim = sim
  }

  arrive(frame: Frame): void {
    this.arrivals.push({ timeNs: this.#sim.nowNs, frame })
  }

  /** When the frames came. */
  get timesNs(): number[] {
    return this.arrivals.map(({ timeNs }) => timeNs)
  }
}
