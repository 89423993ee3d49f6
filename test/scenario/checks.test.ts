import { describe, expect, it } from 'vitest'
import { NS_PER_SECOND } from '../../src/base/units.ts'
import type { RequestOutcome, RequestRecord } from '../../src/app/outcome.ts'
import { checkAll, type Outcome } from '../../src/scenario/checks.ts'
import type { CommandOutput, HostResult } from '../../src/scenario/result.ts'
import { pairText, scenarioOf } from './pair.ts'

const MS = NS_PER_SECOND / 1000

function request(outcome: RequestOutcome, answeredBy?: string, tookMs = 1): RequestRecord {
  return {
    client: 'client',
    startNs: 10 * MS,
    connectedNs: undefined,
    firstByteNs: undefined,
    endNs: (10 + tookMs) * MS,
    outcome,
    answeredBy,
    bytes: 0,
    status: undefined,
  }
}

function observation(name: string, stdout: string, stderr = ''): CommandOutput {
  return { name, host: 'client', command: name, atNs: 0, stdout, stderr, exitCode: 0, complaints: [] }
}

function host(name: string, drops: HostResult['drops']): HostResult {
  return {
    name,
    drops,
    packets: { received: 0, originated: 0, sent: 0, consumed: 0, dropped: 0, held: 0 },
    arp: { requestsSent: 0, repliesSent: 0 },
    nics: [],
    cpu: undefined,
  }
}

const TABLE =
  'IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n' +
  '  -> RemoteAddress:Port  \nTCP  10.0.0.100:80 rr\n'

/** Two items of traffic, an observation, and drops on two hosts. */
const OUTCOME: Outcome = {
  observations: [observation('table', TABLE), observation('failed', '', 'No such file\n')],
  traffic: [
    {
      name: 'first',
      kind: 'connect',
      requests: [request('ok', 'rs1', 1), request('ok', 'rs2', 2), request('ok', 'rs1', 9)],
    },
    { name: 'second', kind: 'connect', requests: [request('timeout'), request('timeout')] },
  ],
  hosts: [host('client', { 'ttl-exceeded': 2 }), host('server', { 'ttl-exceeded': 3, 'no-route': 1 })],
}

/** Traffic and observations that the file of an expectation must have. */
const FRAME = `traffic:
  - {from: client, name: first, kind: connect, to: 10.0.0.11:80}
  - {from: client, name: second, kind: connect, to: 10.0.0.11:80}
observe:
  - {name: table, on: client, run: ipvsadm -Ln}
  - {name: failed, on: client, run: cat /nothing}
  - {name: unseen, on: client, run: hostname}
`

/** What one expectation comes to: whether each part of it held, and what was found. */
function check(yaml: string, outcome: Outcome = OUTCOME): [boolean, string][] {
  const scenario = scenarioOf(pairText({ rest: `${FRAME}expect:\n  - ${yaml}\n` }))
  return checkAll(scenario, outcome).map(({ passed, actual }) => [passed, actual])
}

describe('checks of outputs', () => {
  it.each([
    ['contains', 'TCP  10.0.0.100:80 rr', true, 'all found'],
    ['contains', 'rr\\nTCP', false, 'no line with "TCP"'],
    ['contains', 'Prot\\nTCP', true, 'all found'],
    ['contains', 'TCP\\nProt', false, 'no line with "Prot"'],
    ['lacks', 'UDP', true, 'none found'],
    ['lacks', 'UDP\\nTCP  10', false, 'found "TCP  10"'],
    ['equals', TABLE.replaceAll('\n', '\\n'), true, 'the same'],
    // Blanks at the ends of lines and empty lines at the end do not count; those within a line do.
    ['equals', `${TABLE.replace('Port  \n', 'Port\n').replaceAll('\n', '\\n')}\\n\\n`, true, 'the same'],
    [
      'equals',
      TABLE.replace('TCP  10', 'TCP 10').replaceAll('\n', '\\n'),
      false,
      'line 4 is "TCP  10.0.0.100:80 rr", not "TCP 10.0.0.100:80 rr"',
    ],
    ['equals', `${TABLE.replaceAll('\n', '\\n')}more`, false, 'line 5 is "(missing)", not "more"'],
    ['matches', 'IP Virtual Server version * (size=*)\\nProt*\\n  -> *\\nTCP  *:80 rr', true, 'the same'],
    [
      'matches',
      'IP Virtual Server version * (size=*)\\nProt*\\n  -> *\\nTCP  *:80 wrr',
      false,
      'line 4 is "TCP  10.0.0.100:80 rr", not "TCP  *:80 wrr"',
    ],
    ['matches', 'IP*', false, 'line 2 is "Prot LocalAddress:Port Scheduler Flags", not "(nothing)"'],
  ])('%s %j: %s', (test, text, passed, actual) => {
    expect(check(`{output: table, ${test}: "${text}"}`)).toEqual([[passed, actual]])
  })

  it('look at what a command complains of, too', () => {
    expect(check('{output: failed, contains: No such file}')).toEqual([[true, 'all found']])
  })

  it('fail when nothing was observed', () => {
    expect(check('{output: unseen, lacks: anything}')).toEqual([[false, 'nothing was observed under this name']])
  })

  it('compare a part between stars only once', () => {
    // The `ab` of the pattern's beginning is not that of its end.
    const outcome = { ...OUTCOME, observations: [observation('table', 'ab\n')] }
    expect(check('{output: table, matches: "ab*ab"}', outcome)).toEqual([[false, 'line 1 is "ab", not "ab*ab"']])
    expect(check('{output: table, matches: "a*b"}', outcome)).toEqual([[true, 'the same']])
    expect(check('{output: table, matches: "*a*b*"}', outcome)).toEqual([[true, 'the same']])
    expect(check('{output: table, matches: "*b*a*"}', outcome)).toEqual([[false, 'line 1 is "ab", not "*b*a*"']])
  })
})

