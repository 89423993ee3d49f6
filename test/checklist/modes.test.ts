import { describe, expect, it } from 'vitest'
import type { Frame } from '../../src/wire/frame.ts'
import { box, cluster, host, play, scenarioOf, SILENT, VIP, visits, type Play, type PlayOptions } from './plays.ts'
import { recordsOf } from './decisions.ts'
import type { Mode } from '../../src/index.ts'

const COUNTERS = { name: 'counters', on: 'lb', run: 'ipvsadm -Ln --stats --exact' }
const capture = (name: string, on: string, filter: string, nic = 'eth0'): NonNullable<Play['observe']>[number] => (
  { name, on, at: '900ms', run: `timeout 8 tcpdump -nn -i ${nic} ${filter}` })

/** `Conns InPkts OutPkts InBytes OutBytes` of the service. */
function countersIn(text: string): number[] {
  return (/TCP {2}\S+ +(.*)/.exec(text)?.[1] ?? '').trim().split(/ +/).map(Number)
}

/** A cluster with so many visits, and the counters of its service at the end. */
function visited(mode: Mode, count: number, options: PlayOptions = {}): Play {
  return { ...cluster(mode, options), traffic: [visits(count)], observe: [COUNTERS] }
}

describe('the checklist, 1.2: what is claimed of NAT', () => {
  it('N1 is a myth: real servers behind a router work, as long as answers come back through the director', async () => {
    const scenario = visited('nat', 4, { lb: [
      'ip route add 192.168.2.0/24 via 192.168.1.2', `ipvsadm -C`, `ipvsadm -A -t ${VIP}:80 -s rr`,
      `ipvsadm -a -t ${VIP}:80 -r 192.168.2.11 -m`,
    ] })
    scenario.segments = { ...scenario.segments, behind: {} }
    scenario.hosts['inner'] = {
      interfaces: {
        eth0: { segment: 'inside', addresses: ['192.168.1.2/24'] }, eth1: { segment: 'behind', addresses: ['192.168.2.1/24'] },
      },
      routes: ['default via 192.168.1.1'], sysctl: { 'net.ipv4.ip_forward': 1 },
    }
    scenario.hosts['far'] = { ...box('behind', '192.168.2.11/24', '192.168.2.1'), servers: [{ port: 80, protocol: 'http' }] }
    expect((await play(scenario)).answers).toBe('far far far far')
  })

  it('N1 is a myth the other way round too: in the subnet of the client it is just what fails', async () => {
    const { outcomes } = await play(scenarioOf('problems/p06-nat-same-subnet-broken'))
    expect(new Set(outcomes)).toEqual(new Set(['timeout']))
  })

  it('N2 is a habit, not a rule: real servers with public addresses work', async () => {
    const scenario = visited('nat', 2, { lb: [
      'ip addr add 203.0.113.1/24 dev eth1', 'ipvsadm -C', `ipvsadm -A -t ${VIP}:80 -s rr`,
      `ipvsadm -a -t ${VIP}:80 -r 203.0.113.11 -m`,
    ] })
    scenario.hosts['public'] = { ...box('inside', '203.0.113.11/24', '203.0.113.1'), servers: [{ port: 80, protocol: 'http' }] }
    expect((await play(scenario)).answers).toBe('public public')
  })

  it('N3: with another gateway the client gets its SYN-ACK from the real server, and refuses it', async () => {
    const scenario = cluster('nat')
    scenario.hosts['router'] = {
      ...host(scenario, 'router'),
      interfaces: { ...host(scenario, 'router').interfaces, eth2: { segment: 'inside', addresses: ['192.168.1.254/24'] } },
    }
    for (const name of ['rs1', 'rs2']) host(scenario, name).routes = ['default via 192.168.1.254']
    scenario.traffic = [visits(1)]
    scenario.observe = [capture('seen', 'client', 'tcp')]
    const { outcomes, out } = await play(scenario)
    expect(outcomes).toEqual(['timeout'])
    expect(out('seen')).toMatch(/IP 192\.168\.1\.12\.80 > 172\.16\.0\.10\.\d+: Flags \[S\.\]/)
    expect(out('seen')).toMatch(/IP 172\.16\.0\.10\.\d+ > 192\.168\.1\.12\.80: Flags \[R\]/)
    const right = await play({ ...cluster('nat'), traffic: [visits(1)] })
    expect(right.outcomes).toEqual(['ok'])
  })

  it('N4: ports can be mapped: 81 outside, 8080 inside', async () => {
    const scenario = cluster('nat', { port: 81, realPort: ':8080' })
    scenario.traffic = [visits(1, { to: `http://${VIP}:81/` })]
    scenario.observe = [capture('outside', 'lb', 'tcp'), capture('inside', 'lb', 'tcp', 'eth1')]
    const { outcomes, out } = await play(scenario)
    expect(outcomes).toEqual(['ok'])
    expect(out('outside')).toMatch(/IP 172\.16\.0\.10\.\d+ > 10\.0\.0\.100\.81: Flags \[S\]/)
    expect(out('outside')).toMatch(/IP 10\.0\.0\.100\.81 > 172\.16\.0\.10\.\d+: Flags \[S\.\]/)
    expect(out('inside')).toMatch(/IP 172\.16\.0\.10\.\d+ > 192\.168\.1\.12\.8080: Flags \[S\]/)
    expect(out('inside')).not.toContain('10.0.0.100')
  })

  it('N5: a real server needs nothing but its address and its gateway, so any system will do', async () => {
    const scenario = visited('nat', 2)
    for (const name of ['rs1', 'rs2']) expect(host(scenario, name).setup).toBe('')
    expect((await play(scenario)).outcomes).toEqual(['ok', 'ok'])
  })

  it('N6: the director handles both directions, in DR and TUN only requests', async () => {
    const [nat, dr, tun] = await Promise.all((['nat', 'dr', 'tun'] as const)
      .map(async (mode) => countersIn((await play(visited(mode, 10))).out('counters'))))
    expect(nat?.[0]).toBe(10)
    expect(nat?.slice(1).every((count) => count > 0)).toBe(true)
    expect([dr?.[2], dr?.[4], tun?.[2], tun?.[4]]).toEqual([0, 0, 0, 0])
    expect(dr?.[1]).toBe(nat?.[1])
  })

  it('N7: the director becomes the bottleneck of NAT first', async () => {
    const longestQueue: number[] = []
    const p99: number[] = []
    for (const mode of ['nat', 'dr'] as const) {
      const scenario = cluster(mode)
      host(scenario, 'lb').cpu = { per_packet: '60us' }
      for (const name of ['rs1', 'rs2']) host(scenario, name).servers = [{ port: 80, protocol: 'http', page: { size: '20kB' } }]
      scenario.traffic = [visits(400, { arrivals: 'constant 600/s', timeout: '10s' })]
      const { result, outcomes } = await play(scenario)
      expect(new Set(outcomes)).toEqual(new Set(['ok']))
      longestQueue.push(result.hosts.find(({ name }) => name === 'lb')?.cpu?.queuePeakFrames ?? 0)
      const times = result.traffic.flatMap(({ requests }) => requests.map(({ startNs, endNs }) => endNs - startNs))
      p99.push(times.sort((a, b) => a - b)[395] ?? 0)
    }
    expect(longestQueue[0]).toBeGreaterThan(10 * (longestQueue[1] ?? Infinity))
    expect(p99[0]).toBeGreaterThan(10 * (p99[1] ?? Infinity))
  })

  it('N8 is a myth: one nic is enough where clients are elsewhere, and redirects are off', async () => {
    expect((await play(scenarioOf('problems/p07-redirects-fixed'))).outcomes).toEqual(['ok', 'ok', 'ok'])
    expect((await play(scenarioOf('problems/p07-redirects-broken'))).outcomes).toContain('timeout')
  })
})

