import { describe, expect, it } from 'vitest'
import { ip6tables } from '../../src/admin/iptables/ip6tables.ts'
import { iptables } from '../../src/admin/iptables/iptables.ts'
import { IPV4_ANY } from '../../src/wire/address.ts'
import { Lan } from './support.ts'

/** Hosts that speak IPv6: the first has fd00::1/64 beside 10.0.0.1, and so on. */
async function lan6(...names: string[]): Promise<Lan> {
  const lan = new Lan(names, [['ip6tables', ip6tables], ['iptables', iptables]])
  for (const [index, name] of names.entries()) {
    lan.host(name).ipv6.switchOn()
    // Nobody objects to an address within two seconds.
    await lan.output(name, `ip -6 addr add fd00::${index + 1}/64 dev eth0; sleep 3`)
  }
  return lan
}

/** Text without what depends on delays. */
function timeless(text: string): string {
  return text.replace(/time=[\d.]+ ms/g, 'time=T').replace(/= [\d./]+ ms/g, '= T').replace(/time \d+ms/g, 'time T')
}

describe('ping over IPv6', () => {
  it('reports replies and sums up', async () => {
    const lan = await lan6('a', 'b')
    const expected = `PING fd00::2(fd00::2) 56 data bytes
64 bytes from fd00::2: icmp_seq=1 ttl=64 time=T

--- fd00::2 ping statistics ---
1 packets transmitted, 1 received, 0% packet loss, time T
rtt min/avg/max/mdev = T
`
    expect(timeless(await lan.output('a', 'ping -c1 fd00::2'))).toBe(expected)
    expect(timeless(await lan.output('a', 'ping6 -c1 fd00::2'))).toBe(expected)
    expect(await lan.output('a', 'ping -c1 -q -I eth0 fd00::2 | head -1')).toBe(
      'PING fd00::2(fd00::2) from fd00::1 eth0: 56 data bytes\n')
    expect(await lan.output('a', 'ping -c1 -q -I fd00::1 fd00::2 | head -1')).toBe(
      'PING fd00::2(fd00::2) from fd00::1 : 56 data bytes\n')
  })

  it('needs the link of a link-local address', async () => {
    const lan = await lan6('a', 'b')
    // 02:00:00:00:02:00 of b, the seventh bit turned: fe80::ff:fe00:200.
    expect(await lan.output('a', 'ping -c1 fe80::ff:fe00:200%eth0')).toContain(
      'PING fe80::ff:fe00:200%eth0(fe80::ff:fe00:200%eth0) 56 data bytes\n64 bytes from fe80::ff:fe00:200%eth0: icmp_seq=1')
    expect(await lan.output('a', 'ping -c1 -I eth0 fe80::ff:fe00:200')).toContain(
      'PING fe80::ff:fe00:200(fe80::ff:fe00:200%eth0) from fe80::ff:fe00:100%eth0 eth0: 56 data bytes\n')
    expect(await lan.run('a', 'ping -c1 fe80::ff:fe00:200')).toEqual(
      { stdout: '', stderr: 'ping: connect: Invalid argument\n', exitCode: 2 })
    expect((await lan.run('a', 'ping -c1 fe80::ff:fe00:200%eth7')).stderr).toContain('Name or service not known')
    expect(await lan.output('a', 'ping -c1 ff02::1%eth0')).toContain('64 bytes from fe80::ff:fe00:200%eth0: icmp_seq=1')
  })

  it.each([
    ['fd00::9', 'From fd00::1 icmp_seq=1 Destination unreachable: Address unreachable\n'],
    ['fd02::9', 'From fd00::2 icmp_seq=1 Destination unreachable: No route\n'],
    ['fd03::9', 'From fd00::2 icmp_seq=1 Destination unreachable: Administratively prohibited\n'],
    ['-t 1 fd04::9', 'From fd00::2 icmp_seq=1 Time exceeded: Hop limit\n'],
    ['-s 1400 fd04::9', 'From fd00::2 icmp_seq=1 Packet too big: mtu=1300\n'],
  ])('says why %s does not answer', async (target, line) => {
    const lan = await lan6('a', 'b')
    await lan.output('a', 'ip -6 route add default via fd00::2')
    await lan.output('b', 'sysctl -qw net.ipv6.conf.all.forwarding=1; ip -6 route add prohibit fd03::/64; '
      + 'ip link add d0 type dummy; ip link set d0 up mtu 1300; ip -6 addr add fd04::1/64 dev d0')
    const { stdout, exitCode } = await lan.run('a', `ping -c1 -W5 ${target}`)
    expect(stdout).toContain(line)
    expect(exitCode).toBe(1)
  })

  it('refuses at once what cannot be', async () => {
    const lan = await lan6('a')
    const refusal = async (words: string): Promise<string> => {
      const { stderr, exitCode } = await lan.run('a', words)
      return `${exitCode} ${stderr}`
    }
    expect(await refusal('ping -c1 fd09::1')).toBe('2 ping: connect: Network is unreachable\n')
    expect(await refusal('ping6 -c1 fd09::1')).toBe('2 ping6: connect: Network is unreachable\n')
    expect(await refusal('ping -4 fd00::1')).toBe('2 ping: fd00::1: Address family for hostname not supported\n')
    expect(await refusal('ping -6 10.0.0.1')).toBe('2 ping: 10.0.0.1: Address family for hostname not supported\n')
    expect(await refusal('ping -4 -6 fd00::1')).toBe('2 ping: only one -4 or -6 option may be specified\n')
    expect(await refusal('ping -I eth7 fd00::1')).toBe('2 ping: unknown iface: eth7\n')
    expect(await refusal('ping -I fd00::7 fd00::1')).toBe('2 ping: bind icmp socket: Cannot assign requested address\n')
    // 1453 + 8 + 40 = 1501.
    await lan.output('a', 'ip -6 route add fd05::/64 dev eth0')
    expect(await refusal('ping -c1 -W1 -M do -s 1453 fd05::1')).toBe('1 ping: local error: message too long, mtu: 1500\n')
  })

  it('finds names: IPv6 first where it leads there, and says them with the answers', async () => {
    const lan = await lan6('a', 'b')
    lan.host('a').files.set('/etc/hosts', '10.0.0.2 web\nfd00::2 web web6\nfd09::2 far\n10.0.0.2 far\n')
    const head = (words: string): Promise<string> => lan.output('a', `ping -c1 -q ${words} | head -1`)
    expect(await head('web')).toBe('PING web(web (fd00::2)) 56 data bytes\n')
    expect(await head('-n web')).toBe('PING web(fd00::2) 56 data bytes\n')
    expect(await head('-4 web')).toBe('PING web (10.0.0.2) 56(84) bytes of data.\n')
    expect(await head('far')).toBe('PING far (10.0.0.2) 56(84) bytes of data.\n')
    expect(await head('localhost')).toContain('(127.0.0.1)')
    expect(await head('-6 localhost')).toBe('PING localhost(::1) 56 data bytes\n')
    expect(await lan.output('a', 'ping -c1 web6')).toContain('64 bytes from web (fd00::2): icmp_seq=1')
    expect((await lan.run('a', 'ping -4 web6')).stderr).toBe('ping: web6: Name or service not known\n')
  })
})

