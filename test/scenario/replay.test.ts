import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { captureFiles } from '../../src/report/capture.ts'
import { ok } from '../../src/base/result.ts'
import { parseScenario } from '../../src/scenario/parse.ts'
import type { Problem } from '../../src/scenario/problems.ts'
import { Recorder } from '../../src/scenario/recorder.ts'
import { filesOf, withFiles } from '../../src/scenario/replay-files.ts'
import type { RunResult } from '../../src/scenario/result.ts'
import { runScenario } from '../../src/scenario/run.ts'
import { compareScenarioText, runScenarioText, validateScenarioText } from '../../src/scenario/simulate.ts'
import { concatBytes } from '../../src/wire/bytes.ts'
import { pairText, scenarioOf } from './pair.ts'

type Files = Record<string, Uint8Array>

const KERNEL: Files = {
  'director.pcap': readFileSync(new URL('../kernel/pcap/dr-lan.lb.eth0.pcap', import.meta.url)),
  'rs.pcap': readFileSync(new URL('../kernel/pcap/nat2-port-map.lb.eth1.pcap', import.meta.url)),
}

/** A pair with a replay; the item begins in line 9, and its keys from column 12 on. */
function textWith(item: string, hosts = ''): string {
  return pairText({ hosts, rest: `traffic:\n  - {kind: replay, from: client, ${item}}\n` })
}

async function replay(item: string, files: Files, hosts?: string): Promise<RunResult> {
  const ran = await runScenarioText(textWith(item, hosts), { fileName: 'pair.lvs.yaml', files })
  if (!ran.ok) throw new Error(ran.error.map(({ message }) => message).join('\n'))
  return ran.value
}

/** What is wrong with an item: code, the text that it points at, message, and what was expected. */
function problems(item: string, files?: Files): string[] {
  const text = textWith(item)
  const options = { fileName: 'pair.lvs.yaml', ...files === undefined ? {} : { files } }
  return validateScenarioText(text, options).map(({ code, line, column, endColumn, message, expected }) => {
    const place = text.split('\n')[line - 1]?.slice(column - 1, endColumn - 1)
    return [code, place, message, ...expected === undefined ? [] : [expected]].join(' | ')
  })
}

function csv(...lines: string[]): Files {
  return { 'a.csv': new TextEncoder().encode(lines.join('\n')) }
}

/** Milliseconds after the first request, and the client. */
function starts(result: RunResult): [number, string][] {
  const requests = result.traffic[0]?.requests ?? []
  return requests.map(({ startNs, client }) => [(startNs - (requests[0]?.startNs ?? 0)) / 1e6, client])
}

