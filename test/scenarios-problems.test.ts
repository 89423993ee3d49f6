import { describe, expect, it } from 'vitest'
import { runScenarioText } from '../src/scenario/simulate.ts'
import { checkScenario, expectedNames, scenarioNames, scenarioText } from './support/goldens.ts'
import { findingsOf } from './support/explained.ts'

const SCENARIOS = new URL('../scenarios/', import.meta.url)
const PROBLEMS = new URL('../scenarios/problems/', import.meta.url)
const NAMES = scenarioNames(PROBLEMS)
const LINES_MAX = 40

const ARP_CURE = 'on rs2 and each other real server: sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2,'
  + ' before the VIP is added to lo; then, on'

/** What is said of the connection at fault of each broken scenario. P39 is none: there nothing is wrong. */
const FINDINGS: Readonly<Record<string, { readonly of: string, readonly cause: string, readonly cure: string }>> = {
  'p01-arp-answers': {
    of: '10.0.0.10:40001',
    cause: 'rs2 answers ARP for the VIP 10.0.0.100, as arp_ignore is 0 for eth0 (the larger one of all=0 and eth0=0 counts);'
      + ' so client sends to rs2 what is for the VIP, and IPVS on lb never sees it.',
    cure: `${ARP_CURE} client: ip neigh flush all.`,
  },
  'p02-arp-announce': {
    of: '172.16.0.10:40002',
    cause: 'rs2 asks by ARP with the VIP 10.0.0.100 as its own address, as arp_announce is 0 for eth0'
      + ' (the larger one of all=0 and eth0=0 counts); so router sends to rs2 what is for the VIP, and IPVS on lb never sees it.',
    cure: `${ARP_CURE} router: ip neigh flush all.`,
  },
  'p03-arp-on-lo': {
    of: '10.0.0.10:40001',
    cause: 'rs2 answers ARP for the VIP 10.0.0.100, as arp_ignore is 0 for eth0 (the larger one of all=0 and eth0=0 counts;'
      + ' lo=1 does not, for no ARP comes in by lo); so client sends to rs2 what is for the VIP, and IPVS on lb never sees it.',
    cure: `${ARP_CURE} client: ip neigh flush all.`,
  },
  'p04-rp-filter': {
    of: '172.16.0.10:40001',
    cause: 'rs1 drops what comes in by tunl0 from 172.16.0.10, as its way back there is eth0, and rp_filter is 1 for tunl0'
      + ' (the larger one of all=1 and tunl0=0 counts).',
    cure: 'on rs1: sysctl -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.tunl0.rp_filter=0'
      + ' (or net.ipv4.conf.tunl0.rp_filter=2, which asks for any way back).',
  },
  'p05-tunnel-mtu': {
    of: '172.16.0.10:40002',
    cause: 'a packet of 1500 bytes that may not be cut is too big for lb, which can pass on 1480 into the tunnel, the outer'
      + ' header taken off, and the ICMP error that should tell client was dropped on router by rule 1 of FORWARD'
      + ' (table filter, -A FORWARD -p icmp -j DROP).',
    // 1480 - 20 bytes of IP - 20 bytes of TCP.
    cure: 'let ICMP "fragmentation needed" (type 3, code 4) pass everywhere; or, on the real servers: iptables -t mangle'
      + ' -A OUTPUT -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1440; or, on lb: sysctl -w net.ipv4.vs.pmtu_disc=0.',
  },
  'p06-nat-same-subnet': {
    of: '10.0.0.10:40001',
    cause: 'rs1 answers past the director (lb), as 10.0.0.10 is on its own network, eth0; so the answer comes from'
      + ' 10.0.0.11:8080 and not from 10.0.0.100:80, which client asked, and client refuses it.',
    cure: 'on lb: sysctl -w net.ipv4.vs.conntrack=1 and iptables -t nat -A POSTROUTING -d 10.0.0.11 -p tcp --dport 8080'
      + ' -j MASQUERADE; or let only clients of other subnets ask.',
  },
  'p07-redirects': {
    of: '172.16.0.10:40002',
    cause: 'rs1 answers past the director (lb), because ICMP redirects of lb tell it of a shorter way (send_redirects is 1 there'
      + ' for all or eth0); so the answer comes from 10.0.0.11:80 and not from 10.0.0.100:80, which client asked, and client'
      + ' refuses it.',
    cure: 'on lb: sysctl -w net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0'
      + ' (one of them that is 1 is enough); then, on rs1: ip route flush cache.',
  },
  'p08-masquerade-ignored': {
    of: '172.16.0.10:40001',
    cause: 'rs1 answers past the director (lb), as its route to 172.16.0.10 is via 10.0.0.1 (router) dev eth0 (the MASQUERADE'
      + ' rule of lb does not apply, for net.ipv4.vs.conntrack is 0 there); so the answer comes from 10.0.0.11:80 and not from'
      + ' 10.0.0.100:80, which client asked, and client refuses it.',
    cure: 'on rs1: ip route replace default via 10.0.0.2; or on lb: sysctl -w net.ipv4.vs.conntrack=1.',
  },
  'p09-dr-gateway': {
    of: '172.16.0.10:40001',
    cause: 'rs1 sends its answers from 10.0.0.100 through lb, which has 10.0.0.100 itself and takes them for forged'
      + ' (martian source, accept_local=0).',
    cure: 'give rs1 a gateway that does not have the VIP: ip route replace default via 10.0.0.1;'
      + ' or, on lb: sysctl -w net.ipv4.conf.all.accept_local=1 net.ipv4.ip_forward=1.',
  },
  'p35-dr-port': {
    of: '10.0.0.10:40001',
    cause: 'nobody listens on port 80 of rs1, but on 8080; DR and TUN do not touch packets, so the port stays that of the'
      + ' service, and ipvsadm stores 80 whatever port is given after -r.',
    cure: 'let the server of rs1 listen on port 80; or forward by NAT (-m), which can change the port.',
  },
  'p38-localnode': {
    of: '10.0.0.10:40001',
    cause: 'on lb a program listens on port 80 of 10.0.0.2 only, and the packet is for 10.0.0.100:80, for IPVS leaves the VIP'
      + ' in it.',
    cure: 'let it listen on 10.0.0.100 too, or on 0.0.0.0, which is every address.',
  },
  'p42-ping-answers': {
    of: '10.0.0.10:40001',
    cause: 'IPVS on lb picked rs2 (10.0.0.12), which does not answer ARP: IPVS does not look whether its servers live, and'
      + ' ping to the VIP is answered by lb itself.',
    cure: 'bring rs2 (10.0.0.12) back, or, on lb: ipvsadm -d -t 10.0.0.100:80 -r 10.0.0.12:80;'
      + ' a health check (keepalived, ldirectord) does that by itself.',
  },
  'p43-input-firewall': {
    of: '10.0.0.10:40001',
    cause: 'lb drops it by rule 3 of INPUT (table filter, -A INPUT -p tcp -j DROP), and what is for the VIP passes INPUT'
      + ' before it comes to IPVS.',
    cure: 'on lb: iptables -I INPUT -d 10.0.0.100 -p tcp --dport 80 -j ACCEPT.',
  },
  'p46-arptables-chains': {
    of: '10.0.0.10:40001',
    cause: 'rs2 answers ARP for the VIP 10.0.0.100, as arp_ignore is 0 for eth0 (the larger one of all=0 and eth0=0 counts);'
      + ' so client sends to rs2 what is for the VIP, and IPVS on lb never sees it.',
    cure: `${ARP_CURE} client: ip neigh flush all.`,
  },
}
const EXPLAINED = Object.entries(FINDINGS)