describe('checks of requests', () => {
  it.each([
    [
      'requests: {all: 5, ok: 3, failed: 2, timeout: 2}',
      [
        [true, '5'],
        [true, '3'],
        [true, '2'],
        [true, '2'],
      ],
    ],
    ['requests: {ok: 4}', [[false, '3']]],
    ['requests: {ok: ">= 4"}', [[false, '3']]],
    ['requests: {ok: ">= 3"}', [[true, '3']]],
    ['requests: {ok: "> 3"}', [[false, '3']]],
    ['requests: {ok: "< 4"}', [[true, '3']]],
    ['requests: {ok: "<= 2"}', [[false, '3']]],
    // 3 of 5 are 60 %.
    ['requests: {ok: ">= 60%"}', [[true, '3 of 5']]],
    ['requests: {ok: "> 60%"}', [[false, '3 of 5']]],
    ['requests: {ok: "100%"}\n    traffic: first', [[true, '3 of 3']]],
    ['requests: {refused: 0}', [[true, '0']]],
    ['fails: timeout', [[false, '2 of 5']]],
    ['fails: timeout\n    traffic: second', [[true, '2 of 2']]],
    ['fails: refused\n    traffic: second', [[false, '0 of 2']]],
  ])('%s', (yaml, found) => {
    expect(check(yaml)).toEqual(found)
  })

  it('count who answered', () => {
    const outcome = {
      ...OUTCOME,
      traffic: [
        {
          name: 'first',
          kind: 'connect',
          requests: [request('ok', 'client'), request('ok', 'server'), request('short', 'server')],
        },
      ],
    }
    // The answer that was cut short is none.
    expect(check('answered_by: {client: 1, server: 1}', outcome)).toEqual([
      [true, '1'],
      [true, '1'],
    ])
    expect(check('answered_by: {server: 2}', outcome)).toEqual([[false, '1']])
    expect(check('answered_by: {server: ">= 50%"}', outcome)).toEqual([[false, '1 of 3']])
  })

  it('fail when no request was made', () => {
    const outcome = { ...OUTCOME, traffic: [{ name: 'first', kind: 'connect', requests: [] }] }
    expect(check('fails: timeout', outcome)).toEqual([[false, 'no request was made']])
    expect(check('requests: {ok: ">= 0%"}', outcome)).toEqual([[false, 'there is nothing to take a share of']])
    expect(check('latency: {p99: <= 1s}', outcome)).toEqual([[false, 'no request was answered']])
  })

  it('measure the answered requests', () => {
    // They took 1, 2 and 9 ms: 4 ms on average, and the middle one 2 ms.
    expect(check('latency: {mean: "= 4ms", p50: <= 2ms, max: < 9ms}')).toEqual([
      [true, '4.00 ms'],
      [true, '2.00 ms'],
      [false, '9.00 ms'],
    ])
  })
})

describe('checks of drops', () => {
  it('add up the drops of all hosts', () => {
    expect(check('drops: {ttl-exceeded: 5, no-route: ">= 2"}')).toEqual([
      [true, '5'],
      [false, '1'],
    ])
  })

  it('know no drops of a reason that nobody had', () => {
    expect(check('drops: {rp-filter: 0}')).toEqual([[true, '0']])
  })
})

describe('checks of modes', () => {
  const scenario = scenarioOf(`name: c
cluster:
  vip: 10.0.0.100
  service: tcp 80
  mode: nat
  real_servers: [{name: rs, replicas: 2}]
traffic:
  - {from: client, kind: connect, to: 10.0.0.100:80}
expect:
  - {requests: {ok: 1}, modes: [nat]}
  - {requests: {ok: 2}, modes: [dr, tun]}
  - requests: {ok: 3}
compare:
  modes: [nat, dr, tun]
`)

  it('are made in their own modes only', () => {
    expect(scenario.mode).toBe('nat')
    expect(checkAll(scenario, OUTCOME).map(({ text }) => text)).toEqual(['requests: ok = 1', 'requests: ok = 3'])
  })
})
