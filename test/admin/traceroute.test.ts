/**
 * traceroute over two routers: hops, errors, methods, patience, and complaints about the command line.
 * @module
 */
import { beforeEach, describe, expect, it } from 'vitest'
import { HostShell } from '../../src/admin/shell/host-shell.ts'
import { ShellDriver } from '../../src/admin/shell/shell-driver.ts'
import { TOOLS } from '../../src/admin/tools.ts'
import type { Host } from '../../src/host/host.ts'
import { addressTo, Lan } from '../support/lan.ts'
import { Lan as ToolLan } from './support.ts'

let lan: Lan
let driver: ShellDriver
let shells: Map<string, HostShell>

beforeEach(() => {
  lan = new Lan()
  lan.host('client', { devices: { eth0: { segment: 'a', addrs: ['10.0.0.10/24'] } }, routes: ['default via 10.0.0.1'] })
  lan.host('one', {
    devices: { eth0: { segment: 'a', addrs: ['10.0.0.1/24'] }, eth1: { segment: 'b', addrs: ['10.1.0.1/24'] } },
    routes: ['10.2.0.0/24 via 10.1.0.2', 'unreachable 10.7.0.0/16', 'prohibit 10.8.0.0/16', 'blackhole 10.9.0.0/16'],
    sysctl: { ip_forward: 1 },
  })
  lan.host('two', {
    devices: { eth0: { segment: 'b', addrs: ['10.1.0.2/24'] }, eth1: { segment: 'c', addrs: ['10.2.0.1/24'] } },
    routes: ['default via 10.1.0.1'], sysctl: { ip_forward: 1 },
  })
  lan.host('server', { devices: { eth0: { segment: 'c', addrs: ['10.2.0.11/24'] } }, routes: ['default via 10.2.0.1'] })
  driver = new ShellDriver(lan.sim)
  shells = new Map([...lan.hosts].map(([name, host]) => [name, new HostShell(host, driver, TOOLS)]))
})

/** What a script prints on the client, or on another host; times as `T`. */
async function trace(script: string, on = 'client'): Promise<string> {
  const task = (shells.get(on) as HostShell).start({ script, name: 'test' })
  await driver.runUntil(lan.sim.nowNs + 1000e9, task)
  return `${task.result?.stdout ?? ''}${task.result?.stderr ?? ''}`.replace(/  [\d.]+ ms/g, ' T')
}

describe('traceroute', () => {
  it('names each hop once, with the times of three probes, and names from /etc/hosts', async () => {
    expect(await trace('echo 10.1.0.2 two >> /etc/hosts; traceroute 10.2.0.11')).toBe(
      `traceroute to 10.2.0.11 (10.2.0.11), 30 hops max, 60 byte packets
 1  10.0.0.1 (10.0.0.1) T T T
 2  two (10.1.0.2) T T T
 3  10.2.0.11 (10.2.0.11) T T T
`)
  })

  it('takes its times from the simulation', async () => {
    await trace('ping -c1 10.0.0.1')
    const task = (shells.get('client') as HostShell).start({ script: 'traceroute -n -q1 10.0.0.1', name: 'test' })
    await driver.runUntil(lan.sim.nowNs + 100e9, task)
    // Two links there and two back, 10 us each.
    expect(task.result?.stdout).toBe('traceroute to 10.0.0.1 (10.0.0.1), 30 hops max, 60 byte packets\n 1  10.0.0.1  0.040 ms\n')
  })

  it.each([
    ['-I', ' 1  10.0.0.1 T T\n 2  10.1.0.2 T T\n 3  10.2.0.11 T T\n'],
    ['-T', ' 1  10.0.0.1 T T\n 2  10.1.0.2 T T\n 3  10.2.0.11 T T\n'],
    ['-U', ' 1  10.0.0.1 T T\n 2  10.1.0.2 T T\n 3  10.2.0.11 T T\n'],
    ['-f 2', ' 2  10.1.0.2 T T\n 3  10.2.0.11 T T\n'],
    ['-m 2', ' 1  10.0.0.1 T T\n 2  10.1.0.2 T T\n'],
    ['-N 1 -z 0.5', ' 1  10.0.0.1 T T\n 2  10.1.0.2 T T\n 3  10.2.0.11 T T\n'],
  ])('goes its way with %s', async (options, hops) => {
    expect((await trace(`traceroute -n -q 2 ${options} 10.2.0.11`)).replace(/^.*\n/, '')).toBe(hops)
  })

  it('sends what it says: TTLs, ports that count up, and packets of the length that was asked for', async () => {
    await trace('ping -c1 10.0.0.1')
    lan.forgetLines()
    await trace('traceroute -n -q1 -m2 -p 40000 10.2.0.11 100')
    const sent = lan.takeLines('client.eth0').filter((line) => line.startsWith('> IP'))
    expect(sent.map((line) => line.replace(/\.\d+ > /, '.P > '))).toEqual([
      '> IP 10.0.0.10.P > 10.2.0.11.40000: UDP, length 72', '> IP 10.0.0.10.P > 10.2.0.11.40001: UDP, length 72',
    ])
  })

  it.each([
    ['10.2.0.77', ' 1  10.0.0.1 T\n 2  10.1.0.2 T\n 3  10.1.0.2 T !H\n'],
    ['10.0.0.77', ' 1  10.0.0.10 T !H\n'],
    ['10.7.0.1', ' 1  10.0.0.1 T !H\n'],
    ['10.5.5.5', ' 1  10.0.0.1 T !N\n'],
    ['10.8.0.1', ' 1  10.0.0.1 T !X\n'],
    ['-m 2 10.9.0.1', ' 1  *\n 2  *\n'],
    ['10.0.0.10', ' 1  10.0.0.10 T\n'],
  ])('shows how %s cannot be reached', async (target, hops) => {
    expect((await trace(`traceroute -n -q 1 ${target}`)).replace(/^.*\n/, '')).toBe(hops)
  })

  it('shows what a firewall says, and waits for one that says nothing', async () => {
    await trace('iptables -A INPUT -p udp -j REJECT --reject-with icmp-host-prohibited', 'server')
    await trace('iptables -A OUTPUT -p icmp -j DROP', 'two')
    expect(await trace('traceroute -n 10.2.0.11')).toBe(`traceroute to 10.2.0.11 (10.2.0.11), 30 hops max, 60 byte packets
 1  10.0.0.1 T T T
 2  * * *
 3  10.2.0.11 T !X T !X T !X
`)
  })

  it('waits as -w says: at most, and no longer than so many times what the same hop took', async () => {
    const before = lan.sim.nowNs
    await trace('traceroute -n -q1 -m1 -w 2 10.9.0.1')
    expect((lan.sim.nowNs - before) / 1e9).toBe(2)
    await trace('iptables -A OUTPUT -p icmp --icmp-type 11 -m comment --comment x -j DROP', 'one')
    const silent = lan.sim.nowNs
    // The answer of the next hop ends the waiting for the first: (80 us + 1 ms) x 10.
    await trace('traceroute -n -q1 -m2 10.2.0.11')
    expect((lan.sim.nowNs - silent) / 1e6).toBeLessThan(12)
  })

  it('marks what may not be cut and does not fit', async () => {
    await trace('ip link set eth1 mtu 600', 'one')
    expect(await trace('traceroute -n -q1 -F 10.2.0.11 1000')).toContain(' 1  10.0.0.1 T\n 2  10.0.0.1 T !F-600\n')
  })

  it('hears only its own probes, so that two may run at once', async () => {
    addressTo(lan.hosts.get('server') as Host, 'lo', '10.2.0.12/32')
    const both = await trace('traceroute -n -q1 -I 10.2.0.11 > /tmp/x & traceroute -n -q1 -I 10.1.0.2; wait; cat /tmp/x')
    expect(both.replace(/^t.*\n/gm, '')).toBe(' 1  10.0.0.1 T\n 2  10.1.0.2 T\n 1  10.0.0.1 T\n 2  10.1.0.2 T\n 3  10.2.0.11 T\n')
  })
})

