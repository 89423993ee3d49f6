import { describe, expect, it } from 'vitest'
import { processesOf } from '../../src/admin/processes.ts'
import { registerService } from '../../src/admin/services.ts'
import type { Tool } from '../../src/admin/tool.ts'
import { Lan } from './support.ts'

describe('sysctl', () => {
  it('shows, sets, lists a folder, and reads files', async () => {
    const lan = new Lan(['a'])
    expect(
      await lan.output(
        'a',
        'sysctl net.ipv4.ip_forward; sysctl -w net.ipv4.ip_forward=1 net.ipv4.conf.all.arp_ignore=1; '
          + 'sysctl -n net/ipv4/ip_forward',
      ),
    ).toBe(
      'net.ipv4.ip_forward = 0\nnet.ipv4.ip_forward = 1\nnet.ipv4.conf.all.arp_ignore = 1\n1\n',
    )
    expect((await lan.output('a', 'sysctl net.ipv4.conf.lo')).split('\n')[0]).toBe('net.ipv4.conf.lo.accept_local = 0')
    lan.host('a').files.set('/etc/sysctl.conf', '# forwarding\nnet.ipv4.ip_forward = 0\n\nkernel.sysrq = 0\n')
    expect(await lan.output('a', 'sysctl -p')).toBe('net.ipv4.ip_forward = 0\nkernel.sysrq = 0\n')
    expect(await lan.output('a', 'sysctl -a | grep arp_ignore | wc -l')).toBe('4\n')
  })

  it('refuses as procps does', async () => {
    const lan = new Lan(['a'])
    expect(await lan.run('a', 'sysctl net.ipv4.conf.eth0.nosuch')).toEqual({
      stdout: '', stderr: 'sysctl: cannot stat /proc/sys/net/ipv4/conf/eth0/nosuch: No such file or directory\n', exitCode: 1,
    })
    expect(await lan.run('a', 'sysctl -w net.ipv4.ip_forward=x')).toMatchObject(
      { stderr: 'sysctl: setting key "net.ipv4.ip_forward": Invalid argument\n', exitCode: 1 },
    )
    expect(await lan.run('a', 'sysctl -w net.ipv4.ip_forward')).toMatchObject(
      { stderr: 'sysctl: "net.ipv4.ip_forward" must be of the form name=value\n', exitCode: 1 },
    )
    expect(await lan.run('a', 'sysctl -p /nosuch')).toMatchObject(
      { stderr: 'sysctl: cannot open "/nosuch": No such file or directory\n', exitCode: 1 },
    )
  })

  it('stops at what Linux has and lvsim has not, unless it is what Linux has anyway', async () => {
    const lan = new Lan(['a'])
    expect((await lan.run('a', 'sysctl -w net.ipv4.conf.all.arp_accept=1')).stop).toMatchObject(
      { word: 'net.ipv4.conf.all.arp_accept', line: 1, column: 11 },
    )
    expect(await lan.output('a', 'sysctl -w net.ipv4.conf.all.arp_accept=0; sysctl -w vm.swappiness=1')).toBe(
      'net.ipv4.conf.all.arp_accept = 0\nvm.swappiness = 1\n',
    )
    expect((await lan.run('a', 'sysctl net.core.nosuch_thing')).stop).toBeDefined()
  })
})

describe('modprobe and lsmod', () => {
  it('load modules with those they need', async () => {
    const lan = new Lan(['a'])
    expect(await lan.output('a', 'modprobe ip_vs_rr; modprobe ip-vs-wlc; lsmod')).toBe(
      'Module                  Size  Used by\nip_vs_wlc              16384  0\n'
        + 'ip_vs_rr               16384  0\nip_vs                 184320  2 ip_vs_wlc,ip_vs_rr\n',
    )
    expect(await lan.run('a', 'modprobe ip_vs_twos')).toMatchObject({
      stderr: 'modprobe: FATAL: Module ip_vs_twos not found in directory /lib/modules/6.1.0-56-amd64\n', exitCode: 1,
    })
    expect((await lan.run('a', 'modprobe -r ip_vs')).stop?.word).toBe('-r')
  })
})

