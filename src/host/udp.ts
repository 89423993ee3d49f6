/**
 * UDP of one host: sockets, bound and connected, ICMP for ports that nobody listens on, broadcasts. Receive buffers are not
 * limited, because applications read at once; multicast is not modelled.
 * @module
 */
import { err, ok, type Result } from '../base/result.ts'
import { type IpAddr, IPV4_ANY, isAnyAddress } from '../wire/address.ts'
import { encodePayload } from '../wire/encode.ts'
import { ICMP_UNREACHABLE, type IcmpMessage, UNREACHABLE_PORT } from '../wire/icmp-message.ts'
import { IPPROTO_UDP, type IpPacket } from '../wire/ip-packet.ts'
import { UDP_HEADER_BYTES, type UdpDatagram, udpDatagram } from '../wire/udp-datagram.ts'
import type { Errno } from './errno.ts'
import { errorOfIcmp } from './icmp-errno.ts'
import type { IpService, TransportProtocol } from './ip-service.ts'
import { EPHEMERAL_PORT_MAX, EPHEMERAL_PORT_MIN } from './tcp/tcp-protocol.ts'
import { bothHear, hearsAddress } from './wildcard.ts'

/** A datagram as its reader gets it. */
export interface ReceivedDatagram {
  readonly data: Uint8Array
  readonly from: IpAddr
  readonly fromPort: number
  /** The address that it was sent to. */
  readonly to: IpAddr
}

/** What a socket's application wants to hear. */
export interface UdpHandlers {
  onDatagram?(socket: UdpSocket, datagram: ReceivedDatagram): void
  /** An ICMP error about a datagram of a connected socket. */
  onError?(socket: UdpSocket, errno: Errno): void
  /** Takes the packet whole, and accounts for it: a tunnel ends at this port (encap_rcv). */
  onPacket?(packet: IpPacket): void
}

/** One socket. */
export class UdpSocket {
  readonly #udp: UdpProtocol
  readonly handlers: UdpHandlers
  /** Address it is bound to; 0.0.0.0 (or ::) for all. */
  readonly local: IpAddr
  readonly port: number
  /** The only peer, once connected. */
  readonly remote: IpAddr | undefined
  readonly rport: number
  /** The protocol's own: the next socket of its port. */
  next: UdpSocket | undefined = undefined

  constructor(udp: UdpProtocol, at: { local: IpAddr, port: number, remote?: IpAddr, rport?: number }, handlers: UdpHandlers) {
    this.#udp = udp
    this.local = at.local
    this.port = at.port
    this.remote = at.remote
    this.rport = at.rport ?? 0
    this.handlers = handlers
  }

  /** Sends to the peer of a connected socket. Returns why it was refused at once. */
  send(data: Uint8Array): Errno | undefined {
    return this.remote === undefined ? 'EINVAL' : this.sendTo(this.remote, this.rport, data)
  }

  /** Sends to anybody. */
  sendTo(dst: IpAddr, dport: number, data: Uint8Array): Errno | undefined {
    return this.#udp.transmit(this, dst, dport, data)
  }

  /** Frees the port. */
  close(): void {
    this.#udp.remove(this)
  }
}

/** UDP of one host. */
export class UdpProtocol implements TransportProtocol {
  readonly #ip: IpService
  /** By port the first of its sockets, which leads to the others: there may be thousands of ports, and few have two. */
  readonly #sockets = new Map<number, UdpSocket>()

  constructor(ip: IpService) {
    this.#ip = ip
  }