describe('traceroute refuses', () => {
  it.each([
    ['nosuch', "nosuch: Name or service not known\nCannot handle \"host\" cmdline arg `nosuch' on position 1 (argc 1)\n", 2],
    ['-Z 10.0.0.2', "Bad option `-Z' (argc 1)\n", 2],
    ['--nosuch 10.0.0.2', "Bad option `--nosuch' (argc 1)\n", 2],
    ['--constructor 10.0.0.2', "Bad option `--constructor' (argc 1)\n", 2],
    ['-p 4294967296 10.0.0.2', "Cannot handle `-p' option with arg `4294967296' (argc 2)\n", 2],
    ['-m', "Option `-m' (argc 1) requires an argument: `-m max_ttl'\n", 2],
    ['-n -m x 10.0.0.2', "Cannot handle `-m' option with arg `x' (argc 3)\n", 2],
    ['-w 1,x 10.0.0.2', "Cannot handle `-w' option with arg `1,x' (argc 2)\n", 2],
    ['-n', 'Specify "host" missing argument.\n', 2],
    ['-f 31 10.0.0.2', 'first hop out of range\n', 2],
    ['-m 256 10.0.0.2', 'max hops cannot be more than 255\n', 2],
    ['-q 11 10.0.0.2', 'no more than 10 probes per hop\n', 2],
    ['10.0.0.2 65001', 'too big packetlen 65001 specified\n', 2],
    ['10.0.0.2 60 x', "Extra arg `x' (position 3, argc 3)\n", 2],
    ['-s 10.0.0.9 10.0.0.2', '\nbind: Cannot assign requested address\n', 1],
    ['8.8.8.8', '\nconnect: Network is unreachable\n', 1],
  ])('%s', async (args, stderr, exitCode) => {
    expect(await new ToolLan(['a', 'b']).run('a', `traceroute ${args}`)).toMatchObject({ stderr, exitCode })
  })

  it('takes numbers that are too large for what they say', async () => {
    const tools = new ToolLan(['a', 'b'])
    const reached = expect.stringContaining('\n 1  10.0.0.2 (10.0.0.2)')
    expect(await tools.output('a', 'traceroute -T -p 65616 10.0.0.2')).toEqual(reached)
    expect(await tools.output('a', `traceroute -w ${'9'.repeat(400)} 10.0.0.2`)).toEqual(reached)
  })

  it('stops at what is not modelled', async () => {
    const tools = new ToolLan(['a', 'b'])
    expect((await tools.run('a', 'traceroute -i eth0 10.0.0.2')).stop?.word).toBe('-i')
    expect((await tools.run('a', 'traceroute --mtu 10.0.0.2')).stop?.word).toBe('--mtu')
    expect((await tools.run('a', 'traceroute')).stop).toBeDefined()
  })
})
