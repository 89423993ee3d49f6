import { describe, expect, it } from 'vitest'
import { DirectorBench } from './director-bench.ts'

const VIP = '10.0.0.100:80'
const RS1 = '192.168.1.11'
const RS2 = '192.168.1.12'

/** A director with a TCP service on port 80 and both servers, by one method. */
async function benchWith(letter: 'm' | 'g' | 'i', options = '-s rr'): Promise<DirectorBench> {
  const bench = new DirectorBench()
  await bench.ipvsadm(`-A -t ${VIP} ${options}`)
  for (const rs of [RS1, RS2]) await bench.ipvsadm(`-a -t ${VIP} -r ${rs} -${letter}`)
  return bench
}

/** States in the connection table, the oldest connection first. */
async function states(bench: DirectorBench): Promise<string[]> {
  const rows = (await bench.ipvsadm('-Lnc')).split('\n').slice(2, -1)
  return rows.map((row) => row.split(/\s+/)[2] ?? '')
}

describe('a request', () => {
  it('gets the address of the server with NAT, and its answer that of the service', async () => {
    const bench = await benchWith('m')
    bench.tcp('client', '10.0.0.10:1000', VIP, 'S')
    bench.tcp('rs2', `${RS2}:80`, '10.0.0.10:1000', 'SA')
    expect(bench.take()).toEqual(
      ['rs2: 10.0.0.10:1000 > 192.168.1.12:80 S ttl 63', 'client: 10.0.0.100:80 > 10.0.0.10:1000 SA ttl 63']
    )
    expect(await states(bench)).toEqual(['SYN_RECV'])
  })

  it('goes to the server as it is with DR, where nobody has that address', async () => {
    const bench = await benchWith('g')
    bench.tcp('client', '10.0.0.10:1000', VIP, 'S')
    expect(bench.take()).toEqual([])
    expect(bench.world.host('rs2').ledger.received).toBe(1)
  })

  it('is wrapped with TUN, by the director\'s own address, with the TTL it had', async () => {
    const bench = await benchWith('i')
    bench.tcp('client', '10.0.0.10:1000', VIP, 'S', 9)
    expect(bench.take()).toEqual(['rs2: 192.168.1.1 > 192.168.1.12 ttl 8 [10.0.0.10:1000 > 10.0.0.100:80 S ttl 8]'])
  })

  it.each(['m', 'g', 'i'] as const)('dies of its TTL at the director, and its sender is told (-%s)', async (letter) => {
    const bench = await benchWith(letter)
    bench.tcp('client', '10.0.0.10:1000', VIP, 'S', 1)
    expect(bench.take()).toEqual(['client: 10.0.0.100 > 10.0.0.10 icmp 11/0 (10.0.0.10:1000 > 10.0.0.100:80 S ttl 1)'])
    expect(bench.lb.drops.get('ttl-exceeded')).toBe(1)
  })

  it('for which there is no server is answered with port unreachable from the VIP', async () => {
    const bench = new DirectorBench()
    await bench.ipvsadm(`-A -t ${VIP} -s wlc`)
    bench.tcp('client', '10.0.0.10:1000', VIP, 'S')
    expect(bench.take()).toEqual(['client: 10.0.0.100 > 10.0.0.10 icmp 3/3 (10.0.0.10:1000 > 10.0.0.100:80 S ttl 64)'])
    expect(bench.lb.drops.get('ipvs-no-destination')).toBe(1)
  })

  it('that does not fit into the tunnel draws fragmentation needed, 20 bytes below the MTU', async () => {
    const bench = new DirectorBench()
    await bench.ipvsadm('-A -u 10.0.0.100:53 -s rr')
    await bench.ipvsadm(`-a -u 10.0.0.100:53 -r ${RS1} -i`)
    // 20 + 8 + 1453 = 1481 bytes; 1480 fit.
    bench.udp('client', '10.0.0.10:1000', '10.0.0.100:53', 1453)
    expect(bench.take()).toEqual(['client: 10.0.0.100 > 10.0.0.10 icmp 3/4 (10.0.0.10:1000 > 10.0.0.100:53 udp 1453 ttl 63)'])
    bench.udp('client', '10.0.0.10:1000', '10.0.0.100:53', 1452)
    expect(bench.take()).toHaveLength(1)
    bench.set('pmtu_disc', 0)
    bench.udp('client', '10.0.0.10:1000', '10.0.0.100:53', 1453)
    expect(bench.take()).toEqual(['rs1: 192.168.1.1 > 192.168.1.11 ttl 63 [10.0.0.10:1000 > 10.0.0.100:53 udp 1453 ttl 63]'])
  })

  it('is told in words to those who explain a run', async () => {
    const bench = await benchWith('m')
    const texts: string[] = []
    const ignore = (): void => undefined
    bench.lb.trace = {
      decision: (_, __, { by, text }) => {
        if (by === 'ipvs') texts.push(text)
      },
      changed: ignore, consumed: ignore, dropped: ignore, arp: ignore,
    }
    bench.tcp('client', '10.0.0.10:1000', VIP, 'S')
    const idle = '(weight 1, 0 active, 0 inactive)'
    expect(texts).toEqual([
      `service 10.0.0.100:80: rr among 192.168.1.12:80 ${idle}, 192.168.1.11:80 ${idle}: 192.168.1.12`,
      'to 192.168.1.12 by nat: NONE -> SYN_RECV',
    ])
  })
})

