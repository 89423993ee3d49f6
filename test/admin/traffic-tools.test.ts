import { describe, expect, it } from 'vitest'
import { parseFilter } from '../../src/admin/tcpdump/filter.ts'
import { Lan } from './support.ts'

/** Text without what depends on delays. */
function timeless(text: string): string {
  return text.replace(/time=[\d.]+ ms/g, 'time=T').replace(/= [\d./]+ ms/g, '= T').replace(/ [\d.]+ms\n/g, ' T\n').replace(
    /after \d+ ms/g, 'after N ms',
  )
}

describe('ping', () => {
  it('reports replies and sums up', async () => {
    const lan = new Lan(['a', 'b'])
    expect(timeless(await lan.output('a', 'ping -c 2 -i 0.5 10.0.0.2'))).toBe(`PING 10.0.0.2 (10.0.0.2) 56(84) bytes of data.
64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=T
64 bytes from 10.0.0.2: icmp_seq=2 ttl=64 time=T

--- 10.0.0.2 ping statistics ---
2 packets transmitted, 2 received, 0% packet loss, time T
rtt min/avg/max/mdev = T
`)
    expect(lan.sim.nowNs).toBeLessThan(0.6e9)
    expect(timeless(await lan.output('a', 'ping -q -s 100 -c1 10.0.0.2'))).toContain('100(128) bytes of data.\n\n---')
  })

  it('reports silence, and errors of others', async () => {
    const lan = new Lan(['a', 'b'])
    expect(await lan.run('a', 'ping -c1 -W1 10.0.0.9')).toEqual({
      stdout: 'PING 10.0.0.9 (10.0.0.9) 56(84) bytes of data.\n\n--- 10.0.0.9 ping statistics ---\n'
        + '1 packets transmitted, 0 received, 100% packet loss, time 0ms\n\n',
      stderr: '', exitCode: 1,
    })
    const { stdout } = await lan.run('a', 'sleep 10; ping -c1 -W5 10.0.0.9')
    expect(stdout).toContain('From 10.0.0.1 icmp_seq=1 Destination Host Unreachable\n')
    expect(stdout).toContain('1 packets transmitted, 0 received, +1 errors, 100% packet loss')
  })

  it('refuses what has no route, no name, and what is too big', async () => {
    const lan = new Lan(['a', 'b'])
    expect(await lan.run('a', 'ping -c1 8.8.8.8')).toMatchObject(
      { stderr: 'ping: connect: Network is unreachable\n', exitCode: 2 },
    )
    expect(await lan.run('a', 'ping -c1 nosuch')).toMatchObject(
      { stderr: 'ping: nosuch: Name or service not known\n', exitCode: 2 },
    )
    expect((await lan.run('a', 'ping -c1 -M do -s 1473 10.0.0.2')).stderr).toBe('ping: local error: message too long, mtu=1500\n')
    expect(await lan.output('a', 'ping -c1 -s 1473 10.0.0.2')).toContain('1481 bytes from 10.0.0.2')
    expect((await lan.run('a', 'ping -R 10.0.0.2')).stop?.word).toBe('-R')
    lan.host('a').files.set('/etc/hosts', '10.0.0.2 b web # b\n')
    expect(await lan.output('a', 'ping -c1 web')).toContain('PING web (10.0.0.2) 56(84)')
  })
})

describe('arping', () => {
  it('asks all, then who answered', async () => {
    const lan = new Lan(['a', 'b'])
    expect(timeless(await lan.output('a', 'arping -c2 -I eth0 10.0.0.2'))).toBe(`ARPING 10.0.0.2 from 10.0.0.1 eth0
Unicast reply from 10.0.0.2 [02:00:00:00:02:00]  T
Unicast reply from 10.0.0.2 [02:00:00:00:02:00]  T
Sent 2 probes (1 broadcast(s))
Received 2 response(s)
`)
  })

  it('gives up at its deadline', async () => {
    const lan = new Lan(['a'])
    expect(await lan.run('a', 'arping -c1 -w2 -I eth0 10.0.0.9')).toEqual({
      stdout: 'ARPING 10.0.0.9 from 10.0.0.1 eth0\nSent 2 probes (2 broadcast(s))\nReceived 0 response(s)\n', stderr: '',
      exitCode: 1,
    })
    expect(lan.sim.nowNs).toBe(2e9)
  })

  it('hears all that answer for a doubled address, and announces', async () => {
    const lan = new Lan(['a', 'b', 'c'])
    await lan.output('b', 'ip addr add 10.0.0.100/32 dev lo')
    await lan.output('c', 'ip addr add 10.0.0.100/32 dev lo')
    expect(
      (await lan.output('a', 'arping -b -w1 -c9 -I eth0 10.0.0.100')).split('\n').filter((line) => line.includes('reply')),
    ).toHaveLength(2)
    await lan.output('a', 'ping -c1 -W1 10.0.0.3; arping -A -c1 -I eth0 10.0.0.1')
    expect((await lan.run('a', 'arping -I eth9 10.0.0.2')).stderr).toBe('arping: Device eth9 not available.\n')
  })
})

