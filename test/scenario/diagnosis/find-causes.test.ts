import { describe, expect, it } from 'vitest'
import { explainScenario, findingsOf } from '../../support/explained.ts'

interface Lan {
  readonly method: '-m' | '-g' | '-i'
  readonly lb?: string
  readonly rs1?: string
  readonly client?: string
  readonly servers?: string
  readonly traffic?: string
  readonly more?: string
}

const SILENT = 'sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2'
const VIP_ON_LO = 'ip addr add 10.0.0.100/32 dev lo'
const CONNECTION = '10.0.0.10:40001'

function block(script: string): string {
  return script.split('\n').map((line) => `      ${line}\n`).join('')
}

/** client, lb with the VIP, and rs1 on one LAN; the scripts run at the end of each set-up. */
function lan({ method, lb = '', rs1 = '', client = '', servers = '[{port: 80}]', traffic, more = '' }: Lan): string {
  return `
segments: {lan: {}}
hosts:
  client:
    interfaces: {eth0: {segment: lan, addresses: [10.0.0.10/24]}}
    setup: |
      true
${block(client)}
  lb:
    interfaces: {eth0: {segment: lan, addresses: [10.0.0.2/24, 10.0.0.100/32]}}
    sysctl: {net.ipv4.ip_forward: 1}
    setup: |
      ipvsadm -A -t 10.0.0.100:80 -s rr
      ipvsadm -a -t 10.0.0.100:80 -r 10.0.0.11:80 ${method}
${block(lb)}
  rs1:
    interfaces: {eth0: {segment: lan, addresses: [10.0.0.11/24], mac: '02:00:00:00:00:11'}}
    setup: |
      true
${block(rs1)}
    servers: ${servers}
${more}
traffic:
  - ${traffic ?? '{kind: connect, from: client, to: 10.0.0.100:80, at: 1s, source_port: 40001}'}
`
}

async function causesOf(spec: Lan, of: number | string = CONNECTION): Promise<string[]> {
  return (await findingsOf(lan(spec), of)).map(({ cause }) => cause)
}

describe('what is found wrong', () => {
  it('is nothing where all is well, and nothing without the world', async () => {
    expect(await causesOf({ method: '-g', rs1: `${SILENT}\n${VIP_ON_LO}` })).toEqual([])
  })

  it('is told of a packet that shows it, and not of one that fared well', async () => {
    const text = lan({ method: '-m' })
    const { packets, findings } = await explainScenario(text, CONNECTION)
    const [answer = 0] = findings.flatMap(({ uids }) => uids)
    expect(packets.find(({ uid }) => uid === answer)?.text).toContain('IP 10.0.0.11.80 > 10.0.0.10.40001: Flags [S.]')
    expect((await explainScenario(text, answer)).findings).toHaveLength(1)
    expect((await explainScenario(text, packets[0]?.uid ?? 0)).findings).toEqual([])
  })
})

describe('requests that go past their director', () => {
  it('are laid to the VIP on eth0 of the server, where arp_ignore=1 does not help', async () => {
    const text = lan({ method: '-g', rs1: `${SILENT}\nip addr add 10.0.0.100/32 dev eth0` })
    const [finding, ...others] = await findingsOf(text, CONNECTION)
    expect(others).toEqual([])
    expect(finding?.cause).toContain('rs1 answers ARP for the VIP 10.0.0.100, which it has on eth0, where arp_ignore=1 lets it')
    expect(finding?.cure).toContain('move the VIP of rs1 from eth0 to lo (ip addr add 10.0.0.100/32 dev lo);')
  })

  it('are laid to a wrong entry in the neighbor table when no ARP explains them', async () => {
    const [cause] = await causesOf({
      method: '-g', rs1: `${SILENT}\n${VIP_ON_LO}`, client: 'arp -s 10.0.0.100 02:00:00:00:00:11',
    })
    expect(cause).toContain('client has the MAC address of rs1 for the VIP 10.0.0.100; so client sends to rs1')
  })

  it('are no wonder while another director with the same service takes them', async () => {
    const standby = `
  lb2:
    interfaces: {eth0: {segment: lan, addresses: [10.0.0.3/24]}}
    setup: |
      ipvsadm -A -t 10.0.0.100:80 -s rr
      ipvsadm -a -t 10.0.0.100:80 -r 10.0.0.11:80 -g`
    expect(await causesOf({ method: '-g', rs1: `${SILENT}\n${VIP_ON_LO}`, more: standby })).toEqual([])
  })
})

