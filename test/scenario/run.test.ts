import { describe, expect, it } from 'vitest'
import { NS_PER_SECOND } from '../../src/base/units.ts'
import { placeIn, refusalOf, runPair, type PairParts } from './pair.ts'

const MS = 1_000_000

/** An item of traffic and nothing else. */
function traffic(item: string): PairParts {
  return { rest: `traffic:\n  - {from: client, ${item}}\n` }
}

/** Outcomes of all requests. */
async function outcomes(parts: PairParts): Promise<string[]> {
  const result = await runPair(parts)
  expect(result.problem).toBeUndefined()
  return result.traffic.flatMap(({ requests }) => requests.map(({ outcome }) => outcome))
}

describe('setup', () => {
  it('runs the routes of every host, and then the scripts of all hosts side by side', async () => {
    const result = await runPair({
      client:
        '    routes: [192.0.2.0/24 via 10.0.0.11]\n' +
        '    setup: |\n      ip route show 192.0.2.0/24\n      sleep 2\n      echo client\n',
      server: '    routes: [198.51.100.0/24 via 10.0.0.10]\n    setup: |\n      sleep 1\n      echo server\n',
    })
    expect(result.setup.map(({ name, host, exitCode }) => [name, host, exitCode])).toEqual([
      ['routes', 'client', 0],
      ['routes', 'server', 0],
      ['setup', 'client', 0],
      ['setup', 'server', 0],
    ])
    expect(result.setup.slice(2).map(({ stdout }) => stdout)).toEqual([
      '192.0.2.0/24 via 10.0.0.11 dev eth0 \nclient\n',
      'server\n',
    ])
    // Both began at the same moment, and traffic when the slower one was over.
    expect(result.setup[2]?.atNs).toBe(result.setup[3]?.atNs)
    expect(result.trafficStartNs).toBeGreaterThanOrEqual(2 * NS_PER_SECOND)
    expect(result.trafficStartNs).toBeLessThan(2.1 * NS_PER_SECOND)
  })

  it('sets sysctls and files before the script runs', async () => {
    const result = await runPair({
      client:
        '    sysctl: {net.ipv4.ip_forward: 1}\n    files: {/root/a.txt: hello}\n' +
        '    setup: |\n      sysctl -n net.ipv4.ip_forward\n      cat /root/a.txt\n',
    })
    expect(result.setup[0]?.stdout.trimEnd()).toBe('1\nhello')
  })

  it('goes on when a command fails, and tells its exit code', async () => {
    const result = await runPair({
      client: '    setup: |\n      ip route add 192.0.2.0/24 via 172.16.0.1\n',
      ...traffic('kind: connect, to: 10.0.0.11:80'),
    })
    expect(result.setup[0]).toMatchObject({ exitCode: 2, stderr: 'Error: Nexthop has invalid gateway.\n' })
    expect(result.traffic[0]?.requests[0]?.outcome).toBe('ok')
  })

  it('refuses a route that the host refuses, and points at it', async () => {
    const parts = { client: '    routes: [192.0.2.0/24 via 10.0.0.11, 192.0.3.0/24 via 172.16.0.1]\n' }
    const problems = await refusalOf(parts)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatchObject({ code: 'LVS1061', ...placeIn(parts, '192.0.3.0/24') })
    expect(problems[0]?.message).toContain(
      'ip route add 192.0.3.0/24 via 172.16.0.1: Error: Nexthop has invalid gateway.',
    )
  })

  it('refuses two servers on one port, and points at the second', async () => {
    const parts = {
      hosts:
        '  other:\n    interfaces: {eth0: {segment: lan, addresses: [10.0.0.12/24]}}\n' +
        '    servers: [{port: 80}, {port: 80, name: b}]\n',
    }
    const problems = await refusalOf(parts)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatchObject({
      code: 'LVS1061',
      message: 'other: port 80: Address already in use',
      ...placeIn(parts, '{port: 80, name: b}'),
    })
  })

  it('refuses a sysctl that there is not, and points at it', async () => {
    const parts = { client: '    sysctl: {net.ipv4.ip_forwarding: 1}\n' }
    const problems = await refusalOf(parts)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatchObject({
      code: 'LVS1061',
      line: placeIn(parts, 'net.ipv4.ip_forwarding').line,
      nearest: 'net.ipv4.ip_forward',
    })
  })

  it('ends at a word that is not modelled, and points at it in the script', async () => {
    const parts = {
      client: '    setup: |\n      echo before\n      frobnicate --now\n      echo after\n',
      ...traffic('kind: connect, to: 10.0.0.11:80'),
    }
    const result = await runPair(parts)
    expect(result.problem).toMatchObject({ code: 'LVS1060', line: placeIn(parts, 'frobnicate').line })
    expect(result.problem?.message).toContain('frobnicate')
    expect(result.traffic[0]?.requests).toEqual([])
    expect(result.checks).toEqual([])
  })

  it.each([
    ['loops', 'while true; do true; done', 'too many commands executed'],
    ['calls itself', 'f() { f; }; f', 'maximum recursion depth'],
  ])('ends at a script that %s for ever, and names the limit', async (_what, script, limit) => {
    const result = await runPair({ client: `    setup: |\n      ${script}\n` })
    expect(result.problem).toMatchObject({ code: 'LVS1064' })
    expect(result.problem?.message).toContain(limit)
    expect(result.traffic).toEqual([])
  })

  it('ends at a command that waits for ever, and points at it', async () => {
    const parts = { client: '    setup: |\n      sleep infinity\n', ...traffic('kind: connect, to: 10.0.0.11:80') }
    const result = await runPair(parts)
    expect(result.problem).toMatchObject({
      code: 'LVS1063',
      message: 'client: this command waits for something that never happens',
    })
    expect(result.problem?.line).toBe(placeIn(parts, 'setup: |').line)
    expect(result.traffic[0]?.requests).toEqual([])
  })

  it('is ended by the limits when a command never ends', async () => {
    const result = await runPair({
      client: '    setup: |\n      while true; do sleep 1; done\n',
      rest: 'limits: {time: 60s}\n',
    })
    expect(result.limit).toEqual({ limit: 'time', bound: 60 * NS_PER_SECOND, timeNs: 60 * NS_PER_SECOND })
  })
})

