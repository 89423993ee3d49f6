/**
 * A client, a router and a server, for tests of what the router's netfilter does. Client and server never answer by themselves;
 * what arrives at them is written down: `client: 1.0.0.1:80 > 1.0.0.2:999 SA`.
 * @module
 */
import { iptables } from '../../src/admin/iptables/iptables.ts'
import type { Host } from '../../src/host/host.ts'
import { HOOK_PRIORITY } from '../../src/host/hooks.ts'
import { DEFAULT_LINK } from '../../src/link/link.ts'
import { World } from '../../src/scenario/world.ts'
import { formatIp, parseIpv4, type IpAddr, type MacAddr } from '../../src/wire/address.ts'
import { ICMP_ECHO_REPLY, ICMP_ECHO_REQUEST, icmpEcho } from '../../src/wire/icmp-message.ts'
import type { IpPacket } from '../../src/wire/ip-packet.ts'
import { IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP } from '../../src/wire/ip-packet.ts'
import {
  NO_DATA, NO_TCP_OPTIONS, TCP_ACK, TCP_FIN, TCP_PSH, TCP_RST, TCP_SYN, tcpBytes, tcpSegment,
} from '../../src/wire/tcp-segment.ts'
import { udpBytes, udpDatagram } from '../../src/wire/udp-datagram.ts'
import { runTool } from './tool-host.ts'

const FLAGS: readonly (readonly [letter: string, bit: number])[] = [
  ['S', TCP_SYN],
  ['F', TCP_FIN],
  ['R', TCP_RST],
  ['P', TCP_PSH],
  ['A', TCP_ACK],
]
const SECOND_NS = 1_000_000_000

/** The world: client 10.0.0.10 and server 192.168.1.11, with the router (10.0.0.1, 192.168.1.1) for a gateway. */
export class RoutedWorld {
  readonly world = new World('42')
  readonly client: Host
  readonly router: Host
  readonly server: Host
  /** What has arrived at client and server. */
  readonly seen: string[] = []

  constructor() {
    const { world } = this
    world.addSegment('out')
    world.addSegment('in')
    this.client = this.#host('client', [['eth0', 'out', '10.0.0.10']])
    this.router = this.#host('router', [['eth0', 'out', '10.0.0.1'], ['eth1', 'in', '192.168.1.1']])
    this.server = this.#host('server', [['eth0', 'in', '192.168.1.11']])
    world.addRoute('client', { network: 0 as IpAddr, prefixLength: 0, gateway: ip('10.0.0.1') })
    world.addRoute('server', { network: 0 as IpAddr, prefixLength: 0, gateway: ip('192.168.1.1') })
    this.router.sysctl.set('net.ipv4.ip_forward', '1')
    for (const host of [this.client, this.server]) this.#silence(host)
  }

  /** Runs iptables on the router; the command must succeed. Returns what it printed. */
  async iptables(command: string): Promise<string> {
    const result = await runTool(iptables, this.router, command.split(' '))
    if (result.exitCode !== 0) throw new Error(`iptables ${command}: ${result.stderr}`)
    return result.stdout
  }

  /** Sends a TCP segment, `10.0.0.10:40001 > 192.168.1.11:80 SA` and perhaps seq and ack behind it, and lets it arrive. */
  tcp(text: string): void {
    const { host, src, dst, words } = this.#parse(text)
    const flags = [...(words[0] ?? '')].reduce((bits, letter) => bits | (FLAGS.find(([name]) => name === letter)?.[1] ?? 0), 0)
    const numbers = { seq: Number(words[1] ?? 1), ack: Number(words[2] ?? 1), window: 1000 }
    const segment = tcpSegment({ sport: src.port, dport: dst.port }, numbers, flags, NO_TCP_OPTIONS, NO_DATA)
    host.sendPacket({
      src: src.addr,
      dst: dst.addr,
      protocol: IPPROTO_TCP,
      payload: segment,
      payloadBytes: tcpBytes(segment),
      dontFragment: true,
    })
    this.pass(1)
  }

