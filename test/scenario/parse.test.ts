import { describe, expect, it } from 'vitest'
import { present } from '../../src/base/assert.ts'
import { parseScenario } from '../../src/scenario/parse.ts'
import type { Scenario } from '../../src/scenario/scenario.ts'
import { formatIp } from '../../src/wire/address.ts'
import { BROKEN_FILES } from './broken-files.ts'

function problemsOf(text: string): readonly string[] {
  const parsed = parseScenario(text, 'x.lvs.yaml')
  return parsed.ok ? [] : parsed.error.map(({ code, line, column }) => `${code} ${line}:${column}`)
}

function scenarioOf(text: string, fileName = 'x.lvs.yaml'): Scenario {
  const parsed = parseScenario(text, fileName)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error))
  return parsed.value
}

describe('a broken scenario file', () => {
  it.each(BROKEN_FILES)('is refused at its place: $title', ({ text, problems }) => {
    expect(problemsOf(text)).toEqual(problems)
  })

  it('tells of all independent problems in one pass', () => {
    const text = [
      'naem: many', // unknown key
      'seed: [1]', // wrong type
      'duration: 5', // no unit
      'segments:',
      '  lan: {rate: 1gb, mtu: 20}', // rate, MTU
      'hosts:',
      '  a:',
      '    interfaces:',
      '      eth0: {segment: wan, addresses: [10.0.0.300/24]}', // address
      '      eth1: {segment: lna, addresses: [10.0.0.3/24]}', // unknown segment
      '    servers:',
      '      - {protocol: htp}', // no port, unknown word
      '  b:',
      '    interfaces:',
      '      eth0: {segment: wan, addresses: [10.0.0.0/24]}', // unknown segment, network address
      'traffic:',
      '  - {kind: ping, from: c, to: 10.0.0.2}', // unknown host
      '  - {kind: http, to: http://10.0.0.2/}', // no from
      'events:',
      '  - {at: 1s, nic: b.eth1, state: down}', // unknown nic
      'observe:',
      '  - {name: x, on: b, run: ls}',
      '  - {name: x, on: d, run: ls}', // name twice, unknown host
      'expect:',
      '  - {output: y, contains: z}', // unknown output
      '  - {requests: {ok: 1}, fails: timeout}', // two kinds
      'compare: {modes: [nat]}', // no cluster
    ].join('\n')
    expect(problemsOf(text)).toEqual([
      'LVS1020 1:1', 'LVS1022 2:7', 'LVS1022 3:11', 'LVS1025 5:15', 'LVS1024 5:25', 'LVS1026 9:40', 'LVS1041 10:23',
      'LVS1021 12:9', 'LVS1023 12:20', 'LVS1041 15:23', 'LVS1051 15:40', 'LVS1040 17:24', 'LVS1021 18:5', 'LVS1042 20:19',
      'LVS1048 23:12', 'LVS1040 23:19', 'LVS1047 25:14', 'LVS1029 26:5', 'LVS1049 27:1',
    ])
  })

  it('tells of every key that is missing in one mapping', () => {
    expect(problemsOf('observe:\n  - {}\n')).toEqual(['LVS1021 2:5', 'LVS1021 2:5'])
  })

  it('tells of 100 problems at most', () => {
    expect(problemsOf(Array.from({ length: 300 }, (_, i) => `k${i}: v`).join('\n'))).toHaveLength(100)
  })

  it('does not complain of names that a broken item may well have', () => {
    // Host a, segment lan and the cluster are wrong in themselves; what speaks of them may be right.
    const wired = '  b: {interfaces: {eth0: {segment: lan}}}\nobserve: [{on: a, run: ls}]\n'
    expect(problemsOf(`segments: {lan: {mtu: x}}\nhosts:\n  a: {bad: 1}\n${wired}`))
      .toEqual(['LVS1022 1:23', 'LVS1020 3:7'])
    expect(problemsOf('cluster: {}\nobserve: [{on: rs1, run: ls}]\n').map((problem) => problem.slice(0, 7)))
      .toEqual(['LVS1021', 'LVS1021', 'LVS1021'])
  })
})

