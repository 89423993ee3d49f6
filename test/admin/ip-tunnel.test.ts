import { describe, expect, it } from 'vitest'
import { Lan } from './support.ts'

describe('ip tunnel', () => {
  it('makes tunnels with ends, lists them, changes and removes them', async () => {
    const lan = new Lan(['a'])
    const script =
      'ip tunnel add ipip1 mode ipip remote 10.0.0.2 local 10.0.0.1; ip tunnel add mode ipip remote 10.0.0.3 ttl 64; ip tunnel'
    expect(await lan.output('a', script)).toBe(
      'tunl0: any/ip remote any local any ttl inherit nopmtudisc\n' +
        'ipip1: ip/ip remote 10.0.0.2 local 10.0.0.1 ttl inherit\n' +
        'tunl1: ip/ip remote 10.0.0.3 local any ttl 64\n',
    )
    expect(
      await lan.output('a', 'ip tunnel change ipip1 remote 10.0.0.9; ip tunnel del tunl1; ip tunnel show ipip1'),
    ).toBe('ipip1: ip/ip remote 10.0.0.9 local 10.0.0.1 ttl inherit\n')
  })

  it('refuses a second tunnel between the same ends, the removal of tunl0, and what has no mode', async () => {
    const lan = new Lan(['a'])
    const twice = await lan.run(
      'a',
      'ip tunnel add t1 mode ipip remote 10.0.0.2; ip tunnel add t2 mode ipip remote 10.0.0.2',
    )
    expect([twice.exitCode, twice.stderr]).toEqual([1, 'add tunnel "tunl0" failed: File exists\n'])
    expect((await lan.run('a', 'ip tunnel del tunl0')).stderr).toBe(
      'add tunnel "tunl0" failed: Operation not permitted\n',
    )
    expect((await lan.run('a', 'ip tunnel add t3 remote 10.0.0.2')).stderr).toBe(
      'cannot determine tunnel mode (ipip, gre, vti or sit)\n',
    )
  })

  it('carries packets between two hosts over a third network', async () => {
    const lan = new Lan(['a', 'b'])
    const end = (
      own: string,
      far: string,
      inside: string,
    ): string => `ip tunnel add t mode ipip remote ${far} local ${own}
      ip addr add ${inside}/30 dev t
      ip link set t up`
    await lan.output('a', end('10.0.0.1', '10.0.0.2', '192.168.9.1'))
    await lan.output('b', end('10.0.0.2', '10.0.0.1', '192.168.9.2'))
    const shown = await lan.output('a', 'ping -c 1 192.168.9.2')
    expect(shown).toContain('64 bytes from 192.168.9.2: icmp_seq=1 ttl=64')
  })
})