describe('the checklist, 1.2: what is claimed of DR', () => {
  it('D1: a real server one router away gets nothing: the packet is still for the VIP, and goes round', async () => {
    const scenario = visited('tun', 1, { lb: [
      `ipvsadm -e -t ${VIP}:80 -r 10.9.1.11 -g`, `ipvsadm -e -t ${VIP}:80 -r 10.9.1.12 -g`,
    ] })
    const played = await play(scenario)
    expect(played.outcomes).not.toContain('ok')
    const died = ['lb', 'router'].map((name) => played.drops(name, 'ttl-exceeded')).reduce((a, b) => a + b)
    expect(died).toBeGreaterThan(0)
    expect(played.result.hosts.find(({ name }) => name === 'rs2')?.packets.consumed).toBe(0)
  })

  it('D2: real servers may have public addresses, and be in another subnet of the same Ethernet', async () => {
    const scenario = visited('dr', 2, { lb: [
      'ip route add 203.0.113.0/24 dev eth0', 'ipvsadm -C', `ipvsadm -A -t ${VIP}:80`,
      `ipvsadm -a -t ${VIP}:80 -r 203.0.113.11 -g`,
    ] })
    host(scenario, 'router').interfaces['eth1'] = { segment: 'lan', addresses: ['10.0.0.1/24', '203.0.113.1/24'] }
    scenario.hosts['public'] = {
      ...box('lan', '203.0.113.11/24', '203.0.113.1'), setup: `${SILENT}\nip addr add ${VIP}/32 dev lo`,
      servers: [{ port: 80, protocol: 'http' }],
    }
    // The director asks by ARP with its address of eth0, and the real server answers by its only nic.
    expect((await play(scenario)).answers).toBe('public public')
  })

  it('D3: with the director as gateway the answers are dropped: they come from an address of its own', async () => {
    const scenario = visited('dr', 1)
    for (const name of ['rs1', 'rs2']) host(scenario, name).routes = ['default via 10.0.0.2']
    const deaf = await play(scenario)
    expect([deaf.outcomes, deaf.drops('lb', 'not-forwarding') > 0]).toEqual([['timeout'], true])
    // As a gateway must, it forwards; yet it does not believe the source.
    host(scenario, 'lb').sysctl = { 'net.ipv4.ip_forward': 1 }
    const played = await play(scenario)
    expect([played.outcomes, played.drops('lb', 'martian-source') > 0]).toEqual([['timeout'], true])
  })

  it('D4: the director sees requests only', async () => {
    const [conns, inPackets, outPackets, , outBytes] = countersIn((await play(visited('dr', 5))).out('counters'))
    expect([conns, outPackets, outBytes]).toEqual([5, 0, 0])
    expect(inPackets).toBeGreaterThan(5)
  })

  it.each(['dr', 'tun'] as const)('D5, T4: ports cannot be mapped (%s): that of the service is stored', async (mode) => {
    const scenario = visited(mode, 2, { realPort: ':8080' })
    scenario.observe = [{ name: 'rules', on: 'lb', run: 'ipvsadm -Sn' }]
    const { out, outcomes } = await play(scenario)
    expect(outcomes).toEqual(['ok', 'ok'])
    expect(out('rules').match(/-r \S+:80 /g)).toHaveLength(2)
    expect(out('rules')).not.toContain('8080')
  })

  it('D6: a real server that hides its VIP works, one whose ARP nobody asks works, one that answers ARP does not', async () => {
    const hidden = visited('dr', 4, { client: 'lan' })
    expect(countersIn((await play(hidden)).out('counters'))[0]).toBe(4)
    const answering = visited('dr', 4, { client: 'lan' })
    for (const name of ['rs1', 'rs2']) host(answering, name).setup = `ip addr add ${VIP}/32 dev lo`
    expect(countersIn((await play(answering)).out('counters'))[0]).toBe(0)
    // A system that answers no ARP for the VIP, whatever its sysctls: the same to its neighbors as an entry that is there.
    host(answering, 'lb').interfaces['eth0'] = { segment: 'lan', addresses: ['10.0.0.2/24'], mac: '02:00:00:00:00:02' }
    host(answering, 'client').setup = `ip neigh add ${VIP} lladdr 02:00:00:00:00:02 nud permanent dev eth0`
    expect(countersIn((await play(answering)).out('counters'))[0]).toBe(4)
  })

  it('D7: DR costs the director less than NAT, in bytes and in time', async () => {
    const costs: { bytes: number, busyNs: number }[] = []
    for (const mode of ['nat', 'dr'] as const) {
      const scenario = visited(mode, 20)
      host(scenario, 'lb').cpu = { per_packet: '12us', per_byte: '30ns' }
      for (const name of ['rs1', 'rs2']) host(scenario, name).servers = [{ port: 80, protocol: 'http', page: { size: '50kB' } }]
      const lb = (await play(scenario)).result.hosts.find(({ name }) => name === 'lb')
      costs.push({ bytes: lb?.nics.reduce((sum, nic) => sum + nic.rxBytes, 0) ?? 0, busyNs: lb?.cpu?.busyNs ?? 0 })
    }
    expect(costs[0]?.bytes).toBeGreaterThan(10 * (costs[1]?.bytes ?? Infinity))
    expect(costs[0]?.busyNs).toBeGreaterThan(2 * (costs[1]?.busyNs ?? Infinity))
  })

  it('D8: DR changes the MAC addresses and the TTL, and nothing else', async () => {
    const frames = new Map<'in' | 'out', Frame>()
    for (const record of await recordsOf(visited('dr', 1))) {
      if (record.kind !== 'frame' || record.nic.name !== 'lb.eth0' || record.frame.payload.kind !== 'ip') continue
      if (!frames.has(record.direction)) frames.set(record.direction, record.frame)
    }
    const [before, after] = [frames.get('in'), frames.get('out')]
    if (before?.payload.kind !== 'ip' || after?.payload.kind !== 'ip') throw new Error('no packet')
    expect([after.src === before.src, after.dst === before.dst]).toEqual([false, false])
    expect(after.payload.ttl).toBe(before.payload.ttl - 1)
    expect({ ...after.payload, ttl: 0 }).toEqual({ ...before.payload, ttl: 0 })
  })

  it('D9: a real server without the VIP does not take what is for it', async () => {
    const scenario = visited('dr', 1)
    for (const name of ['rs1', 'rs2']) host(scenario, name).setup = ''
    const played = await play(scenario)
    expect(played.outcomes).toEqual(['timeout'])
    expect(played.drops('rs2', 'not-forwarding')).toBeGreaterThan(0)
  })

  it('D10 is a myth: one nic is enough, with the VIP on lo', async () => {
    const scenario = visited('dr', 4)
    expect(Object.keys(host(scenario, 'rs1').interfaces)).toEqual(['eth0'])
    expect((await play(scenario)).answers).toBe('rs2 rs1 rs2 rs1')
  })

  it.each([1, 2, 3, 4, 5])('D11: real servers that answer ARP race with the director; the first wins (seed %i)', async (seed) => {
    const scenario = visited('dr', 1, { client: 'lan' })
    scenario.seed = seed
    const macs = { lb: '02:00:00:00:00:02', rs1: '02:00:00:00:00:11', rs2: '02:00:00:00:00:12' } as const
    for (const [name, mac] of Object.entries(macs)) {
      const nic = host(scenario, name).interfaces['eth0']
      if (nic !== undefined) nic.mac = mac
      if (name !== 'lb') host(scenario, name).setup = `ip addr add ${VIP}/32 dev lo`
    }
    scenario.segments = { wan: {}, lan: { loss: '30%' } }
    scenario.traffic = []
    scenario.observe = [
      { name: 'answers', on: 'client', at: '900ms', run: 'timeout 5 tcpdump -nn -i eth0 arp' },
      { name: 'asked', on: 'client', at: '1s', run: `ping -c 3 -i 1 -W 1 ${VIP} > /dev/null; ip neigh show ${VIP}` },
    ]
    const { out } = await play(scenario)
    const replies = [...out('answers').matchAll(/Reply 10\.0\.0\.100 is-at (\S+),/g)].map(([, mac]) => mac)
    expect(replies.length).toBeGreaterThan(0)
    expect(out('asked')).toContain(`lladdr ${replies[0]}`)
  })

  it('D11: which of them that is, is a matter of chance', async () => {
    const winners = new Set<string>()
    for (let seed = 1; seed <= 8; seed++) {
      const scenario = visited('dr', 1, { client: 'lan' })
      scenario.seed = seed
      for (const name of ['rs1', 'rs2']) host(scenario, name).setup = `ip addr add ${VIP}/32 dev lo`
      scenario.segments = { wan: {}, lan: { loss: '30%' } }
      const { result, out } = await play(scenario)
      const conns = countersIn(out('counters'))[0]
      winners.add(conns === 0 ? result.traffic[0]?.requests[0]?.answeredBy ?? 'nobody' : 'the director')
    }
    expect(winners.size).toBeGreaterThan(1)
  })
})

