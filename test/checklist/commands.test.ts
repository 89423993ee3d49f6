import { describe, expect, it } from 'vitest'
import { cluster, host, play, typed, VIP, visits } from './plays.ts'

const HEAD = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
`
/** The line of CentOS that one of the tutorials has met; Debian's file does not have it. */
const SERVICES = 'http 80/tcp www www-http # WorldWideWeb HTTP\ndistinct 9999/tcp # distinct\ndistinct 9999/udp\n'
const SERVICE = `-t ${VIP}:80`

/** What the commands of ipvsadm said on standard error, and the rules in the end. */
async function rulesAfter(...lines: readonly string[]): Promise<{ stderr: string, rules: string }> {
  const { stdout, stderr } = await typed(`${lines.map((line) => `ipvsadm ${line}`).join('\n')}\necho ----\nipvsadm -Sn`)
  return { stderr, rules: stdout.split('----\n')[1] ?? '' }
}

describe('the checklist, 1.4: commands and options', () => {
  it('C1: -A and -E make and change a service by -t, -u and -f, with -s, -p and -M', async () => {
    const { stderr, rules } = await rulesAfter(
      `-A ${SERVICE}`, `-A -u ${VIP}:53 -s rr`, '-A -f 5 -s sh -p', `-A -t ${VIP}:0 -p 50 -M 255.255.255.0`,
      `-E -u ${VIP}:53 -s wrr -p 77`)
    expect(stderr).toBe('')
    expect(rules).toBe(`-A -t ${VIP}:0 -s wlc -p 50 -M 255.255.255.0
