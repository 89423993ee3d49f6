/**
 * A director between two bridges, a client outside and two servers inside, whose stacks stay silent: packets are sent and seen
 * one by one. Everybody's books are checked.
 * @module
 */
import { HOOK_PRIORITY } from '../../src/host/hooks.ts'
import type { Host } from '../../src/host/host.ts'
import { ipvsadm } from '../../src/admin/ipvsadm/ipvsadm.ts'
import { registerIpvsFiles } from '../../src/admin/ipvsadm/proc.ts'
import { readProc } from '../../src/admin/proc-files.ts'
import type { ToolResult } from '../../src/admin/tool.ts'
import { attachIpvs, type Ipvs } from '../../src/ipvs/director.ts'
import { DEFAULT_LINK } from '../../src/link/link.ts'
import { World } from '../../src/scenario/world.ts'
import { formatIp, parseIpv4, type IpAddr, type MacAddr } from '../../src/wire/address.ts'
import { IPPROTO_TCP, IPPROTO_UDP, type IpPacket } from '../../src/wire/ip-packet.ts'
import { NO_TCP_OPTIONS, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN, tcpBytes, tcpSegment } from '../../src/wire/tcp-segment.ts'
import { udpBytes, udpDatagram } from '../../src/wire/udp-datagram.ts'

const FLAG_BITS: readonly (readonly [string, number])[] = [['S', TCP_SYN], ['A', TCP_ACK], ['F', TCP_FIN], ['R', TCP_RST]]
const SECOND = 1_000_000_000

/** The bench. Client 10.0.0.10; director 10.0.0.1 and VIP 10.0.0.100, 192.168.1.1; servers 192.168.1.11 and .12. */
export class DirectorBench {
  readonly world = new World('bench')
  readonly lb: Host
  readonly ipvs: Ipvs
  /** What reached a host's stack, one line each: `rs1: 10.0.0.10:1 > 192.168.1.11:80 S ttl 63`. */
  readonly seen: string[] = []

  constructor() {
    const { world } = this
    world.addSegment('out')
    world.addSegment('in')
    this.#plug('client', 'out', '10.0.0.10', 1)
    this.#plug('lb', 'out', '10.0.0.1', 2)
    world.plug(spec('lb', 'eth1', ['192.168.1.1'], 3), 'in', DEFAULT_LINK)
    this.#plug('rs1', 'in', '192.168.1.11', 4)
    this.#plug('rs2', 'in', '192.168.1.12', 5)
    for (const rs of ['rs1', 'rs2']) {
      world.addRoute(rs, { network: 0 as IpAddr, prefixLength: 0, gateway: address('192.168.1.1') })
    }
    this.lb = world.host('lb')
    this.lb.sysctl.set('net.ipv4.ip_forward', '1')
    this.lb.modules.load('ip_vs')
    this.ipvs = attachIpvs(this.lb)
  }

  /** Runs an ipvsadm command line on the director, which must succeed; gives what it printed. */
  async ipvsadm(line: string): Promise<string> {
    const { stdout, stderr, exitCode } = await this.run(line)
    if (exitCode !== 0) throw new Error(`ipvsadm ${line}: ${stderr}`)
    return stdout
  }

  /** Runs an ipvsadm command line on the director. */
  async run(line: string): Promise<ToolResult> {
    return ipvsadm({
      host: this.lb, argv: line.split(' '), stdin: '', cwd: '/', readFile: () => undefined, writeFile: () => undefined,
      waiter: { waitNs: () => Promise.resolve(), waitFor: () => Promise.resolve('timeout') },
    })
  }

  /** A file of the director under /proc. */
  readProc(path: string): string | undefined {
    registerIpvsFiles()
    return readProc(this.lb, path)
  }

  /** Sends a TCP segment: `tcp('client', '10.0.0.10:1', '10.0.0.100:80', 'S')`. */
  tcp(host: string, from: string, to: string, flags: string, ttl = 64): void {
    const [src, dst] = [endpoint(from), endpoint(to)]
    const bits = FLAG_BITS.reduce((sum, [letter, bit]) => sum | (flags.includes(letter) ? bit : 0), 0)
    const payload = tcpSegment(
      { sport: src.port, dport: dst.port }, { seq: 1, ack: 1, window: 1000 }, bits, NO_TCP_OPTIONS,
      new Uint8Array(0),
    )
    this.world.host(host).sendPacket({
      src: src.addr, dst: dst.addr, protocol: IPPROTO_TCP, payload, payloadBytes: tcpBytes(payload), ttl, dontFragment: true,
    })
    this.pass(0.01)
  }