describe('the problems that users have', () => {
  it.each(NAMES)('%s prints what stands beside it, and every expectation holds', async (name) => {
    await checkScenario(PROBLEMS, name)
  })

  it('have no expected output without a scenario', () => {
    expect(expectedNames(PROBLEMS)).toEqual(NAMES)
  })

  it.each(NAMES)(`%s has a short file that says what it covers`, (name) => {
    const text = scenarioText(PROBLEMS, name)
    for (const word of ['# covers: ', '# topology: ', '# what to look at: ', `\nname: ${name}\n`]) expect(text).toContain(word)
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(LINES_MAX)
  })

  it('come in pairs, and each broken one but P39 is explained', () => {
    const kinds = EXPLAINED.map(([problem]) => problem).concat('p39-active-inactive').sort()
    expect(NAMES).toEqual(kinds.flatMap((problem) => [`${problem}-broken`, `${problem}-fixed`]))
  })
})

/** Cures that the fixed scenarios do not use: what the broken one has, and what it gets instead. */
const OTHER_CURES: readonly (readonly [problem: string, before: string, after: string])[] = [
  ['p04-rp-filter', '255 up\n', '255 up\n      sysctl -w net.ipv4.conf.tunl0.rp_filter=2\n'],
  ['p05-tunnel-mtu', 'setup: iptables -A FORWARD -p icmp -j DROP', 'setup: iptables -A FORWARD -p udp -j DROP'],
  ['p05-tunnel-mtu', '-r 10.0.0.11 -i\n', '-r 10.0.0.11 -i\n      sysctl -w net.ipv4.vs.pmtu_disc=0\n'],
  ['p08-masquerade-ignored', '11/24]}}\n    routes: [default via 10.0.0.1]', '11/24]}}\n    routes: [default via 10.0.0.2]'],
  ['p09-dr-gateway', 'ip_forward: 1}\n    setup', 'ip_forward: 1, net.ipv4.conf.all.accept_local: 1}\n    setup'],
  ['p35-dr-port', ':80 -r 10.0.0.11:8080 -g', ':80 -r 10.0.0.11:8080 -m\n'
    + '      sysctl -w net.ipv4.vs.conntrack=1 net.ipv4.ip_forward=1\n'
    + '      iptables -t nat -A POSTROUTING -d 10.0.0.11 -p tcp --dport 8080 -j MASQUERADE'],
  ['p38-localnode', 'address: 10.0.0.2', 'address: 0.0.0.0'],
]

