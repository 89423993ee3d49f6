import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { present } from '../../../src/base/assert.ts'
import { runScenarioText } from '../../../src/scenario/simulate.ts'
import { commandsOf, type CureCommand } from '../../support/cure-commands.ts'
import { findingsOf } from '../../support/explained.ts'

const PROBLEMS = new URL('../../../scenarios/problems/', import.meta.url)

/** Broken scenarios with a connection that fails. Those whose cure is to change a program are not among them: P35 and P38. */
const BROKEN: readonly (readonly [name: string, connection: string])[] = [
  ['p01-arp-answers', '10.0.0.10:40001'], ['p02-arp-announce', '172.16.0.10:40002'], ['p03-arp-on-lo', '10.0.0.10:40001'],
  ['p04-rp-filter', '172.16.0.10:40001'], ['p05-tunnel-mtu', '172.16.0.10:40002'], ['p06-nat-same-subnet', '10.0.0.10:40001'],
  ['p07-redirects', '172.16.0.10:40002'], ['p08-masquerade-ignored', '172.16.0.10:40001'],
  ['p09-dr-gateway', '172.16.0.10:40001'], ['p42-ping-answers', '10.0.0.10:40001'], ['p43-input-firewall', '10.0.0.10:40001'],
]

type Yaml = { hosts: Record<string, { setup?: string }>, expect?: unknown }

/** The scenario with the commands at the end of the set-up of their hosts, and without what it expects. */
function cured(text: string, commands: readonly CureCommand[]): string {
  const scenario = parse(text) as Yaml
  delete scenario.expect
  for (const { host, isForAll, command } of commands) {
    const names = isForAll ? Object.keys(scenario.hosts).filter((name) => name.startsWith('rs')) : [host]
    for (const name of names) {
      const spec = present(scenario.hosts[name], name)
      // Aliases are one object.
      scenario.hosts[name] = { ...spec, setup: `${spec.setup ?? 'true'}\n${command}\n` }
    }
  }
  return stringify(scenario, { aliasDuplicateObjects: false })
}

async function failuresOf(text: string): Promise<number> {
  const ran = await runScenarioText(text, { fileName: 'cured.lvs.yaml' })
  if (!ran.ok) throw new Error(ran.error.map(({ message }) => message).join('\n'))
  return ran.value.traffic.flatMap(({ requests }) => requests).filter(({ outcome }) => outcome !== 'ok').length
}

describe('the cure of a broken scenario', () => {
  it.each(BROKEN)('%s makes its traffic pass, and right, when it is typed', async (name, connection) => {
    const text = readFileSync(new URL(`${name}-broken.lvs.yaml`, PROBLEMS), 'utf8')
    const commands = (await findingsOf(text, connection)).flatMap(({ cure }) => commandsOf(cure).slice(0, 1).flat())
    expect(commands).not.toEqual([])
    // What the test does to the text cures nothing by itself.
    expect(await findingsOf(cured(text, []), connection)).not.toEqual([])
    expect(await findingsOf(cured(text, commands), connection)).toEqual([])
    expect(await failuresOf(cured(text, commands))).toBe(0)
  })
})

describe('the commands of a cure', () => {
  it('are those of each way that needs no words of the reader', () => {
    expect(commandsOf('on lb: a=1 and b (or c); and, on rs1: d; or, on rs2: e GATEWAY; or, on lb: f, which helps.')).toEqual([
      [{ host: 'lb', isForAll: false, command: 'a=1 && b' }, { host: 'rs1', isForAll: false, command: 'd' }],
      [{ host: 'lb', isForAll: false, command: 'f' }],
    ])
  })
})
