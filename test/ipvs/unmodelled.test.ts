import { describe, expect, it } from 'vitest'
import { parseIpv4, type IpAddr } from '../../src/wire/address.ts'
import { DirectorBench } from './director-bench.ts'

/** The client sends a packet of a protocol, which begins with these two ports, to the VIP. */
function send(bench: DirectorBench, protocol: number, sport = 1000, dport = 2905): void {
  const data = Uint8Array.from([sport >> 8, sport & 0xff, dport >> 8, dport & 0xff, 0, 0, 0, 0, 0, 0, 0, 0])
  bench.world.host('client').sendPacket({
    src: parseIpv4('10.0.0.10') as IpAddr, dst: parseIpv4('10.0.0.100') as IpAddr, protocol,
    payload: { kind: 'raw', data }, payloadBytes: data.length, dontFragment: true,
  })
  bench.pass(0.01)
}

/** What the director said to the client: 3/2 is "protocol unreachable", of a host that has nobody for it. */
function answers(bench: DirectorBench): string[] {
  return bench.take().map((line) => line.replace(/ \(.*/, ''))
}

const UNREACHABLE = 'client: 10.0.0.100 > 10.0.0.10 icmp 3/2'

describe('SCTP', () => {
  it('for a service dies with a reason of its own, for any other port with that of Linux', async () => {
    const bench = new DirectorBench()
    await bench.ipvsadm('-A --sctp-service 10.0.0.100:2905 -s rr')
    await bench.ipvsadm('-a --sctp-service 10.0.0.100:2905 -r 192.168.1.11 -m')
    expect(await bench.ipvsadm('-Ln')).toContain('SCTP 10.0.0.100:2905 rr\n  -> 192.168.1.11:2905')
    send(bench, 132)
    expect(answers(bench)).toEqual([])
    expect(bench.lb.drops.get('ipvs-not-modelled')).toBe(1)
    send(bench, 132, 1000, 2906)
    expect(answers(bench)).toEqual([UNREACHABLE])
  })
})

describe.each([['ESP', 50], ['AH', 51]] as const)('%s', (_, protocol) => {
  it('dies where the peers have a connection by UDP 500, and is not for IPVS otherwise', async () => {
    const bench = new DirectorBench()
    await bench.ipvsadm('-A -u 10.0.0.100:500 -s rr')
    await bench.ipvsadm('-a -u 10.0.0.100:500 -r 192.168.1.11 -m')
    send(bench, protocol)
    expect(answers(bench)).toEqual([UNREACHABLE])
    bench.udp('client', '10.0.0.10:500', '10.0.0.100:500')
    send(bench, protocol)
    expect(answers(bench)).toEqual(['rs1: 10.0.0.10:500 > 192.168.1.11:500 udp 10 ttl 63'])
    expect(bench.lb.drops.get('ipvs-not-modelled')).toBe(1)
  })
})
