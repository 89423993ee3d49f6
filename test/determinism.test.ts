import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { renderProblem, type Problem } from '../src/scenario/problems.ts'
import type { Result } from '../src/base/result.ts'
import type { RunResult } from '../src/scenario/result.ts'
import { compareScenarioText, runScenarioText } from '../src/scenario/simulate.ts'
import { filesBeside } from './support/beside.ts'

const FOLDER = new URL('../scenarios/', import.meta.url)
const FILES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.lvs.yaml'))
  .sort()
const IDLE =
  '  idle: {interfaces: {eth0: {segment: aside, addresses: [192.0.2.1/24]}}, servers: [{port: 80}]}\n'

/** What draws from the streams of chance: arrivals, source ports that nobody names, and the patience of proxy ARP. */
const DRAWS = /poisson|http|replay|proxy_arp/

/** The text of a scenario; of the long one, fewer requests. */
function textOf(name: string): string {
  return readFileSync(new URL(name, FOLDER), 'utf8').replace('count: 2000', 'count: 100')
}

/** The text with an idle host on a segment of its own, which comes before all others. */
function withIdleHost(text: string): string {
  if (/^cluster:/m.test(text)) return `${text}segments:\n  aside: {}\nhosts:\n${IDLE}`
  return text
    .replace('\nsegments:\n', '\nsegments:\n  aside: {}\n')
    .replace('\nhosts:\n', `\nhosts:\n${IDLE}`)
}

/** The runs of a text: one of a plain scenario, one in each mode of a cluster. */
async function runsOf(text: string, seed?: string): Promise<readonly RunResult[]> {
  const options = { fileName: 'text.lvs.yaml', files: filesBeside(FOLDER), ...(seed === undefined ? {} : { seed }) }
  if (/^cluster:/m.test(text)) return valueOf(await compareScenarioText(text, options))
  return [valueOf(await runScenarioText(text, options))]
}

function valueOf<T>(result: Result<T, readonly Problem[]>): T {
  if (!result.ok) throw new Error(result.error.map(renderProblem).join('\n'))
  return result.value
}

function hashesOf(runs: readonly RunResult[]): string[] {
  return runs.map(({ hash }) => hash)
}

describe.each(FILES)('%s', (name) => {
  it('gives the same result twice, and is not moved by an idle host', async () => {
    const text = textOf(name)
    const first = await runsOf(text)
    expect(await runsOf(text)).toEqual(first)
    const beside = await runsOf(withIdleHost(text))
    expect(hashesOf(beside)).toEqual(hashesOf(first))
    for (const [index, { hosts }] of beside.entries()) {
      expect(hosts.map((host) => host.name)).toContain('idle')
      expect(hosts.filter((host) => host.name !== 'idle')).toEqual(first[index]?.hosts)
    }
  })

  const text = textOf(name)
  const claim = DRAWS.test(text) ? 'another hash with another seed' : 'the same hash with any seed, as nothing is drawn'

  it(`gives ${claim}`, async () => {
    const [first, others] = [hashesOf(await runsOf(text)), hashesOf(await runsOf(text, 'another'))]
    for (const [index, other] of others.entries()) expect(other === first[index]).toBe(!DRAWS.test(text))
  })
})
