/**
 * One test for each sysctl of IPVS that has an effect, but for those whose effect is tested elsewhere: am_droprate, drop_entry,
 * drop_packet, expire_nodest_conn, expire_quiescent_template and pmtu_disc in director.test.ts, conntrack in ways.test.ts.
 * @module
 */
import { describe, expect, it } from 'vitest'
import { setDeviceUp } from '../../src/host/config/devices.ts'
import { HOOK_PRIORITY } from '../../src/host/hooks.ts'
import { parseIpv4, type IpAddr } from '../../src/wire/address.ts'
import { IPPROTO_IPIP, IPPROTO_TCP, ipPacket, totalBytes, withMark } from '../../src/wire/ip-packet.ts'
import { NO_TCP_OPTIONS, TCP_SYN, tcpBytes, tcpSegment } from '../../src/wire/tcp-segment.ts'
import { DirectorBench } from './director-bench.ts'

const VIP = '10.0.0.100:80'
const RS1 = '192.168.1.11'
const RS2 = '192.168.1.12'
const PREFIX = 'net.ipv4.vs.'

/** A director with a TCP service by NAT. */
async function benchWith(options = '-s rr', servers: readonly string[] = [RS1, RS2]): Promise<DirectorBench> {
  const bench = new DirectorBench()
  await bench.ipvsadm(`-A -t ${VIP} ${options}`)
  for (const rs of servers) await bench.ipvsadm(`-a -t ${VIP} -r ${rs} -m`)
  return bench
}

/** What was seen, each cut after the host's name. */
function hosts(bench: DirectorBench): string[] {
  return bench.take().map((line) => line.slice(0, line.indexOf(':')))
}

function address(text: string): IpAddr {
  return parseIpv4(text) as IpAddr
}

/** A SYN of the client. */
function syn(dst: string, sport = 1000): ReturnType<typeof ipPacket> {
  const payload = tcpSegment({ sport, dport: 80 }, { seq: 1, ack: 1, window: 1000 }, TCP_SYN, NO_TCP_OPTIONS, new Uint8Array(0))
  return ipPacket({
    uid: 1, src: address('10.0.0.10'), dst: address(dst), protocol: IPPROTO_TCP, payload, payloadBytes: tcpBytes(payload),
  })
}

describe('the sysctls of IPVS', () => {
  it('are those of Linux 6.1 with their defaults', () => {
    const { sysctl } = new DirectorBench().lb
    const values = sysctl.names().filter((name) => name.startsWith(PREFIX)).sort()
      .map((name) => `${name.slice(PREFIX.length)}=${sysctl.find(name)}`)
    // sync_qlen_max is a 32nd of the pages of the machine, which has 1 GiB.
    expect(values.join(' ')).toBe('am_droprate=10 amemthresh=1024 backup_only=0 cache_bypass=0 conn_reuse_mode=1 conntrack=0'
      + ' drop_entry=0 drop_packet=0 expire_nodest_conn=0 expire_quiescent_template=0 ignore_tunneled=0 lblc_expiration=86400'
      + ' lblcr_expiration=86400 nat_icmp_send=0 pmtu_disc=1 run_estimation=1 schedule_icmp=0 secure_tcp=0 sloppy_sctp=0'
      + ' sloppy_tcp=0 snat_reroute=1 sync_persist_mode=0 sync_ports=1 sync_qlen_max=8192 sync_refresh_period=0 sync_retries=0'
      + ' sync_sock_size=0 sync_threshold=3\t50 sync_version=1')
  })

  it.each([
    ['drop_entry', '4'], ['drop_packet', '-1'], ['secure_tcp', '4'], ['sync_retries', '4'], ['sync_version', '2'],
    ['sync_ports', '3'], ['sync_threshold', '5 4'], ['sync_threshold', '3'],
  ])('refuse values out of bounds: %s=%s', (name, value) => {
    expect(new DirectorBench().lb.sysctl.set(PREFIX + name, value)).toEqual({ ok: false, error: 'EINVAL' })
  })
})