-A ${SERVICE} -s wlc
-A -u ${VIP}:53 -s wrr -p 77
-A -f 5 -s sh -p 360
`)
  })

  it('C2: -b takes the flags of sh and mh; --pe takes the name of an engine', async () => {
    const { stderr, rules } = await rulesAfter(
      `-A ${SERVICE} -s sh -b sh-port,sh-fallback`, `-A -t ${VIP}:81 -s mh -b mh-port`, `-A -t ${VIP}:82 -s rr -b sh-port`,
      `-A -u ${VIP}:5060 --pe nosuch -p`)
    expect(stderr).toBe('incompatible scheduler flag `sh-port\'\nScheduler or persistence engine not found\n')
    expect(rules).toBe(`-A ${SERVICE} -s sh -b sh-fallback,sh-port\n-A -t ${VIP}:81 -s mh -b mh-port\n`)
  })

  it('C3: -D deletes a service and its real servers', async () => {
    expect(await rulesAfter(`-A ${SERVICE}`, `-a ${SERVICE} -r 10.0.0.11`, `-D ${SERVICE}`)).toEqual({ stderr: '', rules: '' })
    expect((await rulesAfter(`-D ${SERVICE}`)).stderr).toBe('No such service\n')
  })

  it('C4: -C clears everything', async () => {
    expect(await rulesAfter(`-A ${SERVICE}`, '-A -f 1', '-C')).toEqual({ stderr: '', rules: '' })
  })

  it('C5: -R adds to the rules, ipvsadm-restore clears them first; ipvsadmin-restore is no command', async () => {
    const script = (command: string): string => `ipvsadm -A ${SERVICE} -s rr\necho "-A -f 7 -s rr" | ${command}\nipvsadm -Sn`
    expect((await typed(script('ipvsadm -R'))).stdout).toBe(`-A ${SERVICE} -s rr\n-A -f 7 -s rr\n`)
    expect((await typed(script('ipvsadm-restore'))).stdout).toBe('-A -f 7 -s rr\n')
    await expect(typed('echo -C | ipvsadmin-restore')).rejects.toThrow('ipvsadmin-restore')
  })

  it('C6: -S, ipvsadm-save and service ipvsadm save print or keep the rules as commands that make them again', async () => {
    const rules = `-A ${SERVICE} -s rr -p 300\n-a ${SERVICE} -r 10.0.0.11:80 -g -w 3\n`
    const { stdout } = await typed(`ipvsadm -A ${SERVICE} -s rr -p 300; ipvsadm -a ${SERVICE} -r 10.0.0.11 -w 3
ipvsadm -S -n; ipvsadm-save -n; service ipvsadm save; cat /etc/sysconfig/ipvsadm
ipvsadm-save > f; ipvsadm -C; ipvsadm -R < f; ipvsadm -S`)
    const named = rules.replaceAll(':80', ':http')
    expect(stdout).toBe(rules + rules + rules + named)
  })

  it('C7: -a adds and -e changes a real server; -a for a change, as one tutorial has it, is refused', async () => {
    const { stderr, rules } = await rulesAfter(
      `-A ${SERVICE}`, `-a ${SERVICE} -r 10.0.0.11 -m -w 2`, `-e ${SERVICE} -r 10.0.0.11 -m -w 5`,
      `-a ${SERVICE} -r 10.0.0.11 -m -w 9`)
    expect(stderr).toBe('Destination already exists\n')
    expect(rules).toContain('-r 10.0.0.11:80 -m -w 5\n')
  })

  it('C8: -d deletes a real server', async () => {
    const { stderr, rules } = await rulesAfter(
      `-A ${SERVICE}`, `-a ${SERVICE} -r 10.0.0.11`, `-d ${SERVICE} -r 10.0.0.11`, `-d ${SERVICE} -r 10.0.0.11`)
    expect([stderr, rules]).toEqual(['No such destination\n', `-A ${SERVICE} -s wlc\n`])
  })

  it('C9: -L, -l, -L -n, -Ln and -Lcn list', async () => {
    const setup = `ipvsadm -A ${SERVICE} -s rr; ipvsadm -a ${SERVICE} -r 10.0.0.11;`
    const numeric = `${HEAD}TCP  ${VIP}:80 rr\n  -> 10.0.0.11:80                 Route   1      0          0         \n`
    for (const option of ['-L -n', '-Ln', '-ln', '-l -n']) {
      expect((await typed(`${setup} ipvsadm ${option}`)).stdout).toBe(numeric)
    }
    expect((await typed(`${setup} ipvsadm -L`)).stdout).toBe(numeric.replace(':80 rr', ':http rr').replace('11:80  ', '11:http'))
    expect((await typed('ipvsadm -Lcn')).stdout).toBe(
      'IPVS connection entries\npro expire state       source             virtual            destination\n')
  })

  it('C10: each option of -L has its format; --sort is what happens anyway', async () => {
    const setup = `ipvsadm -A ${SERVICE} -s rr; ipvsadm -a ${SERVICE} -r 10.0.0.11;`
    const titles = {
      '--stats': 'Conns   InPkts  OutPkts  InBytes OutBytes', '--rate': 'CPS    InPPS   OutPPS    InBPS   OutBPS',
      '--timeout': 'Timeout (tcp tcpfin udp): 900 120 300', '--thresholds': 'Uthreshold Lthreshold ActiveConn InActConn',
      '--exact': 'ActiveConn InActConn', '--sort': 'ActiveConn InActConn', '--connection': 'pro expire state',
    }
    for (const [option, title] of Object.entries(titles)) {
      const { stdout, stderr } = await typed(`${setup} ipvsadm -L --numeric ${option}`)
      expect([option, stderr, stdout.includes(title)]).toEqual([option, '', true])
    }
    expect((await typed(`${setup} ipvsadm -Ln --sort`)).stdout).toBe((await typed(`${setup} ipvsadm -Ln`)).stdout)
    expect(await typed('ipvsadm -L --daemon')).toEqual({ stdout: '', stderr: '' })
  })

  it('C11: -Z zeroes the counters, not the connections', async () => {
    const scenario = cluster('nat')
    scenario.traffic = [visits(4)]
    scenario.observe = [
      { name: 'before', on: 'lb', run: 'ipvsadm -Ln --stats' },
      { name: 'after', on: 'lb', run: `ipvsadm -Z ${SERVICE}; ipvsadm -Ln --stats; ipvsadm -Lnc; ipvsadm -Ln` },
    ]
    const { out } = await play(scenario)
    expect(out('before')).toMatch(/TCP {2}10\.0\.0\.100:80 +4 +\d/)
    expect(out('after')).toMatch(/TCP {2}10\.0\.0\.100:80 +0 +0 +0 +0 +0\n/)
    expect(out('after').match(/TIME_WAIT/g)).toHaveLength(4)
    expect(out('after')).toMatch(/Masq {4}1 {6}0 {10}2 /)
  })

  it('C12: --set changes three timeouts, and 0 keeps one', async () => {
    const { stdout } = await typed('ipvsadm --set 100 0 50; ipvsadm -L --timeout; ipvsadm --set 0 60 0; ipvsadm -L --timeout')
    expect(stdout).toBe('Timeout (tcp tcpfin udp): 100 120 50\nTimeout (tcp tcpfin udp): 100 60 50\n')
    const scenario = cluster('nat', { lb: ['ipvsadm --set 100 60 50'] })
    scenario.traffic = [visits(1)]
    scenario.observe = [{ name: 'table', on: 'lb', at: '1500ms', run: 'ipvsadm -Lnc' }]
    // TIME_WAIT is not among the three.
    expect((await play(scenario)).out('table')).toMatch(/TCP 01:59 {2}TIME_WAIT/)
  })

  it('C13: --start-daemon and --stop-daemon begin and end a sync daemon, which --daemon lists', async () => {
    const { stdout, stderr } = await typed(`ipvsadm --start-daemon master --mcast-interface eth0 --syncid 5; ipvsadm -L --daemon
ipvsadm --start-daemon master --mcast-interface eth0; ipvsadm --stop-daemon master
ipvsadm -L --daemon; ipvsadm --stop-daemon master`)
    expect(stdout).toMatch(/^master sync daemon \(mcast=eth0, syncid=5, /)
    expect(stdout.match(/\n/g)).toHaveLength(1)
    expect(stderr).toBe('Daemon has already run\nNo daemon is running\n')
  })

  it('C13: --stop-daemon wants to know which of the two daemons', async () => {
    expect((await typed('ipvsadm --stop-daemon')).stderr).toContain('Try `ipvsadm -h')
    expect((await typed('ipvsadm --stop-daemon master')).stderr).toBe('No daemon is running\n')
    expect((await typed('ipvsadm --start-daemon boss')).stderr).toBe('illegal start-daemon parameter specified\n')
  })

  it('C14: -f binds several ports into one service by the mark of their packets', async () => {
    const scenario = cluster('dr', { lb: [
      'ipvsadm -C', `iptables -t mangle -A PREROUTING -d ${VIP} -p tcp -m multiport --dports 80,443 -j MARK --set-mark 20`,
      'ipvsadm -A -f 20 -s rr -p 1200', 'ipvsadm -a -f 20 -r 10.0.0.11 -g', 'ipvsadm -a -f 20 -r 10.0.0.12 -g',
    ] })
    scenario.traffic = [visits(2), visits(2, { name: 'tls', to: `http://${VIP}:443/`, at: '2s' })]
    expect((await play(scenario)).answers).toBe('rs2 rs2 rs2 rs2')
  })

  it('C15: -h helps, and names of hosts and ports may stand for numbers', async () => {
    expect((await typed('ipvsadm -h')).stdout).toMatch(/^ipvsadm v1\.31 /)
    const { stdout, stderr } = await typed(
      'ipvsadm -A -t xujiyou:distinct -s rr; ipvsadm -Sn; ipvsadm -l; ipvsadm -D -t xujiyou:distinct; ipvsadm -Sn',
      { etc_hosts: [`${VIP} xujiyou`], files: { '/etc/services': SERVICES } })
    expect(stderr).toBe('')
    expect(stdout).toBe(`-A -t ${VIP}:9999 -s rr\n${HEAD}TCP  xujiyou:distinct rr\n`)
  })

  it('C16: the commands of the host that tutorials type have their effect', async () => {
    const { stdout, stderr } = await typed(`yum install -y ipvsadm > /dev/null; rpm -qa ipvsadm
echo 1 > /proc/sys/net/ipv4/ip_forward; echo 0 > /proc/sys/net/ipv4/conf/all/send_redirects
echo 1 > /proc/sys/net/ipv4/conf/lo/arp_ignore; echo 2 > /proc/sys/net/ipv4/conf/eth0/arp_announce
sysctl -n net.ipv4.ip_forward net.ipv4.conf.all.send_redirects net.ipv4.conf.lo.arp_ignore net.ipv4.conf.eth0.arp_announce
ifconfig eth0:1 10.0.0.101 broadcast 10.0.0.101 netmask 255.255.255.255 up; route add -host 10.0.0.101 dev eth0:1
ifconfig lo:0 10.0.0.102 broadcast 10.0.0.102 netmask 255.255.255.255 up; route add -host 10.0.0.102 dev lo:0
ip -o -4 addr show | grep -o "inet 10.0.0.10[12]/32.*:[01]"; ip route | grep /32 ; route -n | grep -c 10.0.0.10
iptables -t nat -F; iptables -t nat -X; iptables -t nat -A POSTROUTING -s 192.168.112.0/24 -j MASQUERADE
iptables -t nat -S POSTROUTING
iptables -t mangle -A PREROUTING -i eth0 -p tcp -d ${VIP} --dport 80 -j MARK --set-mark 20; iptables -t mangle -L -n | sed -n 3p
cd /tmp; echo 153 >index.html; python -m SimpleHTTPServer 10000 & sleep 1; curl -s http://${VIP}:10000/
ping -c 1 ${VIP} | grep -c "1 received"`)
    expect(stderr.replace(/^.*"GET .*\n/m, '')).toBe('')
    expect(stdout).toMatch(/^ipvsadm-\S+\n1\n0\n1\n2\n/)
    expect(stdout).toContain('inet 10.0.0.101/32 brd 10.0.0.101 scope global eth0:1')
    expect(stdout).toContain('inet 10.0.0.102/32 brd 10.0.0.102 scope global lo:0')
    expect(stdout).toContain('-P POSTROUTING ACCEPT\n-A POSTROUTING -s 192.168.112.0/24 -j MASQUERADE\n')
    expect(stdout).toMatch(/MARK {7}6 {4}-- {2}0\.0\.0\.0\/0 {12}10\.0\.0\.100 {11}tcp dpt:80 MARK set 0x14\n/)
    expect(stdout).toMatch(/153\n1\n$/)
  })

  it('C16: a word that is not known is refused with its line', async () => {
    const scenario = cluster('dr')
    host(scenario, 'lb').setup = 'ipvsadm -C\nsystemd-nspawn -b\n'
    await expect(play(scenario)).rejects.toThrow(/LVS1060[^]*systemd-nspawn/)
  })

  it('C17: service ipvsadm save writes to the file of the host, and start reads it', async () => {
    const { stdout } = await typed(`ipvsadm -A ${SERVICE} -s rr; service ipvsadm save; cat /etc/sysconfig/ipvsadm
systemctl stop ipvsadm.service; ipvsadm -Sn; echo stopped; systemctl start ipvsadm.service; ipvsadm -Sn; which ipvsadm`)
    expect(stdout).toMatch(new RegExp(`^-A ${SERVICE} -s rr\nstopped\n-A ${SERVICE} -s rr\n/usr/s?bin/ipvsadm\n$`))
  })
})