  /** Opens a socket bound to an address and a port. EADDRNOTAVAIL, EADDRINUSE. */
  bind(at: { addr: IpAddr, port: number }, handlers: UdpHandlers): Result<UdpSocket, Errno> {
    if (!isAnyAddress(at.addr) && !this.#ip.isLocalAddress(at.addr)) return err('EADDRNOTAVAIL')
    const clash = this.#socketsOf(at.port).some((other) => other.remote === undefined && bothHear(other.local, at.addr))
    if (clash) return err('EADDRINUSE')
    return ok(this.#add(new UdpSocket(this, { local: at.addr, port: at.port }, handlers)))
  }

  /** Opens a socket that speaks with one peer. The source address is the route's, the port ephemeral, unless given. */
  connect(to: { src?: IpAddr, sport?: number, dst: IpAddr, dport: number }, handlers: UdpHandlers): Result<UdpSocket, Errno> {
    if (to.src !== undefined && !this.#ip.isLocalAddress(to.src)) return err('EADDRNOTAVAIL')
    const chosen = this.#ip.sourceFor(to.dst, to.src)
    if (typeof chosen === 'string') return err(chosen)
    const port = to.sport ?? this.#ephemeralPort()
    if (port === undefined) return err('EADDRNOTAVAIL')
    const socket = new UdpSocket(this, { local: to.src ?? chosen, port, remote: to.dst, rport: to.dport }, handlers)
    const clash = this.#socketsOf(port).some((other) =>
      other.local === socket.local && other.remote === socket.remote && other.rport === socket.rport)
    return clash ? err('EADDRINUSE') : ok(this.#add(socket))
  }

  /** Sockets in the order of their ports' first use. */
  * sockets(): Generator<UdpSocket> {
    for (const port of this.#sockets.keys()) yield * this.#socketsOf(port)
  }

  /** Sends a datagram of a socket. What fits the path is not to be cut, more is (ip_append_data()). */
  transmit(socket: UdpSocket, dst: IpAddr, dport: number, data: Uint8Array): Errno | undefined {
    const datagram = udpDatagram({ sport: socket.port, dport }, data)
    return this.#ip.sendPacket({
      src: isAnyAddress(socket.local) ? IPV4_ANY : socket.local, dst, protocol: IPPROTO_UDP,
      payload: datagram, payloadBytes: UDP_HEADER_BYTES + data.length, dontFragment: 'if-it-fits',
    })
  }

  /** Takes a socket out. */
  remove(socket: UdpSocket): void {
    const { port, next } = socket
    const before = this.#socketsOf(port).find((other) => other.next === socket)
    if (before !== undefined) before.next = next
    else if (this.#sockets.get(port) !== socket) return
    else if (next !== undefined) this.#sockets.set(port, next)
    else this.#sockets.delete(port)
  }

  receive(packet: IpPacket): void {
    const datagram = packet.payload
    if (datagram.kind !== 'udp') {
      this.#ip.drop(packet, 'no-protocol')
      return
    }
    if (!this.#ip.isLocalAddress(packet.dst)) {
      this.#receiveBroadcast(packet, datagram)
      return
    }
    const socket = this.#find(packet.dst, datagram.dport, packet.src, datagram.sport)
    if (socket === undefined) {
      this.#ip.sendIcmpError(packet, { type: ICMP_UNREACHABLE, code: UNREACHABLE_PORT, rest: 0 })
      this.#ip.drop(packet, 'no-listener')
      return
    }
    if (socket.handlers.onPacket !== undefined) {
      socket.handlers.onPacket(packet)
      return
    }
    this.#ip.consume(packet, 'udp')
    deliver(socket, packet, datagram)
  }

  hasSent(quoted: IpPacket): boolean {
    const { payload } = quoted
    return payload.kind === 'udp' && this.#find(quoted.src, payload.sport, quoted.dst, payload.dport) !== undefined
  }

  receiveError(message: IcmpMessage, quoted: IpPacket): void {
    if (quoted.payload.kind !== 'udp') return
    const socket = this.#find(quoted.src, quoted.payload.sport, quoted.dst, quoted.payload.dport)
    const error = errorOfIcmp(message, quoted.src)
    if (socket?.remote === undefined || error === undefined) return
    // A report of a narrow path is told, too (IP_PMTUDISC_WANT in __udp4_lib_err()).
    if (error.isFinal || error.errno === 'EMSGSIZE') socket.handlers.onError?.(socket, error.errno)
  }

  #receiveBroadcast(packet: IpPacket, datagram: UdpDatagram): void {
    const takers = this.#socketsOf(datagram.dport).filter((socket) =>
      hearsAddress(socket.local, packet.dst) && hears(socket, packet.src, datagram.sport))
    if (takers.length === 0) {
      this.#ip.drop(packet, 'no-listener')
      return
    }
    this.#ip.consume(packet, 'udp')
    for (const socket of takers) deliver(socket, packet, datagram)
  }

  /** The socket that fits best: a connected one, then one bound to the address, then one bound to all (compute_score()). */
  #find(addr: IpAddr, port: number, remote: IpAddr, rport: number): UdpSocket | undefined {
    let best: UdpSocket | undefined
    let bestScore = -1
    for (let socket = this.#sockets.get(port); socket !== undefined; socket = socket.next) {
      if (!hearsAddress(socket.local, addr) || !hears(socket, remote, rport)) continue
      const score = (socket.remote === undefined ? 0 : 2) + (socket.local === addr ? 1 : 0)
      if (score > bestScore) {
        best = socket
        bestScore = score
      }
    }
    return best
  }

  #add(socket: UdpSocket): UdpSocket {
    const last = this.#socketsOf(socket.port).at(-1)
    if (last === undefined) this.#sockets.set(socket.port, socket)
    else last.next = socket
    return socket
  }

  /** In the order in which they were opened. */
  #socketsOf(port: number): UdpSocket[] {
    const sockets: UdpSocket[] = []
    for (let socket = this.#sockets.get(port); socket !== undefined; socket = socket.next) sockets.push(socket)
    return sockets
  }

  #ephemeralPort(): number | undefined {
    const count = EPHEMERAL_PORT_MAX - EPHEMERAL_PORT_MIN + 1
    const first = this.#ip.sim.stream(`udp:${this.#ip.name}`).int(count)
    for (let i = 0; i < count; i++) {
      const port = EPHEMERAL_PORT_MIN + (first + i) % count
      if (!this.#sockets.has(port)) return port
    }
    return undefined
  }
}

function hears(socket: UdpSocket, remote: IpAddr, rport: number): boolean {
  return socket.remote === undefined || (socket.remote === remote && socket.rport === rport)
}

function deliver(socket: UdpSocket, packet: IpPacket, datagram: UdpDatagram): void {
  // Who reads what was meant for a tunnel gets its bytes.
  const data = datagram.gue === undefined ? datagram.data : encodePayload(packet).subarray(UDP_HEADER_BYTES)
  socket.handlers.onDatagram?.(socket, { data, from: packet.src, fromPort: datagram.sport, to: packet.dst })
}
