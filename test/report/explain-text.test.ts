import { describe, expect, it } from 'vitest'
import { DROP_REASONS } from '../../src/host/ip-service.ts'
import { DROP_EXPLANATIONS } from '../../src/report/drop-text.ts'
import { explainText } from '../../src/report/explain-text.ts'
import { PLAIN_STYLE } from '../../src/report/style.ts'
import { explainRecording, type Subject } from '../../src/scenario/explain.ts'
import type { Recording } from '../../src/scenario/recorder.ts'
import { explainScenario } from '../support/explained.ts'
import { scenarioText } from '../support/goldens.ts'
import { pingServer, recordedCluster, recordedWorld, sendDatagram, serveDatagrams } from '../support/recorded.ts'
import { ip } from '../wire/packets.ts'

const CONNECTION: Subject = { kind: 'connection', addr: ip('10.1.0.10'), port: 40_001 }

function explained(recording: Recording, subject: Subject, style = PLAIN_STYLE): string[] {
  const explanation = explainRecording(recording, subject)
  if (!explanation.ok) throw new Error(explanation.error)
  return explainText(explanation.value, style).split('\n').slice(0, -1)
}

describe('the explanation of a packet', () => {
  it('sums up, then tells each station: what came, who decided, what changed, what went', () => {
    const world = recordedWorld()
    pingServer(world)
    expect(explained(world.recorder, { kind: 'packet', uid: 1 })).toEqual([
      'Packet 1 went from client by router to server and was taken by icmp of server after 12.0 ms.',
      '',
      '#1 0.000000000 IP 10.1.0.10 > 10.2.0.10: ICMP echo request, id 7, seq 1, length 64',
      '0.000000000 client',
      '  route     send by default via 10.1.0.1 dev eth0',
      '  neighbor  waits for an answer to ARP on eth0',
      '  out       eth0, to 02:00:00:00:00:02 (router.eth0) (4.00 ms later)',
      '0.006000000 router',
      '  in        eth0, from 02:00:00:00:00:01 (client.eth0)',
      '  route     forward by 10.2.0.0/24 dev eth1',
      '            ttl: 64 -> 63',
      '  neighbor  waits for an answer to ARP on eth1',
      '  out       eth1, to 02:00:00:00:00:04 (server.eth0) (4.00 ms later)',
      '0.012000000 server',
      '  in        eth0, from 02:00:00:00:00:03 (router.eth1)',
      '  taken     by icmp',
    ])
  })

  it('says why it died, what that means, what cures it, and who told the sender', () => {
    const world = recordedWorld()
    pingServer(world)
    pingServer(world, { ttl: 1 })
    expect(explained(world.recorder, { kind: 'packet', uid: 3 })).toEqual([
      'Packet 3 went from client to router and died on router (ttl-exceeded) after 2.00 ms.',
      '',
      '#3 1.000000000 IP 10.1.0.10 > 10.2.0.10: ICMP echo request, id 7, seq 1, length 64',
      '   the sender was told by packet 4',
      '1.000000000 client',
      '  route     send by default via 10.1.0.1 dev eth0',
      '  out       eth0, to 02:00:00:00:00:02 (router.eth0)',
      '1.002000000 router',
      '  in        eth0, from 02:00:00:00:00:01 (client.eth0)',
      '  dropped   ttl-exceeded',
      `            cause: ${DROP_EXPLANATIONS['ttl-exceeded'].cause}`,
      `            cure: ${DROP_EXPLANATIONS['ttl-exceeded'].cure}`,
    ])
  })

  it('says on which link it was lost', () => {
    const world = recordedWorld()
    pingServer(world)
    const cable = world.world.cables.get('server.eth0')
    if (cable === undefined) throw new Error('the server is plugged in')
    cable.down.isUp = false
    pingServer(world)
    const lines = explained(world.recorder, { kind: 'packet', uid: 3 })
    expect(lines[0]).toBe('Packet 3 went from client to router and was lost on lan>server.eth0 (link-down) after 3.00 ms.')
    expect(lines.slice(-4)).toEqual([
      '1.003000000 lan>server.eth0', '  lost      link-down',
      '            cause: the cable, or the nic at one of its ends, was down.', '            cure: bring it up.',
    ])
  })

  it('tells of a packet that had not ended when the recording did', () => {
    const world = recordedWorld({ recordsMax: 6 })
    pingServer(world)
    const lines = explained(world.recorder, { kind: 'packet', uid: 1 })
    expect(lines[0]).toBe('Packet 1 did not leave client and had not ended when the recording did.')
    expect(lines.at(-1)).toMatch(/^the recording is full: the first 6 records were kept, \d+ from 0.004 s on were not$/)
  })

  it('marks what changed and what died', () => {
    const world = recordedWorld()
    sendDatagram(world, 9)
    const style = { ...PLAIN_STYLE, bold: (text: string) => `<b>${text}</b>`, red: (text: string) => `<r>${text}</r>` }
    const lines = explained(world.recorder, { kind: 'packet', uid: 1 }, style)
    expect(lines).toContain('            <b>ttl: 64 -> 63</b>')
    expect(lines).toContain('  dropped   <r>no-listener</r>')
  })
})

