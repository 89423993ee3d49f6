import { describe, expect, it } from 'vitest'
import { Lan } from './support.ts'

describe('ifconfig', () => {
  it('shows devices and aliases', async () => {
    const lan = new Lan(['a'])
    await lan.output('a', 'ifconfig lo:0 10.0.0.100 broadcast 10.0.0.100 netmask 255.255.255.255 up')
    expect(await lan.output('a', 'ifconfig')).toBe(`eth0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500
        inet 10.0.0.1  netmask 255.255.255.0  broadcast 10.0.0.255
        ether 02:00:00:00:01:00  txqueuelen 1000  (Ethernet)
        RX packets 0  bytes 0 (0.0 B)
        RX errors 0  dropped 0  overruns 0  frame 0
        TX packets 0  bytes 0 (0.0 B)
        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0

lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536
        inet 127.0.0.1  netmask 255.0.0.0
        loop  txqueuelen 1000  (Local Loopback)
        RX packets 0  bytes 0 (0.0 B)
        RX errors 0  dropped 0  overruns 0  frame 0
        TX packets 0  bytes 0 (0.0 B)
        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0

lo:0: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536
        inet 10.0.0.100  netmask 255.255.255.255
        loop  txqueuelen 1000  (Local Loopback)

`)
  })

  it('takes the mask of the class and the broadcast that follows, unless told otherwise', async () => {
    const lan = new Lan(['a'])
    await lan.output(
      'a', 'ifconfig eth0:0 192.168.1.5; ifconfig eth0:1 172.16.0.5 netmask 255.255.255.0; ifconfig eth0:2 10.5.0.1/16',
    )
    expect(await lan.output('a', "ip -o -4 a s eth0 | awk '{ print $4, $6, $NF == \"forever\" ? $9 : $9 }'")).toBe(
      '10.0.0.1/24 10.0.0.255 eth0\\\n192.168.1.5/24 192.168.1.255 eth0:0\\\n172.16.0.5/24 172.16.0.255 eth0:1\\\n'
        + '10.5.0.1/16 10.5.255.255 eth0:2\\\n',
    )
    expect(await lan.output('a', 'ip route')).toContain('192.168.1.0/24 dev eth0 proto kernel scope link src 192.168.1.5 \n')
  })

  it('moves the address of an alias, and removes an alias that goes down', async () => {
    const lan = new Lan(['a'])
    await lan.output('a', 'ifconfig lo:0 10.0.0.100 netmask 255.255.255.255; ifconfig lo:0 10.0.0.101 netmask 255.255.255.255')
    expect(await lan.output('a', 'ip -br a s lo')).toBe('lo               UNKNOWN        127.0.0.1/8 10.0.0.101/32 \n')
    await lan.output('a', 'ifconfig lo:0 down')
    expect(await lan.output('a', 'ip -br a s lo')).toBe('lo               UNKNOWN        127.0.0.1/8 \n')
  })

  it('sets MTU, ARP, up and down', async () => {
    const lan = new Lan(['a'])
    await lan.output('a', 'ifconfig eth0 -arp mtu 1400')
    expect((await lan.output('a', 'ifconfig eth0')).split('\n')[0]).toBe(
      'eth0: flags=4291<UP,BROADCAST,RUNNING,NOARP,MULTICAST>  mtu 1400',
    )
    await lan.output('a', 'ifconfig eth0 down')
    expect(await lan.output('a', 'ifconfig | grep -c eth0; ifconfig -a | grep -c eth0; true')).toBe('0\n1\n')
  })

  it('refuses as net-tools does', async () => {
    const lan = new Lan(['a'])
    expect(await lan.run('a', 'ifconfig eth9')).toMatchObject(
      { stderr: 'eth9: error fetching interface information: Device not found\n', exitCode: 1 },
    )
    expect(await lan.run('a', 'ifconfig eth9 1.2.3.4')).toMatchObject({
      stderr: 'SIOCSIFADDR: No such device\neth9: ERROR while getting interface flags: No such device\n', exitCode: 255,
    })
    expect(await lan.run('a', 'ifconfig lo:7 netmask 255.0.0.0')).toMatchObject(
      { stderr: 'SIOCSIFNETMASK: Cannot assign requested address\n', exitCode: 255 },
    )
    expect((await lan.run('a', 'ifconfig eth0 hw ether 02:00:00:00:00:01')).stop?.word).toBe('hw')
  })
})

