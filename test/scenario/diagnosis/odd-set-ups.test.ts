import { describe, expect, it } from 'vitest'
import { explainLab } from '../../../src/scenario/lab/explain-lab.ts'
import type { Lab, LabStep } from '../../../src/scenario/lab/lab.ts'

const WEB = { serve: { on: 'rs1', port: 80, proto: 'tcp', name: 'rs1', addr: '0.0.0.0', id: 'web' } }
const ASK = { connect: { on: 'client', to: '10.0.0.100:80', sport: 40001, timeout: 0.5 } }

function on(host: string, sh: string): LabStep {
  return { on: host, sh }
}

/** client and lb on one segment, lb and rs1 on another; the last step is the one to explain. */
function nat(steps: readonly LabStep[], service = '-t 10.0.0.100:80'): Lab {
  return {
    name: 'odd', family: 'forward',
    topology: {
      segments: ['out', 'in'],
      nodes: {
        client: { ifaces: { eth0: { segment: 'out', addrs: ['10.0.0.10/24'] } } },
        lb: {
          ifaces: {
            eth0: { segment: 'out', addrs: ['10.0.0.1/24', '10.0.0.100/32'] }, eth1: { segment: 'in', addrs: ['192.168.1.1/24'] },
          },
          sysctl: { 'net.ipv4.ip_forward': 1 },
        },
        rs1: { ifaces: { eth0: { segment: 'in', addrs: ['192.168.1.11/24'] } }, routes: ['default via 192.168.1.1'] },
      },
    },
    steps: [WEB, on('lb', `ipvsadm -A ${service} -s rr`), on('lb', `ipvsadm -a ${service} -r 192.168.1.11 -m`), ...steps],
  }
}

/** client, lb and rs1 on one LAN, by DR or TUN. */
function lan(steps: readonly LabStep[], method = '-g'): Lab {
  return {
    name: 'odd', family: 'forward',
    topology: {
      segments: ['lan'],
      nodes: {
        client: { ifaces: { eth0: { segment: 'lan', addrs: ['10.0.0.10/24'] } } },
        lb: { ifaces: { eth0: { segment: 'lan', addrs: ['10.0.0.2/24', '10.0.0.100/32'] } } },
        rs1: { ifaces: { eth0: { segment: 'lan', addrs: ['10.0.0.11/24'] } } },
      },
    },
    steps: [
      WEB, on('lb', 'ipvsadm -A -t 10.0.0.100:80 -s rr'), on('lb', `ipvsadm -a -t 10.0.0.100:80 -r 10.0.0.11 ${method}`),
      ...steps,
    ],
  }
}

/** What is said of the last failure of a lab. */
async function lastOf(lab: Lab): Promise<{ outcome: string, causes: string[], cures: string[] }> {
  const explained = await explainLab(lab)
  if (!explained.ok) throw new Error(explained.error)
  const failure = explained.value.failures.at(-1)
  return {
    outcome: failure?.outcome ?? 'none', causes: failure?.findings.map(({ cause }) => cause) ?? [],
    cures: failure?.findings.map(({ cure }) => cure) ?? [],
  }
}

