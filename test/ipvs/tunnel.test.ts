/**
 * VS/TUN by its three kinds of tunnel, and what is told to clients whose packets do not fit.
 * @module
 */
import { describe, expect, it } from 'vitest'
import { flowPort } from '../../src/ipvs/transmit/flow-port.ts'
import { parseIpv4, type IpAddr } from '../../src/wire/address.ts'
import { icmpBytes, icmpError, ICMP_UNREACHABLE } from '../../src/wire/icmp-message.ts'
import { IPPROTO_ICMP, IPPROTO_UDP, ipPacket, type IpPacket } from '../../src/wire/ip-packet.ts'
import { udpBytes, udpDatagram } from '../../src/wire/udp-datagram.ts'
import { DirectorBench } from './director-bench.ts'

const VIP = '10.0.0.100:53'
const RS1 = '192.168.1.11'
const INNER = '[10.0.0.10:1000 > 10.0.0.100:53 udp 10 ttl 63]'

/** A director with one server behind a tunnel. */
async function benchWith(options: string): Promise<DirectorBench> {
  const bench = new DirectorBench()
  await bench.ipvsadm(`-A -u ${VIP} -s rr`)
  await bench.ipvsadm(`-a -u ${VIP} -r ${RS1} -i ${options}`)
  return bench
}

/** A datagram as a flow of its own. */
function datagram(sport: number, src = '10.0.0.10'): IpPacket {
  const payload = udpDatagram({ sport, dport: 53 }, new Uint8Array(0))
  return ipPacket({
    uid: 0, src: address(src), dst: address('10.0.0.100'), protocol: IPPROTO_UDP, payload, payloadBytes: udpBytes(payload),
  })
}

function address(text: string): IpAddr {
  return parseIpv4(text) as IpAddr
}

describe('a tunnel', () => {
  it.each([
    ['--tun-type ipip', `192.168.1.1 > 192.168.1.11 ttl 63 ${INNER}`],
    ['--tun-type gre', `192.168.1.1 > 192.168.1.11 gre ${INNER}`],
    ['--tun-type gre --tun-csum', `192.168.1.1 > 192.168.1.11 gre csum ${INNER}`],
    ['--tun-type gue --tun-port 6080', `192.168.1.1:0 > 192.168.1.11:6080 gue ${INNER}`],
    ['--tun-type gue --tun-port 6080 --tun-csum', `192.168.1.1:0 > 192.168.1.11:6080 gue csum ${INNER}`],
    ['--tun-type gue --tun-port 6080 --tun-remcsum', `192.168.1.1:0 > 192.168.1.11:6080 gue csum ${INNER}`],
  ])('%s wraps the packet so', async (options, line) => {
    const bench = await benchWith(options)
    bench.udp('client', '10.0.0.10:1000', VIP)
    expect(bench.take()).toEqual([`rs1: ${line}`])
  })

  // 1500 less 20 of IPv4, and 4 or 8 of GRE, or 8 of UDP and 4 of GUE; less 28 of the client's own headers.
  it.each([
    ['--tun-type ipip', 1480 - 28], ['--tun-type gre', 1476 - 28], ['--tun-type gre --tun-csum', 1472 - 28],
    ['--tun-type gue --tun-port 6080', 1468 - 28], ['--tun-type gue --tun-port 6080 --tun-csum', 1468 - 28],
  ])('%s takes datagrams of up to %i bytes, and says so about longer ones', async (options, roomBytes) => {
    const bench = await benchWith(options)
    bench.udp('client', '10.0.0.10:1000', VIP, roomBytes)
    expect(bench.take()).toHaveLength(1)
    bench.udp('client', '10.0.0.10:1000', VIP, roomBytes + 1)
    expect(bench.take()).toEqual([
      `client: 10.0.0.100 > 10.0.0.10 icmp 3/4 (10.0.0.10:1000 > 10.0.0.100:53 udp ${roomBytes + 1} ttl 63)`,
    ])
    bench.set('pmtu_disc', 0)
    bench.udp('client', '10.0.0.10:1000', VIP, roomBytes + 1)
    expect(bench.take()).toHaveLength(1)
  })

  it('is that of the destination at the moment, for old connections too', async () => {
    const bench = await benchWith('--tun-type gue --tun-port 6080')
    bench.udp('client', '10.0.0.10:1000', VIP)
    await bench.ipvsadm(`-e -u ${VIP} -r ${RS1} -i --tun-type gre`)
    bench.udp('client', '10.0.0.10:1000', VIP)
    expect(bench.take()[1]).toBe(`rs1: 192.168.1.1 > 192.168.1.11 gre ${INNER}`)
  })
})

