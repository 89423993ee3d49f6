import { describe, expect, it } from 'vitest'
import { IPV4_ANY, parseIpv4, type IpAddr } from '../../../src/wire/address.ts'
import { NO_DATA, NO_TCP_OPTIONS, TCP_SYN, tcpBytes, tcpSegment } from '../../../src/wire/tcp-segment.ts'
import { RoutedWorld } from '../../support/routed-world.ts'

const SYN = '10.0.0.10:40001 > 192.168.1.11:80 S'
const ARRIVED = ['server: 10.0.0.10:40001 > 192.168.1.11:80 S']

async function afterRules(...rules: string[]): Promise<RoutedWorld> {
  const world = new RoutedWorld()
  for (const rule of rules) await world.iptables(rule)
  return world
}

describe('a packet on its way through the filter table', () => {
  it('passes where there are no rules', async () => {
    const world = await afterRules()
    world.tcp(SYN)
    expect(world.take()).toEqual(ARRIVED)
  })

  it('is dropped by the first rule that matches, which counts it', async () => {
    const world = await afterRules('-A FORWARD -p tcp --dport 80 -j DROP', '-A FORWARD -p tcp -j ACCEPT')
    world.tcp(SYN)
    world.tcp('10.0.0.10:40001 > 192.168.1.11:81 S')
    expect(world.take()).toEqual(['server: 10.0.0.10:40001 > 192.168.1.11:81 S'])
    // A segment without options is 20 + 20 bytes.
    expect(await world.iptables('-nvL FORWARD')).toBe([
      'Chain FORWARD (policy ACCEPT 0 packets, 0 bytes)',
      ' pkts bytes target     prot opt in     out     source               destination         ',
      '    1    40 DROP       6    --  *      *       0.0.0.0/0            0.0.0.0/0            tcp dpt:80',
      '    1    40 ACCEPT     6    --  *      *       0.0.0.0/0            0.0.0.0/0           ', '',
    ].join('\n'))
    expect(world.router.drops.get('netfilter-drop')).toBe(1)
  })

  it('is dropped by the policy at the end of the chain, and counted there', async () => {
    const world = await afterRules('-P FORWARD DROP')
    world.tcp(SYN)
    expect(world.take()).toEqual([])
    expect(await world.iptables('-nvL FORWARD')).toMatch('(policy DROP 1 packets, 40 bytes)')
  })

  it('comes back from a chain that does not decide, and from RETURN', async () => {
    const world = await afterRules(
      '-N web',
      '-A web -p tcp --dport 80 -j RETURN',
      '-A web -j DROP',
      '-A FORWARD -j web',
      '-A FORWARD -s 10.0.0.10 -j ACCEPT',
      '-P FORWARD DROP',
    )
    world.tcp(SYN)
    world.tcp('10.0.0.10:40001 > 192.168.1.11:81 S')
    expect(world.take()).toEqual(ARRIVED)
  })

  it('does not come back to the chain that went to another: the policy follows', async () => {
    const world = await afterRules('-N aside', '-A FORWARD -g aside', '-A FORWARD -j ACCEPT', '-P FORWARD DROP')
    world.tcp(SYN)
    expect(world.take()).toEqual([])
  })

  it.each([
    ['-s 10.0.0.0/24', true], ['-s 10.0.1.0/24', false], ['! -s 10.0.0.10', false], ['-d 192.168.1.11', true],
    ['-i eth0', true], ['-i eth1', false],
    ['-i eth+', true], ['! -i eth+', false], ['-o eth1', true], ['-o lo', false], ['-p tcp', true],
    ['-p udp', false], ['! -p udp', true],
    ['-p tcp --sport 40000:40002', true], ['-p tcp ! --sport 40001', false], ['-p tcp --syn', true], ['-p tcp ! --syn', false],
    ['-p tcp --tcp-flags SYN,ACK SYN,ACK', false], ['-p tcp --tcp-flags ALL SYN', true],
    ['-p tcp -m multiport --dports 22,80', true],
    ['-p tcp -m multiport --ports 40001', true], ['-p tcp -m multiport ! --dports 80:90', false], ['-m mark --mark 7', false],
    ['-m mark ! --mark 7', true], ['-m comment --comment x', true], ['-f', false], ['! -f', true], ['-m ipvs --ipvs', false],
    ['-m ipvs ! --ipvs', true], ['-m ipvs ! --vport 80', false],
  ])('is matched by %s: %s', async (match, isMatched) => {
    const world = await afterRules(`-A FORWARD ${match} -j DROP`)
    world.tcp(SYN)
    expect(world.take()).toEqual(isMatched ? [] : ARRIVED)
  })

  it('is matched by the type of an ICMP message', async () => {
    const world = await afterRules('-A FORWARD -p icmp --icmp-type echo-request -j DROP')
    world.echo('10.0.0.10:7 > 192.168.1.11', 'request')
    world.echo('192.168.1.11:7 > 10.0.0.10', 'reply')
    expect(world.take()).toEqual(['client: 192.168.1.11 > 10.0.0.10 icmp 0 id 7'])
  })

  it('carries a mark from mangle to filter, and none out of the host', async () => {
    const world = await afterRules(
      '-t mangle -A PREROUTING -p tcp --dport 80 -j MARK --set-mark 0x14',
      '-A FORWARD -m mark --mark 20 -j ACCEPT',
      '-P FORWARD DROP',
    )
    world.tcp(SYN)
    world.tcp('10.0.0.10:40001 > 192.168.1.11:81 S')
    expect(world.take()).toEqual(ARRIVED)
  })

  it.each([
    ['--set-mark 0x5', 0x5], ['--set-xmark 0xf/0x0', 0xff ^ 0xf], ['--or-mark 0x100', 0x1ff],
    ['--and-mark 0x0f', 0x0f], ['--set-mark 0x1/0xf', 0xf1],
  ])('has mark 0xff changed by %s', async (operation, mark) => {
    const world = await afterRules(
      '-t mangle -A PREROUTING -j MARK --set-mark 0xff',
      `-t mangle -A PREROUTING -j MARK ${operation}`,
      `-A FORWARD -m mark --mark ${mark} -j DROP`,
    )
    world.tcp(SYN)
    expect(world.take()).toEqual([])
  })

  it('is refused with an ICMP error, from the router', async () => {
    const world = await afterRules('-A FORWARD -p tcp --dport 80 -j REJECT')
    world.tcp(SYN)
    expect(world.take()).toEqual(['client: 10.0.0.1 > 10.0.0.10 icmp 3/3 about 10.0.0.10:40001 > 192.168.1.11:80 S'])
    expect(world.router.drops.get('netfilter-reject')).toBe(1)
  })

  it('is refused with a reset in the name of its destination', async () => {
    const world = await afterRules('-A FORWARD -p tcp --dport 80 -j REJECT --reject-with tcp-reset')
    world.tcp(SYN)
    expect(world.take()).toEqual(['client: 192.168.1.11:80 > 10.0.0.10:40001 RA'])
  })

  it.each([
    ['--set-mss 1400', 1400], ['--set-mss 1500', 1460], ['--clamp-mss-to-pmtu', 1260],
  ])('has the MSS of its SYN lowered by %s, never raised', async (option, mss) => {
    const world = await afterRules(`-t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS ${option}`)
    // The way back is narrower: 1300 bytes, less two headers of 20.
    if (option === '--clamp-mss-to-pmtu') world.router.learnPathMtu(parseIpv4('10.0.0.10') as IpAddr, 1300)
    const seen: (number | undefined)[] = []
    world.server.hooks.register('prerouting', 'look', 0, (packet) => {
      if (packet.payload.kind === 'tcp') seen.push(packet.payload.options.mss)
      return packet
    })
    const segment = tcpSegment(
      { sport: 1, dport: 80 },
      { seq: 1, ack: 0, window: 1 },
      TCP_SYN,
      { ...NO_TCP_OPTIONS, mss: 1460 },
      NO_DATA,
    )
    const dst = parseIpv4('192.168.1.11') as IpAddr
    world.client.sendPacket({
      src: IPV4_ANY,
      dst,
      protocol: 6,
      payload: segment,
      payloadBytes: tcpBytes(segment),
      dontFragment: true,
    })
    world.pass(1)
    expect(seen).toEqual([mss])
  })

  it('meets the rules of INPUT when it is for the router, and those of OUTPUT when it is from it', async () => {
    const world = await afterRules('-A INPUT -p icmp -j DROP', '-A OUTPUT -p udp -j DROP')
    world.echo('10.0.0.10:7 > 10.0.0.1', 'request')
    world.udp('10.0.0.1:9 > 10.0.0.10:9')
    expect(world.take()).toEqual([])
    world.tcp('10.0.0.1:9 > 10.0.0.10:9 S')
    expect(world.take()).toEqual(['client: 10.0.0.1:9 > 10.0.0.10:9 S'])
  })

  it('is let through when the rules are flushed, and costs no hook functions where no table was ever used', async () => {
    const world = await afterRules('-A FORWARD -j DROP', '-F')
    world.tcp(SYN)
    expect(world.take()).toEqual(ARRIVED)
    expect(new RoutedWorld().router.hooks.forward).toEqual([])
  })
})
