import { describe, expect, it } from 'vitest'
import { present } from '../../src/base/assert.ts'
import { expandCluster } from '../../src/scenario/expand-cluster.ts'
import { parseScenario } from '../../src/scenario/parse.ts'
import { hostsNamed, type Scenario } from '../../src/scenario/scenario.ts'
import { MODES, type Mode } from '../../src/scenario/schema-check.ts'
import { setupText } from '../../src/scenario/setup-text.ts'
import { formatIp, inPrefix } from '../../src/wire/address.ts'

const TEXT = `
cluster:
  vip: 10.0.0.100
  service: tcp 80
  scheduler: wrr
  persistent: 300s
  real_servers: [{name: big, weight: 3}, {name: rs, replicas: 2, setup: echo ready}]
  server: {protocol: http, page: {size: 8kB}}
  director: {name: lb, cpu: {per_packet: 12us}}
  clients: 3
compare: {}
`

function expanded(mode: Mode, text = TEXT): Scenario {
  const parsed = parseScenario(text, 'x.lvs.yaml')
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error))
  return expandCluster(parsed.value, mode)
}

function setupOf(scenario: Scenario, name: string): string[] {
  return setupText(present(scenario.hosts.get(name), name)).trimEnd().split('\n')
}

describe('a cluster block', () => {
  it('becomes the commands of LVS-NAT', () => {
    const nat = expanded('nat')
    expect([...nat.segments.keys()]).toEqual(['wan', 'lan', 'inside'])
    expect(setupOf(nat, 'lb')).toEqual([
      '# eth0: segment lan',
      'ip addr add 10.0.0.2/24 brd + dev eth0',
      'ip link set eth0 up',
      '# eth1: segment inside',
      'ip addr add 192.168.1.1/24 brd + dev eth1',
      'ip link set eth1 up',
      'ip route add default via 10.0.0.1',
      'sysctl -w net.ipv4.ip_forward=1',
      'ip addr add 10.0.0.100/32 dev eth0',
      'ipvsadm -A -t 10.0.0.100:80 -s wrr -p 300',
      'ipvsadm -a -t 10.0.0.100:80 -r 192.168.1.11:80 -m -w 3',
      'ipvsadm -a -t 10.0.0.100:80 -r 192.168.1.12:80 -m -w 1',
      'ipvsadm -a -t 10.0.0.100:80 -r 192.168.1.13:80 -m -w 1',
    ])
    expect(setupOf(nat, 'rs2')).toEqual([
      '# eth0: segment inside',
      'ip addr add 192.168.1.13/24 brd + dev eth0',
      'ip link set eth0 up',
      'ip route add default via 192.168.1.1',
      'echo ready',
    ])
  })

  it('becomes the commands of LVS-DR', () => {
    const dr = expanded('dr')
    expect([...dr.segments.keys()]).toEqual(['wan', 'lan'])
    expect(setupOf(dr, 'lb').slice(3)).toEqual([
      'ip route add default via 10.0.0.1',
      'ip addr add 10.0.0.100/32 dev eth0',
      'ipvsadm -A -t 10.0.0.100:80 -s wrr -p 300',
      'ipvsadm -a -t 10.0.0.100:80 -r 10.0.0.11:80 -g -w 3',
      'ipvsadm -a -t 10.0.0.100:80 -r 10.0.0.12:80 -g -w 1',
      'ipvsadm -a -t 10.0.0.100:80 -r 10.0.0.13:80 -g -w 1',
    ])
    expect(setupOf(dr, 'big').slice(3)).toEqual([
      'ip route add default via 10.0.0.1',
      'sysctl -w net.ipv4.conf.all.arp_ignore=1',
      'sysctl -w net.ipv4.conf.all.arp_announce=2',
      'ip addr add 10.0.0.100/32 dev lo label lo:0',
    ])
  })

  it('becomes the commands of LVS-TUN, the real servers in two networks behind the router', () => {
    const tun = expanded('tun')
    expect([...tun.segments.keys()]).toEqual(['wan', 'lan', 'far1', 'far2'])
    expect(setupOf(tun, 'lb').slice(-3)).toEqual([
      'ipvsadm -a -t 10.0.0.100:80 -r 10.9.1.11:80 -i -w 3',
      'ipvsadm -a -t 10.0.0.100:80 -r 10.9.2.11:80 -i -w 1',
      'ipvsadm -a -t 10.0.0.100:80 -r 10.9.1.12:80 -i -w 1',
    ])
    expect(setupOf(tun, 'big').slice(3)).toEqual([
      'ip route add default via 10.9.1.1',
      'modprobe ipip',
      'sysctl -w net.ipv4.conf.all.arp_ignore=1',
      'sysctl -w net.ipv4.conf.all.arp_announce=2',
      'sysctl -w net.ipv4.conf.all.rp_filter=0',
      'sysctl -w net.ipv4.conf.tunl0.rp_filter=0',
      'ip addr add 10.0.0.100/32 dev tunl0',
      'ip link set tunl0 up',
    ])
  })

  it('gives every mode the same clients, router side and names, so that the same traffic runs', () => {
    const [nat, dr, tun] = MODES.map((mode) => expanded(mode))
    for (const other of [dr, tun]) {
      expect([...present(other, 'mode').hosts.keys()]).toEqual([...present(nat, 'nat').hosts.keys()])
      for (const { name } of hostsNamed(present(nat, 'nat').hosts, 'client')) {
        expect(other?.hosts.get(name)).toEqual(nat?.hosts.get(name))
      }
      expect(other?.hosts.get('router')?.interfaces.get('eth0')).toEqual(nat?.hosts.get('router')?.interfaces.get('eth0'))
    }
    expect(hostsNamed(present(dr, 'dr').hosts, 'client').map(({ name }) => name)).toEqual(['client1', 'client2', 'client3'])
  })

  it('gives the real servers what they run, on the port of the service', () => {
    expect(expanded('dr').hosts.get('rs1')?.servers).toMatchObject([
      { port: 80, protocol: 'http', name: 'rs1', page: { sizeBytes: 8_000 }, closes: 'server' },
    ])
    expect(expanded('dr').hosts.get('lb')?.cpu).toEqual({ perPacketNs: 12_000, perByteNs: 0, queuePackets: 1_000 })
  })

  const vips = ['10.0.0.1', '10.0.0.2', '10.0.0.11', '10.0.0.254', '172.16.0.1', '172.16.1.1', '192.168.1.1', '10.9.1.11']
  it.each(vips)('keeps out of the way of the VIP %s', (vip) => {
    for (const mode of MODES) {
      const { hosts } = expanded(mode, TEXT.replace('10.0.0.100', vip))
      const nics = [...hosts.values()].flatMap(({ interfaces }) => [...interfaces.values()])
      const texts = nics.flatMap(({ addresses }) => addresses.map(({ address }) => formatIp(address)))
      expect(texts).not.toContain(vip)
      expect(new Set(texts).size).toBe(texts.length)
      // No two segments share a network: the first address of each is in the network of no other.
      const segments = [...new Set(nics.map(({ segment }) => segment))]
      const firsts = segments.map((name) => present(nics.find(({ segment }) => segment === name)?.addresses[0], 'address'))
      for (const one of firsts) {
        expect(firsts.filter((other) => inPrefix(other.address, one.address, one.prefixLength))).toHaveLength(1)
      }
    }
  })

  it('is left out of a scenario without one', () => {
    const parsed = parseScenario('name: x\n', 'x.lvs.yaml')
    expect(parsed.ok && expandCluster(parsed.value, 'nat')).toBe(parsed.ok && parsed.value)
  })
})

describe('the script of a host', () => {
  it('quotes what bash would read otherwise', () => {
    const parsed = parseScenario([
      'segments: {lan: {}}',
      'hosts:',
      '  a:',
      '    interfaces: {lo: {addresses: [10.9.9.9/32]}, eth0: {segment: lan, mtu: 1400, up: false, addresses: [10.0.0.1/24]}}',
      '    sysctl: {net.ipv4.ip_local_port_range: 40000 50000, net.ipv4.tcp_congestion_control: "it\'s"}',
      '    setup: echo done',
    ].join('\n'), 'x.lvs.yaml')
    const host = parsed.ok ? parsed.value.hosts.get('a') : undefined
    expect(setupText(present(host, 'host a'))).toBe([
      'ip addr add 10.9.9.9/32 brd + dev lo',
      '# eth0: segment lan',
      'ip addr add 10.0.0.1/24 brd + dev eth0',
      'ip link set eth0 mtu 1400',
      'ip link set eth0 down',
      "sysctl -w net.ipv4.ip_local_port_range='40000 50000'",
      "sysctl -w net.ipv4.tcp_congestion_control='it'\\''s'",
      'echo done',
      '',
    ].join('\n'))
  })
})