describe('an ICMP error about the outer packet', () => {
  /** The packets that reach a host. */
  function arrivals(bench: DirectorBench, host: string): IpPacket[] {
    const arrived: IpPacket[] = []
    bench.world.host(host).hooks.register('prerouting', 'test', 0, (packet) => {
      arrived.push(packet)
      return packet
    })
    return arrived
  }

  /** A router on the way says so about a packet to the server. Gives what the client hears: lines, and the MTU in them. */
  async function reported(options: string, code: number, rest: number): Promise<{ lines: string[], told: number[] }> {
    const bench = await benchWith(options)
    const [atServer, atClient] = [arrivals(bench, 'rs1'), arrivals(bench, 'client')]
    bench.udp('client', '10.0.0.10:1000', VIP, 1400)
    bench.take()
    const message = icmpError({ type: ICMP_UNREACHABLE, code, rest }, atServer[0] as IpPacket, 540)
    bench.world.host('rs1').sendPacket({
      src: address(RS1), dst: address('192.168.1.1'), protocol: IPPROTO_ICMP, payload: message, payloadBytes: icmpBytes(message),
      dontFragment: false,
    })
    bench.pass(0.01)
    return { lines: bench.take(), told: atClient.map(({ payload }) => (payload.kind === 'icmp' ? payload.rest : -1)) }
  }

  const ABOUT = '(10.0.0.10:1000 > 10.0.0.100:53 udp 1400 ttl 63)'

  it.each([
    '--tun-type ipip', '--tun-type gre', '--tun-type gue --tun-port 6080',
  ])('is told to the client (%s)', async (options) => {
    expect(await reported(options, 1, 0)).toEqual({ lines: [`client: 10.0.0.100 > 10.0.0.10 icmp 3/1 ${ABOUT}`], told: [0] })
  })

  // 20, 24, 28 and 32 bytes go before the packet.
  it.each([
    ['--tun-type ipip', 1380], ['--tun-type gre', 1376], ['--tun-type gre --tun-csum', 1372],
    ['--tun-type gue --tun-port 6080', 1368],
  ])('that names an MTU of 1400 leaves the client %s %i', async (options, mtuBytes) => {
    expect(await reported(options, 4, 1400)).toEqual({
      lines: [`client: 10.0.0.100 > 10.0.0.10 icmp 3/4 ${ABOUT}`], told: [mtuBytes],
    })
  })
})

describe('the source port of GUE', () => {
  it('is the same for all packets of a flow, and of the ephemeral range', () => {
    const ports = Array.from({ length: 100 }, (_, index) => flowPort(datagram(1000 + index), 42))
    expect(flowPort(datagram(1000), 42)).toBe(ports[0])
    expect(ports.every((port) => port >= 32_768 && port < 60_999)).toBe(true)
  })

  it('differs between flows and between directors', () => {
    const ports = new Set(Array.from({ length: 100 }, (_, index) => flowPort(datagram(1000 + index), 42)))
    // 100 draws from 28,231 collide about 0.2 times.
    expect(ports.size).toBeGreaterThan(95)
    expect(flowPort(datagram(1000), 43)).not.toBe(flowPort(datagram(1000), 42))
    expect(flowPort(datagram(1000, '10.0.0.11'), 42)).not.toBe(flowPort(datagram(1000), 42))
  })
})