describe('traffic', () => {
  it.each([
    ['connect', 'to: 10.0.0.11:80'],
    ['udp', 'to: 10.0.0.11:53'],
    ['ping', 'to: 10.0.0.11'],
    ['http', 'to: http://10.0.0.11:8080/'],
  ])('is answered: %s', async (kind, to) => {
    const result = await runPair(traffic(`kind: ${kind}, ${to}, count: 3`))
    const requests = result.traffic[0]?.requests ?? []
    expect(requests.map(({ outcome, client }) => [outcome, client])).toEqual([
      ['ok', 'client'],
      ['ok', 'client'],
      ['ok', 'client'],
    ])
    if (kind !== 'ping') expect(requests.map(({ answeredBy }) => answeredBy)).toEqual(['server', 'server', 'server'])
    expect(result.traffic[0]).toMatchObject({ name: `${kind}-1`, kind })
    for (const { startNs, endNs } of requests) expect(endNs).toBeGreaterThan(startNs)
  })

  it.each([
    ['connect', 'to: 10.0.0.11:81', 'refused'],
    ['udp', 'to: 10.0.0.11:54', 'refused'],
    ['http', 'to: http://10.0.0.11:81/', 'refused'],
    ['connect', 'to: 192.0.2.1:80', 'unreachable'],
    ['udp', 'to: 192.0.2.1:53', 'unreachable'],
    ['ping', 'to: 192.0.2.1', 'unreachable'],
    ['http', 'to: http://192.0.2.1/', 'unreachable'],
  ])('fails: %s %s, %s', async (kind, to, outcome) => {
    expect(await outcomes(traffic(`kind: ${kind}, ${to}`))).toEqual([outcome])
  })

  it.each([
    ['connect', 'to: 10.0.0.11:80'],
    ['udp', 'to: 10.0.0.11:53'],
    ['ping', 'to: 10.0.0.11'],
    ['http', 'to: http://10.0.0.11:8080/'],
  ])('times out when every frame is lost: %s', async (kind, to) => {
    const arp = '    setup: ip neigh add 10.0.0.11 lladdr 02:00:00:00:00:99 dev eth0\n'
    expect(
      await outcomes({ client: arp, ...traffic(`kind: ${kind}, ${to}, timeout: 700ms`), segment: '{loss: 100%}' }),
    ).toEqual(['timeout'])
  })

  it('is unreachable where nobody answers ARP', async () => {
    // Three questions a second apart, then EHOSTUNREACH: well before the timeout.
    const result = await runPair(traffic('kind: connect, to: 10.0.0.99:80, timeout: 10s'))
    const [request] = result.traffic[0]?.requests ?? []
    expect(request?.outcome).toBe('unreachable')
    expect(((request?.endNs ?? 0) - (request?.startNs ?? 0)) / NS_PER_SECOND).toBeCloseTo(3, 0)
  })

  it('begins at its time, in turn and at its pace', async () => {
    const result = await runPair({
      rest: 'traffic:\n  - {from: client, kind: connect, to: 10.0.0.11:80, at: 250ms, count: 3, arrivals: every 100ms}\n',
    })
    const starts = result.traffic[0]?.requests.map(({ startNs }) => startNs - result.trafficStartNs)
    expect(starts).toEqual([250 * MS, 350 * MS, 450 * MS])
  })
})