describe('curl over IPv6', () => {
  it('takes addresses in brackets, and names', async () => {
    const lan = await lan6('a', 'b')
    lan.host('b').files.set('/www/x', 'page\n')
    await lan.output('b', 'cd /www; python3 -m http.server --bind :: 80; python3 -m http.server --bind fd00::2 8080')
    lan.host('a').files.set('/etc/hosts', '10.0.0.2 web\nfd00::2 web\n')
    const shows = "-s -w '%{remote_ip} %{remote_port}'"
    expect(await lan.output('a', `curl ${shows} http://[fd00::2]/x`)).toBe('page\nfd00::2 80')
    expect(await lan.output('a', `curl -g -6 ${shows} http://[fd00::2]:8080/x`)).toBe('page\nfd00::2 8080')
    expect(await lan.output('a', `curl ${shows} --interface fd00::1 http://web/x`)).toBe('page\nfd00::2 80')
    expect(await lan.output('a', `curl ${shows} --interface eth0 http://web/x`)).toBe('page\nfd00::2 80')
    expect(await lan.output('a', `curl ${shows} -4 http://web/x`)).toBe('page\n10.0.0.2 80')
    // Only fd00::2 listens there; where IPv6 is refused, IPv4 gets its turn.
    await lan.output('b', 'python3 -m http.server --bind 10.0.0.2 8081')
    expect((await lan.run('a', `curl ${shows} http://web:8081/x; curl -s -6 http://web:8081/x`))).toMatchObject(
      { stdout: expect.stringContaining('10.0.0.2 8081') as string, exitCode: 7 })
  })

  it('says what went wrong', async () => {
    const lan = await lan6('a', 'b')
    const complaint = async (words: string): Promise<string | undefined> => (await lan.run('a', `curl ${words}`)).stderr
    expect(await complaint('http://[fd00::2]:81/')).toBe(
      "curl: (7) Failed to connect to fd00::2 port 81 after 0 ms: Couldn't connect to server\n")
    expect(await complaint('-4 http://[fd00::2]/')).toBe('curl: (6) Could not resolve host: fd00::2\n')
    expect(await complaint('http://fd00::2/')).toBe('curl: (3) URL using bad/illegal format or missing URL\n')
    expect(await complaint('http://[fd00::g]/')).toBe('curl: (3) URL using bad/illegal format or missing URL\n')
    expect(await complaint('--interface fd00::7 http://[fd00::2]/')).toBe(
      'curl: (45) bind failed with errno 99: Cannot assign requested address\n')
    expect((await lan.run('a', 'curl http://[fe80::1%25eth0]/')).stop?.what).toContain('zone')
  })
})

