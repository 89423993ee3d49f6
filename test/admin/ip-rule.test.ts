import { describe, expect, it } from 'vitest'
import { Lan, type Ran } from './support.ts'

async function refusal(lan: Lan, script: string): Promise<string> {
  const ran: Ran = await lan.run('a', script)
  return `${ran.exitCode} ${ran.stderr}`
}

const INITIAL = '0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n'

describe('ip rule', () => {
  it('shows the rules that every host has', async () => {
    const lan = new Lan(['a'])
    expect(await lan.output('a', 'ip rule')).toBe(INITIAL)
    expect(await lan.output('a', 'ip ru l; ip rule list table main')).toBe(`${INITIAL}32766:\tfrom all lookup main\n`)
  })

  it('adds rules, each before those that had no priority either, and shows every selector', async () => {
    const lan = new Lan(['a'])
    await lan.output('a', `ip rule add fwmark 1 lookup 100
      ip rule add from 10.0.0.0/24 to 10.9.0.1 iif eth0 oif lo table 200
      ip rule add not from 10.0.0.5 fwmark 0x10/0xf0 pref 10 table main suppress_prefixlength 0
      ip rule add iif eth7 priority 10 prohibit`)
    expect(await lan.output('a', 'ip rule')).toBe(`0:	from all lookup local
10:	not from 10.0.0.5 fwmark 0x10/0xf0 lookup main suppress_prefixlength 0
10:	from all iif eth7 [detached] prohibit
32764:	from 10.0.0.0/24 to 10.9.0.1 iif eth0 oif lo lookup 200
32765:	from all fwmark 0x1 lookup 100
32766:	from all lookup main
32767:	from all lookup default
`)
  })

  it('knows tables by the names in /etc/iproute2', async () => {
    const lan = new Lan(['a'])
    await lan.output('a', 'mkdir -p /etc/iproute2/rt_tables.d; echo "100 lvs" > /etc/iproute2/rt_tables; '
      + 'echo "0x65\tother # it" > /etc/iproute2/rt_tables.d/mine.conf; ip rule add fwmark 1 lookup lvs; '
      + 'ip route add default via 10.0.0.9 table other')
    expect(await lan.output('a', 'ip rule list fwmark 1; ip route show table all | grep default')).toBe(
      '32765:\tfrom all fwmark 0x1 lookup lvs\ndefault via 10.0.0.9 dev eth0 table other \n',
    )
  })

  it('removes the first rule that has what is named, and flushes all but the first', async () => {
    const lan = new Lan(['a'])
    await lan.output('a', 'ip rule add fwmark 1 table 100; ip rule add fwmark 1 table 101; ip rule del fwmark 1')
    // The second has the smaller priority, and stands first.
    expect(await lan.output('a', 'ip rule list fwmark 1')).toBe('32765:\tfrom all fwmark 0x1 lookup 100\n')
    await lan.output('a', 'ip rule flush')
    expect(await lan.output('a', 'ip rule')).toBe('0:\tfrom all lookup local\n')
  })

  it('refuses what iproute2 and the kernel refuse', async () => {
    const lan = new Lan(['a'])
    expect(await refusal(lan, 'ip rule add')).toBe('1 "ip rule add" requires arguments.\n')
    expect(await refusal(lan, 'ip rule del')).toBe('1 "ip rule del" requires arguments.\n')
    expect(await refusal(lan, 'ip rule del fwmark 1')).toBe('2 RTNETLINK answers: No such file or directory\n')
    expect(await refusal(lan, 'ip rule add fwmark 1 pref 5; ip rule add fwmark 1 pref 5')).toBe(
      '2 RTNETLINK answers: File exists\n',
    )
    expect(await refusal(lan, 'ip rule add fwmark x')).toBe('255 Error: argument "x" is wrong: fwmark value is invalid\n\n')
    expect(await refusal(lan, 'ip rule add table lvs')).toBe('255 Error: argument "lvs" is wrong: invalid table ID\n\n')
    expect(await refusal(lan, 'ip rule add foo')).toBe('255 Error: argument "foo" is wrong: Failed to parse rule type\n')
    expect(await refusal(lan, 'ip rule add from 1.2.3.4/33')).toBe(
      '1 Error: any valid prefix is expected rather than "1.2.3.4/33".\n',
    )
    expect(await refusal(lan, 'ip rule add from')).toBe('255 Command line is not complete. Try option "help"\n')
    expect(await refusal(lan, 'ip rule foo')).toBe('255 Command "foo" is unknown, try "ip rule help".\n')
    expect((await refusal(lan, 'ip rule help')).startsWith('255 Usage: ip rule { add | del } SELECTOR ACTION\n')).toBe(true)
    expect((await lan.run('a', 'ip rule add dport 80 table 100')).stop).toBeDefined()
  })
})