describe('route', () => {
  it('adds by net, host, default, gateway and device, and shows the table', async () => {
    const lan = new Lan(['a'])
    await lan.output(
      'a',
      'route add default gw 10.0.0.2; route add -net 192.168.1.0 netmask 255.255.255.0 gw 10.0.0.3 metric 2; '
        + 'route add -net 172.16.0.0/16 dev eth0; ifconfig lo:0 10.0.0.100 netmask 255.255.255.255; '
        + 'route add -host 10.0.0.100 dev lo:0; route add -net 9.0.0.0 netmask 255.0.0.0 reject',
    )
    expect(await lan.output('a', 'route -n')).toBe(`Kernel IP routing table
Destination     Gateway         Genmask         Flags Metric Ref    Use Iface
0.0.0.0         10.0.0.2        0.0.0.0         UG    0      0        0 eth0
9.0.0.0         -               255.0.0.0       !     0      -        0 -
10.0.0.0        0.0.0.0         255.255.255.0   U     0      0        0 eth0
10.0.0.100      0.0.0.0         255.255.255.255 UH    0      0        0 lo
172.16.0.0      0.0.0.0         255.255.0.0     U     0      0        0 eth0
192.168.1.0     10.0.0.3        255.255.255.0   UG    2      0        0 eth0
`)
    expect(await lan.output('a', 'ip route show dev lo')).toBe('10.0.0.100 scope link src 10.0.0.100 \n')
    await lan.output('a', 'route del default; route del -net 172.16.0.0 netmask 255.255.0.0; route del -host 10.0.0.100')
    expect(await lan.output('a', 'netstat -rn | tail -n +3 | wc -l')).toBe('3\n')
  })

  it('refuses as the kernel does', async () => {
    const lan = new Lan(['a'])
    expect(await lan.run('a', 'route add default gw 9.9.9.9')).toMatchObject(
      { stderr: 'SIOCADDRT: Network is unreachable\n', exitCode: 7 },
    )
    expect(await lan.run('a', 'route add -net 10.0.0.0/24 dev eth0')).toMatchObject(
      { stderr: 'SIOCADDRT: File exists\n', exitCode: 7 },
    )
    expect(await lan.run('a', 'route add -host 10.0.0.100 dev lo:0')).toMatchObject(
      { stderr: 'SIOCADDRT: No such device\n', exitCode: 7 },
    )
    expect(await lan.run('a', 'route del -host 1.2.3.4 dev eth0')).toMatchObject(
      { stderr: 'SIOCDELRT: No such process\n', exitCode: 7 },
    )
    expect((await lan.run('a', 'route add -net 10.0.0.1/24 dev eth0')).exitCode).toBe(4)
  })
})

