import { describe, expect, it } from 'vitest'
import { DirectorBench } from './director-bench.ts'

const VIP = '10.0.0.100'
const RESET = 'client: 10.0.0.100'

/** A director with FTP by NAT on both servers. */
async function benchWith(options: string): Promise<DirectorBench> {
  const bench = new DirectorBench()
  await bench.ipvsadm(`-A -t ${VIP}:21 -s rr ${options}`.trim())
  for (const rs of ['192.168.1.11', '192.168.1.12']) await bench.ipvsadm(`-a -t ${VIP}:21 -r ${rs} -m`)
  return bench
}

/** Who got the SYN of a client's port to a port of the VIP, and for which port; a reset comes from the director itself. */
function syn(bench: DirectorBench, sport: number, dport: number): string {
  bench.tcp('client', `10.0.0.10:${sport}`, `${VIP}:${dport}`, 'S')
  const [line = ''] = bench.take()
  return line.startsWith(RESET) ? 'reset' : line.replace(/ .* > [\d.]*/, '').replace(/ S ttl 63$/, '')
}

describe('a service on the port of FTP', () => {
  it('takes data connections too, when it is persistent: to port 20 and all unprivileged ones', async () => {
    const bench = await benchWith('-p 60')
    expect(syn(bench, 1000, 21)).toBe('rs2::21')
    for (const port of [20, 1024, 30_000]) expect(syn(bench, 1001, port)).toBe(`rs2::${port}`)
    expect(syn(bench, 1002, 1023)).toBe('reset')
    // One template for the whole address.
    const templates = (await bench.ipvsadm('-Lnc')).split('\n').filter((line) => line.includes('10.0.0.10:0 '))
    expect(templates).toEqual([expect.stringContaining('10.0.0.10:0        10.0.0.100:0       192.168.1.12:0')])
  })

  it('leaves data connections to the director itself, when it is not persistent', async () => {
    const bench = await benchWith('')
    expect(syn(bench, 1000, 21)).toBe('rs2::21')
    expect(syn(bench, 1001, 30_000)).toBe('reset')
    expect(bench.lb.drops.get('ipvs-no-destination')).toBeUndefined()
  })

  it('takes no connection from port 20, which is how servers send data', async () => {
    const bench = await benchWith('-p 60')
    expect(syn(bench, 20, 21)).toBe('reset')
    expect(syn(bench, 20, 30_000)).toBe('reset')
  })

  it('comes after a service on the very port, and before one on every port', async () => {
    const bench = await benchWith('-p 60')
    await bench.ipvsadm(`-A -t ${VIP}:30000 -s rr`)
    await bench.ipvsadm(`-a -t ${VIP}:30000 -r 192.168.1.11:8000 -m`)
    await bench.ipvsadm(`-A -t ${VIP}:0 -s rr -p 60`)
    await bench.ipvsadm(`-a -t ${VIP}:0 -r 192.168.1.11:0 -m`)
    expect(syn(bench, 1000, 30_000)).toBe('rs1::8000')
    expect(syn(bench, 1000, 30_001)).toBe('rs2::30001')
    // The template of the client is for the whole address, and both services use it: this server is not even one of port 0.
    expect(syn(bench, 1000, 80)).toBe('rs2::80')
    await bench.ipvsadm(`-D -t ${VIP}:21`)
    expect(syn(bench, 1001, 30_001)).toBe('rs1::30001')
  })

  it('counts for every protocol: one of UDP does not take TCP, nor data of its own', async () => {
    const bench = new DirectorBench()
    await bench.ipvsadm(`-A -u ${VIP}:21 -s rr -p 60`)
    await bench.ipvsadm(`-a -u ${VIP}:21 -r 192.168.1.11 -m`)
    expect(syn(bench, 1000, 30_000)).toBe('reset')
    bench.udp('client', '10.0.0.10:1000', `${VIP}:30000`)
    expect(bench.take()[0]).toContain('icmp 3/3')
  })
})