describe('amemthresh', () => {
  it('is how much memory must be free, for the automatic modes of the defences to rest', async () => {
    const bench = await benchWith()
    const modes = (): (string | undefined)[] => ['drop_entry', 'drop_packet', 'secure_tcp'].map((name) => (
      bench.lb.sysctl.find(PREFIX + name)))
    for (const [name, mode] of [['drop_entry', 1], ['drop_packet', 2], ['secure_tcp', 1]] as const) bench.set(name, mode)
    expect(modes()).toEqual(['1', '1', '1'])
    // 1 GiB is 262,144 pages; a third more are wanted, so 349,525 / 87,381 = 4: one of four is refused.
    bench.set('amemthresh', 349_525)
    expect(modes()).toEqual(['2', '2', '2'])
    for (let port = 1000; port < 1008; port++) bench.tcp('client', `10.0.0.10:${port}`, VIP, 'S')
    expect(hosts(bench)).toHaveLength(6)
    expect(bench.lb.drops.get('ipvs-drop-packet')).toBe(2)
    // secure_tcp: a SYN-ACK of the server leads to SYNACK.
    bench.tcp('rs2', `${RS2}:80`, '10.0.0.10:1001', 'SA')
    expect(await bench.ipvsadm('-Lnc')).toContain('SYNACK')
    bench.set('amemthresh', 1024)
    expect(modes()).toEqual(['1', '1', '1'])
    bench.take()
    for (let port = 2000; port < 2008; port++) bench.tcp('client', `10.0.0.10:${port}`, VIP, 'S')
    expect(hosts(bench)).toHaveLength(8)
  })
})

describe('backup_only', () => {
  it('has a director that runs a backup daemon balance nothing', async () => {
    const bench = await benchWith()
    bench.set('backup_only', 1)
    bench.tcp('client', '10.0.0.10:1000', VIP, 'S')
    await bench.ipvsadm('--start-daemon backup')
    bench.tcp('client', '10.0.0.10:1001', VIP, 'S')
    expect(bench.take()).toEqual([
      'rs2: 10.0.0.10:1000 > 192.168.1.12:80 S ttl 63', 'client: 10.0.0.100:80 > 10.0.0.10:1001 AR ttl 64',
    ])
    await bench.ipvsadm('--stop-daemon backup')
    await bench.ipvsadm('--start-daemon master')
    bench.tcp('client', '10.0.0.10:1002', VIP, 'S')
    expect(hosts(bench)).toEqual(['rs1'])
  })
})

describe('cache_bypass', () => {
  it('sends packets of a mark, for which no cache is left, to where they were going', async () => {
    const bench = new DirectorBench()
    bench.lb.hooks.register('localOut', 'mark', HOOK_PRIORITY.mangle, (packet) => withMark(packet, 1))
    await bench.ipvsadm('-A -f 1 -s rr')
    bench.tcp('lb', '192.168.1.1:1000', `${RS2}:80`, 'S')
    expect(bench.take()).toEqual([])
    expect(bench.lb.drops.get('ipvs-no-destination')).toBe(1)
    bench.set('cache_bypass', 1)
    bench.tcp('lb', '192.168.1.1:1000', `${RS2}:80`, 'S')
    expect(bench.take()).toEqual(['rs2: 192.168.1.1:1000 > 192.168.1.12:80 S ttl 63'])
    expect(await bench.ipvsadm('-Lnc')).toContain(' SYN_RECV    192.168.1.1:1000   192.168.1.12:80    0.0.0.0:0\n')
  })
})

describe('conn_reuse_mode', () => {
  it('with bit 2, begins anew in FIN_WAIT where only requests are seen', async () => {
    const bench = new DirectorBench()
    await bench.ipvsadm(`-A -t ${VIP} -s rr`)
    for (const rs of [RS1, RS2]) await bench.ipvsadm(`-a -t ${VIP} -r ${rs} -i`)
    for (const mode of [1, 2]) {
      bench.set('conn_reuse_mode', mode)
      for (const flags of ['S', 'A', 'FA', 'S']) bench.tcp('client', `10.0.0.10:${1000 + mode}`, VIP, flags)
    }
    expect(hosts(bench)).toEqual(['rs2', 'rs2', 'rs2', 'rs2', 'rs1', 'rs1', 'rs1', 'rs2'])
  })
})

