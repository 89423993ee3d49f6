/**
 * Policy routing from end to end: what marks, sources and rules do to packets on their way.
 * @module
 */
import { describe, expect, it } from 'vitest'
import { ipvsadmTools } from '../../src/admin/ipvsadm/tools.ts'
import { iptables } from '../../src/admin/iptables/iptables.ts'
import { Lan } from './support.ts'

const TOOLS = [...ipvsadmTools(), ['iptables', iptables] as const]

/** Which of its neighbors a host has asked for, by the last numbers of their addresses. */
async function neighbors(lan: Lan, name: string): Promise<string> {
  return (await lan.output(name, 'ip neigh | cut -d" " -f1 | cut -d. -f4 | sort -n | tr "\\n" " "')).trim()
}

describe('a packet of the host itself', () => {
  it('goes another way once the OUTPUT chain of mangle has marked it', async () => {
    const lan = new Lan(['a', 'b', 'c'], TOOLS)
    await lan.output('a', `ip route add default via 10.0.0.2; ip route add default via 10.0.0.3 table 100
      ip rule add fwmark 1 lookup 100`)
    await lan.run('a', 'ping -c1 -W1 192.0.2.1')
    expect(await neighbors(lan, 'a')).toBe('2')
    await lan.run('a', 'iptables -t mangle -A OUTPUT -d 192.0.2.0/24 -j MARK --set-mark 1; ping -c1 -W1 192.0.2.1')
    expect(await neighbors(lan, 'a')).toBe('2 3')
  })

  it('goes another way when it speaks from another address', async () => {
    const lan = new Lan(['a', 'b', 'c'])
    await lan.output('a', `ip addr add 10.0.0.50/32 dev lo; ip route add default via 10.0.0.2
      ip route add default via 10.0.0.3 table 7; ip rule add from 10.0.0.50 table 7`)
    await lan.run('a', 'ping -c1 -W1 -I 10.0.0.50 192.0.2.1')
    expect(await neighbors(lan, 'a')).toBe('3')
    await lan.run('a', 'ping -c1 -W1 192.0.2.1')
    expect(await neighbors(lan, 'a')).toBe('2 3')
  })

  it('comes round by lo with its mark where the mark makes it local', async () => {
    const lan = new Lan(['a'], TOOLS)
    await lan.output('a', `iptables -t mangle -A OUTPUT -d 192.0.2.0/24 -j MARK --set-mark 1
      iptables -A INPUT -d 192.0.2.0/24 -m mark --mark 1
      ip rule add fwmark 1 lookup 100; ip route add local 0/0 dev lo table 100; ip route add default via 10.0.0.9`)
    await lan.run('a', 'ping -c1 -W1 192.0.2.1')
    expect(await lan.output('a', 'iptables -nvL INPUT | tail -1 | awk \'{print $1}\'')).toBe('1\n')
  })
})

describe('a packet for an address that only a rule makes local', () => {
  it('is taken, and nobody answers it', async () => {
    const lan = new Lan(['a', 'b'])
    await lan.output('a', 'ip rule add iif eth0 lookup 100; ip route add local 192.0.2.0/24 dev lo table 100')
    await lan.output('b', 'ip route add 192.0.2.0/24 via 10.0.0.1')
    expect((await lan.run('b', 'ping -c1 -W1 192.0.2.1')).exitCode).toBe(1)
    expect(lan.host('a').drops.get('icmp-ignored')).toBe(1)
    // A network in the local table is one of the host's own.
    await lan.output('a', 'ip route add local 192.0.2.0/24 dev lo')
    expect((await lan.run('b', 'ping -c1 -W1 192.0.2.1')).exitCode).toBe(0)
  })
})

describe('the answer of a real server, after NAT', () => {
  it.each([[1, '2 3 4'], [0, '2 3']])('is routed with snat_reroute=%i by way of the neighbors %s', async (reroutes, expected) => {
    const lan = new Lan(['director', 'server', 'client', 'other'], TOOLS)
    await lan.output('director', `ip addr add 10.0.0.100/32 dev eth0; sysctl -qw net.ipv4.ip_forward=1
      ipvsadm -A -t 10.0.0.100:80; ipvsadm -a -t 10.0.0.100:80 -r 10.0.0.2 -m
      sysctl -qw net.ipv4.vs.snat_reroute=${reroutes}
      ip rule add from 10.0.0.100 lookup 100; ip route add default via 10.0.0.4 table 100`)
    // Its refusal goes back through the director.
    await lan.output('server', 'ip route add 10.0.0.3 via 10.0.0.1')
    await lan.run('client', 'curl -s -m 1 http://10.0.0.100/')
    expect(await neighbors(lan, 'director')).toBe(expected)
  })
})
