import { describe, expect, it } from 'vitest'
import { parseAton, parseNumber } from '../../../src/admin/ipvsadm/addresses.ts'
import { largeNumber } from '../../../src/admin/ipvsadm/list.ts'
import { compareServers, mergeSort } from '../../../src/admin/ipvsadm/sort.ts'
import { formatIp, parseIpv4, parseIpv6, type IpAddr } from '../../../src/wire/address.ts'
import { ToolBench } from './run-tool.ts'

const TRY_HELP = 'Try `ipvsadm -h\' or \'ipvsadm --help\' for more information.\n'
const HEAD = 'IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n'
  + '  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n'

async function benchWith(...lines: readonly string[]): Promise<ToolBench> {
  const bench = new ToolBench(['10.0.0.100'])
  for (const line of lines) expect(await bench.run(`ipvsadm ${line}`)).toEqual({ stdout: '', stderr: '', exitCode: 0 })
  return bench
}

describe('save and restore', () => {
  const rules = [
    '-A -t 10.0.0.100:80 -s rr', '-a -t 10.0.0.100:80 -r 192.168.1.11:80 -m -w 1',
    '-a -t 10.0.0.100:80 -r 192.168.1.12:80 -m -w 3', '-A -u 10.0.0.100:53 -s wlc -p 120 -M 255.255.255.0',
    '-a -u 10.0.0.100:53 -r 192.168.1.12:53 -g -w 7', '-A -f 20 -s sh -b sh-fallback,sh-port',
    '-a -f 20 -r 192.168.1.13:0 -i -w 2 --tun-type ipip',
  ]
  const text = `${rules.join('\n')}\n`

  it('round-trips what ipvsadm -S -n prints', async () => {
    const bench = await benchWith(...rules)
    expect((await bench.run('ipvsadm -S -n')).stdout).toBe(text)
    expect((await bench.run('ipvsadm-restore', `# a comment\n${text}`)).exitCode).toBe(0)
    expect((await bench.run('ipvsadm-save -n')).stdout).toBe(text)
  })

  it('loses thresholds', async () => {
    const bench = await benchWith('-A -t 10.0.0.100:80', '-a -t 10.0.0.100:80 -r 192.168.1.11 -m -x 9 -y 3')
    expect((await bench.run('ipvsadm -Sn')).stdout).toBe(
      '-A -t 10.0.0.100:80 -s wlc\n-a -t 10.0.0.100:80 -r 192.168.1.11:80 -m -w 1\n'
    )
  })

  it('goes on after an error of the kernel, and gives the code of the last line', async () => {
    const bench = await benchWith(...rules)
    const again = await bench.run('ipvsadm -R', `${rules[0]}\n${rules[1]}\n`)
    expect(again).toEqual({ stdout: '', stderr: 'Service already exists\nDestination already exists\n', exitCode: 255 })
    expect((await bench.run('ipvsadm -R', `${rules[0]}\n-A -t 10.0.0.100:81 -s rr\n`)).exitCode).toBe(0)
  })

  it('goes on after a line that cannot be read, but stops at one that is no command', async () => {
    const bench = await benchWith()
    expect(await bench.run('ipvsadm -R', '-A -t 10.0.0.100:80 -s\nipvsadm -A -t 10.0.0.100:81\n'))
      .toEqual({ stdout: '', stderr: '-s: missing argument\n', exitCode: 0 })
    expect(
      await bench.run('ipvsadm -R', '# comment\n-A -t 10.0.0.100:82\n')
    ).toEqual({ stdout: '', stderr: TRY_HELP, exitCode: 255 })
    expect((await bench.run('ipvsadm -Sn')).stdout).toBe('-A -t 10.0.0.100:81 -s wlc\n')
  })

  it('stops at a complaint of the tool itself, and at -R within -R', async () => {
    const bench = await benchWith()
    expect((await bench.run('ipvsadm -R', '-A\n-A -t 10.0.0.100:82\n')).exitCode).toBe(2)
    expect((await bench.run('ipvsadm -R', '-R\n-A -t 10.0.0.100:82\n')).exitCode).toBe(255)
    expect((await bench.run('ipvsadm -Sn')).stdout).toBe('')
  })
})