describe('a replay', () => {
  it('of what a run wrote has the same requests at the same times', async () => {
    const recorder = new Recorder({ recordsMax: 100_000, isDetailed: false })
    const item = '{kind: connect, from: client, to: 10.0.0.11:80, count: 20, arrivals: poisson 50/s, send: 300, reply: 9kB}'
    const first = await runScenario(scenarioOf(pairText({ rest: `traffic: [${item}]\n` })), {
      onWorld: (world) => recorder.attach(world),
    })
    if (!first.ok) throw new Error('the first run was refused')
    const file = [...captureFiles(recorder)].find(({ name }) => name === 'client.eth0')
    const again = await replay('file: c.pcapng, to: 10.0.0.11:80', { 'c.pcapng': concatBytes([...file?.chunks ?? []]) })
    expect(starts(first.value)).toHaveLength(20)
    // The first SYN waited for ARP, 207 us, so that the distances to it are so much less.
    const [, ...firstLater] = starts(first.value)
    const [, ...later] = starts(again)
    const delay = (firstLater[0]?.[0] ?? 0) - (later[0]?.[0] ?? 0)
    expect(delay).toBeGreaterThan(0)
    expect(delay).toBeLessThan(0.3)
    for (const [i, [ms]] of later.entries()) expect(ms + delay).toBeCloseTo(firstLater[i]?.[0] ?? NaN, 3)
    expect(again.traffic[0]?.requests.map(({ outcome, bytes }) => [outcome, bytes])).toEqual(Array(20).fill(['ok', 9000]))
  })

  it('of what tcpdump wrote on a real director has its five connections', async () => {
    const result = await replay('file: director.pcap, to: 10.0.0.11:80', KERNEL)
    const requests = result.traffic[0]?.requests ?? []
    // One of them asked twice: 128 bytes of answers.
    expect(requests.map(({ outcome, bytes }) => [outcome, bytes])).toEqual([64, 64, 64, 64, 128].map((bytes) => ['ok', bytes]))
    // As tshark shows the distances of the SYNs.
    expect(starts(result).map(([ms]) => Math.round(ms))).toEqual([0, 52, 105, 157, 242])
  })

  it('keeps a source with one client, or has the clients take turns', async () => {
    const more = '  c:\n    replicas: 2\n    interfaces: {eth0: {segment: lan, addresses: [10.0.0.20/24]}}\n'
    const table = csv('time,source', '0,x', '1,y', '2,y', '3,z', '4,x')
    const item = 'file: a.csv, to: 10.0.0.11:80'
    const text = (clients: string): string => textWith(`${item}${clients}`, more).replace('from: client', 'from: c')
    const clientsOf = async (clients: string): Promise<string[]> => {
      const ran = await runScenarioText(text(clients), { fileName: 'x', files: table })
      return ran.ok ? starts(ran.value).map(([, client]) => client) : []
    }
    expect(await clientsOf('')).toEqual(['c1', 'c2', 'c2', 'c1', 'c1'])
    expect(await clientsOf(', clients: in turn')).toEqual(['c1', 'c2', 'c1', 'c2', 'c1'])
  })

  it('begins at its moment, at its speed', async () => {
    const result = await replay('file: a.csv, to: 10.0.0.11:80, at: 3s, speed: 4', csv('time', '100', '102'))
    expect(result.traffic[0]?.requests.map(({ startNs }) => startNs - result.trafficStartNs)).toEqual([3e9, 3.5e9])
  })

  it.each(['port: 80', 'address: 10.0.0.1'])('refuses what picks from a capture, with a table: %s', async (key) => {
    const text = textWith(`file: a.csv, to: 10.0.0.11:80, ${key}`)
    const run = await runScenarioText(text, { fileName: 'x', files: csv('time', '0') })
    expect(run.ok ? [] : run.error).toMatchObject([{ code: 'LVS1029', message: expect.stringContaining('`a.csv` is a table') }])
  })

  it('sends datagrams', async () => {
    const result = await replay('file: a.csv, to: 10.0.0.11:53, protocol: udp', csv('time,reply', '0,100', '1,0'))
    expect(result.traffic[0]?.requests.map(({ outcome, bytes }) => [outcome, bytes])).toEqual([['ok', 100], ['ok', 0]])
  })

  it('runs in every mode of a cluster', async () => {
    const text = 'cluster: {vip: 10.0.0.100, service: tcp 80, real_servers: [{name: rs, replicas: 2}]}\n'
      + 'traffic: [{kind: replay, from: client, file: director.pcap, to: 10.0.0.100:80}]\n'
    const compared = await compareScenarioText(text, { fileName: 'x', files: KERNEL })
    const counts = compared.ok ? compared.value.map(({ traffic }) => traffic[0]?.requests.length) : compared.error
    expect(counts).toEqual([5, 5, 5])
  })
})