describe('ignore_tunneled', () => {
  it.each([[0, ['rs2']], [1, ['client']]] as const)('=%i: a packet that came in a tunnel goes to %s', async (value, seen) => {
    const bench = await benchWith()
    bench.lb.modules.load('ipip')
    const up = setDeviceUp(bench.lb.net, 'tunl0')
    if (up.ok) bench.lb.reconfigure(up.value)
    bench.set('ignore_tunneled', value)
    const inner = syn('10.0.0.100')
    bench.world.host('client').sendPacket({
      src: inner.src, dst: address('10.0.0.1'), protocol: IPPROTO_IPIP, payload: inner, payloadBytes: totalBytes(inner),
      dontFragment: true,
    })
    bench.pass(0.01)
    expect(hosts(bench)).toEqual(seen)
  })
})

describe('lblc_expiration', () => {
  it.each([
    ['lblc', 'lblc_expiration'], ['lblcr', 'lblcr_expiration'],
  ])('is how long %s remembers a server that it would not pick now', async (name, sysctl) => {
    const bench = await benchWith(`-s ${name}`)
    bench.tcp('client', '10.0.0.10:1000', VIP, 'S')
    // The remembered one is kept although it has more connections.
    bench.tcp('client', '10.0.0.10:1001', VIP, 'S')
    expect(hosts(bench)).toEqual(['rs2', 'rs2'])
    bench.set(sysctl, 1)
    // Entries are swept out every 30 minutes.
    bench.pass(1810)
    await bench.ipvsadm(`-d -t ${VIP} -r ${RS1}`)
    await bench.ipvsadm(`-a -t ${VIP} -r ${RS1} -m`)
    bench.tcp('client', '10.0.0.10:1002', VIP, 'S')
    expect(hosts(bench)).toEqual(['rs1'])
  })
})

describe('nat_icmp_send', () => {
  it('tells a real server that its packet belongs to nobody, but for a reset', async () => {
    const bench = await benchWith()
    bench.tcp('rs1', `${RS1}:80`, '10.0.0.10:1000', 'A')
    expect(bench.take()).toEqual(['client: 192.168.1.11:80 > 10.0.0.10:1000 A ttl 63'])
    bench.set('nat_icmp_send', 1)
    bench.tcp('rs1', `${RS1}:80`, '10.0.0.10:1000', 'A')
    bench.tcp('rs1', `${RS1}:80`, '10.0.0.10:1000', 'R')
    expect(bench.take()).toEqual([
      'rs1: 192.168.1.1 > 192.168.1.11 icmp 3/3 (192.168.1.11:80 > 10.0.0.10:1000 A ttl 63)',
      'client: 192.168.1.11:80 > 10.0.0.10:1000 R ttl 63',
    ])
  })
})

describe('run_estimation', () => {
  it('=0 leaves counters and rates as they were', async () => {
    const bench = await benchWith()
    const conns = async (): Promise<string | undefined> => (await bench.ipvsadm(`-Ln --stats -t ${VIP}`)).split('\n')[2]
    const line = (count: number): string => `TCP  10.0.0.100:80               ${String(count).padStart(9)}`
    bench.tcp('client', '10.0.0.10:1000', VIP, 'S')
    bench.pass(2)
    expect(await conns()).toContain(line(1))
    bench.set('run_estimation', 0)
    bench.tcp('client', '10.0.0.10:1001', VIP, 'S')
    bench.pass(10)
    expect(await conns()).toContain(line(1))
    bench.set('run_estimation', 1)
    bench.pass(2)
    expect(await conns()).toContain(line(2))
  })
})

describe('schedule_icmp', () => {
  it('has an error about an unknown connection choose a server, as its packets would', async () => {
    const bench = await benchWith()
    const packet = syn('10.0.0.10')
    const quoted = { ...packet, src: address('10.0.0.100'), payload: { ...packet.payload, sport: 80, dport: 1000 } }
    const send = (): void => {
      bench.world.host('client').sendIcmpError(quoted as typeof packet, { type: 3, code: 3, rest: 0 })
      bench.pass(1.1)
    }
    send()
    expect(bench.take()).toEqual([])
    bench.set('schedule_icmp', 1)
    send()
    expect(hosts(bench)).toEqual(['rs2'])
    expect(await bench.ipvsadm('-Lnc')).toContain('10.0.0.10:1000')
  })
})

describe('sloppy_tcp', () => {
  it.each([[0, ['client']], [1, ['rs2']]] as const)('=%i: an ACK of no connection goes to %s', async (value, seen) => {
    const bench = await benchWith()
    bench.set('sloppy_tcp', value)
    bench.tcp('client', '10.0.0.10:1000', VIP, 'A')
    expect(hosts(bench)).toEqual(seen)
  })
})
