/**
 * UDP ports at which a host takes packets out of Generic UDP Encapsulation (module fou, `ip fou add port N gue`): what is
 * inside goes to the tunnel of its protocol, which can only be IPIP here. Follows fou_create() and gue_udp_recv() in
 * net/ipv4/fou.c. Control messages, options and version 1 of the header are refused; sending by a tunnel device is not modelled.
 * @module
 */
import { err, ok, type Result } from '../base/result.ts'
import { IPV4_ANY } from '../wire/address.ts'
import { readGue } from '../wire/decode.ts'
import { ICMP_UNREACHABLE, UNREACHABLE_PROTOCOL } from '../wire/icmp-message.ts'
import type { IpPacket } from '../wire/ip-packet.ts'
import type { Errno } from './errno.ts'
import type { Host } from './host.ts'
import type { UdpSocket } from './udp.ts'

/** The ports of one host. */
export class GuePorts {
  readonly #host: Host
  readonly #sockets = new Map<number, UdpSocket>()
  /** Told of every packet whose GUE header is taken off. Set by those who watch. */
  onTaken: ((packet: IpPacket) => void) | undefined

  constructor(host: Host) {
    this.#host = host
  }

  /** Opens a port, 1..65535. EADDRINUSE when somebody has it. */
  add(port: number): Result<void, Errno> {
    const bound = this.#host.udp.bind({ addr: IPV4_ANY, port }, { onPacket: (packet) => this.#receive(packet) })
    if (!bound.ok) return bound
    this.#sockets.set(port, bound.value)
    return ok(undefined)
  }

  /** Closes a port. EINVAL when it is none of these. */
  remove(port: number): Result<void, Errno> {
    const socket = this.#sockets.get(port)
    if (socket === undefined) return err('EINVAL')
    socket.close()
    this.#sockets.delete(port)
    return ok(undefined)
  }

  /** The open ports, the oldest first. */
  list(): readonly number[] {
    return [...this.#sockets.keys()]
  }

  #receive(packet: IpPacket): void {
    const host = this.#host
    const { payload } = packet
    const inner = payload.kind !== 'udp' ? undefined : payload.gue?.inner ?? readGue(payload.data, packet.uid)
    if (inner === undefined) return host.drop(packet, 'tunnel-header')
    this.onTaken?.(packet)
    if (host.modules.has('ipip')) return host.tunnels.unwrap(packet, inner)
    host.sendIcmpError(packet, { type: ICMP_UNREACHABLE, code: UNREACHABLE_PROTOCOL, rest: 0 })
    host.drop(packet, 'no-protocol')
  }
}