describe('ip -6', () => {
  it('shows and changes neighbors', async () => {
    const lan = await lan6('a', 'b')
    await lan.output('b', 'sysctl -qw net.ipv6.conf.all.forwarding=1')
    await lan.output('a', 'ping -c1 10.0.0.2; ping -c1 fd00::2; ip neigh add fd00::9 lladdr 02:aa:00:00:00:01 dev eth0')
    const v4 = '10.0.0.2 dev eth0 lladdr 02:00:00:00:02:00 REACHABLE \n'
    const v6 = 'fd00::2 dev eth0 lladdr 02:00:00:00:02:00 router REACHABLE \n'
    const mine = 'fd00::9 dev eth0 lladdr 02:aa:00:00:00:01 PERMANENT \n'
    expect(await lan.output('a', 'ip neigh')).toBe(v4 + v6 + mine)
    expect(await lan.output('a', 'ip -4 neigh')).toBe(v4)
    expect(await lan.output('a', 'ip -6 neigh show to fd00::/125')).toBe(v6)
    expect(await lan.output('a', 'ip neigh show to fd00::8/125')).toBe(mine)
    await lan.output('a', 'ip -6 neigh replace fd00::9 lladdr 02:aa:00:00:00:02 dev eth0 nud stale')
    expect(await lan.output('a', 'ip neigh get fd00::9 dev eth0')).toBe('fd00::9 dev eth0 lladdr 02:aa:00:00:00:02 STALE \n')
    await lan.output('a', 'ip -6 neigh del fd00::9 dev eth0; ip -6 neigh flush dev eth0')
    expect(await lan.output('a', 'ip neigh')).toBe(v4)
    expect((await lan.run('a', 'ip -6 neigh del 10.0.0.2 dev eth0')).stderr).toBe(
      'Error: inet6 address is expected rather than "10.0.0.2".\n')
    expect((await lan.run('a', 'ip neigh add proxy fd00::9 dev eth0')).stop?.what).toContain('not modelled')
  })

  it('lists addresses as the kernel of IPv6 knows devices, and its two rules', async () => {
    const lan = await lan6('a')
    expect(await lan.output('a', 'ip -6 addr show dev eth0')).toBe(
      `2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 state UP qlen 1000
    inet6 fd00::1/64 scope global 
       valid_lft forever preferred_lft forever
    inet6 fe80::ff:fe00:100/64 scope link 
       valid_lft forever preferred_lft forever
`)
    expect(await lan.output('a', 'ip -6 -br addr show dev eth0')).toBe(
      'eth0             UP             fd00::1/64 fe80::ff:fe00:100/64 \n')
    expect(await lan.output('a', 'ip -o -6 addr show dev lo')).toBe(
      '1: lo    inet6 ::1/128 scope host \\       valid_lft forever preferred_lft forever\n')
    expect(await lan.output('a', 'ip -br addr show to fd00::/64; ip -br addr show to 10.0.0.0/8')).toBe(
      'eth0             UP             fd00::1/64 \neth0             UP             10.0.0.1/24 \n')
    await lan.output('a', 'ip -6 addr add fd01::1/64 dev eth0 nodad; ip addr flush to fd00::/64')
    expect(await lan.output('a', 'ip -br addr show dev eth0')).toBe(
      'eth0             UP             10.0.0.1/24 fd01::1/64 fe80::ff:fe00:100/64 \n')
    expect(await lan.output('a', 'ip -6 rule')).toBe('0:\tfrom all lookup local\n32766:\tfrom all lookup main\n')
    expect((await lan.run('a', 'ip -6 rule add fwmark 1 table 100')).stop?.what).toContain('rules of IPv6')
  })
})