describe('arp', () => {
  it('shows, sets and removes entries', async () => {
    const lan = new Lan(['a', 'b'])
    await lan.output('a', 'ping -c1 10.0.0.2; arp -s 10.0.0.9 02:aa:00:00:00:01')
    expect(await lan.output('a', 'arp -n')).toBe(`Address                  HWtype  HWaddress           Flags Mask            Iface
10.0.0.2                 ether   02:00:00:00:02:00   C                     eth0
10.0.0.9                 ether   02:aa:00:00:00:01   CM                    eth0
`)
    expect(await lan.output('a', 'arp -an | head -1')).toBe('? (10.0.0.2) at 02:00:00:00:02:00 [ether]  on eth0\n')
    await lan.output('a', 'arp -d 10.0.0.2; arp -d 10.0.0.9')
    expect(await lan.run('a', 'arp -n; arp -d 10.0.0.9')).toEqual(
      { stdout: '', stderr: 'No ARP entry for 10.0.0.9\n', exitCode: 255 },
    )
  })

  it('publishes addresses of others, by a device or by its hardware address', async () => {
    const lan = new Lan(['a'])
    await lan.output('a', 'arp -Ds 10.0.0.9 eth0 pub; arp -s 10.0.0.8 02:00:00:00:01:00 pub; arp -s 10.0.0.9 02:aa:00:00:00:01')
    expect(await lan.output('a', 'arp -n')).toBe(`Address                  HWtype  HWaddress           Flags Mask            Iface
10.0.0.9                 ether   02:aa:00:00:00:01   CM                    eth0
10.0.0.9                 *       <from_interface>    MP                    eth0
10.0.0.8                 *       <from_interface>    MP                    eth0
`)
    expect(await lan.output('a', 'arp -an | tail -1')).toBe('? (10.0.0.8) at <from_interface> PERM PUP on eth0\n')
    expect(await lan.output('a', 'tail -1 /proc/net/arp')).toBe(
      '10.0.0.8         0x1         0xc         00:00:00:00:00:00     *        eth0\n')
    await lan.output('a', 'arp -d 10.0.0.9 pub; arp -d 10.0.0.8')
    expect(await lan.output('a', 'arp -an')).toBe('? (10.0.0.9) at 02:aa:00:00:00:01 [ether] PERM  on eth0\n')
    expect(await lan.run('a', 'arp -s 10.0.0.7 02:aa:00:00:00:01 pub')).toEqual(
      { stdout: '', stderr: 'SIOCSARP: No such device\n', exitCode: 255 })
    expect((await lan.run('a', 'arp -Ds 10.0.0.7 eth7 pub')).stderr).toBe(
      "arp: cant get HW-Address for `eth7': No such device.\n")
    expect((await lan.run('a', 'arp -d 10.0.0.9 pub')).stderr).toBe('No ARP entry for 10.0.0.9\n')
  })

  it('shows whom nobody answers for as incomplete', async () => {
    const lan = new Lan(['a'])
    await lan.run('a', 'ping -c1 -W1 10.0.0.9')
    expect(await lan.output('a', 'arp -n | tail -1')).toBe(
      '10.0.0.9                         (incomplete)                              eth0\n',
    )
  })
})

describe('netstat and ss', () => {
  it('list listeners and connections', async () => {
    const lan = new Lan(['a', 'b'])
    await lan.output('b', 'python3 -m http.server 8080')
    expect(await lan.output('b', 'netstat -lnt')).toBe(`Active Internet connections (only servers)
Proto Recv-Q Send-Q Local Address           Foreign Address         State       
tcp        0      0 0.0.0.0:8080            0.0.0.0:*               LISTEN     
`)
    expect(await lan.output('b', 'ss -lnt')).toBe(`State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process
LISTEN 0      128          0.0.0.0:8080         0.0.0.0:*
`)
    await lan.output('a', 'curl -s http://10.0.0.2:8080/; sleep 1')
    const rows = (await lan.output('a', 'ss -tan; netstat -ant')).split('\n').filter((line) => line.includes('10.0.0.2:8080'))
    expect(rows).toHaveLength(2)
    expect(rows[0]).toMatch(/^TIME-WAIT 0 +0 +10\.0\.0\.1:\d+ +10\.0\.0\.2:8080$/)
    expect(rows[1]).toMatch(/^tcp +0 +0 10\.0\.0\.1:\d+ +10\.0\.0\.2:8080 +TIME_WAIT +$/)
  })

  it('gives a route an MSS, of which the kernel keeps what headers leave: 1400 - 40', async () => {
    const lan = new Lan(['a'])
    await lan.output('a', 'route add -net 10.9.0.0/16 gw 10.0.0.2 mss 1400')
    expect(await lan.output('a', "ip route show 10.9.0.0/16; netstat -rn | awk '/10.9/ {print $5}'")).toBe(
      '10.9.0.0/16 via 10.0.0.2 dev eth0 advmss 1360 \n1400\n',
    )
    expect((await lan.run('a', 'route add -net 10.8.0.0/16 gw 10.0.0.2 mss 10')).stderr).toBe('route: Invalid MSS/MTU.\n')
  })
})