describe('the timeline', () => {
  it('runs commands at their time, counted from the end of setup', async () => {
    const result = await runPair({
      client: '    setup: sleep 3\n',
      rest: `events:
  - {at: 1s, on: client, run: "echo one"}
observe:
  - {name: late, at: 1500ms, on: server, run: hostname}
  - {on: client, run: "echo end"}
`,
    })
    expect(
      result.setup
        .filter(({ name }) => name === 'event')
        .map(({ stdout, atNs }) => [stdout, atNs - result.trafficStartNs]),
    ).toEqual([['one\n', NS_PER_SECOND]])
    expect(result.observations.map(({ name, stdout }) => [name, stdout])).toEqual([
      ['late', 'server\n'],
      ['echo end', 'end\n'],
    ])
    expect((result.observations[0]?.atNs ?? 0) - result.trafficStartNs).toBe(1500 * MS)
    expect(result.observations[1]?.atNs).toBeGreaterThanOrEqual(result.observations[0]?.atNs ?? Infinity)
  })

  it('pulls a cable and plugs it in again', async () => {
    const result = await runPair({
      rest: `traffic:
  - {from: client, kind: ping, to: 10.0.0.11, count: 5, arrivals: every 1s, timeout: 500ms}
events:
  - {at: 1500ms, nic: server.eth0, state: down}
  - {at: 3500ms, nic: server.eth0, state: up}
`,
    })
    // At 0, 1, 2, 3 and 4 s; the cable is out from 1.5 s to 3.5 s.
    expect(result.traffic[0]?.requests.map(({ outcome }) => outcome)).toEqual([
      'ok',
      'ok',
      'timeout',
      'timeout',
      'ok',
    ])
    expect(result.frames.lost).toBeGreaterThanOrEqual(2)
  })

  it('changes what a segment loses', async () => {
    const result = await runPair({
      rest: `traffic:
  - {from: client, kind: ping, to: 10.0.0.11, count: 4, arrivals: every 1s, timeout: 500ms}
events:
  - {at: 500ms, segment: lan, loss: 100%}
  - {at: 2500ms, segment: lan, loss: 0%}
`,
    })
    expect(result.traffic[0]?.requests.map(({ outcome }) => outcome)).toEqual(['ok', 'timeout', 'timeout', 'ok'])
  })

  it('changes how slow a cable is', async () => {
    const result = await runPair({
      rest: `traffic:
  - {from: client, kind: ping, to: 10.0.0.11, count: 2, arrivals: every 1s}
events:
  - {at: 500ms, nic: client.eth0, delay: 40ms}
`,
    })
    const [before = 0, after = 0] = result.traffic[0]?.requests.map(({ startNs, endNs }) => endNs - startNs) ?? []
    expect(before).toBeLessThan(1 * MS)
    // The cable of the client, there and back: 2 * (40 ms - 50 us) more, less the ARP question of the first.
    expect(after).toBeGreaterThan(80 * MS)
    expect(after).toBeLessThan(81 * MS)
  })

  it('lasts as long as the file says, and no longer', async () => {
    const result = await runPair({
      rest: 'duration: 2s\ntraffic:\n  - {from: client, kind: ping, to: 10.0.0.11, count: 100, arrivals: every 1s}\n',
    })
    expect(result.endNs - result.trafficStartNs).toBe(2 * NS_PER_SECOND)
    // At 0 s and 1 s, and the one of 2 s may have begun.
    expect(result.traffic[0]?.requests.filter(({ outcome }) => outcome === 'ok')).toHaveLength(2)
  })

  it('stops earlier when it is told to, and runs what it is asked to there', async () => {
    const result = await runPair(
      { rest: 'duration: 60s\nobserve:\n  - {name: later, at: 30s, on: client, run: hostname}\n' },
      { stopAfterNs: NS_PER_SECOND, atEnd: [{ host: 'server', command: 'hostname' }] },
    )
    expect(result.observations.map(({ name, host, stdout }) => [name, host, stdout])).toEqual([
      ['hostname', 'server', 'server\n'],
    ])
    expect(result.observations[0]?.atNs).toBe(result.trafficStartNs + NS_PER_SECOND)
  })

  it.each([
    ['limits: {events: 100}', 'events'],
    ['limits: {time: 2s}', 'time'],
  ])('is ended by its limits: %s', async (limits, limit) => {
    const result = await runPair({
      rest: `${limits}
traffic:
  - {from: client, kind: ping, to: 10.0.0.11, count: 100, arrivals: every 1s}
expect:
  - requests: {ok: 100}
`,
    })
    expect(result.limit?.limit).toBe(limit)
    expect(result.checks).toEqual([])
  })

  it('ends at a word that is not modelled in a command of an event, and points at it', async () => {
    const parts = { rest: 'duration: 5s\nevents:\n  - {at: 1s, on: client, run: "true && frobnicate"}\n' }
    const result = await runPair(parts)
    expect(result.problem).toMatchObject({ code: 'LVS1060', line: placeIn(parts, 'frobnicate').line })
    expect(result.endNs).toBeLessThan(5 * NS_PER_SECOND)
  })
})