describe('traceroute over IPv6', () => {
  /** From a, fd04::1 of c is behind b; fd03::/64 is nobody's there. */
  async function routed(): Promise<Lan> {
    const lan = await lan6('a', 'b', 'c')
    await lan.output('a', 'ip -6 route add default via fd00::2')
    await lan.output('b', 'sysctl -qw net.ipv6.conf.all.forwarding=1; ip -6 route add fd04::/64 via fd00::3; '
      + 'ip -6 route add prohibit fd03::/64')
    await lan.output('c', 'ip -6 addr add fd04::1/128 dev lo')
    return lan
  }
  const timeless = (text: string): string => text.replace(/[\d.]+ ms/g, 'T')

  it.each(['', '-I ', '-T -p 80 ', '-U '])('follows the way with %s', async (method) => {
    const lan = await routed()
    lan.host('a').files.set('/etc/hosts', 'fd00::2 router\n')
    expect(timeless(await lan.output('a', `traceroute -q 1 ${method}fd04::1`))).toBe(
      `traceroute to fd04::1 (fd04::1), 30 hops max, 80 byte packets
 1  router (fd00::2)  T
 2  fd04::1 (fd04::1)  T
`)
    expect(timeless(await lan.output('a', `sleep 10; traceroute6 -n -q 1 ${method}fd00::3`))).toBe(
      'traceroute to fd00::3 (fd00::3), 30 hops max, 80 byte packets\n 1  fd00::3  T\n')
    // A SYN has no length of its own.
    expect(await lan.output('a', `traceroute -n -m 1 -q 1 ${method}fd00::3 100`)).toContain(
      `${method.startsWith('-T') ? 80 : 100} byte packets`)
  })

  it('shows who refuses, and takes IPv4 where a name has both', async () => {
    const lan = await routed()
    lan.host('a').files.set('/etc/hosts', 'fd00::3 web\n10.0.0.3 web\n')
    expect(timeless(await lan.output('a', 'traceroute -n -q 1 fd03::1'))).toContain(' 1  fd00::2  T !X\n')
    const head = (words: string): Promise<string> => lan.output('a', `traceroute -n -q 1 ${words} | head -1`)
    expect(await head('web')).toBe('traceroute to web (10.0.0.3), 30 hops max, 60 byte packets\n')
    expect(await head('-6 web')).toBe('traceroute to web (fd00::3), 30 hops max, 80 byte packets\n')
    expect((await lan.run('a', 'traceroute -4 fd00::3')).stderr).toBe('fd00::3: Address family for hostname not supported\n'
      + "Cannot handle \"host\" cmdline arg `fd00::3' on position 1 (argc 2)\n")
  })
})

