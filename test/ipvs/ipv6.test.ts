/**
 * IPVS with IPv6: both forwarding methods that there are, ICMPv6 for connections, persistence by prefix, and what is left out.
 * @module
 */
import { beforeEach, describe, expect, it } from 'vitest'
import { ipvsadm } from '../../src/admin/ipvsadm/ipvsadm.ts'
import type { Host } from '../../src/host/host.ts'
import { HOOK_PRIORITY } from '../../src/host/hooks.ts'
import { attachIpvs } from '../../src/ipvs/director.ts'
import { IPPROTO_TCP } from '../../src/wire/ip-packet.ts'
import { NO_TCP_OPTIONS, TCP_ACK, TCP_SYN, tcpBytes, tcpSegment } from '../../src/wire/tcp-segment.ts'
import { Lan, setMtu } from '../support/lan.ts'
import { address6To, datagram6, host6, ip6 } from '../support/lan6.ts'

const MS = 1_000_000
const VIP = '[fd00::100]:80'
let lan: Lan
let client: Host
let lb: Host

beforeEach(() => {
  lan = new Lan()
  client = host6(lan, 'client', { eth0: { segment: 'out', addrs: ['fd00::10/64'] } }, ['fd00:0:0:5::/64 via fd00::1'])
  lb = host6(lan, 'lb', {
    eth0: { segment: 'out', addrs: ['fd00::1/64', 'fd00::100/128'] }, eth1: { segment: 'in', addrs: ['fd01::1/64'] },
  }, [], true)
  lb.modules.load('ip_vs')
  attachIpvs(lb)
  for (const [index, name] of ['rs1', 'rs2'].entries()) {
    const server = host6(lan, name, { eth0: { segment: 'in', addrs: [`fd01::1${index + 1}/64`] } }, ['default via fd01::1'])
    // The servers' stacks stay silent: their segments are sent one by one.
    server.ipv6.hooks.register('localIn', 'mute', HOOK_PRIORITY.filter, (packet) => {
      if (packet.protocol !== IPPROTO_TCP) return packet
      server.drop(packet, 'muted')
      return undefined
    })
  }
})

async function admin(...lines: readonly string[]): Promise<string> {
  let printed = ''
  for (const line of lines) {
    const { stdout, stderr, exitCode } = await ipvsadm({
      host: lb, argv: line.split(' '), stdin: '', cwd: '/', readFile: () => undefined, writeFile: () => undefined,
      waiter: { waitNs: () => Promise.resolve(), waitFor: () => Promise.resolve('timeout') },
    })
    if (exitCode !== 0) throw new Error(`ipvsadm ${line}: ${stderr}`)
    printed += stdout
  }
  return printed
}

/** Sends a segment of `bytes` bytes of data: `segment(client, 'fd00::10', 40001, 'fd00::100', 80, TCP_SYN)`. */
function segment(
  host: Host, [src, sport]: readonly [string, number], [dst, dport]: readonly [string, number], flags: number, bytes = 0,
): void {
  const payload = tcpSegment({ sport, dport }, { seq: 1, ack: 1, window: 1000 }, flags, NO_TCP_OPTIONS, new Uint8Array(bytes))
  host.sendPacket({
    src: ip6(src), dst: ip6(dst), protocol: IPPROTO_TCP, payload, payloadBytes: tcpBytes(payload), dontFragment: true,
  })
  lan.runFor(MS)
}