  /** Sends a datagram, `10.0.0.10:5000 > 192.168.1.11:53`, and lets it arrive. */
  udp(text: string): void {
    const { host, src, dst } = this.#parse(text)
    const datagram = udpDatagram({ sport: src.port, dport: dst.port }, NO_DATA)
    host.sendPacket({
      src: src.addr,
      dst: dst.addr,
      protocol: IPPROTO_UDP,
      payload: datagram,
      payloadBytes: udpBytes(datagram),
      dontFragment: false,
    })
    this.pass(1)
  }

  /** Sends an echo request or reply; the port of the source is its identifier. */
  echo(text: string, kind: 'request' | 'reply'): void {
    const { host, src, dst } = this.#parse(text)
    const message = icmpEcho(kind === 'request' ? ICMP_ECHO_REQUEST : ICMP_ECHO_REPLY, src.port, 1, NO_DATA)
    host.sendPacket({
      src: src.addr,
      dst: dst.addr,
      protocol: IPPROTO_ICMP,
      payload: message,
      payloadBytes: 8,
      dontFragment: false,
    })
    this.pass(1)
  }

  /** Lets time pass. */
  pass(seconds: number): void {
    this.world.sim.run(this.world.sim.nowNs + seconds * SECOND_NS)
    this.world.checkLedgers()
  }

  /** What has arrived since the last call. */
  take(): string[] {
    return this.seen.splice(0)
  }

  #host(name: string, nics: readonly (readonly [device: string, segment: string, addr: string])[]): Host {
    const host = this.world.addHost({ name })
    for (const [device, segment, addr] of nics) {
      const mac = (0x020000000000 + this.world.nics.size + 1) as MacAddr
      this.world.plug(
        { host: name, device, mac, mtuBytes: 1500, addresses: [{ addr: ip(addr), prefixLength: 24 }] },
        segment,
        { ...DEFAULT_LINK, delayNs: 1000 },
      )
    }
    return host
  }

  #silence(host: Host): void {
    host.hooks.register('localIn', 'silence', HOOK_PRIORITY.filter, (packet) => {
      this.seen.push(`${host.name}: ${packetLine(packet)}`)
      host.consume(packet, 'test')
      return undefined
    })
  }

  #parse(text: string): { host: Host, src: End, dst: End, words: string[] } {
    const [from = '', , to = '', ...words] = text.split(' ')
    const src = end(from)
    const host = [...this.world.hosts.values()].find((other) => other.isLocalAddress(src.addr))
    if (host === undefined) throw new Error(`${from} is nobody's`)
    return { host, src, dst: end(to), words }
  }
}

interface End {
  readonly addr: IpAddr
  readonly port: number
}

function end(text: string): End {
  const [addr = '', port = '0'] = text.split(':')
  return { addr: ip(addr), port: Number(port) }
}

function ip(text: string): IpAddr {
  const addr = parseIpv4(text)
  if (addr === undefined) throw new Error(`${text} is no address`)
  return addr
}

/** Addresses, ports, and flags or what kind of message; of an ICMP error also what it quotes. */
function packetLine(packet: IpPacket): string {
  const { payload } = packet
  const [src, dst] = [formatIp(packet.src), formatIp(packet.dst)]
  switch (payload.kind) {
    case 'tcp':
      return `${src}:${payload.sport} > ${dst}:${payload.dport} ${FLAGS.filter(([, bit]) => (payload.flags & bit) !== 0)
        .map(([letter]) => letter)
        .join('')}`
    case 'udp':
      return `${src}:${payload.sport} > ${dst}:${payload.dport}`
    case 'icmp':
      return payload.quoted === undefined
        ? `${src} > ${dst} icmp ${payload.type} id ${payload.rest >>> 16}`
        : `${src} > ${dst} icmp ${payload.type}/${payload.code} about ${packetLine(payload.quoted)}`
    default:
      return `${src} > ${dst}`
  }
}