describe('route -6', () => {
  it('adds and removes routes of metric 1', async () => {
    const lan = await lan6('a')
    await lan.output('a', 'route -6 add default gw fd00::2; route -A inet6 add fd04::7/64 gw fd00::2 dev eth0 metric 5')
    const routes = 'ip -6 route | grep via'
    expect(await lan.output('a', routes)).toBe(
      'fd04::/64 via fd00::2 dev eth0 metric 5 pref medium\ndefault via fd00::2 dev eth0 metric 1 pref medium\n')
    expect(await lan.run('a', 'route -6 del fd04::/64')).toMatchObject({ stderr: 'SIOCDELRT: No such process\n', exitCode: 7 })
    await lan.output('a', 'route --inet6 del fd04::/64 metric 5 gw fd00::2; ip -6 route add fd05::1/64 dev eth0')
    expect(await lan.output('a', `${routes}; ip -6 route show fd05::/64`)).toBe(
      'default via fd00::2 dev eth0 metric 1 pref medium\nfd05::/64 dev eth0 metric 1024 pref medium\n')
    expect(await lan.run('a', 'route -6 add fd06::/64')).toMatchObject({ stderr: 'SIOCADDRT: No such device\n', exitCode: 7 })
    expect(await lan.run('a', 'route -6 add nosuch dev eth0')).toMatchObject({ stderr: 'nosuch: Unknown host\n', exitCode: 6 })
    expect((await lan.run('a', 'route -6 add fd06::/64 x y')).exitCode).toBe(4)
    expect((await lan.run('a', 'route -6 -n')).stop?.what).toContain('not modelled')
  })
})

describe('tcpdump and IPv6', () => {
  it.each([
    ['ip6', 4], ['icmp6', 4], ['ip6 proto 58', 4], ['ip', 0], ['ip6 and tcp', 0], ['host fd00::2', 3], ['src host fd00::2', 2],
    ['ip6 dst net fd00::/64', 3], ['net ff00::/8', 1], ['icmp', 0], ['ip6 host fd00::1 and not multicast', 3], ['port 80', 0],
  ])('%s shows %d packets of the first ping', async (filter, count) => {
    const lan = await lan6('a', 'b')
    expect(await lan.output('a', `timeout 3 tcpdump -n -i eth0 ${filter} 2> /dev/null | grep -c IP6 > /tmp/n & `
      + 'sleep 1; ping -c1 fd00::2 > /dev/null; wait; cat /tmp/n')).toBe(`${count}\n`)
  })
})