describe('answers that go past their director', () => {
  it('name an SNAT rule that does not apply', async () => {
    const [cause] = await causesOf({ method: '-m', lb: 'iptables -t nat -A POSTROUTING -j SNAT --to-source 10.0.0.2' })
    expect(cause).toContain('(the SNAT rule of lb does not apply, for net.ipv4.vs.conntrack is 0 there)')
  })

  it('are told of under UDP as well', async () => {
    const [finding] = await findingsOf(lan({
      method: '-m', lb: 'ipvsadm -A -u 10.0.0.100:53\nipvsadm -a -u 10.0.0.100:53 -r 10.0.0.11 -m',
      servers: '[{port: 53, protocol: udp}]',
      traffic: '{kind: udp, from: client, to: 10.0.0.100:53, at: 1s, source_port: 40001}',
    }), CONNECTION)
    expect(finding?.cause).toContain('from 10.0.0.11:53 and not from 10.0.0.100:53, which client asked, and client refuses it.')
    expect(finding?.cure).toContain('-d 10.0.0.11 -p udp --dport 53 -j MASQUERADE')
  })
})

describe('packets that died', () => {
  it('by the policy of a chain', async () => {
    expect(await causesOf({ method: '-m', lb: 'iptables -P INPUT DROP' })).toEqual([
      'lb drops it by the policy DROP of INPUT (table filter), and what is for the VIP passes INPUT before it comes to IPVS.',
    ])
  })

  it('by a rule of the real server', async () => {
    const rs1 = `${SILENT}\n${VIP_ON_LO}\niptables -A INPUT -s 10.0.0.0/24 -p tcp -j REJECT`
    const [finding] = await findingsOf(lan({ method: '-g', rs1 }), CONNECTION)
    expect(finding).toEqual({
      cause: 'rs1 drops it by rule 1 of INPUT (table filter,'
        + ' -A INPUT -s 10.0.0.0/24 -p tcp -j REJECT --reject-with icmp-port-unreachable).',
      cure: 'on rs1, put a rule before it that accepts such packets (iptables -t filter -I INPUT ... -j ACCEPT).',
    })
  })

  it('by reverse-path filtering of the nic they came in by', async () => {
    const otherWay = 'ip link add dummy0 type dummy\nip link set dummy0 up\nip route add 10.0.0.10/32 dev dummy0'
    const rs1 = `${SILENT}\n${VIP_ON_LO}\n${otherWay}\nsysctl -w net.ipv4.conf.eth0.rp_filter=1`
    const [cause] = await causesOf({ method: '-g', rs1 })
    expect(cause).toContain('rs1 drops what comes in by eth0 from 10.0.0.10, as its way back there is dummy0, and rp_filter is 1'
      + ' for eth0 (the larger one of all=0 and eth0=1 counts)')
  })

  it('as nobody listens, by NAT, on the port after -r; and the RST goes astray, too', async () => {
    const [finding, stray, ...others] = await findingsOf(lan({ method: '-m', servers: '[{port: 8080}]' }), CONNECTION)
    expect(finding).toEqual({
      cause: 'nobody listens on port 80 of rs1, but on 8080.',
      cure: 'start the server, or correct the port that ipvsadm -a was given after -r.',
    })
    expect(stray?.cause).toContain('rs1 answers past the director (lb)')
    expect(others).toEqual([])
  })

  it('as too big, though their sender was told, are no fault', async () => {
    const tunnel = `${SILENT}\nmodprobe ipip\nip link set tunl0 up\nip addr add 10.0.0.100/32 dev tunl0`
    const traffic = '{kind: connect, from: client, to: 10.0.0.100:80, at: 1s, send: 20kB, source_port: 40001}'
    expect(await causesOf({ method: '-i', rs1: tunnel, traffic })).toEqual([])
    const [cause, ...others] = await causesOf({ method: '-i', rs1: tunnel, traffic, lb: 'iptables -A OUTPUT -p icmp -j DROP' })
    expect(others).toEqual([])
    expect(cause).toContain('the ICMP error that should tell client was dropped on lb by rule 1 of OUTPUT (table filter,')
  })

  it('or wait for a server that does not answer ARP when the run ends', async () => {
    const [cause] = await causesOf({
      method: '-g', rs1: 'ip link set eth0 down',
      traffic: '{kind: connect, from: client, to: 10.0.0.100:80, at: 1s, timeout: 500ms, source_port: 40001}',
    })
    expect(cause).toContain('IPVS on lb picked rs1 (10.0.0.11), which does not answer ARP')
  })
})

describe('a source that the director has itself', () => {
  it('is laid to the gateway only where it is that of a service', async () => {
    const twin = 'ip addr add 10.0.0.100/32 dev eth0\nip route add 10.0.0.50/32 via 10.0.0.2'
    const traffic = '{kind: udp, from: rs1, to: 10.0.0.50:53, at: 1s, source_port: 40001}'
    const text = lan({ method: '-g', rs1: `${SILENT}\n${twin} src 10.0.0.100`, traffic })
    const { packets, findings } = await explainScenario(text, '10.0.0.100:40001')
    expect(packets.flatMap(({ ends }) => ends)).toMatchObject([{ place: 'lb', reason: 'martian-source' }])
    expect(findings).toEqual([])
  })
})
