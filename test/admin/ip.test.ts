import { describe, expect, it } from 'vitest'
import { Lan, type Ran } from './support.ts'

async function refusal(lan: Lan, script: string): Promise<string> {
  const ran: Ran = await lan.run('a', script)
  return `${ran.exitCode} ${ran.stderr}`
}

describe('ip', () => {
  it('shows addresses, in full, brief, on one line, and by device', async () => {
    const lan = new Lan(['a'])
    expect(
      await lan.output('a', 'ip addr'),
    ).toBe(`1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP group default qlen 1000
    link/ether 02:00:00:00:01:00 brd ff:ff:ff:ff:ff:ff
    inet 10.0.0.1/24 brd 10.0.0.255 scope global eth0
       valid_lft forever preferred_lft forever
`)
    expect(await lan.output('a', 'ip -br a s eth0')).toBe('eth0             UP             10.0.0.1/24 \n')
    expect(await lan.output('a', "ip -4 -o addr show dev eth0 | awk '{print $4}'")).toBe('10.0.0.1/24\n')
    expect(await lan.output('a', 'ip -4 a show dev lo')).not.toContain('link/loopback')
  })

  it('adds and removes addresses: labels, broadcast, scope, secondaries', async () => {
    const lan = new Lan(['a'])
    const script = 'ip addr add 10.0.0.100/32 dev lo; ip a a 10.0.0.7/24 brd + dev eth0 label eth0:1; '
      + 'ip addr add 1.2.3.4 dev lo scope host; ip a'
    const shown = (await lan.output('a', script)).split('\n').filter((line) => line.includes('inet'))
    expect(shown).toEqual([
      // The kernel puts addresses of wider scope behind those of narrower.
      '    inet 127.0.0.1/8 scope host lo', '    inet 1.2.3.4/32 scope host lo', '    inet 10.0.0.100/32 scope global lo',
      '    inet 10.0.0.1/24 brd 10.0.0.255 scope global eth0',
      '    inet 10.0.0.7/24 brd 10.0.0.255 scope global secondary eth0:1',
    ])
    await lan.output('a', 'ip addr del 10.0.0.100/32 dev lo; ip addr flush dev eth0')
    expect(await lan.output('a', 'ip -br a')).toBe(
      'lo               UNKNOWN        127.0.0.1/8 1.2.3.4/32 \neth0             UP             \n',
    )
  })

  it('refuses addresses as iproute2 and the kernel do', async () => {
    const lan = new Lan(['a'])
    expect(await refusal(lan, 'ip addr add 10.0.0.1/24 dev eth0')).toBe('2 RTNETLINK answers: File exists\n')
    expect(await refusal(lan, 'ip addr del 1.2.3.4/32 dev eth0')).toBe('2 RTNETLINK answers: Cannot assign requested address\n')
    expect(await refusal(lan, 'ip addr add 1.2.3.4/32 dev eth9')).toBe('1 Cannot find device "eth9"\n')
    expect(await refusal(lan, 'ip addr add 1.2.3/33 dev eth0')).toBe(
      '1 Error: any valid prefix is expected rather than "1.2.3/33".\n',
    )
    expect(await refusal(lan, 'ip addr add 1.2.3.4')).toBe('1 Not enough information: "dev" argument is required.\n')
    expect(await refusal(lan, 'ip addr show eth9')).toBe('1 Device "eth9" does not exist.\n')
    expect(await refusal(lan, 'ip foo')).toBe('1 Object "foo" is unknown, try "ip help".\n')
  })

  it('sets links up and down, MTU and ARP', async () => {
    const lan = new Lan(['a'])
    await lan.output('a', 'ip link set dev eth0 mtu 1400 arp off; ip link set lo down')
    expect(await lan.output('a', 'ip link show eth0')).toBe(
      '2: eth0: <BROADCAST,MULTICAST,NOARP,UP,LOWER_UP> mtu 1400 qdisc fq_codel state UP mode DEFAULT group default qlen 1000\n'
      + '    link/ether 02:00:00:00:01:00 brd ff:ff:ff:ff:ff:ff\n',
    )
    await lan.output('a', 'ip link set eth0 down')
    expect(await lan.output('a', 'ip -br link; ip route')).toBe(
      'lo               DOWN           00:00:00:00:00:00 <LOOPBACK> \n'
      + 'eth0             DOWN           02:00:00:00:01:00 <BROADCAST,MULTICAST,NOARP> \n',
    )
    await lan.output('a', 'ip l s eth0 up')
    expect(await lan.output('a', 'ip r')).toBe('10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.1 \n')
    expect(await refusal(lan, 'ip link set eth0 mtu 67')).toBe('2 Error: mtu less than device minimum.\n')
  })

  it('makes and removes dummy devices', async () => {
    const lan = new Lan(['a'])
    await lan.output('a', 'ip link add dummy0 type dummy; ip addr add 10.0.0.100/32 dev dummy0; ip link set dummy0 up')
    expect(await lan.output('a', 'ip -br a s dummy0; lsmod | grep -c dummy')).toBe(
      'dummy0           UNKNOWN        10.0.0.100/32 \n1\n',
    )
    expect(await refusal(lan, 'ip link add dummy0 type dummy')).toBe('2 RTNETLINK answers: File exists\n')
    await lan.output('a', 'ip link del dummy0')
    expect(lan.host('a').findDevice('dummy0')).toBeUndefined()
    expect(await refusal(lan, 'ip link del lo')).toBe('2 RTNETLINK answers: Operation not supported\n')
    expect((await lan.run('a', 'ip link add link eth0 name eth0.5 type vlan id 5')).stop).toBeDefined()
  })

  it('adds, replaces, removes and shows routes in the order of the kernel', async () => {
    const lan = new Lan(['a'])
    await lan.output(
      'a',
      'ip route add default via 10.0.0.2; ip r add 192.168.1.0/24 via 10.0.0.3 metric 5; '
        + 'ip r add blackhole 10.9.0.0/16; ip r a 10.0.0.100 dev lo src 10.0.0.1',
    )
    expect(await lan.output('a', 'ip route')).toBe(`default via 10.0.0.2 dev eth0 
10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.1 
10.0.0.100 dev lo scope link src 10.0.0.1 
blackhole 10.9.0.0/16 
192.168.1.0/24 via 10.0.0.3 dev eth0 metric 5 
`)
    await lan.output('a', 'ip route replace default via 10.0.0.3; ip route del 192.168.1.0/24; ip route flush 10.9.0.0/16')
    expect(await lan.output('a', 'ip route show default; ip route show dev lo; ip route | wc -l')).toBe(
      'default via 10.0.0.3 dev eth0 \n10.0.0.100 scope link src 10.0.0.1 \n3\n',
    )
  })

  it('refuses routes as the kernel does', async () => {
    const lan = new Lan(['a'])
    expect(await refusal(lan, 'ip route add 1.2.3.0/24 via 9.9.9.9')).toBe('2 Error: Nexthop has invalid gateway.\n')
    expect(await refusal(lan, 'ip route add 1.2.3.4/24 dev eth0')).toBe('2 Error: Invalid prefix for given prefix length.\n')
    expect(await refusal(lan, 'ip route add 10.0.0.0/24 dev eth0')).toBe('2 RTNETLINK answers: File exists\n')
    expect(await refusal(lan, 'ip route del 1.2.3.0/24')).toBe('2 RTNETLINK answers: No such process\n')
    expect(await refusal(lan, 'ip link set eth0 down; ip route add 1.2.3.0/24 dev eth0')).toBe(
      '2 Error: Device for nexthop is not up.\n',
    )
  })

  it('says which way a packet goes', async () => {
    const lan = new Lan(['a'])
    await lan.output('a', 'ip route add default via 10.0.0.2; ip route add prohibit 7.0.0.0/8')
    expect(
      await lan.output('a', 'ip route get 10.0.0.3; ip route get 8.8.8.8; ip route get 10.0.0.1; ip route get 10.0.0.255'),
    ).toBe(
      '10.0.0.3 dev eth0 src 10.0.0.1 uid 0 \n    cache \n8.8.8.8 via 10.0.0.2 dev eth0 src 10.0.0.1 uid 0 \n    cache \n'
      + 'local 10.0.0.1 dev lo src 10.0.0.1 uid 0 \n    cache <local> \nbroadcast 10.0.0.255 dev eth0 src 10.0.0.1 uid 0 \n'
      + '    cache <local,brd> \n',
    )
    expect(await refusal(lan, 'ip route get 7.1.1.1')).toBe('2 RTNETLINK answers: Permission denied\n')
    expect(await refusal(lan, 'ip route del default; ip route get 8.8.8.8')).toBe('2 RTNETLINK answers: Network is unreachable\n')
  })

  it('shows and changes neighbors', async () => {
    const lan = new Lan(['a', 'b'])
    await lan.output('a', 'ping -c1 10.0.0.2; ip neigh add 10.0.0.9 lladdr 02:aa:00:00:00:01 dev eth0')
    expect(await lan.output('a', 'ip neigh')).toBe(
      '10.0.0.2 dev eth0 lladdr 02:00:00:00:02:00 REACHABLE \n10.0.0.9 dev eth0 lladdr 02:aa:00:00:00:01 PERMANENT \n',
    )
    expect(await lan.output('a', 'ip n s 10.0.0.2 | cut -d" " -f5')).toBe('02:00:00:00:02:00\n')
    await lan.output('a', 'ip neigh flush all')
    expect(await lan.output('a', 'ip n show dev eth0')).toBe('10.0.0.9 lladdr 02:aa:00:00:00:01 PERMANENT \n')
    await lan.output('a', 'ip neigh del 10.0.0.9 dev eth0')
    expect(await refusal(lan, 'ip neigh del 10.0.0.9 dev eth0')).toBe('2 RTNETLINK answers: No such file or directory\n')
  })

  it('shows tunl0 once ipip is loaded', async () => {
    const lan = new Lan(['a'])
    expect(await lan.output('a', 'ip tunnel; modprobe ipip; ip tunnel show; ip link set tunl0 up; ip a s tunl0')).toBe(
      'tunl0: any/ip remote any local any ttl inherit nopmtudisc\n'
      + '3: tunl0@NONE: <NOARP,UP,LOWER_UP> mtu 1480 qdisc noqueue state UNKNOWN group default qlen 1000\n'
      + '    link/ipip 0.0.0.0 brd 0.0.0.0\n',
    )
  })
})