describe('a connection', () => {
  it('sticks to a drained server, and loses its packets when the server is deleted', async () => {
    const bench = await benchWith('m')
    bench.tcp('client', '10.0.0.10:1000', VIP, 'S')
    await bench.ipvsadm(`-e -t ${VIP} -r ${RS2} -m -w 0`)
    bench.tcp('client', '10.0.0.10:1000', VIP, 'A')
    await bench.ipvsadm(`-d -t ${VIP} -r ${RS2}`)
    bench.tcp('client', '10.0.0.10:1000', VIP, 'A')
    expect(bench.take()).toHaveLength(2)
    expect(bench.lb.drops.get('ipvs-destination-gone')).toBe(1)
    // Added again, the server has its connection, and its place in the counters.
    await bench.ipvsadm(`-a -t ${VIP} -r ${RS2} -m`)
    bench.tcp('client', '10.0.0.10:1000', VIP, 'A')
    expect(bench.take()).toHaveLength(1)
    expect(await bench.ipvsadm('-Ln')).toContain('192.168.1.12:80              Masq    1      1          0')
  })

  it('of a deleted server is not found again once it has ended and the trash is emptied', async () => {
    const bench = await benchWith('m')
    bench.tcp('client', '10.0.0.10:1000', VIP, 'S')
    const destination = bench.ipvs.services.all[0]?.destinations[0]
    await bench.ipvsadm(`-d -t ${VIP} -r ${RS2}`)
    // SYN_RECV lasts 60 s; then 120 s of idleness, looked at every 60 s.
    bench.pass(300)
    await bench.ipvsadm(`-a -t ${VIP} -r ${RS2} -m`)
    expect(bench.ipvs.services.all[0]?.destinations[0]).not.toBe(destination)
  })

  it('of a deleted server ends at once with expire_nodest_conn', async () => {
    const bench = await benchWith('m')
    bench.set('expire_nodest_conn', 1)
    bench.tcp('client', '10.0.0.10:1000', VIP, 'S')
    await bench.ipvsadm(`-d -t ${VIP} -r ${RS2}`)
    bench.pass(0.01)
    expect(await states(bench)).toEqual([])
  })

  it('keeps the method it began with when its server is edited', async () => {
    const bench = await benchWith('m')
    bench.tcp('client', '10.0.0.10:1000', VIP, 'S')
    await bench.ipvsadm(`-e -t ${VIP} -r ${RS2} -i`)
    bench.tcp('client', '10.0.0.10:1000', VIP, 'A')
    bench.tcp('client', '10.0.0.10:1001', VIP, 'S')
    bench.tcp('client', '10.0.0.10:1002', VIP, 'S')
    expect(bench.take().slice(1)).toEqual([
      'rs2: 10.0.0.10:1000 > 192.168.1.12:80 A ttl 63', 'rs1: 10.0.0.10:1001 > 192.168.1.11:80 S ttl 63',
      'rs2: 192.168.1.1 > 192.168.1.12 ttl 63 [10.0.0.10:1002 > 10.0.0.100:80 S ttl 63]',
    ])
  })

  it('is scheduled anew when its ports are used again after it was closed', async () => {
    const bench = await benchWith('m')
    for (const flags of ['S', 'FA', 'S']) bench.tcp('client', '10.0.0.10:1000', VIP, flags)
    // SYN_RECV -> TIME_WAIT by the client's FIN; the new SYN goes to the next server.
    expect(bench.take().map((line) => line.slice(0, 3))).toEqual(['rs2', 'rs2', 'rs1'])
    expect(await states(bench)).toEqual(['SYN_RECV'])
  })

  it('stays with its server when its ports are used again under conn_reuse_mode=0', async () => {
    const bench = await benchWith('m')
    bench.set('conn_reuse_mode', 0)
    for (const flags of ['S', 'FA', 'S']) bench.tcp('client', '10.0.0.10:1000', VIP, flags)
    expect(bench.take().map((line) => line.slice(0, 3))).toEqual(['rs2', 'rs2', 'rs2'])
  })
})