/** What a nic took in, without neighbor discovery, and without numbers. */
function takenIn(nic: string): string[] {
  return lan.takeLines(nic).filter((line) => line.startsWith('<') && !line.includes('neighbor'))
    .map((line) => line.replace(/, (seq|ack|win) [^[]*$/, ''))
}

const SYN = (sport: number): void => segment(client, ['fd00::10', sport], ['fd00::100', 80], TCP_SYN)

describe('an IPv6 service', () => {
  it('is forwarded by NAT, which is undone on the way back, with the packet for the client one hop shorter', async () => {
    await admin(`-A -t ${VIP} -s rr`, `-a -t ${VIP} -r [fd01::11]:8080 -m`)
    SYN(40_001)
    expect(takenIn('rs1.eth0')).toEqual(['< IP6 fd00::10.40001 > fd01::11.8080: Flags [S]'])
    segment(lan.hosts.get('rs1') as Host, ['fd01::11', 8080], ['fd00::10', 40_001], TCP_SYN | TCP_ACK)
    expect(takenIn('client.eth0')[0]).toBe('< IP6 fd00::100.80 > fd00::10.40001: Flags [S.]')
    expect(await admin('-Ln')).toContain('  -> [fd01::11]:8080              Masq    1      1          0         \n')
    expect(lan.imbalances()).toEqual([])
  })

  it('is forwarded by DR, to a server that has its address on lo', async () => {
    await admin(`-A -t ${VIP} -s rr`, `-a -t ${VIP} -r [fd01::12]:80 -g`)
    address6To(lan.hosts.get('rs2') as Host, 'lo', 'fd00::100/128')
    SYN(40_001)
    expect(takenIn('rs2.eth0')).toEqual(['< IP6 fd00::10.40001 > fd00::100.80: Flags [S]'])
    expect(lan.hosts.get('rs2')?.drops.get('muted')).toBe(1)
  })

  it('without a server is answered with port unreachable from its address', async () => {
    await admin(`-A -t ${VIP} -s rr`)
    SYN(40_001)
    expect(takenIn('client.eth0')).toEqual([
      '< IP6 fd00::100 > fd00::10: ICMP6, destination unreachable, unreachable port, fd00::100 tcp port 80, length 68',
    ])
  })

  it('tells a client that its packet is too big for the way to the server', async () => {
    await admin(`-A -t ${VIP} -s rr`, `-a -t ${VIP} -r [fd01::11]:80 -m`)
    setMtu(lb, 'eth1', 1400)
    SYN(40_001)
    segment(client, ['fd00::10', 40_001], ['fd00::100', 80], TCP_ACK, 1440)
    expect(takenIn('client.eth0')).toEqual(['< IP6 fd00::100 > fd00::10: ICMP6, packet too big, mtu 1400, length 1240'])
    expect([client.pathMtuBytes(ip6('fd00::100')), lb.drops.get('too-big')]).toEqual([1400, 1])
  })

  it('turns an ICMPv6 error from behind it, and the packet that it quotes', async () => {
    await admin('-A -u [fd00::100]:53 -s rr', '-a -u [fd00::100]:53 -r [fd01::11]:5353 -m')
    datagram6(client, 'fd00::100', 53)
    lan.runFor(MS)
    // Nobody listens at port 5353 of rs1.
    expect(takenIn('client.eth0')).toEqual([
      '< IP6 fd00::100 > fd00::10: ICMP6, destination unreachable, unreachable port, fd00::100 udp port 53, length 66',
    ])
  })

  it('dies with a hop limit of 1, and the client is told', async () => {
    await admin(`-A -t ${VIP} -s rr`, `-a -t ${VIP} -r [fd01::11]:80 -m`)
    const payload = tcpSegment({ sport: 1, dport: 80 }, { seq: 1, ack: 1, window: 1 }, TCP_SYN, NO_TCP_OPTIONS, new Uint8Array(0))
    client.sendPacket({
      src: ip6('fd00::10'), dst: ip6('fd00::100'), protocol: IPPROTO_TCP, payload, payloadBytes: tcpBytes(payload), ttl: 1,
      dontFragment: true,
    })
    lan.runFor(MS)
    expect(takenIn('client.eth0')).toEqual(['< IP6 fd00::100 > fd00::10: ICMP6, time exceeded for fd00::100, length 68'])
  })

  it('keeps the clients of one prefix together', async () => {
    await admin(`-A -t ${VIP} -s rr -p 60 -M 64`, `-a -t ${VIP} -r [fd01::11]:80 -m`, `-a -t ${VIP} -r [fd01::12]:80 -m`)
    for (const addr of ['fd00::21', 'fd00::22', 'fd00:0:0:5::1']) {
      address6To(client, 'eth0', `${addr}/128`)
      segment(client, [addr, 1000], ['fd00::100', 80], TCP_SYN)
    }
    expect([takenIn('rs1.eth0').length, takenIn('rs2.eth0').length].sort()).toEqual([1, 2])
    const rows = await admin('-Lnc')
    expect(rows).toMatch(/TCP 01:00 {2}NONE {8}\[fd00::\]:0 +\[fd00::100\]:80 +\[fd01::1\d\]:80/)
    expect(rows).toContain('[fd00:0:0:5::]:0')
  })

  it('does not hold up IPv4, nor what is for the director itself', async () => {
    await admin(`-A -t ${VIP} -s rr`, `-a -t ${VIP} -r [fd01::11]:80 -m`)
    segment(client, ['fd00::10', 40_001], ['fd00::1', 22], TCP_SYN)
    expect(takenIn('client.eth0')).toEqual(['< IP6 fd00::1.22 > fd00::10.40001: Flags [R.]'])
    await admin(`-D -t ${VIP}`)
    expect([lb.ipv6.hooks.inUse, lb.hooks.inUse]).toEqual([false, false])
  })

  it('has no tunnels here: a packet for one dies, and says of what', async () => {
    await admin(`-A -t ${VIP} -s rr`, `-a -t ${VIP} -r [fd01::11]:80 -i`)
    SYN(40_001)
    expect(lb.drops.get('ipvs-not-modelled')).toBe(1)
  })
})
