import { it } from 'vitest'
import { Simulator } from '/work/main/src/sim/simulator.ts'
import { SysctlRegistry } from '/work/main/src/host/sysctl.ts'
import { ShellDriver } from '/work/main/src/admin/shell/shell-driver.ts'
import { HostShell } from '/work/main/src/admin/shell/host-shell.ts'
import { sleep } from '/work/main/src/admin/sleep.ts'
it('tries', async () => {
  const sim = new Simulator('x')
  const sysctl = new SysctlRegistry()
  sysctl.define({ name: 'net.ipv4.ip_forward', kind: 'int', initial: '0', min: 0, max: 1 })
  const host = { name: 'lb', sim, sysctl, files: new Map() } as never
  const driver = new ShellDriver(sim)
  const log: string[] = []
  const shell = new HostShell(host, driver, new Map([['sleep', sleep], ['say', async (c: any) => { log.push(`${sim.nowNs / 1e9} ${c.argv.join(' ')}`); return { stdout: c.argv.join(' ') + '\n', stderr: '', exitCode: 0 } }], ['tcpdump', async (c: any) => { try { await c.waiter.waitNs(100e9) } catch { } return { stdout: 'partial\n', stderr: '', exitCode: 0 } }], ['ip', () => ({ stdout: '', stderr: '', exitCode: 3, unsupported: { word: 'rule', what: 'ip rule not' } })]] as never))
  async function t(script: string) {
    const task = shell.start({ script, name: 's' })
    const end = await driver.runUntil(sim.nowNs + 1000e9, task)
    console.log(JSON.stringify(script), end, sim.nowNs / 1e9, JSON.stringify(task.result), JSON.stringify(shell.placeOfStop(task)))
  }
  await t('echo 1 > /proc/sys/net/ipv4/ip_forward; echo $?; cat /proc/sys/net/ipv4/ip_forward')
  await t('echo 5 > /proc/sys/net/ipv4/ip_forward; echo $?; cat /proc/sys/net/ipv4/ip_forward')
  await t('echo 5 > /proc/sys/net/ipv4/nosuch || echo failed; echo x > /nodir/y; echo $?')
  await t('sleep 2 & say now; wait; say later; echo $!')
  await t('sleep 100 & echo $!; kill $!')
  await t('timeout 3 tcpdump -x; echo $?; say t')
  await t('timeout 3 sh -c "say a; sleep 10; say b"; echo $?; say t')
  await t('if true\nthen\n  # rule\n  ip rule add\nfi')
  await t('f() {\n  foo -x 2>/dev/null\n}\nf')
  await t('/sbin/ip a')
  await t('cat > /tmp/x.sh <<E\n#!/bin/sh\nsay $0 \\$1\nE\nchmod +x /tmp/x.sh; /tmp/x.sh 5; sh /tmp/x.sh 6; . /tmp/x.sh; ls /proc')
  await t('[ -x /sbin/ip ] && which ip && command -v nosuch; type say; PATH=/sbin:/usr/bin; say z; env; id=5; echo $id')
  await t('while true; do sleep 10; say tick; done')
  await t('echo $RANDOM')
  await t('export A=1; sh -c "echo \\$A"; cd /tmp; pwd; ls; ls -l x.sh; ./x.sh 7; rm x.sh; ./x.sh; echo a > a; cat a b; printf "%s\\n" é')
  console.log(log)
}, 20000)
