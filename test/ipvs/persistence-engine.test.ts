import { describe, expect, it } from 'vitest'
import { findEngine } from '../../src/ipvs/persistence-engine.ts'
import type { IpAddr } from '../../src/wire/address.ts'
import { IPPROTO_UDP, ipPacket } from '../../src/wire/ip-packet.ts'
import { udpBytes, udpDatagram } from '../../src/wire/udp-datagram.ts'
import { DirectorBench } from './director-bench.ts'

const VIP = '10.0.0.100:5060'
const RS1 = '192.168.1.11'
const RS2 = '192.168.1.12'
const CLIENT = '10.0.0.10:5060'

/** A SIP request of one call. */
function invite(callId: string): string {
  return `INVITE sip:bob@example.org SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.10\r\nCall-ID: ${callId}\r\nCSeq: 1 INVITE\r\n\r\n`
}

async function benchWith(options = '-s rr -p 60 --pe sip -o', letter = 'm'): Promise<DirectorBench> {
  const bench = new DirectorBench()
  await bench.ipvsadm(`-A -u ${VIP} ${options}`)
  for (const rs of [RS1, RS2]) await bench.ipvsadm(`-a -u ${VIP} -r ${rs}:5060 -${letter}`)
  return bench
}

/** Which server got what was sent since the last call. */
function servers(bench: DirectorBench): string[] {
  return bench.take().map((line) => line.slice(0, 3))
}

describe('the persistence engine sip', () => {
  it('ties calls, not clients, to servers', async () => {
    const bench = await benchWith()
    for (const call of ['a@x', 'b@x', 'a@x', 'b@x', 'c@x']) bench.udp('client', CLIENT, VIP, invite(call))
    expect(servers(bench)).toEqual(['rs2', 'rs1', 'rs2', 'rs1', 'rs2'])
  })

  it('without it the client stays with one server, whatever it calls', async () => {
    const bench = await benchWith('-s rr -p 60 -o')
    for (const call of ['a@x', 'b@x']) bench.udp('client', CLIENT, VIP, invite(call))
    expect(servers(bench)).toEqual(['rs2', 'rs2'])
  })

  it('is not asked for packets of a connection: without -o one port of a client stays with one server', async () => {
    const bench = await benchWith('-s rr -p 60 --pe sip')
    for (const call of ['a@x', 'b@x']) bench.udp('client', CLIENT, VIP, invite(call))
    bench.udp('client', '10.0.0.10:5061', VIP, invite('b@x'))
    expect(servers(bench)).toEqual(['rs2', 'rs2', 'rs1'])
  })

  it('drops what has no Call-ID', async () => {
    const bench = await benchWith()
    bench.udp('client', CLIENT, VIP, 'INVITE sip:bob@example.org SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\n')
    bench.udp('client', CLIENT, VIP, '')
    expect(bench.take()).toEqual([])
    expect(bench.lb.drops.get('ipvs-drop-packet')).toBe(2)
  })

  it('means nothing to a service that is not persistent', async () => {
    const bench = await benchWith('-s rr --pe sip -o')
    for (const call of ['a@x', 'a@x']) bench.udp('client', CLIENT, VIP, invite(call))
    bench.udp('client', CLIENT, VIP, 4)
    expect(servers(bench)).toEqual(['rs2', 'rs1', 'rs2'])
  })

  it('is shown with its service and its templates, and saved', async () => {
    const bench = await benchWith()
    bench.udp('client', CLIENT, VIP, invite('a@x'))
    expect(await bench.ipvsadm('-Ln')).toContain('UDP  10.0.0.100:5060 rr persistent 60 pe sip ops\n')
    expect(await bench.ipvsadm('-Sn')).toContain('-A -u 10.0.0.100:5060 -s rr -p 60 --pe sip -o\n')
    const row = 'UDP 00:59  NONE        10.0.0.10:0        10.0.0.100:5060    192.168.1.12:5060'
    expect((await bench.ipvsadm('-Lnc')).split('\n')[2]).toBe(row)
    expect(await bench.ipvsadm('-Lnc --persistent-conn')).toBe('IPVS connection entries\n'
      + 'pro expire state       source             virtual            destination        pe name          pe_data\n'
      + `${row} sip                a@x\n`)
    expect(bench.readProc('/proc/net/ip_vs_conn')?.split('\n')[1])
      .toBe('UDP 0A00000A 0000 0A000064 13C4 C0A8010C 13C4 NONE             59 sip a@x')
  })

  it('must be a module of the kernel', async () => {
    const bench = new DirectorBench()
    expect(await bench.run(`-A -u ${VIP} -p --pe h323`)).toMatchObject({
      stderr: 'Scheduler or persistence engine not found\n', exitCode: 255,
    })
    await bench.ipvsadm(`-A -u ${VIP} -p --pe sip`)
    expect(bench.lb.modules.has('ip_vs_pe_sip')).toBe(true)
    await bench.ipvsadm(`-E -u ${VIP} -p`)
    expect(await bench.ipvsadm('-Ln')).toContain('UDP  10.0.0.100:5060 wlc persistent 360\n')
  })

  it('has a call that a server begins leave from the service, and stay with that server', async () => {
    const bench = await benchWith()
    bench.udp('rs1', `${RS1}:5060`, CLIENT, invite('out@x'))
    expect(bench.take()).toEqual(['client: 10.0.0.100:5060 > 10.0.0.10:5060 udp 98 ttl 63'])
    bench.udp('client', CLIENT, VIP, invite('out@x'))
    bench.udp('client', CLIENT, VIP, invite('out@x'))
    expect(servers(bench)).toEqual(['rs1', 'rs1'])
    // With DR servers send from the VIP themselves.
    const direct = await benchWith(undefined, 'g')
    direct.udp('rs1', `${RS1}:5060`, CLIENT, invite('out@x'))
    expect(direct.take()).toEqual(['client: 192.168.1.11:5060 > 10.0.0.10:5060 udp 98 ttl 63'])
  })

  it('lets a call of a deleted server begin anew', async () => {
    const bench = await benchWith()
    bench.udp('client', CLIENT, VIP, invite('a@x'))
    await bench.ipvsadm(`-d -u ${VIP} -r ${RS2}:5060`)
    bench.udp('client', CLIENT, VIP, invite('a@x'))
    expect(servers(bench)).toEqual(['rs2', 'rs1'])
  })
})