describe('what is said of', () => {
  it('a step that failed on a host without a route', async () => {
    const far = { connect: { on: 'client', to: '172.16.0.1:80', sport: 40001 } }
    expect(await lastOf(nat([far]))).toMatchObject({
      outcome: 'unreachable', causes: ['client has no route to 172.16.0.1, so nothing was sent.'],
    })
  })

  it('one-packet scheduling under NAT', async () => {
    const steps = [
      { serve: { on: 'rs1', port: 53, proto: 'udp', name: 'rs1', addr: '0.0.0.0', id: 'dns' } },
      on('lb', 'ipvsadm -E -u 10.0.0.100:53 -s rr -o'), { udp: { on: 'client', to: '10.0.0.100:53', sport: 5001, timeout: 0.5 } },
    ]
    expect(await lastOf(nat(steps, '-u 10.0.0.100:53'))).toEqual({
      outcome: 'timeout',
      causes: ['the service 10.0.0.100:53 on lb forgets each packet at once (-o), so lb cannot give answers the VIP again:'
        + ' this one comes from 192.168.1.11:53, which client did not ask.'],
      cures: ['on lb: ipvsadm -E -u 10.0.0.100:53 -s rr, which takes -o away; or forward by DR or TUN, where no answer passes'
        + ' it.'],
    })
  })

  it('a server that answers no ARP at all', async () => {
    const { causes, cures } = await lastOf(lan([
      on('rs1', 'sysctl -w net.ipv4.conf.all.arp_ignore=8'), on('rs1', 'ip addr add 10.0.0.100/32 dev lo'), ASK,
    ]))
    expect(causes).toEqual(['IPVS on lb picked rs1 (10.0.0.11), which does not answer ARP for itself, as arp_ignore is 8 for eth0'
      + ' (the larger one of all=8 and eth0=0 counts), and 8 answers nobody.'])
    expect(cures).toEqual(['on rs1: sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.eth0.arp_ignore=1.'])
  })

  it('a server that was stopped while a connection was held', async () => {
    const held = { connect: { on: 'client', to: '10.0.0.100:80', sport: 40001, hold: 'a' } }
    const { outcome, causes } = await lastOf(nat([held, { unserve: 'web' }, { send: { id: 'a', timeout: 1 } }]))
    expect(outcome).toBe('eof')
    expect(causes).toEqual([
      'the server on port 80 of rs1 was stopped on purpose, and closed its connections when it ended.',
    ])
  })

  it('a server that was stopped before', async () => {
    const { causes, cures } = await lastOf(nat([{ unserve: 'web' }, ASK]))
    expect(causes).toEqual(['the server on port 80 of rs1 was stopped on purpose, and lb still sends to it: IPVS does not look'
      + ' whether its servers live.'])
    expect(cures).toEqual(['start it again; or, on lb: ipvsadm -d -t 10.0.0.100:80 -r 192.168.1.11:80;'
      + ' a health check (keepalived, ldirectord) does that by itself.'])
  })

  it('a gateway that does not forward, and one that has no route', async () => {
    const ping = { show: { on: 'client', sh: 'ping -c 1 -W 1 192.168.1.11' } }
    const route = on('client', 'ip route add 192.168.1.0/24 via 10.0.0.1')
    expect(await lastOf(nat([route, on('lb', 'sysctl -w net.ipv4.ip_forward=0'), ping]))).toEqual({
      outcome: 'exit code 1',
      causes: ['lb gets packets from 10.0.0.10 for 192.168.1.11, and does not pass them on: net.ipv4.ip_forward is 0.'],
      cures: ['on lb: sysctl -w net.ipv4.ip_forward=1.'],
    })
    const { causes } = await lastOf(nat([route, on('lb', 'ip route add blackhole 192.168.1.11/32'), ping]))
    expect(causes).toEqual(['lb has a route of type blackhole to 192.168.1.11 (192.168.1.11/32), which leads nowhere.'])
    const { causes: missing } = await lastOf(nat([on('client', 'ip route add default via 10.0.0.1'), {
      show: { on: 'client', sh: 'ping -c 1 -W 1 172.16.0.1' },
    }]))
    expect(missing).toEqual(['lb has no route to 172.16.0.1.'])
  })

  it('a ping that is ignored, or that nobody is there to answer', async () => {
    const deaf = on('rs1', 'sysctl -w net.ipv4.icmp_echo_ignore_all=1')
    const { causes } = await lastOf(nat([deaf, { show: { on: 'lb', sh: 'ping -c 1 -W 1 192.168.1.11' } }]))
    expect(causes).toEqual(['rs1 does not answer ping, as net.ipv4.icmp_echo_ignore_all is 1.'])
    const { causes: nobody } = await lastOf(nat([{ show: { on: 'lb', sh: 'ping -c 1 -W 1 192.168.1.77' } }]))
    expect(nobody).toEqual(['nobody has the address 192.168.1.77, for which lb asks by ARP to reach 192.168.1.77.'])
  })

  it('a director that throws packets away', async () => {
    const all = on('lb', 'sysctl -w net.ipv4.vs.am_droprate=1 net.ipv4.vs.drop_packet=3')
    expect((await lastOf(nat([all, { sleep: 2 }, ASK]))).causes).toEqual([
      'IPVS on lb throws packets of new connections away to defend itself, as net.ipv4.vs.drop_packet is 3.',
    ])
  })

  it('a tunnel by GUE to a port that nobody has', async () => {
    const { causes, cures } = await lastOf(lan([ASK], '-i --tun-type gue --tun-port 6078'))
    expect(causes).toEqual(['rs1 does not open the GUE (UDP port 6078) packets that come to it from 10.0.0.2: nobody takes GUE at'
      + ' that port (ip fou), and the module ipip is not loaded, and tunl0 is not up.'])
    expect(cures).toEqual(['on rs1: modprobe fou && modprobe ipip && ip fou add port 6078 gue && ip link set tunl0 up'
      + ' && sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 && ip addr add 10.0.0.100/32 dev tunl0.'])
  })

  it('a real server without the VIP that forwards', async () => {
    const { causes } = await lastOf(lan([on('rs1', 'sysctl -w net.ipv4.ip_forward=1'), ASK]))
    expect(causes[0]).toBe('rs1 does not have the VIP 10.0.0.100, so what lb sends it by DR (which leaves the VIP in packets) is'
      + ' not for it, and it passes it on as a router.')
  })

  it('an entry that timed out', async () => {
    const held = { connect: { on: 'client', to: '10.0.0.100:80', sport: 40001, hold: 'a' } }
    const { outcome, causes } = await lastOf(nat([
      on('lb', 'ipvsadm --set 5 5 5'), held, { sleep: 20 }, { send: { id: 'a', timeout: 1 } },
    ]))
    expect(outcome).toBe('reset')
    expect(causes).toEqual(['lb has no entry for this connection any more, and answers with a RST by itself: its entry timed out'
      + ' while nothing was sent, or was removed (an idle one is kept for 5 s, ipvsadm -L --timeout).'])
  })
})

describe('nothing is said of', () => {
  it('a packet that was injected, and of a command that failed without a packet', async () => {
    const inject = {
      inject: { on: 'client', src: '10.0.0.10', dst: '10.0.0.100', sport: 40009, dport: 80, flags: 'A', seq: 1, ack: 1, len: 0 },
    }
    expect((await lastOf(nat([inject, { show: { on: 'lb', sh: 'false' } }]))).outcome).toBe('none')
  })
})