describe('the tool', () => {
  it('loads the module ip_vs, and complains without it', async () => {
    const bench = new ToolBench([], [])
    expect(await bench.run('ipvsadm -Ln')).toEqual({
      stdout: '', exitCode: 2,
      stderr: 'Can\'t initialize ipvs: No such file or directory\n'
        + 'Are you sure that IP Virtual Server is built in the kernel or as module?\n',
    })
  })

  it('loads the module of a scheduler, and knows none that the kernel lacks', async () => {
    const bench = new ToolBench(['10.0.0.100'], ['ip_vs', 'ip_vs_rr'])
    expect((await bench.run('ipvsadm -A -t 10.0.0.100:80 -s rr')).exitCode).toBe(0)
    expect(bench.host.modules.loaded()).toEqual(['ip_vs', 'ip_vs_rr'])
    expect((await bench.run('ipvsadm -A -t 10.0.0.100:81 -s wlc')).stderr).toBe('Scheduler or persistence engine not found\n')
  })

  it.each([
    ['--start-daemon master --mcast-interface lo', 'lvsim does not model the traffic of sync daemons'],
    ['-A --sctp-service 10.0.0.100:2905 -s rr', 'lvsim does not carry SCTP'],
    ['-a -t 10.0.0.100:21 -r 192.168.1.11 -m', 'lvsim does not model ip_vs_ftp'],
  ])('warns of what it configures in vain: ipvsadm %s', async (line, warning) => {
    const bench = await benchWith('-A -t 10.0.0.100:21 -p')
    const { warnings, ...printed } = await bench.run(`ipvsadm ${line}`)
    expect(printed).toEqual({ stdout: '', stderr: '', exitCode: 0 })
    expect(warnings).toEqual([expect.stringContaining(warning)])
  })

  it.each([
    ['ipvsadm --stop-daemon master', 'No daemon is running\n', 255],
    ['ipvsadm --start-daemon boss', 'illegal start-daemon parameter specified\n', 2],
    ['ipvsadm --set 1 2', '--set option requires 3 timeout values\n', 2],
    ['ipvsadm --set 1 2 x', 'invalid timeout value `x\' specified\n', 2],
    ['ipvsadm --set 1 2 3 4', 'unexpected argument 4\n', 2],
    ['ipvsadm foo -L', 'unexpected argument foo\n', 2],
    ['ipvsadm -L --numeric=1', '--numeric=1: option does not take an argument\n', 255],
    ['ipvsadm -Lq', '-Lq: unknown option\n', 255],
    ['ipvsadm -A -t 10.0.0.100:80 -o', 'One-Packet Scheduling is only for UDP virtual services\n', 2],
    ['ipvsadm -A -t 10.0.0.100:80 --pe nosuch -p', 'Scheduler or persistence engine not found\n', 255],
    ['ipvsadm -A -u 10.0.0.100:www', 'illegal virtual server address[:port] specified\n', 2],
    ['ipvsadm -a -t 10.0.0.100:80 -r 1.1.1.1 -i --tun-type gue --tun-port 9 --tun-csum --tun-nocsum',
      'The option \'tun-csum\' conflicts with the \'tun-nocsum\' option in the \'gue\' tunnel type\n', 2],
  ])('%s', async (line, stderr, exitCode) => {
    const bench = new ToolBench(['10.0.0.100'])
    expect(await bench.run(line)).toEqual({ stdout: '', stderr, exitCode })
  })

  it('takes and prints names of hosts and ports', async () => {
    const bench = new ToolBench(['10.0.0.100'])
    bench.host.files.set('/etc/hosts', '127.0.0.1 localhost\n10.0.0.100 shop www.shop # the VIP\n192.168.1.11\trs1\n')
    expect((await bench.run('ipvsadm -A -t www.shop:www -s rr')).exitCode).toBe(0)
    expect((await bench.run('ipvsadm -a -t shop:http -r rs1:http-alt -m')).exitCode).toBe(0)
    expect((await bench.run('ipvsadm -L')).stdout)
      .toBe(`${HEAD}TCP  shop:http rr\n  -> rs1:http-alt                 Masq    1      0          0         \n`)
  })

  it('shows its files under /proc once the module is loaded', async () => {
    const bench = new ToolBench(['10.0.0.100'])
    expect((await bench.run('cat /proc/net/ip_vs')).stdout).toBe('')
    await bench.run('ipvsadm -A -f 20 -s rr -p 60')
    await bench.run('ipvsadm -a -f 20 -r 192.168.1.11 -g -w 4')
    await bench.run('ipvsadm -A -u 10.0.0.100:53 -o')
    // The timeout of persistence is in ticks: 60 s at 250 Hz.
    expect((await bench.run('cat /proc/net/ip_vs')).stdout).toBe(`IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
FWM  00000014 rr persistent 15000 FFFFFFFF
  -> C0A8010B:0000      Route   4      0          0${' '.repeat(9)}
UDP  0A000064:0035 wlc ops${'  '}
`)
    expect((await bench.run('cat /proc/net/ip_vs_stats')).stdout).toContain(
      '       0        0        0                0                0\n'
    )
  })
})