/** The Call-ID that the engine finds in a text. */
function callIdOf(text: string): string | undefined {
  const payload = udpDatagram({ sport: 1, dport: 2 }, Uint8Array.from(text, (point) => point.charCodeAt(0)))
  const packet = ipPacket({
    uid: 1, src: 1 as IpAddr, dst: 2 as IpAddr, protocol: IPPROTO_UDP, payload, payloadBytes: udpBytes(payload),
  })
  return findEngine('sip')?.(packet)?.text
}

describe('a Call-ID', () => {
  it.each([
    ['A\r\nCall-ID: f81d4fae-7dec@foo.bar.com\r\n', 'f81d4fae-7dec@foo.bar.com'],
    ['A\r\ni:f81d4fae\r\n', 'f81d4fae'],
    ['A\nCALL-id \t:\t 1@2\n', '1@2'],
    ['A\r\nCall-ID:\r\n 1@2\r\n', '1@2'],
    ['A\r\nIgnored: 7\r\nCall-ID: 1\r\n', '1'],
    ['A\r\nCall-ID: @\r\nCall-ID: 2\r\n', '2'],
    ['A\r\nCall-ID: 1@\r\nCall-ID: 2\r\n', '2'],
    // The first line is that of the request; a header is ended by a line break.
    ['Call-ID: 1@2\r\n', undefined],
    ['A\r\nCall-ID: 1@2', undefined],
    ['A\r\nCall-ID: 1@2 \r\n', undefined],
    ['A\r\nCall-ID 1@2\r\nCall-ID: 2\r\n', undefined],
    [`A\r\nCall-ID: ${'x'.repeat(255)}\r\n`, 'x'.repeat(255)],
    [`A\r\nCall-ID: ${'x'.repeat(256)}\r\n`, undefined],
  ])('of %j is %s', (text, callId) => expect(callIdOf(text)).toBe(callId))
})
