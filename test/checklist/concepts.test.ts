import { describe, expect, it } from 'vitest'
import { compareScenarioText, MODES, validateScenarioText } from '../../src/index.ts'
import { cluster, heldConnections, play, typed, VIP, visits, type Play } from './plays.ts'
import { decisionsOf } from './decisions.ts'

const COUNTERS = { name: 'counters', on: 'lb', run: 'ipvsadm -Ln --stats --exact' }

/** A cluster whose client takes all requests over one connection. */
function keptAlive(): Play {
  const scenario = cluster('nat')
  for (const name of ['rs1', 'rs2']) {
    const host = scenario.hosts[name]
    if (host !== undefined) host.servers = [{ port: 80, protocol: 'http', closes: 'client' }]
  }
  scenario.traffic = [visits(5, { keep_alive: 5 })]
  scenario.observe = [COUNTERS]
  return scenario
}

describe('the checklist, 1.1: concepts, terms, architecture', () => {
  it('S1: a real server is chosen once for a connection, on its first SYN', async () => {
    const decisions = await decisionsOf(keptAlive())
    const scheduled = decisions.filter(({ text }) => text.includes(': rr among '))
    expect(scheduled).toHaveLength(1)
    expect(scheduled[0]?.packet).toContain('Flags [S]')
    expect((await play(keptAlive())).out('counters')).toMatch(/TCP {2}10\.0\.0\.100:80 +1 /)
  })

  it('S2: later packets of a connection find it in the table, and go to the same real server', async () => {
    const scenario = keptAlive()
    const decisions = await decisionsOf(scenario)
    const sent = decisions.filter(({ text }) => text.startsWith('to 192.168.1.'))
    expect(sent.length).toBeGreaterThan(5)
    expect(new Set(sent.map(({ text }) => text.split(' ')[1]))).toEqual(new Set(['192.168.1.12']))
    expect((await play(scenario)).answers).toBe('rs2 rs2 rs2 rs2 rs2')
  })

  it('S3: IPVS does not see what is asked for, so unlike real servers give wrong answers', async () => {
    const scenario = cluster('dr')
    const pages = { rs1: '/a.html', rs2: '/b.html' } as const
    for (const [name, path] of Object.entries(pages)) {
      const host = scenario.hosts[name]
      if (host !== undefined) host.servers = [{ port: 80, protocol: 'http', pages: { [path]: name } }]
    }
    scenario.traffic = [visits(10, { to: `http://${VIP}/a.html` })]
    const { result } = await play(scenario)
    const statuses = result.traffic.flatMap(({ requests }) => requests.map(({ status }) => status))
    expect(statuses.filter((status) => status === 404)).toHaveLength(5)
    expect(statuses.filter((status) => status === 200)).toHaveLength(5)
  })

  it.each([['dh', 8], ['lblc', 8], ['rr', 16]] as const)(
    'S4: requests for one thing that go to one server meet its cache: %s fills %i caches in 32 requests',
    async (scheduler, misses) => {
      // A cluster of caches, by the address that is asked for: eight of them, four times each, two caches.
      const addresses = Array.from({ length: 8 }, (_, i) => `10.0.0.${101 + i}`)
      const scenario = cluster('dr', { service: '-s rr' })
      const add = addresses.map((address) => `ip addr add ${address}/32 dev`)
      for (const [name, device] of [['lb', 'eth0'], ['rs1', 'lo'], ['rs2', 'lo']] as const) {
        const host = scenario.hosts[name]
        if (host !== undefined) host.setup = `${host.setup}\n${add.map((line) => `${line} ${device}`).join('\n')}`
      }
      const lb = scenario.hosts['lb']
      if (lb !== undefined) {
        lb.setup += `\niptables -t mangle -A PREROUTING -p tcp --dport 80 -j MARK --set-mark 1\nipvsadm -A -f 1 -s ${scheduler}
ipvsadm -a -f 1 -r 10.0.0.11 -g -w 100\nipvsadm -a -f 1 -r 10.0.0.12 -g -w 100`
      }
      // The order is that of a walk which changes: under rr each address meets both caches.
      const walk = [0, 1, 2, 3].flatMap((round) => addresses.map((_, i) => addresses[(i + (round % 2)) % 8] ?? ''))
      scenario.traffic = walk.map((address, i) => (
        visits(1, { name: `r${i}`, to: `http://${address}/`, at: `${1000 + 100 * i}ms` })))
      const { result } = await play(scenario)
      const seen = result.traffic.map(({ requests }, i) => `${walk[i]} ${requests[0]?.answeredBy}`)
      expect(seen.every((one) => !one.includes('undefined'))).toBe(true)
      expect(new Set(seen).size).toBe(misses)
    })

  it('S5: IPVS runs on the director, which has the VIP and answers ARP for it', async () => {
    const scenario = cluster('dr', { client: 'lan' })
    const nic = scenario.hosts['lb']?.interfaces['eth0']
    if (nic !== undefined) nic.mac = '02:00:00:00:00:02'
    scenario.traffic = [visits(1)]
    scenario.observe = [
      { name: 'neighbor', on: 'client', run: `ip neigh show ${VIP}` },
      { name: 'address', on: 'lb', run: 'ip addr show eth0' },
      { name: 'modules', on: 'lb', run: 'lsmod | grep -c ip_vs' },
      { name: 'none', on: 'rs1', run: 'lsmod | grep -c ip_vs' },
    ]
    const played = await play(scenario)
    expect(played.out('neighbor')).toContain('lladdr 02:00:00:00:00:02')
    expect(played.out('address')).toContain(`inet ${VIP}/32`)
    expect([Number(played.out('modules')) > 0, played.out('none')]).toEqual([true, '0\n'])
  })

  it.each(MODES)('S6: a client sees the VIP and no address of a real server (%s)', async (mode) => {
    const scenario = cluster(mode)
    scenario.traffic = [visits(4)]
    scenario.observe = [{ name: 'capture', on: 'client', at: '900ms', run: 'timeout 2 tcpdump -nn -i eth0 tcp' }]
    const { out, outcomes } = await play(scenario)
    expect(outcomes).toEqual(['ok', 'ok', 'ok', 'ok'])
    const lines = out('capture').split('\n').filter((line) => line.includes(' IP '))
    expect(lines.length).toBeGreaterThanOrEqual(4 * 8)
    const [asked, answered] = [/172\.16\.0\.10\.\d+ > 10\.0\.0\.100\.80:/, /10\.0\.0\.100\.80 > 172\.16\.0\.10\.\d+:/]
    for (const line of lines) expect(asked.test(line) || answered.test(line)).toBe(true)
  })

  it('S7: IPVS sits on LOCAL_IN: a packet passes INPUT before it, and a rule there stops it', async () => {
    const scenario = cluster('dr', { lb: ['iptables -A INPUT -p tcp --dport 80', 'iptables -A FORWARD -p tcp -j DROP'] })
    scenario.traffic = [visits(2)]
    scenario.observe = [{ name: 'rules', on: 'lb', run: 'iptables -nvxL' }, COUNTERS]
    const open = await play(scenario)
    expect(open.outcomes).toEqual(['ok', 'ok'])
    const counted = Number(/TCP {2}\S+ +\d+ +(\d+)/.exec(open.out('counters'))?.[1])
    // What INPUT has counted is what IPVS has counted; FORWARD saw nothing.
    expect(open.out('rules')).toMatch(new RegExp(`\\n +${counted} +\\d+ +6? `))
    expect(open.out('rules')).toMatch(/\n +0 +0 DROP/)
    const closed = cluster('dr', { lb: ['iptables -A INPUT -p tcp --dport 80 -j DROP'] })
    closed.traffic = [visits(1)]
    closed.observe = [COUNTERS]
    const stopped = await play(closed)
    expect(stopped.outcomes).toEqual(['timeout'])
    expect(stopped.out('counters')).toMatch(/TCP {2}\S+ +0 +0 +0 +0 +0/)
  })

  it('S8: rules change by ipvsadm, and by nothing else', async () => {
    const scenario = cluster('nat')
    scenario.traffic = [visits(20)]
    scenario.observe = [
      { name: 'before', on: 'lb', at: '500ms', run: 'ipvsadm -Sn' }, { name: 'after', on: 'lb', run: 'ipvsadm -Sn' },
      { name: 'changed', on: 'lb', run: `ipvsadm -e -t ${VIP}:80 -r 192.168.1.11 -m -w 7; ipvsadm -Sn` },
    ]
    const { out } = await play(scenario)
    expect(out('after')).toBe(out('before'))
    expect(out('changed')).toBe(out('before').replace('192.168.1.11:80 -m -w 1', '192.168.1.11:80 -m -w 7'))
  })

  it('S9: ipvsadm is to IPVS what iptables is to netfilter: each writes its own rules', async () => {
    const rules = `ipvsadm -A -t ${VIP}:80 -s rr; iptables -A INPUT -p icmp -j DROP`
    expect((await typed(`${rules}; iptables -F; ipvsadm -Sn; iptables -S`)).stdout).toBe(
      `-A -t ${VIP}:80 -s rr\n-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n`)
    expect((await typed(`${rules}; ipvsadm -C; ipvsadm -Sn; iptables -S INPUT`)).stdout).toBe(
      '-P INPUT ACCEPT\n-A INPUT -p icmp -j DROP\n')
  })

  it('S10: a scenario speaks of vip, director, real servers and clients', () => {
    const words = (block: string): string[] => (
      validateScenarioText(`cluster: {${block}}`, { fileName: 'x' }).map(({ code }) => code))
    expect(words(`vip: ${VIP}, service: tcp 80, director: {name: lb}, real_servers: [{name: rs}], clients: 2`)).toEqual([])
    expect(words(`vip: ${VIP}, service: tcp 80, balancer: {name: lb}, real_servers: [{name: rs}]`)).toEqual(['LVS1020'])
  })

  it('S11: one file runs in all three types, and the type is one word', async () => {
    const text = (mode: string): string => `cluster: {vip: ${VIP}, service: tcp 80, mode: ${mode},
  real_servers: [{name: rs, replicas: 2}],
  server: {protocol: http, page: hello}}
traffic: [{kind: http, from: client, to: 'http://${VIP}/', count: 8}]
expect: [{requests: {ok: 8}}, {answered_by: {rs1: 4, rs2: 4}}]`
    for (const mode of MODES) expect((await play(text(mode))).result.mode).toBe(mode)
    const compared = await compareScenarioText(text('nat'), { fileName: 'x' })
    if (!compared.ok) throw new Error('refused')
    expect(compared.value.map(({ mode, checks }) => [mode, checks.every(({ passed }) => passed)])).toEqual(
      [['nat', true], ['dr', true], ['tun', true]])
  })

  it('S12: the kernel has IPVS in it: a module, and nothing to be added', async () => {
    const { stdout } = await typed('uname -r; modprobe ip_vs && lsmod | grep -c "^ip_vs "; ipvsadm -Ln | head -1')
    expect(stdout).toMatch(/^6\.1\.\S+\n1\nIP Virtual Server version 1\.2\.1 \(size=4096\)\n$/)
  })

  it.each([
    ['rr', 'static', 5], ['wrr', 'static', 5], ['sh', 'static', 0], ['dh', 'static', 0],
    ['lc', 'dynamic', 10], ['wlc', 'dynamic', 10],
    ['sed', 'dynamic', 10], ['nq', 'dynamic', 10],
  ] as const)('S13: %s is %s: with ten connections held by rs2, %i of ten go to rs1', async (scheduler, kind, toFirst) => {
    // All ten come before rs1 is there; a static scheduler does not look at them.
    const scenario = cluster('dr', { service: `-s ${scheduler}`, port: 81, weights: [0, 1] })
    scenario.traffic = [heldConnections(10), heldConnections(10, { name: 'new', at: '2s' })]
    scenario.events = [{ at: '1500ms', on: 'lb', run: `ipvsadm -e -t ${VIP}:81 -r 10.0.0.11 -g -w 1` }]
    const { result } = await play(scenario)
    const [old = [], fresh = []] = result.traffic.map(({ requests }) => requests.map(({ answeredBy }) => answeredBy))
    // dh and sh keep to the one that the address hashes to, which may be drained at first.
    const firstShare = fresh.filter((server) => server === 'rs1').length
    if (kind === 'dynamic') {
      expect(old).toEqual(new Array(10).fill('rs2'))
      expect(firstShare).toBe(toFirst)
    } else if (scheduler === 'rr' || scheduler === 'wrr') expect(firstShare).toBe(toFirst)
    else expect([0, 10]).toContain(firstShare)
  })

  it('S14: LVS alone does not see that a real server has died; somebody must take it out', async () => {
    const scenario = cluster('nat')
    scenario.traffic = [visits(4, { at: '1s', timeout: '1s' }), visits(4, { name: 'later', at: '10s' })]
    scenario.events = [
      { at: '500ms', nic: 'rs2.eth0', state: 'down' },
      { at: '9s', on: 'lb', run: `ipvsadm -d -t ${VIP}:80 -r 192.168.1.12` },
    ]
    const { outcomes, answers } = await play(scenario)
    expect(outcomes.slice(0, 4).filter((outcome) => outcome === 'ok')).toHaveLength(2)
    expect(answers.split(' ').slice(4)).toEqual(['rs1', 'rs1', 'rs1', 'rs1'])
  })

  it.each([
    ['', 4], [' -p 360', 0],
  ] as const)('S15: sessions are kept by persistence (-s rr%s loses %i of 8)', async (option, lost) => {
    const scenario = cluster('dr', { service: `-s rr${option}` })
    scenario.traffic = [visits(8)]
    const { answers } = await play(scenario)
    const servers = answers.split(' ')
    // A session that is known to one server only is lost at the other.
    expect(servers.filter((server) => server !== servers[0])).toHaveLength(lost)
  })
})