  /** Sends a UDP datagram with so many bytes, or with a text. */
  udp(host: string, from: string, to: string, content: number | string = 10, dontFragment = true): void {
    const [src, dst] = [endpoint(from), endpoint(to)]
    const data = typeof content === 'number' ? new Uint8Array(content) : Uint8Array.from(content, (point) => point.charCodeAt(0))
    const payload = udpDatagram({ sport: src.port, dport: dst.port }, data)
    this.world.host(host).sendPacket({
      src: src.addr, dst: dst.addr, protocol: IPPROTO_UDP, payload, payloadBytes: udpBytes(payload), dontFragment,
    })
    this.pass(0.01)
  }

  /** So many seconds pass. */
  pass(seconds: number): void {
    this.world.sim.run(this.world.sim.nowNs + Math.round(seconds * SECOND))
    this.world.checkLedgers()
  }

  /** What was seen since the last call. */
  take(): string[] {
    return this.seen.splice(0)
  }

  /** Sets a sysctl of IPVS. */
  set(name: string, value: number): void {
    const result = this.lb.sysctl.set(`net.ipv4.vs.${name}`, String(value))
    if (!result.ok) throw new Error(`${name}: ${result.error}`)
  }

  #plug(name: string, segment: string, addr: string, number: number): void {
    const host = this.world.addHost({ name })
    const addresses = name === 'lb' ? [addr, '10.0.0.100/32'] : [addr]
    this.world.plug(spec(name, 'eth0', addresses, number), segment, DEFAULT_LINK)
    if (name === 'lb') return
    host.hooks.register('localIn', 'bench', HOOK_PRIORITY.filter, (packet) => {
      this.seen.push(`${name}: ${describe(packet)}`)
      host.consume(packet, 'bench')
      return undefined
    })
  }
}

function spec(host: string, device: string, addresses: readonly string[], number: number): Parameters<World['plug']>[0] {
  return {
    host, device, mac: (0x020000000000 + number) as MacAddr, mtuBytes: 1500,
    addresses: addresses.map(
      (text) => ({ addr: address(text.split('/')[0] ?? ''), prefixLength: Number(text.split('/')[1] ?? 24) })
    ),
  }
}

function describe(packet: IpPacket): string {
  const { payload } = packet
  const ends = (sport: number, dport: number): string => `${formatIp(packet.src)}:${sport} > ${formatIp(packet.dst)}:${dport}`
  switch (payload.kind) {
    case 'tcp': {
      const flags = FLAG_BITS.filter(([, bit]) => (payload.flags & bit) !== 0).map(([letter]) => letter).join('')
      return `${ends(payload.sport, payload.dport)} ${flags} ttl ${packet.ttl}`
    }
    case 'udp': {
      const { gue } = payload
      // The source port of GUE is drawn by lot.
      if (gue !== undefined) return `${ends(0, payload.dport)} gue${gue.hasChecksum ? ' csum' : ''} [${describe(gue.inner)}]`
      return `${ends(payload.sport, payload.dport)} udp ${payload.data.length} ttl ${packet.ttl}`
    }
    case 'gre': {
      const kind = payload.hasChecksum ? 'gre csum' : 'gre'
      return `${formatIp(packet.src)} > ${formatIp(packet.dst)} ${kind} [${describe(payload.inner)}]`
    }
    case 'icmp': {
      const about = payload.quoted === undefined ? '' : ` (${describe(payload.quoted)})`
      return `${formatIp(packet.src)} > ${formatIp(packet.dst)} icmp ${payload.type}/${payload.code}${about}`
    }
    case 'ip': return `${formatIp(packet.src)} > ${formatIp(packet.dst)} ttl ${packet.ttl} [${describe(payload)}]`
    default: return payload.kind
  }
}

function endpoint(text: string): { addr: IpAddr, port: number } {
  const [addr = '', port = ''] = text.split(':')
  return { addr: address(addr), port: Number(port) }
}

function address(text: string): IpAddr {
  const addr = parseIpv4(text)
  if (addr === undefined) throw new Error(`no address: ${text}`)
  return addr
}
