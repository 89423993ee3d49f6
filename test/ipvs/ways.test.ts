/**
 * What a packet takes with it on its way: the mark of IPVS round by lo, the flow it belongs to, and the route that its
 * destination keeps.
 * @module
 */
import { beforeEach, describe, expect, it } from 'vitest'
import { addAddress } from '../../src/host/config/addresses.ts'
import { parseIpv4, type IpAddr } from '../../src/wire/address.ts'
import { DirectorBench } from './director-bench.ts'

const VIP = '10.0.0.100:80'
const RS1 = '192.168.1.11'

let bench: DirectorBench

beforeEach(async () => {
  bench = new DirectorBench()
  await bench.ipvsadm(`-A -t ${VIP} -s rr`)
})

/** True when the director has asked for this address by ARP on the servers' side. */
function hasAsked(addr: string): boolean {
  return bench.lb.findDevice('eth1')?.neighbors?.find(address(addr)) !== undefined
}

function address(text: string): IpAddr {
  return parseIpv4(text) as IpAddr
}

describe('a client on the director itself', () => {
  it('is balanced once: a packet to a server on the director meets IPVS no more when it comes round by lo', async () => {
    await bench.ipvsadm(`-a -t ${VIP} -r 10.0.0.1 -g`)
    bench.tcp('lb', '10.0.0.1:1000', VIP, 'S')
    // Counters are told to ipvsadm every 2 s.
    bench.pass(2)
    // One connection, one packet: localIn would count it again.
    expect(await bench.ipvsadm('-Ln --stats --exact')).toMatch(/TCP {2}10\.0\.0\.100:80 +1 +1 /)
  })
})

describe('a tracked connection by TUN', () => {
  it('has its flow confirmed before the packet is wrapped, and the wrapped one is a flow of its own', async () => {
    bench.set('conntrack', 1)
    bench.lb.netfilter.conntrack.setActive(true)
    await bench.ipvsadm(`-a -t ${VIP} -r ${RS1} -i`)
    bench.tcp('client', '10.0.0.10:1000', VIP, 'S')
    const flows = bench.lb.netfilter.conntrack.table.entries(bench.world.sim.nowNs)
    expect(flows.map(({ original }) => [original.protocol, original.dport])).toEqual([[6, 80], [4, 0]])
  })
})

describe('the route that a destination keeps', () => {
  beforeEach(async () => {
    await bench.ipvsadm(`-a -t ${VIP} -r ${RS1} -m`)
    bench.tcp('client', '10.0.0.10:1000', VIP, 'S')
  })

  it('is looked up anew after an edit: DR reaches the server', async () => {
    await bench.ipvsadm(`-e -t ${VIP} -r ${RS1} -g`)
    bench.tcp('client', '10.0.0.10:1001', VIP, 'S')
    expect([bench.world.host('rs1').ledger.received, hasAsked('10.0.0.100')]).toEqual([2, false])
  })

  it('is useless to DR when a connection by NAT has looked it up: the director asks for the VIP', async () => {
    await bench.ipvsadm(`-e -t ${VIP} -r ${RS1} -g`)
    bench.tcp('client', '10.0.0.10:1000', VIP, 'A')
    bench.tcp('client', '10.0.0.10:1001', VIP, 'S')
    expect([bench.world.host('rs1').ledger.received, hasAsked('10.0.0.100')]).toEqual([2, true])
  })

  it('ends when an address of the director changes', async () => {
    await bench.ipvsadm(`-e -t ${VIP} -r ${RS1} -g`)
    bench.tcp('client', '10.0.0.10:1000', VIP, 'A')
    const added = addAddress(bench.lb.net, 'eth1', { addr: address('10.9.9.9'), prefixLength: 32, broadcast: undefined })
    if (added.ok) bench.lb.reconfigure(added.value)
    bench.tcp('client', '10.0.0.10:1001', VIP, 'S')
    expect([bench.world.host('rs1').ledger.received, hasAsked('10.0.0.100')]).toEqual([3, false])
  })

  it('serves NAT whoever has looked it up', async () => {
    await bench.ipvsadm(`-e -t ${VIP} -r ${RS1} -g`)
    bench.tcp('client', '10.0.0.10:1001', VIP, 'S')
    bench.tcp('client', '10.0.0.10:1000', VIP, 'A')
    expect([bench.world.host('rs1').ledger.received, hasAsked('10.0.0.100')]).toEqual([3, false])
  })
})