describe('ip route with tables', () => {
  it('shows the local table as the kernel fills it', async () => {
    const lan = new Lan(['a'])
    await lan.output('a', 'ip addr add 10.0.0.7/24 dev eth0; ip addr add 10.0.0.100/32 dev lo')
    expect(await lan.output('a', 'ip route show table local')).toBe(`local 10.0.0.1 dev eth0 proto kernel scope host src 10.0.0.1 
local 10.0.0.7 dev eth0 proto kernel scope host src 10.0.0.1 
local 10.0.0.100 dev lo proto kernel scope host src 10.0.0.100 
broadcast 10.0.0.255 dev eth0 proto kernel scope link src 10.0.0.1 
local 127.0.0.0/8 dev lo proto kernel scope host src 127.0.0.1 
local 127.0.0.1 dev lo proto kernel scope host src 127.0.0.1 
broadcast 127.255.255.255 dev lo proto kernel scope link src 127.0.0.1 
`)
  })

  it('keeps tables apart, and names them only when all are shown', async () => {
    const lan = new Lan(['a'])
    await lan.output('a', `ip route add local 0/0 dev lo table 100
      ip route add default via 10.0.0.9 table 200 mtu 1400 advmss 1360
      ip route add throw 10.5.0.0/16 table 200
      ip route add local 10.7.0.0/16 dev lo`)
    expect(await lan.output('a', 'ip route show table 100; ip r s t 200')).toBe(
      'local default dev lo scope host \ndefault via 10.0.0.9 dev eth0 mtu 1400 advmss 1360 \nthrow 10.5.0.0/16 \n',
    )
    expect(await lan.output('a', 'ip route show table all | grep -v kernel')).toBe(
      'local default dev lo table 100 scope host \ndefault via 10.0.0.9 dev eth0 table 200 mtu 1400 advmss 1360 \n'
      + 'throw 10.5.0.0/16 table 200 \nlocal 10.7.0.0/16 dev lo table local scope host \n',
    )
    expect(await lan.output('a', 'ip route')).toBe('10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.1 \n')
    await lan.output('a', 'ip route del local 10.7.0.0/16 dev lo; ip route flush table 200; ip route del default table 100')
    expect(await lan.output('a', 'ip route show table all | grep -v kernel | cat; ip route show table 100')).toBe('')
  })

  it('filters by type, scope, protocol, gateway, and networks around and inside', async () => {
    const lan = new Lan(['a'])
    await lan.output('a', 'ip r add default via 10.0.0.9; ip r add 10.1.0.0/16 via 10.0.0.8; ip r add blackhole 10.1.2.0/24')
    expect(await lan.output('a', 'ip r s type blackhole; ip r s scope link; ip r s proto boot; ip r s via 10.0.0.8')).toBe(
      'blackhole 10.1.2.0/24 \n10.0.0.0/24 dev eth0 proto kernel src 10.0.0.1 \n'
      + 'default via 10.0.0.9 dev eth0 \n10.1.0.0/16 via 10.0.0.8 dev eth0 \nblackhole 10.1.2.0/24 \n10.1.0.0/16 dev eth0 \n',
    )
    expect(await lan.output('a', 'ip r s root 10.1.0.0/16; ip r s match 10.1.2.3; ip r s 10.1.0.0/16')).toBe(
      '10.1.0.0/16 via 10.0.0.8 dev eth0 \nblackhole 10.1.2.0/24 \n'
      + 'default via 10.0.0.9 dev eth0 \n10.1.0.0/16 via 10.0.0.8 dev eth0 \nblackhole 10.1.2.0/24 \n'
      + '10.1.0.0/16 via 10.0.0.8 dev eth0 \n',
    )
  })

  it('changes, appends and prepends as asked', async () => {
    const lan = new Lan(['a'])
    await lan.output('a', `ip r add 10.1.0.0/16 via 10.0.0.8; ip r append 10.1.0.0/16 via 10.0.0.7
      ip r prepend 10.1.0.0/16 via 10.0.0.6`)
    expect(await lan.output('a', 'ip r s 10.1.0.0/16')).toBe(
      '10.1.0.0/16 via 10.0.0.6 dev eth0 \n10.1.0.0/16 via 10.0.0.8 dev eth0 \n10.1.0.0/16 via 10.0.0.7 dev eth0 \n',
    )
    await lan.output('a', 'ip r change 10.1.0.0/16 via 10.0.0.5')
    expect(await lan.output('a', 'ip r get 10.1.0.1 | head -1')).toBe('10.1.0.1 via 10.0.0.5 dev eth0 src 10.0.0.1 uid 0 \n')
    expect(await refusal(lan, 'ip r change 10.2.0.0/16 via 10.0.0.5')).toBe('2 RTNETLINK answers: No such file or directory\n')
    expect(await refusal(lan, 'ip r append 10.1.0.0/16 via 10.0.0.7')).toBe('2 RTNETLINK answers: File exists\n')
  })

  it('refuses tables, routes and words as iproute2 and the kernel do', async () => {
    const lan = new Lan(['a'])
    expect(await refusal(lan, 'ip route show table 100')).toBe('2 Error: ipv4: FIB table does not exist.\nDump terminated\n')
    expect(await refusal(lan, 'ip route flush table 100')).toBe('2 Error: ipv4: FIB table does not exist.\nFlush terminated\n')
    expect(await refusal(lan, 'ip route show table foo')).toBe(
      '255 Error: argument "foo" is wrong: table id value is invalid\n\n',
    )
    expect(await refusal(lan, 'ip route flush')).toBe('1 "ip route flush" requires arguments.\n')
    expect(await refusal(lan, 'ip route add local 10.7.0.0/16')).toBe('2 RTNETLINK answers: No such device\n')
    expect(await refusal(lan, 'ip route add local 10.7.0.0/16 dev lo scope link')).toBe('2 Error: Invalid scope.\n')
    expect(await refusal(lan, 'ip route add blackhole 10.7.0.0/16 dev lo')).toBe(
      '2 Error: Gateway, device and multipath can not be specified for this route type.\n',
    )
    expect(await refusal(lan, 'ip route add default via 10.9.0.1 onlink')).toBe('2 Error: Nexthop device required for onlink.\n')
    expect(await refusal(lan, 'ip route add 10.7.0.0/16 via foo')).toBe('1 Error: inet address is expected rather than "foo".\n')
    expect((await refusal(lan, 'ip route add')).startsWith('255 Usage: ip route { list | flush } SELECTOR\n')).toBe(true)
    const steps = 'ip route add default nexthop via 10.0.0.2 nexthop via 10.0.0.3'
    expect((await lan.run('a', steps)).stop).toBeDefined()
  })
})

