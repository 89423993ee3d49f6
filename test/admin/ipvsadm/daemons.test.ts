import { describe, expect, it } from 'vitest'
import { attachIpvs } from '../../../src/ipvs/director.ts'
import { DirectorBench } from '../../ipvs/director-bench.ts'

/** What a line came to, on a director with eth0 and eth1. */
async function runOn(bench: DirectorBench, line: string): Promise<readonly [stdout: string, stderr: string, exitCode: number]> {
  const { stdout, stderr, exitCode } = await bench.run(line)
  return [stdout, stderr, exitCode]
}

const SILENT = ['', '', 0] as const
const MASTER = 'master sync daemon (mcast=eth1, syncid=5, maxlen=1472, group=224.0.0.81, port=8848, ttl=1)\n'

describe('the sync daemons', () => {
  it('are started, listed and stopped, each for itself', async () => {
    const bench = new DirectorBench()
    expect(await runOn(bench, '-L --daemon')).toEqual(SILENT)
    expect(await runOn(bench, '--start-daemon master --mcast-interface eth1 --syncid 5')).toEqual(SILENT)
    expect(await runOn(bench, '-L --daemon')).toEqual([MASTER, '', 0])
    expect(await runOn(bench, '--start-daemon master --mcast-interface eth0')).toEqual(['', 'Daemon has already run\n', 255])
    expect(await runOn(bench, '--start-daemon=backup --syncid 9')).toEqual(SILENT)
    const backup = 'backup sync daemon (mcast=eth0, syncid=9, maxlen=1472, group=224.0.0.81, port=8848, ttl=1)\n'
    expect(await runOn(bench, '-ln --daemon')).toEqual([MASTER + backup, '', 0])
    expect(await runOn(bench, '--stop-daemon master')).toEqual(SILENT)
    expect(await runOn(bench, '--stop-daemon master')).toEqual(['', 'No daemon is running\n', 255])
    expect(await runOn(bench, '-L --daemon')).toEqual([backup, '', 0])
  })

  it.each([
    ['master --sync-maxlen 1400 --mcast-group 224.0.0.82 --mcast-port 8849 --mcast-ttl 3',
      'master sync daemon (mcast=eth0, syncid=0, maxlen=1400, group=224.0.0.82, port=8849, ttl=3)\n'],
    // 1500 less 40 and 8 bytes.
    ['master --mcast-group ff02::81',
      'master sync daemon (mcast=eth0, syncid=0, maxlen=1452, group=ff02::81, port=8848, ttl=1)\n'],
    // A backup takes messages of 1024 bytes at least.
    ['backup --sync-maxlen 10', 'backup sync daemon (mcast=eth0, syncid=0, maxlen=1024, group=224.0.0.81, port=8848, ttl=1)\n'],
    // The MTU of lo is 65536, and a message no longer than 65535 less 28.
    ['backup --mcast-interface lo',
      'backup sync daemon (mcast=lo, syncid=0, maxlen=65507, group=224.0.0.81, port=8848, ttl=1)\n'],
    ['master --mcast-interface lo', 'master sync daemon (mcast=lo, syncid=0, maxlen=1472, group=224.0.0.81, port=8848, ttl=1)\n'],
  ])('take what they are not told from the kernel: %s', async (options, listed) => {
    const bench = new DirectorBench()
    expect(await runOn(bench, `--start-daemon ${options}`)).toEqual(SILENT)
    expect(await runOn(bench, '-L --daemon')).toEqual([listed, '', 0])
  })

  it.each([
    ['--start-daemon both', 'illegal start-daemon parameter specified\n', 2],
    ['--stop-daemon both', 'illegal start_daemon specified\n', 2],
    ['--start-daemon master --mcast-interface eth7', 'No such device\n', 255],
    ['--start-daemon master --syncid 256', 'illegal syncid specified\n', 2],
    ['--start-daemon master --sync-maxlen 65508', 'illegal sync-maxlen specified\n', 2],
    ['--start-daemon master --mcast-group 10.0.0.1', 'invalid IPv4 mcast-group `10.0.0.1\'\n', 2],
    ['--start-daemon master --mcast-group fe80::1', 'invalid IPv6 mcast-group `fe80::1\'\n', 2],
    ['--start-daemon master --mcast-ttl 0', 'illegal mcast-ttl specified\n', 2],
    ['--start-daemon master -n', 'Illegal \'numeric\' option with the \'start-daemon\' command\n', 2],
    ['--stop-daemon master --mcast-ttl 1', 'Illegal \'mcast-ttl\' option with the \'stop-daemon\' command\n', 2],
    ['-L --daemon --stats', 'options conflicts in the list command\n', 2],
    ['-L --daemon --timeout', 'The option \'daemon\' conflicts with the \'timeout\' option in the \'list\' command\n', 2],
  ])('are refused: %s', async (line, stderr, exitCode) => {
    const bench = new DirectorBench()
    expect(await runOn(bench, line)).toEqual(['', stderr, exitCode])
    expect(attachIpvs(bench.lb).rules.daemons).toEqual({})
  })

  it('need a device that is up to send by, but not to listen at', async () => {
    const bench = new DirectorBench()
    const { net } = bench.lb
    const devices = net.devices.map((device) => device.name === 'eth1' ? { ...device, isUp: false } : device)
    bench.lb.reconfigure({ ...net, devices })
    expect(await runOn(bench, '--start-daemon master --mcast-interface eth1')).toEqual(['', 'Network is unreachable\n', 255])
    expect(await runOn(bench, '--start-daemon backup --mcast-interface eth1')).toEqual(SILENT)
  })

  it('cannot tell of two families: beside a mixed service they are refused, and beside them such a server', async () => {
    const invalid = 'Invalid operation.  Possibly wrong module version, address not unicast, ...\n'
    const mixed = '-a -f 1 -r [fd00::11]:0 -i'
    const bench = new DirectorBench()
    await bench.ipvsadm('-A -f 1')
    await bench.ipvsadm(mixed)
    expect(await runOn(bench, '--start-daemon master')).toEqual(['', invalid, 255])
    await bench.ipvsadm('-d -f 1 -r [fd00::11]:0')
    await bench.ipvsadm('--start-daemon master')
    expect(await runOn(bench, mixed)).toEqual(['', invalid, 255])
  })

  it('are lost when rules are saved, of which a warning tells', async () => {
    const bench = new DirectorBench()
    expect((await bench.run('-Sn')).warnings).toBeUndefined()
    await bench.ipvsadm('--start-daemon backup')
    expect((await bench.run('-Sn')).warnings).toEqual([
      'ipvsadm does not save sync daemons: none will run when this is restored.',
    ])
  })

  it('stay when the table is cleared', async () => {
    const bench = new DirectorBench()
    await bench.ipvsadm('--start-daemon master --mcast-interface eth1 --syncid 5')
    await bench.ipvsadm('-C')
    expect(await bench.ipvsadm('-L --daemon')).toBe(MASTER)
  })
})
