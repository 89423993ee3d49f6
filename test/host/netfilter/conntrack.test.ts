import { describe, expect, it } from 'vitest'
import { conntrack } from '../../../src/admin/conntrack.ts'
import { RoutedWorld } from '../../support/routed-world.ts'
import { runTool } from '../../support/tool-host.ts'

const STATEFUL = '-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT'

async function list(world: RoutedWorld, ...argv: string[]): Promise<string> {
  return (await runTool(conntrack, world.router, ['-L', ...argv])).stdout
}

async function afterRules(...rules: string[]): Promise<RoutedWorld> {
  const world = new RoutedWorld()
  for (const rule of rules) await world.iptables(rule)
  return world
}

describe('conntrack', () => {
  it('follows a TCP connection from the first segment to the last', async () => {
    const world = await afterRules(STATEFUL)
    const there = '10.0.0.10:40001 > 192.168.1.11:80'
    const back = '192.168.1.11:80 > 10.0.0.10:40001'
    const tuples = 'src=10.0.0.10 dst=192.168.1.11 sport=40001 dport=80'
    const answers = 'src=192.168.1.11 dst=10.0.0.10 sport=80 dport=40001'
    world.tcp(`${there} S`)
    // A second has passed since the segment of 120 s (SYN_SENT), 60 (SYN_RECV), 432000, 120 (FIN_WAIT), 60 (CLOSE_WAIT), 30, 120.
    expect(await list(world)).toBe(`tcp      6 119 SYN_SENT ${tuples} [UNREPLIED] ${answers} mark=0 use=1\n`)
    world.tcp(`${back} SA`)
    expect(await list(world)).toBe(`tcp      6 59 SYN_RECV ${tuples} ${answers} mark=0 use=1\n`)
    world.tcp(`${there} A`)
    expect(await list(world)).toBe(`tcp      6 431999 ESTABLISHED ${tuples} ${answers} [ASSURED] mark=0 use=1\n`)
    world.tcp(`${there} FA`)
    expect(await list(world)).toBe(`tcp      6 119 FIN_WAIT ${tuples} ${answers} [ASSURED] mark=0 use=1\n`)
    world.tcp(`${back} A`)
    expect(await list(world)).toBe(`tcp      6 59 CLOSE_WAIT ${tuples} ${answers} [ASSURED] mark=0 use=1\n`)
    world.tcp(`${back} FA`)
    expect(await list(world)).toBe(`tcp      6 29 LAST_ACK ${tuples} ${answers} [ASSURED] mark=0 use=1\n`)
    world.tcp(`${there} A`)
    expect(await list(world)).toBe(`tcp      6 119 TIME_WAIT ${tuples} ${answers} [ASSURED] mark=0 use=1\n`)
    world.pass(120)
    expect(await list(world)).toBe('')
  })

  it('lets answers back in, and nothing that nobody asked for', async () => {
    const world = await afterRules('-P FORWARD DROP', STATEFUL, '-A FORWARD -i eth0 -m conntrack --ctstate NEW -j ACCEPT')
    world.udp('192.168.1.11:53 > 10.0.0.10:5000')
    expect(world.take()).toEqual([])
    world.udp('10.0.0.10:5000 > 192.168.1.11:53')
    world.udp('192.168.1.11:53 > 10.0.0.10:5000')
    world.udp('192.168.1.11:54 > 10.0.0.10:5000')
    expect(world.take()).toEqual(['server: 10.0.0.10:5000 > 192.168.1.11:53', 'client: 192.168.1.11:53 > 10.0.0.10:5000'])
  })

  it('finds a SYN+ACK of no connection invalid, and takes an ACK for one in its middle', async () => {
    const world = await afterRules('-A FORWARD -m state --state INVALID -j DROP')
    world.tcp('192.168.1.11:80 > 10.0.0.10:40001 SA')
    world.tcp('192.168.1.11:80 > 10.0.0.10:40002 A')
    expect(world.take()).toEqual(['client: 192.168.1.11:80 > 10.0.0.10:40002 A'])
    expect(await list(world)).toMatch(/^tcp {6}6 299 ESTABLISHED src=192.168.1.11 .* \[UNREPLIED\]/)
  })

  it('refuses to begin in the middle without tcp_loose', async () => {
    const world = await afterRules('-A FORWARD -m state --state INVALID -j DROP')
    world.router.sysctl.set('net.netfilter.nf_conntrack_tcp_loose', '0')
    world.tcp('192.168.1.11:80 > 10.0.0.10:40002 A')
    expect(world.take()).toEqual([])
  })

  it('forgets a connection that was refused, and begins one anew that was over', async () => {
    const world = await afterRules(STATEFUL)
    world.tcp('10.0.0.10:40001 > 192.168.1.11:80 S')
    world.tcp('192.168.1.11:80 > 10.0.0.10:40001 RA')
    expect(await list(world)).toBe('')
    for (const step of [
      '10.0.0.10:1 > 192.168.1.11:80 S',
      '192.168.1.11:80 > 10.0.0.10:1 SA',
      '10.0.0.10:1 > 192.168.1.11:80 FA',
      '192.168.1.11:80 > 10.0.0.10:1 FA',
      '10.0.0.10:1 > 192.168.1.11:80 A',
    ])
      world.tcp(step)
    expect(await list(world)).toMatch('TIME_WAIT')
    world.tcp('10.0.0.10:1 > 192.168.1.11:80 S')
    expect(await list(world)).toMatch(/SYN_SENT .*\[UNREPLIED\]/)
  })

  it('gives a UDP flow 30 s, and 120 s once it is answered and 2 s old', async () => {
    const world = await afterRules(STATEFUL)
    world.udp('10.0.0.10:5000 > 192.168.1.11:53')
    expect(await list(world)).toMatch(/^udp {6}17 29 .*\[UNREPLIED\]/)
    world.udp('192.168.1.11:53 > 10.0.0.10:5000')
    expect(await list(world)).toMatch(/^udp {6}17 29 src=10.0.0.10/)
    world.pass(1)
    world.udp('10.0.0.10:5000 > 192.168.1.11:53')
    expect(await list(world)).toMatch(/^udp {6}17 119 .*\[ASSURED\]/)
  })

  it('ties an echo reply to its request by the identifier', async () => {
    const world = await afterRules('-P FORWARD DROP', STATEFUL, '-A FORWARD -i eth0 -j ACCEPT')
    world.echo('10.0.0.10:7 > 192.168.1.11', 'request')
    world.echo('192.168.1.11:8 > 10.0.0.10', 'reply')
    world.echo('192.168.1.11:7 > 10.0.0.10', 'reply')
    expect(world.take()).toEqual(['server: 10.0.0.10 > 192.168.1.11 icmp 8 id 7', 'client: 192.168.1.11 > 10.0.0.10 icmp 0 id 7'])
    expect(await list(world, '-p', 'icmp')).toBe(
      'icmp     1 29 src=10.0.0.10 dst=192.168.1.11 type=8 code=0 id=7 '
      + 'src=192.168.1.11 dst=10.0.0.10 type=0 code=0 id=7 mark=0 use=1\n',
    )
  })

  it('takes the errors that the router makes for related to what they are about', async () => {
    const world = await afterRules(
      '-P OUTPUT DROP',
      '-A OUTPUT -m conntrack --ctstate RELATED -j ACCEPT',
      '-A FORWARD -p tcp -j REJECT --reject-with tcp-reset',
      '-A FORWARD -p udp -j REJECT',
    )
    world.udp('10.0.0.10:5000 > 192.168.1.11:53')
    world.tcp('10.0.0.10:40001 > 192.168.1.11:80 S')
    expect(world.take()).toEqual([
      'client: 10.0.0.1 > 10.0.0.10 icmp 3/3 about 10.0.0.10:5000 > 192.168.1.11:53',
      'client: 192.168.1.11:80 > 10.0.0.10:40001 RA',
    ])
  })

  it('leaves alone what raw says', async () => {
    const world = await afterRules(
      '-t raw -A PREROUTING -p udp -j NOTRACK',
      '-A FORWARD -m conntrack --ctstate UNTRACKED -j DROP',
    )
    world.udp('10.0.0.10:5000 > 192.168.1.11:53')
    world.tcp('10.0.0.10:40001 > 192.168.1.11:80 S')
    expect(world.take()).toEqual(['server: 10.0.0.10:40001 > 192.168.1.11:80 S'])
    expect(world.router.netfilter.conntrack.table.entries(world.world.sim.nowNs)).toHaveLength(1)
  })

  it('runs only while a rule needs it', async () => {
    const world = await afterRules('-A FORWARD -p udp -j ACCEPT')
    expect(world.router.netfilter.conntrack.isActive).toBe(false)
    await world.iptables(STATEFUL)
    expect(world.router.netfilter.conntrack.isActive).toBe(true)
    await world.iptables('-F')
    expect(world.router.netfilter.conntrack.isActive).toBe(false)
    expect(world.router.hooks.prerouting).toEqual([])
  })

  it('drops the first packet of a flow when the table is full', async () => {
    const world = await afterRules(STATEFUL)
    world.router.sysctl.set('net.netfilter.nf_conntrack_max', '1')
    world.udp('10.0.0.10:5000 > 192.168.1.11:53')
    world.udp('10.0.0.10:5001 > 192.168.1.11:53')
    expect(world.take()).toEqual(['server: 10.0.0.10:5000 > 192.168.1.11:53'])
  })
})