describe('ip route get', () => {
  it('asks as a packet with a mark, a source or a device would', async () => {
    const lan = new Lan(['a'])
    await lan.output('a', `ip rule add fwmark 1 lookup 100; ip route add local 0/0 dev lo table 100
      ip rule add from 10.0.0.1 fwmark 0x20 lookup 200; ip route add default via 10.0.0.9 table 200 mtu 1400
      ip route add default via 10.0.0.2; sysctl -w net.ipv4.ip_forward=1`)
    expect(await lan.output('a', `ip route get 192.0.2.1; ip route get 192.0.2.1 mark 1; ip route get 192.0.2.1 mark 0x20
      ip route get 192.0.2.1 from 10.0.0.1 mark 0x20; ip route get 10.0.0.1`)).toBe(
      '192.0.2.1 via 10.0.0.2 dev eth0 src 10.0.0.1 uid 0 \n    cache \n'
      + 'local 192.0.2.1 dev lo table 100 src 192.0.2.1 mark 1 uid 0 \n    cache <local> \n'
      + '192.0.2.1 via 10.0.0.2 dev eth0 src 10.0.0.1 mark 0x20 uid 0 \n    cache \n'
      + '192.0.2.1 from 10.0.0.1 via 10.0.0.9 dev eth0 table 200 mark 0x20 uid 0 \n    cache mtu 1400 \n'
      + 'local 10.0.0.1 dev lo table local src 10.0.0.1 uid 0 \n    cache <local> \n',
    )
    const question = 'ip route get 192.0.2.1 from 10.0.0.3 iif eth0'
    expect(await lan.output('a', `${question}; ${question} mark 1`))
      .toBe('192.0.2.1 from 10.0.0.3 via 10.0.0.2 dev eth0 \n    cache iif eth0 \n'
        + 'local 192.0.2.1 from 10.0.0.3 dev lo table 100 mark 1 \n    cache <local> iif eth0 \n')
  })

  it('takes the destination for a neighbor where only the device is known', async () => {
    const lan = new Lan(['a'])
    expect(await lan.output('a', 'ip route get 192.0.2.1 oif eth0')).toBe('192.0.2.1 dev eth0 src 10.0.0.1 uid 0 \n    cache \n')
  })

  it('refuses as the packet would be', async () => {
    const lan = new Lan(['a'])
    expect(await refusal(lan, 'ip route get 192.0.2.1 from 10.0.0.9')).toBe('2 RTNETLINK answers: Invalid argument\n')
    expect(await refusal(lan, 'ip route get 192.0.2.1 from 10.0.0.9 iif eth0')).toBe('2 RTNETLINK answers: No route to host\n')
    expect(await refusal(lan, 'ip route get 10.0.0.1 from 10.0.0.1 iif eth0')).toBe('2 RTNETLINK answers: Invalid argument\n')
    expect(await refusal(lan, 'sysctl -qw net.ipv4.conf.all.rp_filter=1; ip route get 10.0.0.1 from 192.0.2.9 iif eth0')).toBe(
      '2 RTNETLINK answers: Invalid cross-device link\n',
    )
    expect(await refusal(lan, 'ip rule add to 7.0.0.0/8 prohibit; ip route get 7.1.1.1')).toBe(
      '2 RTNETLINK answers: Permission denied\n',
    )
    expect(await refusal(lan, 'ip rule add to 8.0.0.0/8 unreachable; ip route get 8.1.1.1')).toBe(
      '2 RTNETLINK answers: Network is unreachable\n',
    )
    expect(await refusal(lan, 'ip route get 192.0.2.1 oif eth9')).toBe('1 Cannot find device "eth9"\n')
  })
})