describe('the explanation of a problem', () => {
  it.each(OTHER_CURES)('%s is right that another cure works', async (problem, before, after) => {
    const text = scenarioText(PROBLEMS, `${problem}-broken`)
    expect(text).toContain(before)
    const ran = await runScenarioText(text.replace(before, after), { fileName: problem })
    const requests = ran.ok ? ran.value.traffic.flatMap((item) => item.requests) : []
    expect(requests.length).toBeGreaterThan(0)
    expect(requests.map(({ outcome }) => outcome)).toEqual(requests.map(() => 'ok'))
  })

  it.each(EXPLAINED)('%s names the cause and the cure', async (problem, { of, cause, cure }) => {
    expect(await findingsOf(scenarioText(PROBLEMS, `${problem}-broken`), of)).toEqual([{ cause, cure }])
  })

  it.each(EXPLAINED)('%s has nothing to say once it is fixed', async (problem, { of }) => {
    expect(await findingsOf(scenarioText(PROBLEMS, `${problem}-fixed`), of)).toEqual([])
  })

  it('p07-redirects is right that the cure helps at once, without a restart', async () => {
    const cured = `events:
  - {at: 4s, on: lb, run: sysctl -w net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0}
  - {at: 4500ms, on: rs1, run: ip route flush cache}
observe:`
    const text = scenarioText(PROBLEMS, 'p07-redirects-broken').replace('observe:', cured)
    const ran = await runScenarioText(text, { fileName: 'p07' })
    const outcomes = ran.ok ? ran.value.traffic.map(({ requests }) => requests.map(({ outcome }) => outcome)) : []
    expect(outcomes).toEqual([['timeout'], ['ok', 'ok']])
  })

  it('names the sysctl that one-subnet NAT lacks', async () => {
    const [finding, ...others] = await findingsOf(scenarioText(SCENARIOS, 'one-subnet-nat'), '192.168.112.10:40001')
    expect(others).toEqual([])
    expect(finding?.cause).toContain('(the MASQUERADE rule of director does not apply, for net.ipv4.vs.conntrack is 0 there)')
    expect(finding?.cure).toContain('on director: sysctl -w net.ipv4.vs.conntrack=1;')
  })

  it('names the redirects that one-subnet NAT must not send', async () => {
    const text = scenarioText(SCENARIOS, 'one-subnet-nat-redirects')
    expect(await findingsOf(text, '172.16.0.10:40001')).toEqual([])
    const [finding, ...others] = await findingsOf(text, '172.16.0.10:40002')
    expect(others).toEqual([])
    expect(finding?.cause).toContain('rs153 answers past the director (director), because ICMP redirects of director')
    expect(finding?.cure).toContain('net.ipv4.conf.ens192.send_redirects=0')
  })
})