describe('the conntrack tool', () => {
  it('counts, deletes by address and flushes', async () => {
    const world = await afterRules(STATEFUL)
    world.udp('10.0.0.10:5000 > 192.168.1.11:53')
    world.tcp('10.0.0.10:40001 > 192.168.1.11:80 S')
    const run = (...argv: string[]) => runTool(conntrack, world.router, argv)
    const name = 'conntrack v1.4.7 (conntrack-tools): '
    expect(await run('-C')).toEqual({ stdout: '2\n', stderr: '', exitCode: 0 })
    expect(await run('-L', '-p', 'tcp', '--dport', '81')).toEqual({
      stdout: '',
      stderr: `${name}0 flow entries have been shown.\n`,
      exitCode: 0,
    })
    expect(await run('-D', '-s', '1.1.1.1')).toEqual({
      stdout: '',
      stderr: `${name}0 flow entries have been deleted.\n`,
      exitCode: 1,
    })
    expect((await run('-D', '-p', 'udp', '-s', '10.0.0.10')).stderr).toBe(`${name}1 flow entries have been deleted.\n`)
    expect((await run('-F')).stderr).toBe(`${name}connection tracking table has been emptied.\n`)
    expect(await list(world)).toBe('')
  })

  it.each([
    [['-L', '-x'], 'unknown option `-x\''], [['-L', '-p', 'nope'], '`nope\' unsupported protocol'],
    [['-L', '-s', 'abc'], 'Invalid IP address `abc\''],
    [['-L', 'extra'], 'unknown type `extra\''], [['-L', '--dport', '80'], 'unknown option `--dport\''],
    [['-L', '-F'], 'Invalid commands combination'],
    [['-L', '-p'], 'option `-p\' requires an argument'],
  ])('refuses %j', async (argv, text) => {
    const result = await runTool(conntrack, new RoutedWorld().router, argv)
    expect(result).toEqual({
      stdout: '', exitCode: 2,
      stderr: `conntrack v1.4.7 (conntrack-tools): ${text}\nTry \`conntrack -h' or 'conntrack --help' for more information.\n`,
    })
  })
})
