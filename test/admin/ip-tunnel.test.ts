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

  it('makes GRE tunnels, with checksums where they are asked for', async () => {
    const lan = new Lan(['a'])
    const script = `ip tunnel add t mode gre remote 10.0.0.2 local 10.0.0.1 csum
      ip tunnel add mode gre remote 10.0.0.3 ocsum nopmtudisc
      ip tunnel add i mode ipip remote 10.0.0.2 local 10.0.0.1 csum
      ip tunnel`
    expect(await lan.output('a', script)).toBe(
      'gre0: gre/ip remote any local any ttl inherit nopmtudisc\n'
      + 't: gre/ip remote 10.0.0.2 local 10.0.0.1 ttl inherit\n'
      + '  Checksum in received packet is required.\n  Checksum output packets.\n'
      + 'gre1: gre/ip remote 10.0.0.3 local any ttl inherit nopmtudisc\n  Checksum output packets.\n'
      + 'tunl0: any/ip remote any local any ttl inherit nopmtudisc\n'
      + 'i: ip/ip remote 10.0.0.2 local 10.0.0.1 ttl inherit\n',
    )
    // 1500 - 20 - 8 bytes with a checksum.
    expect(await lan.output('a', 'ip link set t up; ip link show t')).toBe(
      '4: t@NONE: <POINTOPOINT,NOARP,UP,LOWER_UP> mtu 1472 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000\n'
      + '    link/gre 10.0.0.1 peer 10.0.0.2\n',
    )
    const twice = await lan.run('a', 'ip tunnel add u mode gre remote 10.0.0.2 local 10.0.0.1')
    expect([twice.exitCode, twice.stderr]).toEqual([1, 'add tunnel "gre0" failed: File exists\n'])
    expect((await lan.run('a', 'ip tunnel add u mode sit')).stop).toMatchObject({ what: 'ip tunnel: mode sit is not modelled' })
  })

  it.each(['ipip', 'gre', 'gre csum'])('carries packets between two hosts over a third network (%s)', async (mode) => {
    const lan = new Lan(['a', 'b'])
    const end = (
      own: string,
      far: string,
      inside: string,
    ): string => `ip tunnel add t mode ${mode} remote ${far} local ${own}
      ip addr add ${inside}/30 dev t
      ip link set t up`
    await lan.output('a', end('10.0.0.1', '10.0.0.2', '192.168.9.1'))
    await lan.output('b', end('10.0.0.2', '10.0.0.1', '192.168.9.2'))
    const shown = await lan.output('a', 'ping -c 1 192.168.9.2')
    expect(shown).toContain('64 bytes from 192.168.9.2: icmp_seq=1 ttl=64')
  })
})

describe('ip fou', () => {
  it('opens and closes ports for GUE', async () => {
    const lan = new Lan(['a'])
    expect(await lan.output('a', 'modprobe fou; ip fou add port 6080 gue; ip fou add gue port 6078; ip fou show')).toBe(
      'port 6080 gue\nport 6078 gue\n',
    )
    const twice = await lan.run('a', 'ip fou add port 6080 gue')
    expect([twice.exitCode, twice.stderr]).toEqual([2, 'RTNETLINK answers: Address already in use\n'])
    expect(await lan.output('a', 'ip fou del port 6080; ip fou show')).toBe('port 6078 gue\n')
    const gone = await lan.run('a', 'ip fou del port 6080')
    expect([gone.exitCode, gone.stderr]).toEqual([2, 'RTNETLINK answers: Invalid argument\n'])
  })

  it('needs the module, and a port, and says what is wrong', async () => {
    const lan = new Lan(['a'])
    const early = await lan.run('a', 'ip fou add port 6080 gue')
    expect([early.exitCode, early.stderr]).toEqual(
      [1, 'RTNETLINK answers: No such file or directory\nError talking to the kernel\n'],
    )
    await lan.output('a', 'modprobe fou')
    const complaint = async (words: string): Promise<string | undefined> => {
      return (await lan.run('a', `ip fou ${words}`)).stderr?.split('\n')[0]
    }
    expect(await complaint('add gue')).toBe('fou: missing port')
    expect(await complaint('add port 6080')).toBe('fou: must set ipproto or gue')
    expect(await complaint('add port 0 gue')).toBe('Error: argument "0" is wrong: invalid port')
    expect(await complaint('add port')).toBe('Command line is not complete. Try option "help"')
    expect(await complaint('add port 6080 ggg')).toBe('fou: unknown command "ggg"?')
    expect(await complaint('change')).toBe('Command "change" is unknown, try "ip fou help".')
    expect(await complaint('help')).toBe('Usage: ip fou add port PORT { ipproto PROTO  | gue }')
    const { stop } = await lan.run('a', 'ip fou add port 6080 ipproto 4')
    expect(stop).toMatchObject({ what: 'ip fou: "ipproto" is not modelled' })
    expect(await lan.output('a', 'ip fou show')).toBe('')
  })
})
