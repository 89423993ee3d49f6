import { describe, expect, it } from 'vitest'
import { DirectorBench } from '../../ipvs/director-bench.ts'

const ZEROS = '       0        0        0                0                0\n'

describe('/proc/net/ip_vs_stats_percpu', () => {
  it('counts at once, but for its sum, which the estimator reads every 2 s', async () => {
    const bench = new DirectorBench()
    await bench.ipvsadm('-A -t 10.0.0.100:80 -s rr')
    await bench.ipvsadm('-a -t 10.0.0.100:80 -r 192.168.1.11 -m')
    bench.tcp('client', '10.0.0.10:1000', '10.0.0.100:80', 'S')
    // A segment without data has 40 bytes: 28 in hexadecimal.
    const one = '       1        1        0               28                0\n'
    const counts = '       Total Incoming Outgoing         Incoming         Outgoing\n'
      + 'CPU    Conns  Packets  Packets            Bytes            Bytes\n'
    const rates = '\n     Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s\n'
    expect(bench.readProc('/proc/net/ip_vs_stats_percpu')).toBe(`${counts}  0 ${one}  ~ ${ZEROS}${rates}    ${ZEROS}`)
    bench.pass(2)
    expect(bench.readProc('/proc/net/ip_vs_stats_percpu')).toContain(`  0 ${one}  ~ ${one}`)
    await bench.ipvsadm('-Z')
    expect(bench.readProc('/proc/net/ip_vs_stats_percpu')).toBe(`${counts}  0 ${one}  ~ ${ZEROS}${rates}    ${ZEROS}`)
  })
})

describe('/proc/net/ip_vs_app', () => {
  it('shows the helper for FTP once its module is loaded, with the NAT connections that it serves', async () => {
    const bench = new DirectorBench()
    const title = 'prot port    usecnt name\n'
    expect(bench.readProc('/proc/net/ip_vs_app')).toBe(title)
    bench.lb.modules.load('ip_vs_ftp')
    await bench.ipvsadm('-A -t 10.0.0.100:21 -s rr')
    await bench.ipvsadm('-a -t 10.0.0.100:21 -r 192.168.1.11 -m')
    bench.tcp('client', '10.0.0.10:1000', '10.0.0.100:21', 'S')
    expect(bench.readProc('/proc/net/ip_vs_app')).toBe(`${title}TCP  21      1      ftp${' '.repeat(14)}\n`)
  })
})

describe('/proc/net/ip_vs', () => {
  it('shows the mask of an IPv4 service, and the prefix length of an IPv6 one with its bytes turned round', async () => {
    const bench = new DirectorBench()
    await bench.ipvsadm('-A -t 10.0.0.100:80 -p 50 -M 255.255.255.0')
    await bench.ipvsadm('-A -t [fd00::100]:80 -p 50 -M 64')
    const text = bench.readProc('/proc/net/ip_vs')
    // 50 s at 250 ticks a second.
    expect(text).toContain('TCP  0A000064:0050 wlc  persistent 12500 FFFFFF00\n')
    expect(text).toContain('wlc  persistent 12500 40000000\n')
  })
})
