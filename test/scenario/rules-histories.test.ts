import { describe, expect, it } from 'vitest'
import { rulesDocument } from '../../src/report/json.ts'
import { rulesDiffText, rulesText } from '../../src/report/rules-text.ts'
import { PLAIN_STYLE } from '../../src/report/style.ts'
import type { RunResult } from '../../src/scenario/result.ts'
import { runScenarioText } from '../../src/scenario/simulate.ts'

/** A host that runs these commands of ipvsadm in its setup, and these 2 s later. */
async function run(setup: readonly string[], later: readonly string[] = []): Promise<RunResult> {
  const text = `name: rules
segments: {lan: {}}
hosts:
  lb:
    interfaces: {eth0: {segment: lan, addresses: [10.0.0.1/24, 10.0.0.100/32]}}
    setup: |
${setup.map((line) => `      ipvsadm ${line}\n`).join('')}
events:
${later.map((line) => `  - {at: 2s, on: lb, run: ipvsadm ${line}}\n`).join('')}
duration: 3s
`
  const result = await runScenarioText(later.length === 0 ? text.replace('events:\n', '') : text, { fileName: 'rules' })
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  return result.value
}

describe('the history of the rules', () => {
  it('tells of each change when, by which command, and what it took away and added', async () => {
    const result = await run(
      ['-A -t 10.0.0.100:80 -s rr', '-a -t 10.0.0.100:80 -r 10.0.0.11 -m', '-a -t 10.0.0.100:80 -r 10.0.0.12 -m -w 2 -x 9 -y 3'],
      ['-e -t 10.0.0.100:80 -r 10.0.0.11 -m -w 0', '-E -t 10.0.0.100:80 -s wlc -p', '-d -t 10.0.0.100:80 -r 10.0.0.12', '-C'],
    )
    expect(rulesText(result, PLAIN_STYLE)).toBe(`lb: 7 changes of the rules of IPVS
ipvsadm -A -t 10.0.0.100:80 -s rr  # in setup
  + -A -t 10.0.0.100:80 -s rr
ipvsadm -a -t 10.0.0.100:80 -r 10.0.0.11:80 -m -w 1  # in setup
  + -a -t 10.0.0.100:80 -r 10.0.0.11:80 -m -w 1
ipvsadm -a -t 10.0.0.100:80 -r 10.0.0.12:80 -m -w 2 -x 9 -y 3  # in setup
  + -a -t 10.0.0.100:80 -r 10.0.0.12:80 -m -w 2 -x 9 -y 3
ipvsadm -e -t 10.0.0.100:80 -r 10.0.0.11:80 -m -w 0  # at 2.00 s
  - -a -t 10.0.0.100:80 -r 10.0.0.11:80 -m -w 1
  + -a -t 10.0.0.100:80 -r 10.0.0.11:80 -m -w 0
ipvsadm -E -t 10.0.0.100:80 -s wlc -p 360  # at 2.00 s
  - -A -t 10.0.0.100:80 -s rr
  + -A -t 10.0.0.100:80 -s wlc -p 360
ipvsadm -d -t 10.0.0.100:80 -r 10.0.0.12:80  # at 2.00 s
  - -a -t 10.0.0.100:80 -r 10.0.0.12:80 -m -w 2 -x 9 -y 3
ipvsadm -C  # at 2.00 s
  - -A -t 10.0.0.100:80 -s wlc -p 360
  - -a -t 10.0.0.100:80 -r 10.0.0.11:80 -m -w 0
`)
  })

  it('is summed up in one diff of what came and stayed, or was there and went', async () => {
    const result = await run(
      ['-A -f 7', '-a -f 7 -r 10.0.0.11', '-a -f 7 -r 10.0.0.12'],
      ['-e -f 7 -r 10.0.0.11 -w 5', '-e -f 7 -r 10.0.0.11 -w 9', '-d -f 7 -r 10.0.0.12', '-a -f 7 -r 10.0.0.12', '-A -f 8',
        '-D -f 8'],
    )
    expect(rulesDiffText(result, 1_000_000_000, PLAIN_STYLE)).toBe(`lb: rules of IPVS since 1.00 s
  - -a -f 7 -r 10.0.0.11:0 -g -w 1
  + -a -f 7 -r 10.0.0.11:0 -g -w 9
`)
    expect(rulesDiffText(result, 2_000_000_000, PLAIN_STYLE)).toBe('no rules of IPVS are others than at 2.00 s\n')
  })

  it('is a document of its own for programs', async () => {
    const result = await run(['-A -f 7'])
    expect(rulesDocument(result, true)).toMatchObject({
      schemaVersion: 1, kind: 'rules', rules: [{ host: 'lb', changes: [{ command: 'ipvsadm -A -f 7 -s wlc' }] }],
    })
  })

  it('knows timeouts, sync daemons, marks and tunnels', async () => {
    const { rules } = await run([
      '--set 100 0 0', '--start-daemon backup --syncid 3', '--stop-daemon backup', '-A -f 7 -6 -b flag-1 -s mh',
      '-A -u 10.0.0.100:53 -o --pe sip', '-a -u 10.0.0.100:53 -r 10.0.0.11 -i --tun-type gue --tun-port 6080', '-D -f 7 -6',
    ])
    expect(rules[0]?.changes.map(({ command, removed, added }) => [command, removed, added])).toEqual([
      ['ipvsadm --set 100 0 0', ['--set 900 120 300'], ['--set 100 120 300']],
      ['ipvsadm --start-daemon backup --mcast-interface eth0 --syncid 3', [], [
        '--start-daemon backup --mcast-interface eth0 --syncid 3 --sync-maxlen 1472 --mcast-group 224.0.0.81 --mcast-port 8848'
          + ' --mcast-ttl 1',
      ]],
      ['ipvsadm --stop-daemon backup', [
        '--start-daemon backup --mcast-interface eth0 --syncid 3 --sync-maxlen 1472 --mcast-group 224.0.0.81 --mcast-port 8848'
          + ' --mcast-ttl 1',
      ], []],
      ['ipvsadm -A -f 7 -6 -s mh -b mh-fallback', [], ['-A -f 7 -6 -s mh -b mh-fallback']],
      ['ipvsadm -A -u 10.0.0.100:53 -s wlc --pe sip -o', [], ['-A -u 10.0.0.100:53 -s wlc --pe sip -o']],
      ['ipvsadm -a -u 10.0.0.100:53 -r 10.0.0.11:53 -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum', [],
        ['-a -u 10.0.0.100:53 -r 10.0.0.11:53 -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum']],
      ['ipvsadm -D -f 7 -6', ['-A -f 7 -6 -s mh -b mh-fallback'], []],
    ])
  })

  it('has patches that name the place of a change', async () => {
    const { rules } = await run(['-A -f 7', '-a -f 7 -r 10.0.0.11', '-e -f 7 -r 10.0.0.11 -w 5'])
    const last = rules[0]?.changes.at(-1)
    const path = ['services', 0, 'destinations', 0, 'weight']
    expect(last?.patches).toEqual([{ op: 'replace', path, value: 5 }])
    expect(last?.inversePatches).toEqual([{ op: 'replace', path, value: 1 }])
  })

  it('leaves out what was refused or changed nothing', async () => {
    const { rules } = await run(['-A -f 7', '-A -f 7', '-Z', '-E -f 7 -s wlc', '-d -f 7 -r 10.0.0.11', '-C', '-C'])
    expect(rules[0]?.changes.map(({ command }) => command)).toEqual(['ipvsadm -A -f 7 -s wlc', 'ipvsadm -C'])
    const untouched = await run(['-Ln'])
    expect(rulesText(untouched, PLAIN_STYLE)).toBe('no rules of IPVS were changed\n')
  })
})