describe('the file of a replay', () => {
  it.each(['../a.pcap', 'x/../../a.pcap', '/etc/passwd', 'C:a.pcap', 'a\\b.pcap', 'http://x/a.pcap', 'a//b'])(
    'is not %s', (file) => {
      const expected = 'a file beside the scenario, such as capture.pcap or captures/monday.csv'
      expect(problems(`file: '${file}', to: 10.0.0.11:80`))
        .toEqual([`LVS1070 | '${file}' | cannot read \`${file}\` | ${expected}`])
    })

  it('is looked into only where files are given, and must be among them', () => {
    expect(problems('file: a.pcap, to: 10.0.0.11:80')).toEqual([])
    expect(problems('file: a.pcap, to: 10.0.0.11:80', KERNEL)).toEqual(['LVS1070 | a.pcap | `a.pcap` was not given'])
    expect(problems('file: toString, to: 10.0.0.11:80', KERNEL)).toEqual(['LVS1070 | toString | `toString` was not given'])
  })

  it('must be there before a run', async () => {
    const refused = await runScenario(scenarioOf(textWith('file: a.pcap, to: 10.0.0.11:80')))
    expect(refused.ok ? [] : refused.error.map(({ message }: Problem) => message)).toEqual(['`a.pcap` was not given'])
  })

  it('must not be too large, alone or with the others', () => {
    // 64 MiB is 67,108,864.
    const large = { 'a.pcap': new Uint8Array(67_108_865) }
    const expected = 'at most 67108864 bytes in all files together'
    expect(problems('file: a.pcap, to: 10.0.0.11:80', large))
      .toEqual([`LVS1070 | a.pcap | \`a.pcap\` is too large: 67108865 bytes | ${expected}`])
    const both = { 'a.pcap': new Uint8Array(60_000_000), 'b.pcap': new Uint8Array(8_000_000) }
    expect(problems('file: b.pcap, to: 10.0.0.11:80', both))
      .toEqual([`LVS1070 | b.pcap | \`b.pcap\` is too large: 8000000 bytes | ${expected}`])
  })

  it('must have requests to the port', () => {
    expect(problems('file: rs.pcap, to: 10.0.0.11:80', KERNEL)).toEqual([
      'LVS1071 | rs.pcap | `rs.pcap` has no connection to port 80 | a `port` of the capture: 8080 (3 connections)',
    ])
    expect(problems('file: rs.pcap, port: 8080, to: 10.0.0.11:80', KERNEL)).toEqual([])
    expect(problems('file: rs.pcap, port: 81, to: 10.0.0.11:80', KERNEL)).toEqual([
      'LVS1071 | 81 | `rs.pcap` has no connection to port 81 | a `port` of the capture: 8080 (3 connections)',
    ])
    const none = '`director.pcap` has no connection to port 80 of 10.9.9.9'
    expect(problems('file: director.pcap, address: 10.9.9.9, to: 10.0.0.11:80', KERNEL))
      .toEqual([`LVS1071 | 10.9.9.9 | ${none} | a \`port\` of the capture: 80 (5 connections)`])
    expect(problems('file: director.pcap, protocol: udp, to: 10.0.0.11:80', KERNEL))
      .toEqual(['LVS1071 | director.pcap | `director.pcap` has no datagram to port 80'])
  })

  it('must be a capture or a table', () => {
    const capture = 'a capture as tcpdump and Wireshark write it, or a table that ends in .csv'
    const file = 'file: a.pcap, to: 10.0.0.11:80'
    expect(problems(file, { 'a.pcap': new TextEncoder().encode('time\n0\n') }))
      .toEqual([`LVS1071 | a.pcap | \`a.pcap\`, byte 0: neither pcap nor pcapng | ${capture}`])
    // A header of 24 bytes, then 3,000 bytes of records, of which the last is cut.
    const cut = KERNEL['director.pcap']?.slice(0, 3000) ?? new Uint8Array(0)
    expect(problems(file, { 'a.pcap': cut }))
      .toEqual([`LVS1071 | a.pcap | \`a.pcap\`, byte 2992: a record header is cut | ${capture}`])
    const table = 'file: a.csv, to: 10.0.0.11:80'
    expect(problems(table, csv('time', '0', 'x'))).toEqual([
      'LVS1071 | a.csv | `a.csv`, line 3: cannot read `x` as `time` | seconds such as 12.5',
    ])
    expect(problems(table, csv('time'))).toEqual(['LVS1071 | a.csv | `a.csv` has no requests'])
    expect(problems(table, { 'a.csv': new Uint8Array([0xff, 0xfe]) })).toEqual(['LVS1071 | a.csv | `a.csv` is not UTF-8 text'])
    const tooLong = ['LVS1071 | a.csv | `a.csv` spans more than 100 days']
    expect(problems(table, csv('time', '0', '8640001'))).toEqual(tooLong)
    expect(problems(`${table}, speed: 0.5`, csv('time', '0', '4320001'))).toEqual(tooLong)
  })

  it('is told of, with what was not used of it', () => {
    const parsed = parseScenario(textWith('file: director.pcap, to: 10.0.0.11:80'), 'x')
    if (!parsed.ok) throw new Error('the text is right')
    expect(filesOf(parsed.value)).toEqual(['director.pcap'])
    const read = withFiles(parsed.value, new Map(Object.entries(KERNEL).map(([name, bytes]) => [name, ok(bytes)])))
    expect(read.ok ? read.value.notes : []).toEqual([
      'director.pcap: 5 connections from 1 source in 72 frames; not used: 8 frames without TCP or UDP, 5 repeated SYNs',
    ])
  })
})
