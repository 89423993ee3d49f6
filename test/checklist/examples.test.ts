import { describe, expect, it } from 'vitest'
import { findingsOf } from '../support/explained.ts'
import { cluster, host, play, scenarioOf, SILENT, typed, VIP, visits, type Play } from './plays.ts'

/** The set-up of the mark of E5 and E6, for the addresses of the plays. */
const MARKS = [80, 443].map((port) => (
  `iptables -t mangle -A PREROUTING -i eth0 -p tcp -d ${VIP} --dport ${port} -j MARK --set-mark 20`))

/** A text without one of its lines. */
function without(text: string, line: string): string {
  expect(text).toContain(line)
  return text.replace(line, '')
}

/** Pages that a client gets by curl, one after the other. */
function browse(scenario: Play, urls: readonly string[]): Play {
  const observe = urls.map((url, i) => ({ name: `page-${i}`, on: 'client', at: `${i + 1}s`, run: `curl -s ${url}` }))
  return { ...scenario, observe: [...observe, ...(scenario.observe ?? [])] }
}

describe('the checklist, 1.5: worked examples', () => {
  it('E1: the NAT lab runs command for command; the pages take turns, beginning with .45', async () => {
    const { out } = await play(scenarioOf('tutorial-nat'))
    expect(out('reachable')).toContain('1 packets transmitted, 1 received')
    expect([out('first-browser'), out('second-browser')]).toEqual(['welcome realserver 2\n', 'welcome realserver 1\n'])
  })

  it('E1: a browser that keeps its connection stays with one real server', async () => {
    for (const [keptAlive, expected] of [[1, 'rs2 rs1 rs2 rs1'], [4, 'rs2 rs2 rs2 rs2']] as const) {
      const scenario = cluster('nat')
      for (const name of ['rs1', 'rs2']) host(scenario, name).servers = [{ port: 80, protocol: 'http', closes: 'client' }]
      scenario.traffic = [visits(4, { keep_alive: keptAlive })]
      expect((await play(scenario)).answers).toBe(expected)
    }
  })

  it('E2: in the DR lab -A ... -g is refused, and without it two visits meet two real servers', async () => {
    const { result, out } = await play(scenarioOf('tutorial-dr'), { complains: true })
    expect(result.setup.map(({ stderr }) => stderr).join('')).toBe(
      "Illegal 'forwarding-method' option with the 'add-service' command\n")
    expect([out('first-visit'), out('second-visit')]).toEqual(['welcome realserver 2\n', 'welcome realserver 1\n'])
  })

  it('E2: neither ip_forward of the director nor the sysctls of lo are needed', async () => {
    const text = scenarioOf('tutorial-dr')
    const bare = ['echo 1 > /proc/sys/net/ipv4/ip_forward', 'echo 1 > /proc/sys/net/ipv4/conf/lo/arp_ignore',
      'echo 2 > /proc/sys/net/ipv4/conf/lo/arp_announce'].reduce(without, text)
    expect((await play(bare, { complains: true })).out('second-visit')).toBe('welcome realserver 1\n')
    // Without that of all, the real servers answer ARP for the VIP, and the director sees nothing.
    const needed = without(text, 'echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore').replace(/expect:[^]*/, '')
    const rules = (played: Awaited<ReturnType<typeof play>>): string[] => played.out('rules').match(/Route .*/g) ?? []
    expect(rules(await play(needed, { complains: true }))).toEqual(new Array(2).fill('Route   1      0          0         '))
    expect(rules(await play(text, { complains: true }))).toEqual(new Array(2).fill('Route   1      0          1         '))
  })

  it('E2: the sysctls must stand before the VIP, or those who ask in between learn the wrong address', async () => {
    const connections = async (setup: readonly string[]): Promise<string> => {
      const scenario = cluster('dr', { client: 'lan', weights: [1] })
      // The real server is there first; the director gets its VIP when somebody has asked for it already.
      host(scenario, 'rs1').setup = setup.join('\n')
      host(scenario, 'client').setup = 'sleep 1; ping -c 1 -W 1 10.0.0.100 > /dev/null; true'
      host(scenario, 'lb').setup = `sleep 3\n${host(scenario, 'lb').setup ?? ''}`
      scenario.traffic = [visits(1, { at: '100ms' })]
      scenario.observe = [{ name: 'table', on: 'lb', run: 'ipvsadm -Lnc | grep -c FIN_WAIT' }]
      return (await play(scenario)).out('table')
    }
    const [silent, vip] = [SILENT, `ip addr add ${VIP}/32 dev lo`]
    expect(await connections([silent, vip])).toBe('1\n')
    expect(await connections([vip, 'sleep 2', silent])).toBe('0\n')
  })

  it('E3: a second service, for :443, takes its turns by itself', async () => {
    const scenario = cluster('dr', { lb: [
      `ipvsadm -A -t ${VIP}:443 -s rr`, `ipvsadm -a -t ${VIP}:443 -r 10.0.0.11 -g`, `ipvsadm -a -t ${VIP}:443 -r 10.0.0.12 -g`,
    ] })
    scenario.traffic = ['80', '443', '443', '80', '80'].map((port, i) => (
      visits(1, { name: `v${i}`, to: `http://${VIP}:${port}/`, at: `${i + 1}s` })))
    expect((await play(scenario)).answers).toBe('rs2 rs2 rs1 rs1 rs2')
  })

  it('E4: with a persistent service of every port a client keeps its real server from port to port', async () => {
    const scenario = cluster('dr', { lb: [
      'ipvsadm -C', `ipvsadm -A -t ${VIP}:0 -p 1200`, `ipvsadm -a -t ${VIP}:0 -r 10.0.0.11 -g -w 10`,
      `ipvsadm -a -t ${VIP}:0 -r 10.0.0.12 -g -w 5`,
    ] })
    scenario.traffic = [80, 8080, 443, 80].map((port, i) => (
      visits(1, { name: `v${i}`, to: `http://${VIP}:${port}/`, at: `${i + 1}s` })))
    scenario.observe = [{ name: 'table', on: 'lb', at: '4500ms', run: 'ipvsadm -Lnc' }]
    const { answers, out } = await play(scenario)
    expect(new Set(answers.split(' ')).size).toBe(1)
    expect(out('table')).toMatch(/TCP 19:5\d {2}(ASSURED|NONE) +172\.16\.0\.10:0 +10\.0\.0\.100:0 +10\.0\.0\.1\d:0\n/)
  })

  it('E5: the printed table of the mark 20 is that of --nosort', async () => {
    const { stdout } = await typed(`ipvsadm -A -f 20 -s wlc -p 1200
ipvsadm -a -f 20 -r 172.16.24.2 -g -w 3\nipvsadm -a -f 20 -r 172.16.24.3 -g -w 2\nipvsadm -Ln --nosort`)
    expect(stdout).toBe(`IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
FWM  20 wlc persistent 1200
  -> 172.16.24.3:0                Route   2      0          0         
  -> 172.16.24.2:0                Route   3      0          0         
`)
  })

  it('E5: one client meets one real server on both ports', async () => {
    const scenario = cluster('dr', { lb: [
      'ipvsadm -C', ...MARKS, 'ipvsadm -A -f 20 -s wlc -p 1200', 'ipvsadm -a -f 20 -r 10.0.0.11 -g -w 3',
      'ipvsadm -a -f 20 -r 10.0.0.12 -g -w 2',
    ] })
    scenario.traffic = [80, 443, 80, 443].map((port, i) => (
      visits(1, { name: `v${i}`, to: `http://${VIP}:${port}/`, at: `${i + 1}s` })))
    expect((await play(scenario)).answers).toBe('rs2 rs2 rs2 rs2')
  })

  it('E6: iptables -t mangle -L -n prints the two rules, with the protocol as iptables 1.8.9 writes it', async () => {
    const { stdout } = await typed(`${MARKS.join('\n')}\niptables -t mangle -L PREROUTING -n`)
    expect(stdout.split('\n').map((line) => line.trimEnd())).toEqual([
      'Chain PREROUTING (policy ACCEPT)',
      'target     prot opt source               destination',
      `MARK       6    --  0.0.0.0/0            ${VIP}           tcp dpt:80 MARK set 0x14`,
      `MARK       6    --  0.0.0.0/0            ${VIP}           tcp dpt:443 MARK set 0x14`, '',
    ])
  })

  it('E7: one-subnet NAT serves the director itself, and a neighbor only with vs.conntrack', async () => {
    const { out } = await play(scenarioOf('one-subnet-nat'), { complains: true })
    expect(out('saved')).toBe(`-A -t 192.168.112.152:81 -s wrr
-a -t 192.168.112.152:81 -r 192.168.112.153:10000 -m -w 1\n-a -t 192.168.112.152:81 -r 192.168.112.154:10000 -m -w 1\n`)
    expect([out('first'), out('second'), out('from-pc')]).toEqual(['154\n', '153\n', ''])
    const tracked = await play(scenarioOf('one-subnet-nat-conntrack'), { complains: true })
    expect(tracked.result.checks.length).toBeGreaterThan(0)
  })

  it('E7: redirects on and off make the difference once the client is behind a router', async () => {
    const ran = await play(scenarioOf('one-subnet-nat-redirects'), { complains: true })
    expect(ran.outcomes).toContain('timeout')
    const [finding] = await findingsOf(scenarioOf('one-subnet-nat-redirects'), '172.16.0.10:40002')
    expect(finding?.cause).toContain('ICMP redirects')
  })

  it('E8: listing, deleting by name and clearing run', async () => {
    const { stdout, stderr } = await typed(`ipvsadm -A -t xujiyou:distinct -s rr; ipvsadm -l; ipvsadm -D -t xujiyou:distinct
ipvsadm -A -f 1; ipvsadm -C; ipvsadm -Sn; echo none`,
    { etc_hosts: [`${VIP} xujiyou`], files: { '/etc/services': 'distinct 9999/tcp\n' } })
    expect(stderr).toBe('')
    expect(stdout).toContain('TCP  xujiyou:distinct rr\n')
    expect(stdout.endsWith('InActConn\nTCP  xujiyou:distinct rr\nnone\n')).toBe(true)
  })

  it('E9: the plan of three hosts, completed, works', async () => {
    const { out } = await play(scenarioOf('nat-three-hosts'))
    expect([out('first-visit'), out('second-visit')]).toEqual(['rs2\n', 'rs1\n'])
  })

  it('every page of a browser comes from a real server that has it', async () => {
    const { out } = await play(browse(cluster('dr'), [`http://${VIP}/`, `http://${VIP}:80/`]))
    expect([out('page-0'), out('page-1')]).toEqual(['rs2\n', 'rs1\n'])
  })
})