describe('the checklist, 1.2: what is claimed of TUN', () => {
  it('T1: director and real servers may be in different networks, routers apart', async () => {
    const scenario = visited('tun', 4)
    scenario.segments = { wan: { delay: '20ms' }, lan: {}, far: { delay: '40ms', rate: '100mbit' } }
    expect((await play(scenario)).answers).toBe('rs2 rs1 rs2 rs1')
  })

  it('T2 is a myth: private real servers work, as long as the director reaches them', async () => {
    const scenario = visited('tun', 2)
    expect(host(scenario, 'rs1').interfaces['eth0']?.addresses).toEqual(['10.9.1.11/24'])
    scenario.observe = [{ name: 'source', on: 'client', at: '900ms', run: 'timeout 3 tcpdump -nn -i eth0 tcp' }]
    const { outcomes, out } = await play(scenario)
    expect(outcomes).toEqual(['ok', 'ok'])
    expect(out('source')).not.toContain('10.9.1.')
  })

  it('T3: the director sees requests only', async () => {
    const [conns, inPackets, outPackets, , outBytes] = countersIn((await play(visited('tun', 5))).out('counters'))
    expect([conns, outPackets, outBytes]).toEqual([5, 0, 0])
    expect(inPackets).toBeGreaterThan(5)
  })

  it('T4: what is inside the tunnel is not touched', async () => {
    const scenario = visited('tun', 1, { realPort: ':8080' })
    scenario.observe = [capture('tunnelled', 'rs2', 'proto 4')]
    const { out } = await play(scenario)
    expect(out('tunnelled')).toMatch(/IP 10\.0\.0\.2 > 10\.9\.1\.12: IP 172\.16\.0\.10\.\d+ > 10\.0\.0\.100\.80: Flags \[S\]/)
  })

  it('T5: a real server without a tunnel answers protocol unreachable', async () => {
    const scenario = visited('tun', 1)
    for (const name of ['rs1', 'rs2']) host(scenario, name).setup = `${SILENT}\nip addr add ${VIP}/32 dev lo`
    scenario.observe = [capture('errors', 'lb', 'icmp')]
    const played = await play(scenario)
    expect(played.outcomes).not.toContain('ok')
    expect(played.out('errors')).toMatch(/IP 10\.9\.1\.12 > 10\.0\.0\.2: ICMP 10\.9\.1\.12 protocol 4 (port )?unreachable/)
    expect(played.drops('rs2', 'no-protocol')).toBeGreaterThan(0)
  })

  it('T6: the gateway of a real server must not be the director, as with DR', async () => {
    const scenario = visited('tun', 1)
    // A real server of TUN on the network of the director.
    for (const [index, name] of ['rs1', 'rs2'].entries()) {
      Object.assign(host(scenario, name), box('lan', `10.0.0.${11 + index}/24`, '10.0.0.2'))
    }
    const service = `-t ${VIP}:80`
    host(scenario, 'lb').setup = `ip addr add ${VIP}/32 dev eth0\nipvsadm -A ${service}\nipvsadm -a ${service} -r 10.0.0.11 -i`
    host(scenario, 'lb').sysctl = { 'net.ipv4.ip_forward': 1 }
    const played = await play(scenario)
    expect([played.outcomes, played.drops('lb', 'martian-source') > 0]).toEqual([['timeout'], true])
    for (const name of ['rs1', 'rs2']) host(scenario, name).routes = ['default via 10.0.0.1']
    expect((await play(scenario)).answers).toBe('rs1')
  })
})