describe('curl', () => {
  it('fetches, writes out, and shows heads', async () => {
    const lan = new Lan(['a', 'b'])
    await lan.output('b', 'mkdir /root/www; cd /root/www; echo hello > index.html; python -m SimpleHTTPServer 8000')
    expect(
      await lan.output(
        'a',
        'curl -s http://10.0.0.2:8000/; curl -s -o /tmp/f -w "%{http_code} %{size_download}\\n" 10.0.0.2:8000/index.html; '
          + 'cat /tmp/f',
      ),
    ).toBe('hello\n200 6\nhello\n')
    expect(
      await lan.output(
        'a',
        'curl -sI http://10.0.0.2:8000/ | head -1; curl -s -o /dev/null -w "%{http_code}\\n" http://10.0.0.2:8000/none',
      ),
    ).toBe('HTTP/1.1 200 OK\r\n404\n')
    expect(await lan.output('a', 'curl -s "http://10.0.0.2:8000/[1-3]" | grep -c 404')).toBe('3\n')
    expect(await lan.run('a', 'curl -sf http://10.0.0.2:8000/none')).toEqual({ stdout: '', stderr: '', exitCode: 22 })
  })

  it('fails as curl 7.88 does', async () => {
    const lan = new Lan(['a', 'b'])
    const ran = async (script: string): Promise<string> => {
      const { stderr, exitCode } = await lan.run('a', script)
      return `${exitCode} ${timeless(stderr ?? '')}`
    }
    expect(await ran('curl http://10.0.0.2/')).toBe(
      "7 curl: (7) Failed to connect to 10.0.0.2 port 80 after N ms: Couldn't connect to server\n",
    )
    expect(await ran('curl --connect-timeout 1 http://10.0.0.9/')).toBe(
      '28 curl: (28) Connection timed out after 1000 milliseconds\n',
    )
    expect(await ran('curl -s http://10.0.0.2/')).toBe('7 ')
    expect(await ran('curl')).toMatch(/^2 curl: no URL specified!/)
    expect((await lan.run('a', 'curl https://10.0.0.2/')).stop?.what).toBe('curl: https is not modelled')
    lan.host('b').tcp.listen({ addr: 0 as never, port: 81 }, (listener) => {
      listener.accept()?.attach({ onData: (endpoint) => endpoint.close() })
    })
    expect(await ran('curl http://10.0.0.2:81/')).toBe('52 curl: (52) Empty reply from server\n')
  })
})

describe('tcpdump', () => {
  it('prints what passes a nic until it has enough, beside a script', async () => {
    const lan = new Lan(['a', 'b'])
    const { stdout, stderr } = await lan.run('a', 'tcpdump -nn -i eth0 -c 4 & ping -q -c1 10.0.0.2 > /dev/null; wait')
    expect(stdout?.replace(/^[\d:.]+ /gm, '').split('\n')).toEqual([
      'ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 28', 'ARP, Reply 10.0.0.2 is-at 02:00:00:00:02:00, length 28',
      'IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 1, seq 1, length 64',
      'IP 10.0.0.2 > 10.0.0.1: ICMP echo reply, id 1, seq 1, length 64', '',
    ])
    expect(stderr).toContain('listening on eth0, link-type EN10MB (Ethernet), snapshot length 262144 bytes\n4 packets captured\n')
  })

  it('prints what it has when timeout ends it, and leaves another onlooker alone', async () => {
    const lan = new Lan(['a', 'b'])
    const seen: string[] = []
    const nic = lan.host('a').findDevice('eth0')?.nic
    if (nic !== undefined) nic.tap = { onFrame: (_nic, direction) => seen.push(direction) }
    lan.start('b', 'sleep 1; ping -c1 10.0.0.1')
    const { stdout, exitCode } = await lan.run('a', 'timeout 3 tcpdump -t -nn -i eth0 icmp')
    expect([stdout?.split('\n').length, exitCode]).toEqual([3, 124])
    // A question, its answer, a request and its reply.
    expect(seen).toEqual(['in', 'out', 'in', 'out'])
    expect((await lan.run('a', 'tcpdump -i eth9')).exitCode).toBe(1)
  })

  it('reads filters', () => {
    for (const text of [
      'arp', 'tcp port 80', 'host 10.0.0.1 and not port 22', '(icmp or arp) && src host 10.0.0.1', 'net 10.0.0.0/24',
      'ip proto 4', 'port 80 or 443', 'dst 10.0.0.2 and tcp',
    ]) {
      expect(parseFilter(text.split(' ')).ok, text).toBe(true)
    }
    expect(parseFilter(['tcp[13]', '==', '2'])).toEqual({ ok: false, error: 'tcp[13]' })
    expect(parseFilter(['host'])).toEqual({ ok: false, error: '' })
  })
})