describe('hooks', () => {
  it('are gone with the last service: the host answers by itself', async () => {
    const bench = await benchWith('m')
    await bench.ipvsadm('-C')
    bench.tcp('client', '10.0.0.10:1000', VIP, 'S')
    expect(bench.take()).toEqual(['client: 10.0.0.100:80 > 10.0.0.10:1000 AR ttl 64'])
  })
})

describe('persistence', () => {
  it('ties a client to its server, and its template outlives the timeout while a connection is there', async () => {
    const bench = await benchWith('m', '-s rr -p 10')
    for (const port of [1000, 1001, 1002]) bench.tcp('client', `10.0.0.10:${port}`, VIP, 'S')
    expect(bench.take().map((line) => line.slice(0, 3))).toEqual(['rs2', 'rs2', 'rs2'])
    bench.pass(20)
    expect(await states(bench)).toEqual(['NONE', 'SYN_RECV', 'SYN_RECV', 'SYN_RECV'])
    bench.pass(120)
    expect(await states(bench)).toEqual([])
  })

  it('gives up a drained server with expire_quiescent_template', async () => {
    const bench = await benchWith('m', '-s rr -p 10')
    bench.tcp('client', '10.0.0.10:1000', VIP, 'S')
    await bench.ipvsadm(`-e -t ${VIP} -r ${RS2} -m -w 0`)
    bench.tcp('client', '10.0.0.10:1001', VIP, 'S')
    bench.set('expire_quiescent_template', 1)
    bench.tcp('client', '10.0.0.10:1002', VIP, 'S')
    expect(bench.take().map((line) => line.slice(0, 3))).toEqual(['rs2', 'rs2', 'rs1'])
    expect(await bench.ipvsadm('-Lnc')).toContain('10.0.0.10:0        10.0.0.100:65535   192.168.1.12:65535')
  })

  it('goes by networks with a mask', async () => {
    const bench = await benchWith('m', '-s rr -p 10 -M 255.255.255.0')
    bench.tcp('client', '10.0.0.10:1000', VIP, 'S')
    expect(await bench.ipvsadm('-Lnc')).toContain('10.0.0.0:0         10.0.0.100:80      192.168.1.12:80')
  })
})

describe('thresholds', () => {
  it('close a server at -x connections, and open it again below -y', async () => {
    const bench = await benchWith('m')
    await bench.ipvsadm(`-e -t ${VIP} -r ${RS2} -m -x 2 -y 1`)
    await bench.ipvsadm(`-d -t ${VIP} -r ${RS1}`)
    for (const port of [1000, 1001, 1002]) bench.tcp('client', `10.0.0.10:${port}`, VIP, 'S')
    expect(bench.take().map((line) => line.slice(0, 6))).toEqual(['rs2: 1', 'rs2: 1', 'client'])
    // Both are SYN_RECV: they end together, after 60 s and a little.
    bench.pass(63)
    bench.tcp('client', '10.0.0.10:1003', VIP, 'S')
    expect(bench.take()[0]).toContain('rs2')
  })
})

