import { describe, expect, it } from 'vitest'
import { SchedulerBench } from '../ipvs/scheduler/bench.ts'
import { findingsOf } from '../support/explained.ts'
import { cluster, heldConnections, host, play, scenarioOf, SILENT, typed, VIP, visits } from './plays.ts'

const SERVICE = `-t ${VIP}:80`
const ok = (count: number): string[] => new Array<string>(count).fill('ok')

describe('the checklist, 1.6: errors of tutorials', () => {
  it('error 1: -p alone means 360 s, neither 300 minutes nor 300 s', async () => {
    expect((await typed(`ipvsadm -A ${SERVICE} -p; ipvsadm -Sn`)).stdout).toBe(`-A ${SERVICE} -s wlc -p 360\n`)
    const scenario = cluster('dr', { service: '-s rr -p' })
    scenario.traffic = [visits(1)]
    scenario.observe = [{ name: 'table', on: 'lb', at: '1200ms', run: 'ipvsadm -Lnc' }]
    expect((await play(scenario)).out('table')).toMatch(/TCP 05:59 {2}\S+ +172\.16\.0\.10:0 /)
  })

  it('error 2: wlc without parentheses would pick another server', () => {
    const bench = new SchedulerBench('wlc', [4, 1])
    // (2*256 + 600) / 4 = 278 against 1*256 + 100 = 356; without parentheses 2*256 + 600/4 = 662 against 356.
    Object.assign(bench.server('A'), { activeConns: 2, inactiveConns: 600 })
    Object.assign(bench.server('B'), { activeConns: 1, inactiveConns: 100 })
    expect(bench.picks(1)).toBe('A')
  })

  it('error 3: real servers of TUN may have private addresses', async () => {
    const { outcomes, result } = await play({ ...cluster('tun'), traffic: [visits(2)] })
    expect(outcomes).toEqual(ok(2))
    expect(result.hosts.find(({ name }) => name === 'rs1')?.nics[0]?.rxFrames).toBeGreaterThan(0)
  })

  it('error 4: real servers of NAT need not be in the subnet of the director, and fail in that of the client', async () => {
    expect((await play(scenarioOf('problems/p06-nat-same-subnet-broken'))).outcomes).toContain('timeout')
    // Here director and real servers share 192.168.1.0/24 only because the director has a foot in it; the client has none.
    expect((await play({ ...cluster('nat'), traffic: [visits(2)] })).outcomes).toEqual(ok(2))
  })

  it('error 5: a real server of DR needs one nic', async () => {
    const scenario = { ...cluster('dr'), traffic: [visits(2)] }
    expect(Object.keys(host(scenario, 'rs2').interfaces)).toHaveLength(1)
    expect((await play(scenario)).outcomes).toEqual(ok(2))
  })

  it('error 6: arp_ignore and arp_announce of lo do nothing, those of all suffice', async () => {
    const conns = async (sysctls: string): Promise<string | undefined> => {
      const scenario = cluster('dr', { client: 'lan' })
      for (const name of ['rs1', 'rs2']) host(scenario, name).setup = `${sysctls}\nip addr add ${VIP}/32 dev lo`
      scenario.traffic = [visits(2)]
      scenario.observe = [{ name: 'counters', on: 'lb', run: 'ipvsadm -Ln --stats' }]
      return /TCP {2}\S+ +(\d+)/.exec((await play(scenario)).out('counters'))?.[1]
    }
    expect(await conns('sysctl -q -w net.ipv4.conf.lo.arp_ignore=1 net.ipv4.conf.lo.arp_announce=2')).toBe('0')
    expect(await conns(SILENT)).toBe('2')
    expect(await conns('sysctl -q -w net.ipv4.conf.eth0.arp_ignore=1 net.ipv4.conf.eth0.arp_announce=2')).toBe('2')
    const finding = await findingsOf(scenarioOf('problems/p03-arp-on-lo-broken'), '10.0.0.10:40001')
    expect(finding[0]?.cause).toContain('no ARP comes in by lo')
  })

  it('error 7: MASQUERADE does not help one-subnet NAT, unless vs.conntrack is 1', async () => {
    const nat = await play(scenarioOf('one-subnet-nat'), { complains: true })
    expect([nat.out('from-pc'), /^ +0 +0 MASQUERADE/m.test(nat.out('masquerade'))]).toEqual(['', true])
    const tracked = await play(scenarioOf('one-subnet-nat-conntrack'), { complains: true })
    expect(tracked.result.observations.some(({ command, stdout }) => command.startsWith('curl') && stdout !== '')).toBe(true)
  })

  it('error 8: IPVS and netfilter are used together: IPVS is hooks of netfilter', async () => {
    const scenario = cluster('nat', { lb: [
      'iptables -A INPUT -p tcp --dport 80 -j ACCEPT', 'iptables -A FORWARD -p tcp --sport 80 -j ACCEPT',
      'iptables -P INPUT DROP', 'iptables -P FORWARD DROP',
    ] })
    scenario.traffic = [visits(2)]
    scenario.observe = [{ name: 'rules', on: 'lb', run: 'iptables -nvL' }]
    const { outcomes, out } = await play(scenario)
    expect(outcomes).toEqual(ok(2))
    expect(out('rules').match(/\n +[1-9]\d* +\d+ ACCEPT/g)).toHaveLength(2)
  })

  it('error 9: -A takes no -g', async () => {
    expect(await typed(`ipvsadm -A ${SERVICE} -s rr -g; echo $?; ipvsadm -Sn`)).toEqual({
      stdout: '2\n', stderr: "Illegal 'forwarding-method' option with the 'add-service' command\n",
    })
  })

  it('error 10: -a does not change a real server, -e does', async () => {
    const setup = `ipvsadm -A ${SERVICE}; ipvsadm -a ${SERVICE} -r 10.0.0.11 -w 2`
    expect((await typed(`${setup}; ipvsadm -a ${SERVICE} -r 10.0.0.11 -w 3`)).stderr).toBe('Destination already exists\n')
    expect((await typed(`${setup}; ipvsadm -e ${SERVICE} -r 10.0.0.11 -w 3; ipvsadm -Sn`)).stdout).toContain('-w 3')
  })

  it('error 11: there is no ipvsadmin-restore; the name that was meant is told', async () => {
    await expect(typed('echo -C | ipvsadmin-restore')).rejects.toThrow(/did you mean `ipvsadm-restore`/)
  })

  it('error 12: -Z clears counters, not connections', async () => {
    const scenario = cluster('nat', { port: 81 })
    scenario.traffic = [heldConnections(3)]
    scenario.observe = [{ name: 'after', on: 'lb', at: '5s', run: 'ipvsadm -Z; ipvsadm -Ln --stats; ipvsadm -Ln; ipvsadm -Lnc' }]
    const { out } = await play(scenario)
    expect(out('after')).toMatch(/TCP {2}10\.0\.0\.100:81 +0 +0 +0 +0 +0\n/)
    expect(out('after').match(/ESTABLISHED/g)).toHaveLength(3)
    expect(out('after')).toMatch(/Masq {4}1 {6}2 {10}0 /)
  })

  it('error 13: persistence of a port is not that of a mark: each port has a template of its own', async () => {
    const templates = async (lb: readonly string[]): Promise<string[]> => {
      const scenario = cluster('dr', { lb: ['ipvsadm -C', ...lb] })
      scenario.traffic = [visits(1), visits(1, { name: 'tls', to: `http://${VIP}:443/`, at: '2s' })]
      scenario.observe = [{ name: 'table', on: 'lb', at: '3s', run: 'ipvsadm -Lnc' }]
      return [...(await play(scenario)).out('table').matchAll(/172\.16\.0\.10:0 +(\S+)/g)].map(([, virtual]) => virtual ?? '')
    }
    const servers = (service: string): string[] => ['11', '12'].map((rs) => `ipvsadm -a ${service} -r 10.0.0.${rs} -g`)
    const ports = [`-t ${VIP}:80`, `-t ${VIP}:443`]
    expect(await templates(ports.flatMap((one) => [`ipvsadm -A ${one} -s rr -p 1200`, ...servers(one)]))).toEqual(
      [`${VIP}:80`, `${VIP}:443`])
    const marks = [80, 443].map((port) => `iptables -t mangle -A PREROUTING -p tcp --dport ${port} -j MARK --set-mark 20`)
    expect(await templates([...marks, 'ipvsadm -A -f 20 -s rr -p 1200', ...servers('-f 20')])).toEqual(['0.0.0.20:0'])
  })

  it('error 14: ip_forward is needed for the answers of NAT, and not for DR and TUN', async () => {
    for (const [mode, outcome] of [['dr', 'ok'], ['tun', 'ok'], ['nat', 'timeout']] as const) {
      const scenario = cluster(mode, { lb: ['sysctl -q -w net.ipv4.ip_forward=0'] })
      scenario.traffic = [visits(1)]
      expect([mode, (await play(scenario)).outcomes]).toEqual([mode, [outcome]])
    }
  })

  it('error 15: a page that is loaded again comes from the other server only over a new connection', async () => {
    for (const [kept, servers] of [[1, 2], [6, 1]] as const) {
      const scenario = cluster('dr')
      for (const name of ['rs1', 'rs2']) host(scenario, name).servers = [{ port: 80, protocol: 'http', closes: 'client' }]
      scenario.traffic = [visits(6, { keep_alive: kept })]
      expect(new Set((await play(scenario)).answers.split(' ')).size).toBe(servers)
    }
  })

  it('error 16: the server that was added last is the first', async () => {
    const { out } = await play(scenarioOf('one-subnet-nat'), { complains: true })
    expect([out('first'), out('second')]).toEqual(['154\n', '153\n'])
    const scenario = cluster('nat', { port: 81 })
    scenario.traffic = [heldConnections(2)]
    expect((await play(scenario)).answers).toBe('rs2 rs1')
  })

  it('error 17: sh and dh remember no first pick: who came first does not matter', () => {
    const forward = new SchedulerBench('sh', [1, 1, 1])
    const map = forward.mapOfClients(64)
    const other = new SchedulerBench('sh', [1, 1, 1])
    other.picks(7)
    expect(other.mapOfClients(64)).toBe(map)
    // A server that is drained and comes back gets its clients again, whoever served them meanwhile.
    forward.edit('A', 0)
    expect(forward.mapOfClients(64)).not.toBe(map)
    forward.edit('A', 1)
    expect(forward.mapOfClients(64)).toBe(map)
  })

  it('error 18: wlc is not always best: connections that are over count too, and drive it from the faster server', async () => {
    const shares: Record<string, number> = {}
    for (const scheduler of ['wlc', 'sed', 'rr']) {
      const scenario = cluster('dr', { service: `-s ${scheduler}`, weights: [3, 1] })
      for (const [name, time] of [['rs1', '10ms'], ['rs2', '200ms']] as const) {
        host(scenario, name).servers = [{ port: 80, protocol: 'http', workers: 1, service_time: time }]
      }
      scenario.traffic = [visits(60, { arrivals: 'every 50ms', timeout: '20s' })]
      const { result, outcomes } = await play(scenario)
      expect(new Set(outcomes)).toEqual(new Set(['ok']))
      const times = result.traffic.flatMap(({ requests }) => requests.map(({ startNs, endNs }) => endNs - startNs))
      shares[scheduler] = times.reduce((a, b) => a + b, 0) / times.length
    }
    expect(shares['sed']).toBeLessThan((shares['wlc'] ?? 0) / 2)
    expect(shares['wlc']).toBeLessThan(shares['rr'] ?? 0)
  })

  it('error 19: -f is a firewall mark, a number, and nothing to be made', async () => {
    expect((await typed('ipvsadm -A -f make')).stderr).toBe('invalid fwmark value `make\' specified\n')
    expect((await typed('ipvsadm -A -f 0x14')).stderr).toBe('invalid fwmark value `0x14\' specified\n')
    expect((await typed('ipvsadm -A -f 20; ipvsadm -Ln')).stdout).toContain('FWM  20 wlc\n')
  })

  it('error 20: a rule for a real server that nobody is, or that is elsewhere, is found out', async () => {
    const scenario = cluster('dr', { weights: [1] })
    // The tutorial adds 24.34 here and means 100.34 there.
    host(scenario, 'lb').setup += `\nipvsadm -a ${SERVICE} -r 10.0.0.34 -g\nipvsadm -d ${SERVICE} -r 10.0.0.11`
    scenario.traffic = [visits(1, { timeout: '10s' })]
    scenario.observe = [{ name: 'neighbors', on: 'lb', at: '9s', run: 'ip neigh' }]
    const played = await play(scenario)
    expect(played.outcomes).not.toContain('ok')
    expect(played.drops('lb', 'neighbor-failed')).toBeGreaterThan(0)
    expect(played.out('neighbors')).toContain('10.0.0.34 dev eth0 FAILED')
    scenario.traffic = [visits(1, { kind: 'connect', to: `${VIP}:80`, source_port: 40_001 })]
    const [finding] = await findingsOf(JSON.stringify(scenario), '172.16.0.10:40001')
    expect(finding?.cause).toContain('10.0.0.34')
    expect(finding?.cause).toContain('does not answer ARP')
  })
})