describe('the explanation of a connection', () => {
  it('tells every packet of both directions, and what fared like one before it only once', () => {
    const world = recordedWorld()
    serveDatagrams(world, 53)
    pingServer(world)
    sendDatagram(world, 53)
    sendDatagram(world, 53)
    const lines = explained(world.recorder, CONNECTION)
    expect(lines[0]).toBe('Connection 10.1.0.10:40001: 4 packets, received by server and client; none died.')
    expect(lines.filter((line) => /^(#|  )? *(#|like)/.test(line))).toEqual([
      '#3 1.000000000 IP 10.1.0.10.40001 > 10.2.0.10.53: UDP, length 4',
      '#4 1.004000000 IP 10.2.0.10.53 > 10.1.0.10.40001: UDP, length 1',
      '#5 2.000000000 IP 10.1.0.10.40001 > 10.2.0.10.53: UDP, length 4', '   like packet 3',
      '#6 2.004000000 IP 10.2.0.10.53 > 10.1.0.10.40001: UDP, length 1', '   like packet 4',
    ])
  })

  it('tells of the ICMP error about one of its packets', () => {
    const world = recordedWorld()
    sendDatagram(world, 9)
    const lines = explained(world.recorder, CONNECTION)
    expect(lines[0]).toBe('Connection 10.1.0.10:40001: 2 packets, received by client; 1 died on server (no-listener).')
    expect(lines).toContain('   the sender was told by packet 2')
    expect(lines).toContain('   an ICMP error about packet 1')
  })

  it.each([
    ['nat', ['dst: 10.0.0.100 -> 192.168.1.12', 'ttl: 63 -> 62'], ['ttl: 64 -> 63', 'src: 192.168.1.12 -> 10.0.0.100']],
    ['dr', ['ttl: 63 -> 62'], []],
    ['tun', ['outer header: none -> 10.0.0.2 > 10.9.2.11, ttl 62', 'ttl: 63 -> 62'], []],
  ] as const)('shows what the director does under %s, and whom it chose among whom', async (mode, request, answer) => {
    // Arrange, act
    const { recorder } = await recordedCluster(mode)
    const explanation = explainRecording(recorder, { kind: 'connection', addr: ip('172.16.1.1'), port: 40_001 })
    if (!explanation.ok) throw new Error(explanation.error)
    const [asked, answered] = explanation.value.packets
    const stays = [asked, answered].map((story) => (story?.stations ?? []).filter(({ place }) => place === 'lb')
      .flatMap(({ steps }) => steps))
    const changes = stays.map((steps) => steps.flatMap((step) => step.changes)
      .map(({ field, before, after }) => `${field}: ${before} -> ${after}`))
    // Assert
    expect(changes).toEqual([request, answer])
    const choice = stays[0]?.find(({ kind }) => kind === 'ipvs')?.text ?? ''
    expect(choice).toMatch(/rr among \S+ \(weight 1, 0 active, 0 inactive\), \S+ \(weight 1, 0 active, 0 inactive\): \S+$/)
    expect(asked?.ends).toMatchObject([{ kind: 'consumed', place: 'rs2', by: 'udp' }])
    expect(explainText(explanation.value, PLAIN_STYLE)).toContain(`  ipvs      ${choice} (10.0 us later)\n`)
  })
})

describe('what is not there', () => {
  it('is named, with what is', () => {
    const world = recordedWorld()
    expect(explainRecording(world.recorder, { kind: 'packet', uid: 9 }))
      .toEqual({ ok: false, error: 'there is no packet 9: no packet was recorded' })
    sendDatagram(world, 9)
    expect(explainRecording(world.recorder, { kind: 'packet', uid: 9 }))
      .toEqual({ ok: false, error: 'there is no packet 9: the last one has number 2' })
    expect(explainRecording(world.recorder, { kind: 'connection', addr: ip('10.1.0.10'), port: 80 }))
      .toEqual({ ok: false, error: 'no packet from or to 10.1.0.10:80 was recorded; the first ones were 10.1.0.10:40001' })
  })
})

describe('the table of reasons', () => {
  it('has a cause and a cure, each a sentence, for every reason', () => {
    expect(Object.keys(DROP_EXPLANATIONS).sort()).toEqual([...DROP_REASONS].sort())
    for (const { cause, cure } of Object.values(DROP_EXPLANATIONS)) {
      expect(cause).toMatch(/^\S.{10,}\.$/)
      expect(cure).toMatch(/^\S.{5,}\.$/)
    }
  })
})

describe('the explanation of what is set up wrongly', () => {
  it('stands at the top, instead of what the drop means in general', async () => {
    const text = scenarioText(new URL('../../scenarios/problems/', import.meta.url), 'p43-input-firewall-broken')
    const explanation = await explainScenario(text, '10.0.0.10:40001')
    const lines = explainText(explanation, PLAIN_STYLE).split('\n')
    expect(lines.slice(0, 3)).toEqual([
      'Connection 10.0.0.10:40001: 2 packets, received by nobody; 2 died on lb (netfilter-drop).',
      `Cause: ${explanation.findings[0]?.cause}`,
      `Cure: ${explanation.findings[0]?.cure}`,
    ])
    expect(lines).toContain('  dropped   netfilter-drop')
    expect(lines.join('\n')).not.toContain(DROP_EXPLANATIONS['netfilter-drop'].cause)
  })
})