describe('other tools and IPv6', () => {
  it('ss and netstat tell sockets of IPv6 from those of IPv4', async () => {
    const lan = await lan6('a', 'b')
    await lan.output('b', 'python3 -m http.server --bind :: 80; python3 -m http.server --bind fd00::2 81; '
      + 'python3 -m http.server --bind 10.0.0.2 82')
    expect(await lan.output('b', 'ss -Hlnt')).toBe(
      `LISTEN 0      128           10.0.0.2:82         0.0.0.0:*
LISTEN 0      128                  *:80               *:*
LISTEN 0      128          [fd00::2]:81            [::]:*
`)
    expect(await lan.output('b', 'ss -4Hlnt | wc -l; ss -6Hlnt | wc -l')).toBe('1\n2\n')
    expect(await lan.output('b', 'netstat -6lnt | tail -n +3')).toBe(
      `tcp6       0      0 :::80                   :::*                    LISTEN     
tcp6       0      0 fd00::2:81              :::*                    LISTEN     
`)
    await lan.output('a', 'curl -s --local-port 5000 http://10.0.0.2/; curl -s --local-port 5001 http://[fd00::2]/')
    expect(await lan.output('b', "ss -Htan | awk '/5000|5001/ {print $4, $5}'")).toBe(
      '[::ffff:10.0.0.2]:80 [::ffff:10.0.0.1]:5000\n[fd00::2]:80 [fd00::1]:5001\n')
    expect(await lan.output('b', "netstat -ant | awk '/500[01]/ {print $1, $4, $5}'")).toBe(
      'tcp6 10.0.0.2:80 10.0.0.1:5000\ntcp6 fd00::2:80 fd00::1:5001\n')
  })

  it('netstat cuts addresses to 22 columns with their port', async () => {
    const lan = await lan6('a')
    await lan.output('a', 'ip addr add fd00:1111:2222:3333:4444::1/64 dev eth0 nodad; '
      + 'python3 -m http.server --bind fd00:1111:2222:3333:4444::1 8080')
    // 22 less the 4 of 8080.
    expect(await lan.output('a', "netstat -lnt | awk '/8080/ {print $4}'")).toBe('fd00:1111:2222:333:8080\n')
    expect(await lan.output('a', "netstat -lntW | awk '/8080/ {print $4}'")).toBe('fd00:1111:2222:3333:4444::1:8080\n')
  })

  it('list UDP sockets', async () => {
    const lan = await lan6('a')
    const { udp } = lan.host('a')
    udp.bind({ addr: IPV4_ANY, port: 53 }, {})
    expect(await lan.output('a', 'ss -lnu')).toBe(`State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process
UNCONN 0      0              0.0.0.0:53         0.0.0.0:*
`)
    expect(await lan.output('a', 'netstat -lnu | tail -1')).toBe(
      'udp        0      0 0.0.0.0:53              0.0.0.0:*                          \n')
    expect(await lan.output('a', 'ss -Hlntu')).toContain('udp   UNCONN')
  })

  it('ifconfig shows, adds and removes addresses', async () => {
    const lan = await lan6('a')
    await lan.output('a', 'ifconfig eth0 inet6 add fd00::5/64; ifconfig eth0 add fd00::6/128; ifconfig eth0 inet6 del fd00::5/64')
    expect(await lan.output('a', 'ifconfig eth0 | grep inet6')).toBe(`        inet6 fd00::6  prefixlen 128  scopeid 0x0<global>
        inet6 fd00::1  prefixlen 64  scopeid 0x0<global>
        inet6 fe80::ff:fe00:100  prefixlen 64  scopeid 0x20<link>
`)
    expect(await lan.run('a', 'ifconfig eth0 add fd00::6/128')).toMatchObject(
      { stderr: 'SIOCSIFADDR: File exists\n', exitCode: 255 })
    expect(await lan.run('a', 'ifconfig eth0 del fd00::5/64')).toMatchObject(
      { stderr: 'SIOCDIFADDR: Cannot assign requested address\n', exitCode: 255 })
    expect(await lan.output('a', 'ifconfig lo | grep inet6')).toBe('        inet6 ::1  prefixlen 128  scopeid 0x10<host>\n')
  })

  it('hostname -I and /proc/net/if_inet6 list addresses', async () => {
    const lan = await lan6('a')
    expect(await lan.output('a', 'hostname -I')).toBe('10.0.0.1 fd00::1 \n')
    expect(await lan.output('a', 'cat /proc/net/if_inet6')).toBe(`00000000000000000000000000000001 01 80 10 80       lo
fd000000000000000000000000000001 02 40 00 80     eth0
fe80000000000000000000fffe000100 02 40 20 80     eth0
`)
    expect(await lan.output('a', 'cat /proc/sys/net/ipv6/conf/eth0/disable_ipv6')).toBe('0\n')
  })

  it('python says where it serves', async () => {
    const lan = await lan6('a')
    expect(await lan.output('a', 'python3 -m http.server --bind :: 80')).toBe(
      'Serving HTTP on :: port 80 (http://[::]:80/) ...\n')
    expect((await lan.run('a', 'python3 -m http.server --bind fd00::7 81')).stderr).toBe(
      'OSError: [Errno 99] Cannot assign requested address\n')
  })

  it('sysctl takes IPv6 away and gives it back', async () => {
    const lan = await lan6('a')
    expect(await lan.output('a', 'sysctl -w net.ipv6.conf.all.disable_ipv6=1; ip -6 addr')).toBe(
      'net.ipv6.conf.all.disable_ipv6 = 1\n')
    expect((await lan.run('a', 'ping -c1 fd00::1')).stderr).toBe('ping: connect: Network is unreachable\n')
    expect(await lan.output('a', 'sysctl -qw net.ipv6.conf.eth0.disable_ipv6=0; ip -6 -br addr')).toContain(
      'fe80::ff:fe00:100/64')
  })

  it('ip6tables is refused, and rules of iptables never see IPv6', async () => {
    const lan = await lan6('a', 'b')
    await lan.output('a', 'iptables -P INPUT DROP; ping -c1 fd00::2')
    expect((await lan.run('a', 'ping -c1 -W1 10.0.0.2')).exitCode).toBe(1)
    expect((await lan.run('a', 'ip6tables -A INPUT -j DROP')).stop).toMatchObject(
      { word: '-A', what: 'ip6tables: rules for IPv6 are not modelled' })
  })
})
