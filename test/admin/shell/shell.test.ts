import { describe, expect, it } from 'vitest'
import { Lan } from '../support.ts'

/** The script that guides give for a real server of VS/DR, as an init script. */
const REAL_SERVER_SCRIPT = `#!/bin/bash
# chkconfig: 2345 79 20
. /etc/rc.d/init.d/functions
VIP=10.0.0.100
case "$1" in
start)
    ifconfig lo:0 $VIP netmask 255.255.255.255 broadcast $VIP
    /sbin/route add -host $VIP dev lo:0
    echo "1" >/proc/sys/net/ipv4/conf/lo/arp_ignore
    echo "2" >/proc/sys/net/ipv4/conf/lo/arp_announce
    echo "1" >/proc/sys/net/ipv4/conf/all/arp_ignore
    echo "2" >/proc/sys/net/ipv4/conf/all/arp_announce
    sysctl -p >/dev/null 2>&1
    action "RealServer Start" true
    ;;
stop)
    ifconfig lo:0 down
    route del $VIP >/dev/null 2>&1
    echo "0" >/proc/sys/net/ipv4/conf/all/arp_ignore
    echo "RealServer Stoped"
    ;;
status)
    islothere=\`/sbin/ifconfig lo:0 | grep $VIP\`
    if [ ! "$islothere" ]; then
        echo "LVS-DR real server Stopped."
    else
        echo "LVS-DR real server Running."
    fi
    ;;
*)
    echo "Usage: $0 {start|stop}"
    exit 1
esac
exit 0
`

function lanWithScripts(): Lan {
  const lan = new Lan(['rs1'])
  const { files } = lan.host('rs1')
  files.set('/etc/init.d/realserver', REAL_SERVER_SCRIPT)
  files.set('/etc/rc.d/init.d/functions', 'action() {\n  local what=$1; shift\n  "$@" && echo "$what: [  OK  ]"\n}\n')
  return lan
}

