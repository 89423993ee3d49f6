import { describe, expect, it } from 'vitest'
import { Lan } from '../support.ts'

describe('/proc', () => {
  it('is a live view of the sysctls, both ways', async () => {
    const lan = new Lan(['a'])
    expect(
      await lan.output(
        'a', 'cat /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv4/ip_forward; sysctl -n net.ipv4.ip_forward',
      ),
    ).toBe('0\n1\n')
    await lan.output('a', 'sysctl -w net.ipv4.conf.lo.arp_ignore=1')
    expect(await lan.output('a', 'cat /proc/sys/net/ipv4/conf/lo/arp_ignore')).toBe('1\n')
  })

  it('writes by loop, tee and variable as well', async () => {
    const lan = new Lan(['a'])
    const script = `
      for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 2 > $f; done
      echo 1 | tee /proc/sys/net/ipv4/ip_forward
      P=/proc/sys/net/ipv4/conf/all; echo 1 > $P/arp_ignore`
    expect(await lan.output('a', script)).toBe('1\n')
    const { sysctl } = lan.host('a')
    expect(
      [
        sysctl.find('net.ipv4.conf.eth0.rp_filter'), sysctl.find('net.ipv4.ip_forward'),
        sysctl.find('net.ipv4.conf.all.arp_ignore'),
      ],
    ).toEqual(['2', '1', '1'])
  })

  it('refuses what the kernel refuses, and the script goes on', async () => {
    const lan = new Lan(['a'])
    expect(await lan.run('a', 'echo x > /proc/sys/net/ipv4/ip_forward; echo $?; cat /proc/sys/net/ipv4/ip_forward')).toEqual({
      stdout: '1\n0\n', stderr: 'bash: echo: write error: Invalid argument\n', exitCode: 0,
    })
    expect(await lan.run('a', 'echo 1 > /proc/sys/net/ipv4/nosuch || echo failed')).toEqual({
      stdout: 'failed\n', stderr: 'bash: /proc/sys/net/ipv4/nosuch: No such file or directory\n', exitCode: 0,
    })
  })

  it('tells of a failed write in a script that is run from a file, too', async () => {
    const lan = new Lan(['a'])
    lan.host('a').files.set('/root/x', '#!/bin/sh\necho x > /proc/sys/net/ipv4/ip_forward\necho on\n')
    const { stdout, stderr } = await lan.run('a', './x')
    expect([stdout, stderr]).toEqual(['on\n', 'bash: echo: write error: Invalid argument\n'])
  })

  it('lets nothing be made or removed', async () => {
    const lan = new Lan(['a'])
    expect((await lan.run('a', 'rm /proc/sys/net/ipv4/ip_forward')).exitCode).toBe(1)
    expect((await lan.run('a', 'mkdir /proc/x')).exitCode).toBe(1)
    expect(await lan.output('a', 'ls /proc/sys/net/ipv4/conf')).toBe('all\ndefault\neth0\nlo\n')
  })

  it('shows devices, routes and neighbors', async () => {
    const lan = new Lan(['a', 'b'])
    await lan.output('a', 'ping -c1 10.0.0.2')
    expect(
      await lan.output(
        'a', "grep -c eth0 /proc/net/dev; awk 'NR > 1 { print $1, $2, $8 }' /proc/net/route; tail -1 /proc/net/arp",
      ),
    ).toBe(
      '1\neth0 0000000A 00FFFFFF\n10.0.0.2         0x1         0x2         02:00:00:00:02:00     *        eth0\n',
    )
  })
})