describe('numbers', () => {
  it.each([
    [99_999_999, ' 99999999'], [100_000_000, '  100000K'], [999_999_999, '  999999K'], [1_000_000_000, '    1000M'],
    [99_999_999_999, '   99999M'], [100_000_000_000, '     100G'], [100_000_000_000_000, '     100T'],
  ])('%i is printed as %j', (value, text) => expect(largeNumber(value, false)).toBe(text))

  it('are printed in full with --exact', () => {
    expect(largeNumber(7, true)).toBe('        7')
    expect(largeNumber(123_456_789, true)).toBe(' 123456789')
  })

  it.each([
    ['12', 12], ['+12', 12], [' 12', 12], ['-1', undefined], ['12 ', undefined], ['0x1', undefined],
    ['', undefined], ['100', undefined],
  ])('%j is read as %s', (text, value) => expect(parseNumber(text, 0, 99)).toBe(value))
})

describe('addresses', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'], ['10.0.100', '10.0.0.100'], ['10.1', '10.0.0.1'], [
      '192.168.1.017', '192.168.1.15',
    ], ['0x0a.0.0.1', '10.0.0.1'],
    ['24', '0.0.0.24'], [
      '4294967295', '255.255.255.255',
    ], ['10.0.0.256', undefined], ['10.0.0.08', undefined], ['1.2.3.4.5', undefined], ['', undefined],
  ])('inet_aton reads %j as %s', (text, addr) => {
    const read = parseAton(text)
    expect(read === undefined ? undefined : formatIp(read)).toBe(addr)
  })

  it.each([
    ['fd00::100', 'fd00::100'], ['::', '::'], ['::1', '::1'], [
      '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8',
    ], ['::ffff:10.0.0.1', '::ffff:10.0.0.1'],
    ['1::2::3', undefined], ['1:2:3', undefined], ['fd00::zz', undefined], [
      '1:2:3:4:5:6:7:8:9', undefined,
    ], ['1:2:3:4:5:6:7::8', undefined],
  ])('inet_pton reads %j as %s', (text, addr) => {
    const read = parseIpv6(text)
    expect(read === undefined ? undefined : formatIp(read)).toBe(addr)
  })

  it('are sorted by a difference that wraps: 172.31 before 192.168 before 8.8', () => {
    const servers = ['8.8.8.8', '192.168.0.1', '172.31.0.1'].map((text) => ({ addr: parseIpv4(text) as IpAddr, port: 80 }))
    expect(
      mergeSort(servers, compareServers).map(({ addr }) => formatIp(addr))
    ).toEqual(['172.31.0.1', '192.168.0.1', '8.8.8.8'])
  })
})
