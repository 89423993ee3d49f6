import { describe, expect, it } from 'vitest'
import { RoutedWorld } from '../../support/routed-world.ts'

async function afterRules(...rules: string[]): Promise<RoutedWorld> {
  const world = new RoutedWorld()
  for (const rule of rules) await world.iptables(`-t nat ${rule}`)
  return world
}

describe('NAT', () => {
  it('gives a client the address of the device it leaves by, and its answers back to it', async () => {
    const world = await afterRules('-A POSTROUTING -s 10.0.0.0/24 -j MASQUERADE')
    world.tcp('10.0.0.10:40001 > 192.168.1.11:80 S')
    world.tcp('192.168.1.11:80 > 192.168.1.1:40001 SA')
    world.tcp('10.0.0.10:40001 > 192.168.1.11:80 A')
    expect(world.take()).toEqual([
      'server: 192.168.1.1:40001 > 192.168.1.11:80 S', 'client: 192.168.1.11:80 > 10.0.0.10:40001 SA',
      'server: 192.168.1.1:40001 > 192.168.1.11:80 A',
    ])
    // Only the first packet of the flow has met the rule.
    expect(await world.iptables('-t nat -nvL POSTROUTING')).toMatch('    1    40 MASQUERADE')
  })

  it('gives the second of two flows of one port another', async () => {
    const world = await afterRules('-A POSTROUTING -p udp -j SNAT --to-source 192.168.1.1')
    // The router itself uses the port that the client's flow would get.
    world.udp('192.168.1.1:5000 > 192.168.1.11:53')
    world.udp('10.0.0.10:5000 > 192.168.1.11:53')
    const [own, client] = world.take()
    expect(own).toBe('server: 192.168.1.1:5000 > 192.168.1.11:53')
    expect(client).toMatch(/^server: 192\.168\.1\.1:\d+ > 192\.168\.1\.11:53$/)
    const port = Number(/:(\d+) > 192/.exec(client ?? '')?.[1])
    expect(port).not.toBe(5000)
    expect(port >= 1024 && port <= 65_535).toBe(true)
    world.udp(`192.168.1.11:53 > 192.168.1.1:${port}`)
    expect(world.take()).toEqual(['client: 192.168.1.11:53 > 10.0.0.10:5000'])
  })

  it('takes ports from the range it is given', async () => {
    const world = await afterRules('-A POSTROUTING -p tcp -j SNAT --to-source 192.168.1.1:7000-7000')
    world.tcp('10.0.0.10:40001 > 192.168.1.11:80 S')
    expect(world.take()).toEqual(['server: 192.168.1.1:7000 > 192.168.1.11:80 S'])
  })

  it('sends what is for the router on to the server, and its answers back in the name of the router', async () => {
    const world = await afterRules('-A PREROUTING -d 10.0.0.1 -p tcp --dport 8080 -j DNAT --to-destination 192.168.1.11:80')
    world.tcp('10.0.0.10:40001 > 10.0.0.1:8080 S')
    world.tcp('192.168.1.11:80 > 10.0.0.10:40001 SA')
    expect(world.take()).toEqual(['server: 10.0.0.10:40001 > 192.168.1.11:80 S', 'client: 10.0.0.1:8080 > 10.0.0.10:40001 SA'])
  })

  it('keeps the port where DNAT names none', async () => {
    const world = await afterRules('-A PREROUTING -d 10.0.0.1 -p udp -j DNAT --to-destination 192.168.1.11')
    world.udp('10.0.0.10:5000 > 10.0.0.1:53')
    expect(world.take()).toEqual(['server: 10.0.0.10:5000 > 192.168.1.11:53'])
  })

  it('turns what the router itself sends, and finds the new way', async () => {
    const world = await afterRules('-A OUTPUT -d 10.0.0.10 -p udp -j DNAT --to-destination 192.168.1.11:99')
    world.udp('10.0.0.1:5000 > 10.0.0.10:53')
    expect(world.take()).toEqual(['server: 10.0.0.1:5000 > 192.168.1.11:99'])
  })

  it('redirects to the router itself', async () => {
    const world = await afterRules('-A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 3128')
    world.tcp('10.0.0.10:40001 > 192.168.1.11:80 S')
    // Nobody listens on the router's port 3128: the reset comes back in the name of the server.
    expect(world.take()).toEqual(['client: 192.168.1.11:80 > 10.0.0.10:40001 RA'])
  })

  it('masks the identifier of echoes', async () => {
    const world = await afterRules('-A POSTROUTING -j MASQUERADE')
    world.echo('10.0.0.10:7 > 192.168.1.11', 'request')
    world.echo('192.168.1.11:7 > 192.168.1.1', 'reply')
    expect(world.take()).toEqual([
      'server: 192.168.1.1 > 192.168.1.11 icmp 8 id 7',
      'client: 192.168.1.11 > 10.0.0.10 icmp 0 id 7',
    ])
  })

  it('turns back what an ICMP error quotes, too', async () => {
    const world = await afterRules('-A PREROUTING -d 10.0.0.1 -p udp --dport 53 -j DNAT --to-destination 192.168.1.11:5353')
    await world.iptables('-A FORWARD -p udp -j REJECT')
    world.udp('10.0.0.10:5000 > 10.0.0.1:53')
    expect(world.take()).toEqual(['client: 10.0.0.1 > 10.0.0.10 icmp 3/3 about 10.0.0.10:5000 > 10.0.0.1:53'])
  })

  it('goes on with a flow though its rule is gone', async () => {
    const world = await afterRules('-A POSTROUTING -s 10.0.0.0/24 -j MASQUERADE', '-A POSTROUTING -p icmp -j MASQUERADE')
    world.udp('10.0.0.10:5000 > 192.168.1.11:53')
    await world.iptables('-t nat -D POSTROUTING 1')
    world.udp('10.0.0.10:5000 > 192.168.1.11:53')
    world.udp('10.0.0.10:5001 > 192.168.1.11:53')
    expect(world.take()).toEqual([
      'server: 192.168.1.1:5000 > 192.168.1.11:53', 'server: 192.168.1.1:5000 > 192.168.1.11:53',
      'server: 10.0.0.10:5001 > 192.168.1.11:53',
    ])
  })
})