describe('expectations', () => {
  it('say where they stand, and what was found', async () => {
    const parts = {
      rest: 'traffic:\n  - {from: client, kind: ping, to: 10.0.0.11}\nexpect:\n  - requests: {ok: 1}\n  - requests: {ok: 2}\n',
    }
    const { checks } = await runPair(parts)
    expect(checks.map(({ passed, actual, file, line }) => ({ passed, actual, file, line }))).toEqual([
      { passed: true, actual: '1', file: 'pair.lvs.yaml', line: placeIn(parts, 'requests: {ok: 1}').line },
      { passed: false, actual: '1', file: 'pair.lvs.yaml', line: placeIn(parts, 'requests: {ok: 2}').line },
    ])
  })
})

describe('a run', () => {
  const POISSON = 'traffic:\n  - {from: client, kind: connect, to: 10.0.0.11:80, count: 20, arrivals: poisson 50/s}\n'

  it('has the same hash when it is run again', async () => {
    const [first, second] = [await runPair({ rest: POISSON }), await runPair({ rest: POISSON })]
    expect(second).toEqual(first)
    expect(first.hash).toMatch(/^[0-9a-f]{16}$/)
  })

  it('has another hash with another seed', async () => {
    const [first, second] = [await runPair({ rest: POISSON }), await runPair({ rest: POISSON }, { seed: '7' })]
    expect(second.hash).not.toBe(first.hash)
    expect(second.traffic[0]?.requests.map(({ startNs }) => startNs)).not.toEqual(
      first.traffic[0]?.requests.map(({ startNs }) => startNs),
    )
  })

  it('takes the seed of the file unless told otherwise', async () => {
    const file = await runPair({ rest: `seed: 7\n${POISSON}` })
    expect(file.seed).toBe('7')
    expect((await runPair({ rest: POISSON }, { seed: '7' })).hash).toBe(file.hash)
  })

  it('is not moved by an idle host on a segment of its own', async () => {
    const idle = '  idle:\n    interfaces: {eth0: {segment: other, addresses: [192.0.2.1/24]}}\n'
    const [alone, beside] = [
      await runPair({ rest: POISSON }),
      await runPair({ rest: POISSON, segments: '  other: {}\n', hosts: idle }),
    ]
    expect(beside.traffic).toEqual(alone.traffic)
    expect(beside.hosts.slice(0, 2)).toEqual(alone.hosts)
  })

  it('balances its books, and tells what each host and link did', async () => {
    const result = await runPair(traffic('kind: ping, to: 10.0.0.11'))
    expect(result.frames.sent + result.frames.duplicated).toBe(
      result.frames.delivered + result.frames.lost + result.frames.inFlight,
    )
    expect(result.hosts.map(({ name }) => name)).toEqual(['client', 'server'])
    // The client sends one echo request, the server one reply.
    expect(result.hosts.map(({ packets }) => [packets.originated, packets.received])).toEqual([
      [1, 1],
      [1, 1],
    ])
    expect(result.hosts.map(({ arp }) => [arp.requestsSent, arp.repliesSent])).toEqual([
      [1, 0],
      [0, 1],
    ])
    expect(result.links.map(({ name }) => name).sort()).toEqual(
      [...new Set(result.links.map(({ name }) => name))].sort(),
    )
  })
})