describe('shell', () => {
  it('runs the classic script of a real server from its file: start, status, stop', async () => {
    const lan = lanWithScripts()
    const host = lan.host('rs1')
    expect(await lan.run('rs1', '/etc/init.d/realserver start')).toEqual(
      { stdout: 'RealServer Start: [  OK  ]\n', stderr: '', exitCode: 0 },
    )
    expect(host.isLocalAddress(0x0a000064 as never)).toBe(true)
    expect(host.sysctl.find('net.ipv4.conf.all.arp_ignore')).toBe('1')
    expect(host.sysctl.find('net.ipv4.conf.lo.arp_announce')).toBe('2')
    expect(await lan.output('rs1', 'route -n | grep lo')).toBe(
      '10.0.0.100      0.0.0.0         255.255.255.255 UH    0      0        0 lo\n',
    )
    expect(await lan.output('rs1', 'sh /etc/init.d/realserver status')).toBe('LVS-DR real server Running.\n')
    expect(await lan.output('rs1', '/etc/init.d/realserver stop')).toBe('RealServer Stoped\n')
    expect(host.isLocalAddress(0x0a000064 as never)).toBe(false)
    expect((await lan.run('rs1', '/etc/init.d/realserver')).exitCode).toBe(1)
  })

  it('has variables, functions, loops, pipes, redirections, arithmetic and command substitution', async () => {
    const lan = new Lan(['a'])
    const script = `
      RIPS="10.0.0.3 10.0.0.4"
      weight() { local n=\${1##*.}; echo $((n * 10)); }
      for rip in $RIPS; do
        echo "$rip $(weight $rip)" >> /tmp/list
      done
      while read -r rip w; do echo "-r $rip:80 -w $w"; done < /tmp/list | sort -r
      [ -f /tmp/list ] && wc -l < /tmp/list
      awk '{ sum += $2 } END { print sum }' /tmp/list
      sed -n '1s/ .*//p' /tmp/list | tr . -`
    expect(await lan.output('a', script)).toBe('-r 10.0.0.4:80 -w 40\n-r 10.0.0.3:80 -w 30\n2\n70\n10-0-0-3\n')
  })

  it('keeps files, and no variables, between scripts of a host; hosts share nothing', async () => {
    const lan = new Lan(['a', 'b'])
    await lan.output('a', 'x=1; echo kept > /tmp/f')
    expect(await lan.output('a', 'cat /tmp/f; echo "[$x]"')).toBe('kept\n[]\n')
    expect((await lan.run('b', 'cat /tmp/f')).stderr).toBe('cat: /tmp/f: No such file or directory\n')
  })

  it('sorts as in the C locale, by fields and numbers', async () => {
    const lan = new Lan(['a'])
    expect(await lan.output('a', "printf 'b 10\\nB 9\\na 2\\n_ 1\\n' | sort")).toBe('B 9\n_ 1\na 2\nb 10\n')
    expect(await lan.output('a', "printf 'b 10\\nB 9\\na 2\\n' | sort -k2 -n")).toBe('a 2\nB 9\nb 10\n')
    expect(await lan.output('a', "printf '2\\n10\\n2\\n' | sort -rnu")).toBe('10\n2\n')
    expect(await lan.output('a', "printf 'x:3\\ny:1\\n' | sort -t: -k2,2n")).toBe('y:1\nx:3\n')
  })

  it('lists files and folders', async () => {
    const lan = new Lan(['a'])
    expect(await lan.output('a', 'mkdir /tmp/d; echo hi > /tmp/d/f; cd /tmp/d; ls; ls -l')).toBe(
      'f\ntotal 0\n-rw-r--r-- 1 root root     3 Jan  1  1970 f\n',
    )
    expect((await lan.run('a', 'ls /nowhere')).stderr).toBe("ls: cannot access '/nowhere': No such file or directory\n")
  })

  it('refuses to write where no folder is', async () => {
    const lan = new Lan(['a'])
    expect(await lan.run('a', 'echo x > /nowhere/f; echo $?')).toEqual(
      { stdout: '1\n', stderr: 'bash: /nowhere/f: No such file or directory\n', exitCode: 0 },
    )
  })
})

describe('sudo', () => {
  it('runs the command as it is, as root has no more to gain', async () => {
    const lan = new Lan(['a'])
    const script = 'sudo -E sysctl -n net.ipv4.ip_forward; echo 1 | sudo tee /proc/sys/net/ipv4/ip_forward; sudo sh -c "exit 3"'
    expect(await lan.run('a', script)).toEqual({ stdout: '0\n1\n', stderr: '', exitCode: 3 })
    expect((await lan.run('a', 'sudo ipvsadm -D -t 10.0.0.1:80')).exitCode).not.toBe(0)
    expect(lan.host('a').sysctl.int('net.ipv4.ip_forward')).toBe(1)
  })

  it('is not modelled for another user or a shell of its own', async () => {
    const lan = new Lan(['a'])
    expect((await lan.run('a', 'sudo -i')).stop).toMatchObject({ word: '-i', what: 'sudo: option -i is not modelled' })
    expect((await lan.run('a', 'sudo frobnicate')).stop).toMatchObject({ word: 'frobnicate' })
  })
})

describe('a script that cannot be parsed', () => {
  it.each([
    ['echo one\nif true; then\n  echo two\n', 'line 4: syntax error: unexpected end of file'],
    ['for x in a b; do echo $x', 'line 2: syntax error: unexpected end of file'],
    ['echo one\nfi\n', "line 2: syntax error near unexpected token `fi'"],
    ['if true; echo one; fi', "line 1: syntax error near unexpected token `fi'"],
    ['echo )', "line 1: syntax error near unexpected token `)'"],
  ])('is refused in the words of bash: %j', async (script, words) => {
    expect(await new Lan(['a']).run('a', script)).toEqual({ stdout: '', stderr: `bash: ${words}\n`, exitCode: 2 })
  })
})