describe('service and systemctl', () => {
  it('start and stop the daemons that a host was given', async () => {
    const lan = new Lan(['a'])
    let active = false
    registerService(
      lan.host('a'), 'nginx', { isActive: () => active, start: () => { active = true }, stop: () => { active = false } },
    )
    expect(await lan.output('a', 'service httpd start; systemctl is-active nginx.service')).toBe('active\n')
    expect((await lan.run('a', 'systemctl stop nginx; systemctl is-active nginx')).exitCode).toBe(3)
    await lan.output('a', 'systemctl enable --now nginx')
    expect(active).toBe(true)
    expect(await lan.run('a', 'systemctl start foo')).toMatchObject(
      { stderr: 'Failed to start foo.service: Unit foo.service not found.\n', exitCode: 5 },
    )
    expect((await lan.run('a', 'systemctl edit nginx')).stop?.word).toBe('edit')
  })

  it('save and restore the table of IPVS by ipvsadm', async () => {
    const calls: string[] = []
    const ipvsadm: Tool = ({ argv, stdin }) => {
      calls.push(`${argv.join(' ')}${stdin === '' ? '' : ` < ${stdin.trim()}`}`)
      return { stdout: argv[0] === '-S' ? '-A -t 10.0.0.100:80 -s rr\n' : '', stderr: '', exitCode: 0 }
    }
    const lan = new Lan(['a'], [['ipvsadm', ipvsadm]])
    await lan.output(
      'a', 'service ipvsadm save; cat /etc/sysconfig/ipvsadm | grep -q rr; systemctl restart ipvsadm; service ipvsadm stop',
    )
    expect(calls).toEqual(['-S -n', '-C', '-R < -A -t 10.0.0.100:80 -s rr', '-C'])
  })
})

describe('kill and its kin', () => {
  it('signal the processes of a host', async () => {
    const lan = new Lan(['a'])
    const signals: string[] = []
    const { pid } = processesOf(lan.host('a')).start('keepalived', (signal) => signals.push(signal))
    lan.host('a').files.set('/run/keepalived.pid', `${pid}\n`)
    await lan.output(
      'a',
      'kill -HUP $(cat /var/run/keepalived.pid); kill -9 `pidof keepalived`; killall keepalived; '
        + 'pkill -0 nothing || kill -0 $(pgrep keep)',
    )
    expect(signals).toEqual(['HUP', 'KILL', 'TERM'])
    expect(await lan.run('a', 'kill 99999')).toMatchObject({ stderr: 'bash: kill: (99999) - No such process\n', exitCode: 1 })
    expect(await lan.run('a', 'killall nosuch')).toMatchObject({ stderr: 'nosuch: no process found\n', exitCode: 1 })
  })
})

describe('names, dates and packages', () => {
  it('are those of the simulated host', async () => {
    const lan = new Lan(['web1'])
    expect(await lan.output('web1', 'hostname; uname -r; uname; whoami; id -u; hostname -I')).toBe(
      'web1\n6.1.0-56-amd64\nLinux\nroot\n0\n10.0.0.1 \n',
    )
    expect(await lan.output('web1', 'sleep 901; date "+%F %T"; date')).toBe('1970-01-01 00:15:01\nThu Jan  1 00:15:01 UTC 1970\n')
    expect((await lan.run('web1', 'date -s tomorrow')).stop?.word).toBe('-s')
  })

  it('find everything installed already', async () => {
    const lan = new Lan(['a'])
    expect(
      await lan.output('a', 'yum -y install ipvsadm | tail -1; apt-get update -qq; apt-get install -y ipvsadm | grep newest'),
    ).toBe(
      'Complete!\nReading package lists...\nipvsadm is already the newest version.\n',
    )
  })
})