describe('a hostile file', () => {
  const lines = (count: number, line: (i: number) => string): string =>
    Array.from({ length: count }, (_, i) => line(i)).join('\n')
  it.each([
    ['a flow of commas', `[${','.repeat(55_000)}]`],
    ['nested lists', '['.repeat(1_048_576)],
    ['anchors', `a: ${'&a '.repeat(29_000)}`],
    ['keys', lines(9_900, (i) => `k${i}: v`)],
    ['unknown hosts in a large cluster', [
      'cluster: {vip: 10.0.0.100, service: tcp 80, clients: 1000, real_servers: [{name: rs, replicas: 200}]}',
      'compare: {}',
      'observe:',
      lines(1_900, (i) => `- {on: rss${i}, run: x}`),
    ].join('\n')],
    ['replicas', `hosts:\n${lines(4_000, (i) => `  h${i}: {replicas: 1000}`)}`],
  ])('is refused within 2 s: %s', (_what, text) => {
    // Processor time, so that a busy machine does not count.
    const start = process.cpuUsage()
    expect(problemsOf(text).length).toBeGreaterThan(0)
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(2_000)
  })
})

describe('a scenario file', () => {
  it('may be nearly empty, and is called by its file', () => {
    expect(scenarioOf('about: nothing yet\n', 'labs/small.lvs.yaml')).toMatchObject({
      name: 'small', seed: '1', durationNs: undefined, modes: [], cluster: undefined, about: 'nothing yet',
    })
  })

  it.each([
    ['a byte order mark', '\ufeffname: x\nseed: 7\n'],
    ['CRLF', 'name: x\r\nseed: 7\r\n'],
    ['JSON', '{"name": "x", "seed": 7}'],
  ])('may have %s', (_what, text) => {
    expect(scenarioOf(text)).toMatchObject({ name: 'x', seed: '7' })
  })

  it.each(['010', '1e3', '0x10', 'no', '22:22', '1.50', '99999999999999999999', '-0', '+5', '.5', '=x'])(
    'keeps the text %s as it is written', (text) => {
      expect(scenarioOf(`seed: ${text}\n`).seed).toBe(text)
    })

  it('takes nothing for a segment or an interface with defaults', () => {
    const scenario = scenarioOf('segments:\n  lan:\nhosts:\n  a: {interfaces: {eth0: {segment: lan}}}\n  b:\n')
    expect(scenario.segments.get('lan')).toEqual({
      rateBitsPerSecond: 1e9, delayNs: 50_000, queuePackets: 1_000, lossProbability: 0, reorderProbability: 0,
      duplicateProbability: 0, mtuBytes: 1_500,
    })
    expect([...scenario.hosts.keys()]).toEqual(['a', 'b'])
  })

  it('gives interfaces the MTU of their segment or link, and lo that of Linux', () => {
    const scenario = scenarioOf([
      'segments: {lan: {mtu: 9000}}',
      'links: [{endpoints: [a.ppp0, b.ppp0], mtu: 1400, framing: ppp}]',
      'hosts:',
      '  a: {interfaces: {lo: {}, eth0: {segment: lan}, eth1: {segment: lan, mtu: 1280}, ppp0: {}}}',
      '  b: {interfaces: {ppp0: {}}}',
    ].join('\n'))
    const interfaces = present(scenario.hosts.get('a'), 'host a').interfaces
    expect([...interfaces].map(([nic, { mtuBytes }]) => [nic, mtuBytes]))
      .toEqual([['lo', 65_536], ['eth0', 9_000], ['eth1', 1_280], ['ppp0', 1_400]])
  })

  it('counts out replicas with their addresses', () => {
    const { hosts, traffic } = scenarioOf([
      'segments: {lan: {}}',
      'hosts:',
      '  c: {replicas: 3, interfaces: {eth0: {segment: lan, addresses: [10.0.0.254/16, fd00::1/64]}}}',
      'traffic: [{kind: ping, from: c, to: 10.0.9.9}, {kind: ping, from: [c1, c3], to: 10.0.9.9}]',
    ].join('\n'))
    const addresses = [...hosts.values()].map(({ name, group, interfaces }) =>
      [name, group, ...present(interfaces.get('eth0'), 'eth0').addresses.map(({ address }) => formatIp(address))])
    expect(addresses).toEqual([
      ['c1', 'c', '10.0.0.254', 'fd00::1'], ['c2', 'c', '10.0.0.255', 'fd00::2'], ['c3', 'c', '10.0.1.0', 'fd00::3'],
    ])
    expect(traffic.map(({ name, from }) => [name, from])).toEqual([['ping-1', ['c']], ['ping-2', ['c1', 'c3']]])
  })

  it('fills in who a server is, and who closes', () => {
    const servers = '[{port: 1}, {port: 2, protocol: http}, {port: 3, name: x, closes: server}]'
    const { hosts } = scenarioOf(`hosts: {a: {servers: ${servers}}}\n`)
    expect(hosts.get('a')?.servers.map(({ name, closes }) => `${name} ${closes}`)).toEqual(['a client', 'a server', 'x server'])
  })

  it('takes names that objects of JavaScript have by nature', () => {
    const { hosts } = scenarioOf('hosts: {constructor: {}, toString: {}, valueOf: {files: {/hasOwnProperty: x}}}\n')
    expect([...hosts.keys()]).toEqual(['constructor', 'toString', 'valueOf'])
  })

  it('reads events, observations and checks of every kind', () => {
    const { events, observe, expect: checks } = scenarioOf([
      'segments: {lan: {}}',
      'hosts: {a: {interfaces: {eth0: {segment: lan}}}}',
      'traffic: [{name: p, kind: ping, from: a, to: 10.0.0.2}]',
      'events:',
      '  - {at: 1s, on: a, run: ip addr}',
      '  - {at: 2s, nic: a.eth0, state: down}',
      '  - {at: 3s, segment: lan, loss: 5%, delay: 1ms}',
      'observe: [{on: a, run: "ip addr\\n"}, {name: t, at: 2s, on: a, run: ls}]',
      'expect:',
      '  - {output: ip addr, matches: "* a *"}',
      '  - {answered_by: {a: 1}, traffic: p}',
      '  - {requests: {all: 1, ok: ">= 50%"}}',
      '  - {fails: timeout}',
      '  - {latency: {p99: "<= 5ms"}}',
      '  - {drops: {ttl-exceeded: 0}}',
    ].join('\n'))
    expect(events).toEqual([
      { kind: 'command', atNs: 1e9, on: 'a', run: 'ip addr', path: ['events', 0] },
      { kind: 'nic', atNs: 2e9, host: 'a', nic: 'eth0', change: { up: false }, path: ['events', 1] },
      { kind: 'segment', atNs: 3e9, segment: 'lan', change: { lossProbability: 0.05, delayNs: 1e6 }, path: ['events', 2] },
    ])
    expect(observe.map(({ name, at }) => [name, at])).toEqual([['ip addr', 'end'], ['t', { ns: 2e9 }]])
    expect(checks.map(({ kind }) => kind)).toEqual(['output', 'answered-by', 'requests', 'fails', 'latency', 'drops'])
  })
})

describe('a slip of a beginner', () => {
  it.each([
    ['name:web\nsegments: {}\n', 'a key without a value', '`key: value`, with a blank behind the colon'],
    ['hosts:\n  a:\n    routes: [x, y\n', 'a list that begins with `[` is not closed', '`]` before this'],
    ['segments:\n  lan: {delay: 1ms\nname: web\n', 'a mapping that begins with `{` is not closed', '`}` before this'],
    [
      'hosts:\n  a:\n    routes: default via 10.0.0.1\n', '`routes` is the text `default via 10.0.0.1`',
      'a list such as [default via 10.0.0.1]',
    ],
    ['hosts:\n  a:\n    setup: [hostname]\n', '`setup` is a list', 'commands of a shell; several of them as lines below `|`'],
  ])('is told in plain words: %j', (text, message, expected) => {
    const parsed = parseScenario(text, 'slip.lvs.yaml')
    expect(parsed.ok ? undefined : parsed.error[0]).toMatchObject({ message, expected })
  })
})