describe('one-packet scheduling', () => {
  it('schedules every datagram and keeps no connection', async () => {
    const bench = new DirectorBench()
    await bench.ipvsadm('-A -u 10.0.0.100:53 -s rr -o')
    for (const rs of [RS1, RS2]) await bench.ipvsadm(`-a -u 10.0.0.100:53 -r ${rs}:53 -m`)
    for (let i = 0; i < 3; i++) bench.udp('client', '10.0.0.10:1000', '10.0.0.100:53')
    expect(bench.take().map((line) => line.slice(0, 3))).toEqual(['rs2', 'rs1', 'rs2'])
    expect(await states(bench)).toEqual([])
    expect(bench.ipvs.services.all[0]?.destinations.map((server) => server.totalConns)).toEqual([0, 0])
  })
})

describe('defences', () => {
  it('drop_packet=3 refuses one new connection in am_droprate', async () => {
    const bench = await benchWith('m')
    bench.set('am_droprate', 3)
    bench.set('drop_packet', 3)
    for (let port = 1000; port < 1009; port++) bench.tcp('client', `10.0.0.10:${port}`, VIP, 'S')
    expect(bench.take()).toHaveLength(6)
    expect(bench.lb.drops.get('ipvs-drop-packet')).toBe(3)
  })

  it('drop_entry=3 ends half-open connections and spares open ones', async () => {
    const bench = await benchWith('m')
    for (let port = 1000; port < 1040; port++) bench.tcp('client', `10.0.0.10:${port}`, VIP, 'S')
    bench.tcp('client', '10.0.0.10:1000', VIP, 'A')
    bench.set('drop_entry', 3)
    bench.pass(40)
    const left = await states(bench)
    expect(left).toContain('ESTABLISHED')
    expect(left.length).toBeLessThan(30)
  })
})

describe('ICMP errors', () => {
  it('from a server come to the client as from the service', async () => {
    const bench = await benchWith('m')
    bench.tcp('client', '10.0.0.10:1000', VIP, 'S')
    bench.world.host('rs2').sendIcmpError({ ...sentTo(bench), ttl: 63 }, { type: 3, code: 1, rest: 0 })
    bench.pass(0.01)
    expect(bench.take().at(-1)).toBe('client: 10.0.0.100 > 10.0.0.10 icmp 3/1 (10.0.0.10:1000 > 10.0.0.100:80 S ttl 63)')
  })

  it('from a client reach the server as about its own packets', async () => {
    const bench = await benchWith('m')
    bench.tcp('client', '10.0.0.10:1000', VIP, 'S')
    const { payload, ...reply } = sentTo(bench)
    const quoted = { ...reply, src: 0x0a000064, dst: 0x0a00000a, payload: { ...payload, sport: 80, dport: 1000 } } as Packet
    bench.world.host('client').sendIcmpError(quoted, { type: 3, code: 3, rest: 0 })
    bench.pass(0.01)
    const about = '192.168.1.12:80 > 10.0.0.10:1000'
    expect(bench.take().at(-1)).toContain(`rs2: 10.0.0.10 > 192.168.1.12 icmp 3/3 (${about} S`)
  })
})

type Packet = Parameters<DirectorBench['lb']['sendIcmpError']>[0]

/** The SYN as the second server got it. */
function sentTo(bench: DirectorBench): Packet {
  let last: Packet | undefined
  bench.world.host('rs2').hooks.register('prerouting', 'copy', 0, (packet) => (last = packet))
  bench.tcp('client', '10.0.0.10:1000', VIP, 'S')
  bench.world.host('rs2').hooks.unregister('copy')
  if (last === undefined) throw new Error('nothing reached rs2')
  return last
}