describe('ip neigh', () => {
  it('sets states, and gets and shows entries', async () => {
    const lan = new Lan(['a'])
    await lan.output('a', `ip neigh add 10.0.0.9 lladdr 02:aa:00:00:00:01 dev eth0 nud stale
      ip neigh add 10.0.0.8 dev eth0 nud failed; ip neigh change 10.0.0.9 dev eth0 nud reachable`)
    const script = 'ip neigh get 10.0.0.9 dev eth0; ip neigh show nud failed; ip neigh show dev eth0 10.0.0.9'
    expect(await lan.output('a', script)).toBe(
      '10.0.0.9 dev eth0 lladdr 02:aa:00:00:00:01 REACHABLE \n10.0.0.8 dev eth0 FAILED \n'
      + '10.0.0.9 lladdr 02:aa:00:00:00:01 REACHABLE \n',
    )
    // Failed entries are not flushed.
    expect(await lan.output('a', 'ip neigh flush all; ip neigh')).toBe('10.0.0.8 dev eth0 FAILED \n')
  })

  it('probes an entry that is put into that state, and lets it fail: 3 times after 1.024 s each', async () => {
    const lan = new Lan(['a'])
    await lan.output('a', 'ip neigh add 10.0.0.9 lladdr 02:aa:00:00:00:01 dev eth0 nud probe')
    expect(await lan.output('a', 'sleep 3; ip neigh; sleep 0.1; ip neigh')).toBe(
      '10.0.0.9 dev eth0 lladdr 02:aa:00:00:00:01 PROBE \n10.0.0.9 dev eth0 FAILED \n',
    )
  })

  it('keeps proxy entries beside the others', async () => {
    const lan = new Lan(['a'])
    await lan.output('a', 'ip neigh add proxy 10.0.0.50 dev eth0')
    expect(await lan.output('a', 'ip neigh; ip neigh show proxy; ip neigh get proxy 10.0.0.50 dev eth0')).toBe(
      '10.0.0.50 dev eth0 proxy \n10.0.0.50 dev eth0 proxy \n',
    )
    await lan.output('a', 'ip neigh del proxy 10.0.0.50 dev eth0')
    expect(await refusal(lan, 'ip neigh del proxy 10.0.0.50 dev eth0')).toBe('2 RTNETLINK answers: No such file or directory\n')
  })

  it('refuses what is missing or there already', async () => {
    const lan = new Lan(['a'])
    expect(await refusal(lan, 'ip neigh add 10.0.0.9 dev eth0')).toBe('2 Error: No link layer address given.\n')
    const entry = '10.0.0.8 lladdr 02:aa:00:00:00:01 dev eth0'
    expect(await refusal(lan, `ip neigh add ${entry}; ip neigh add ${entry}`)).toBe('2 RTNETLINK answers: File exists\n')
    expect(await refusal(lan, 'ip neigh change 10.0.0.7 lladdr 02:aa:00:00:00:01 dev eth0')).toBe(
      '2 RTNETLINK answers: No such file or directory\n',
    )
    expect(await refusal(lan, 'ip neigh get 10.0.0.7 dev eth0')).toBe('2 Error: Neighbour entry not found.\n')
    expect(await refusal(lan, 'ip neigh add 10.0.0.7')).toBe('255 Device and destination are required arguments.\n')
    expect(await refusal(lan, 'ip neigh add 10.0.0.7 dev eth0 nud bad')).toBe(
      '255 Error: argument "bad" is wrong: nud state is bad\n',
    )
  })
})
