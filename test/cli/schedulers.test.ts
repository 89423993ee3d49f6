import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { runScenarioText, type Schedulers } from '../../src/index.ts'
import { builtCli, lvsim } from './built.ts'

const PAGE = readFileSync('docs/schedulers.md', 'utf8')
const FOLDER = 'scenarios/schedulers'

let folder = ''

/** The blocks of the page in one language. */
function blocks(language: string): string[] {
  return [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(([, text = '']) => text)
}

beforeAll(() => {
  builtCli()
  folder = mkdtempSync(join(tmpdir(), 'lvsim-schedulers-'))
  const [lottery = '', slowStart = ''] = blocks('js')
  const [scenario = ''] = blocks('yaml')
  writeFileSync(join(folder, 'lottery.mjs'), lottery)
  writeFileSync(join(folder, 'slow-start.mjs'), slowStart)
  writeFileSync(join(folder, 'lottery.lvs.yaml'), scenario)
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true }))

describe.concurrent('the page about schedulers of your own', () => {
  it('has a scheduler, a scenario and an output that belong together', async ({ expect }) => {
    const [shown = ''] = blocks('console')
    const [command = '', ...lines] = shown.split('\n')
    const words = command.replace('$ npx lvsim ', '').split(' ')
    expect(await lvsim(words, { cwd: folder })).toEqual({ code: EXIT.ok, out: lines.join('\n'), err: '' })
  })

  it('has them beside the scenarios to be copied, and the output too', ({ expect }) => {
    const [lottery] = blocks('js')
    const [scenario = ''] = blocks('yaml')
    const [shown = ''] = blocks('console')
    expect(readFileSync(`${FOLDER}/lottery.mjs`, 'utf8')).toBe(lottery)
    expect(readFileSync(`${FOLDER}/lottery.lvs.yaml`, 'utf8').endsWith(`\n${scenario}`)).toBe(true)
    expect(`${shown.split('\n').slice(1).join('\n')}`).toBe(readFileSync(`${FOLDER}/lottery.expected.txt`, 'utf8'))
  })

  it('has one that gives a new server a tenth at first, and its share ten seconds later', async ({ expect }) => {
    const requests = (name: string, at: string): string => (
      `  - {name: ${name}, kind: http, from: client, to: http://10.0.0.100/, count: 500, at: ${at}, arrivals: constant 500/s}\n`
    )
    const text = `cluster:
  vip: 10.0.0.100
  service: tcp 80
  scheduler: slowstart
  real_servers: [{name: rs, replicas: 2}]
  server: {protocol: http, service_time: 50ms}
  clients: 20
  director: {setup: 'ipvsadm -d -t 10.0.0.100:80 -r 10.0.0.12'}
events: [{at: 15s, on: lb, run: 'ipvsadm -a -t 10.0.0.100:80 -r 10.0.0.12'}]
traffic:
${requests('fresh', '15s')}${requests('warm', '25s')}`
    const { schedulers } = await import(join(folder, 'slow-start.mjs')) as { schedulers: Schedulers }
    const ran = await runScenarioText(text, { fileName: 'slow-start.lvs.yaml', schedulers })
    const traffic = ran.ok ? ran.value.traffic : []
    const shares = traffic.map(({ requests: all }) => all.filter(({ answeredBy }) => answeredBy === 'rs2').length)
    // A tenth to a fifth of what rs1 gets at first; half of 500 at last.
    expect(shares[0]).toBeGreaterThan(30)
    expect(shares[0]).toBeLessThan(100)
    expect(Math.abs((shares[1] ?? 0) - 250)).toBeLessThan(15)
  })

  it('is right about what other verbs do with --scheduler', async ({ expect }) => {
    const words = (line: string): string[] => [...line.split(' '), '--scheduler', 'lottery.mjs']
    const [compared, validated] = await Promise.all([
      lvsim(words('compare lottery.lvs.yaml --quiet'), { cwd: folder }),
      lvsim(words('validate lottery.lvs.yaml'), { cwd: folder }),
    ])
    expect(compared).toEqual({ code: EXIT.ok, out: '', err: '' })
    expect(validated).toEqual({ code: EXIT.ok, out: 'lottery.lvs.yaml: fine\n', err: '' })
    const shown = await lvsim([...words('show lottery.lvs.yaml --on lb'), '--', 'lsmod'], { cwd: folder })
    expect(shown.out).toContain('ip_vs_lottery')
    const explained = await lvsim(words('explain lottery.lvs.yaml --packet 1'), { cwd: folder })
    expect([explained.code, explained.err]).toEqual([EXIT.ok, ''])
  })
})

describe.concurrent('--scheduler', () => {
  it.each([
    ['exports nothing', 'export const x = 1', 'm.mjs: exports no schedulers, such as: export const schedulers = {'],
    ['is no JavaScript', 'export const schedulers = {', 'm.mjs: SyntaxError: Unexpected end of input (node m.mjs shows where)'],
    ['has a name of Linux', 'export default { rr: () => 0 }', 'm.mjs:1:1: error LVS1065: Linux has a scheduler rr of its own'],
    ['fails in the run', 'export default { lottery: () => ({ pick: () => nobody }) }',
      'lottery.lvs.yaml:7:14: error LVS1066: lb: the scheduler lottery threw ReferenceError: nobody is not defined'],
  ])('refuses a module that %s', async (what, text, message) => {
    const own = join(folder, what)
    mkdirSync(own)
    writeFileSync(join(own, 'm.mjs'), text)
    const { code, out, err } = await lvsim(['run', '../lottery.lvs.yaml', '--scheduler', 'm.mjs'], { cwd: own })
    expect(code).toBe(EXIT.invalid)
    expect(out + err).toContain(message)
  })

  it('refuses a file that is not there, and one name from two files', async ({ expect }) => {
    const missing = await lvsim(['run', 'lottery.lvs.yaml', '--scheduler', 'nix.mjs'], { cwd: folder })
    expect(missing).toEqual({ code: EXIT.io, out: '', err: 'lvsim: nix.mjs: no such file or directory\n' })
    const twice = ['--scheduler', 'lottery.mjs', '--scheduler', './lottery.mjs']
    expect(await lvsim(['run', 'lottery.lvs.yaml', ...twice], { cwd: folder })).toEqual({
      code: EXIT.invalid, out: '', err: 'lvsim: ./lottery.mjs: a scheduler lottery was brought before\n',
    })
  })

  it('takes several files, and is asked for where a cluster names what nobody brought', async ({ expect }) => {
    const both = ['--scheduler', 'slow-start.mjs', '--scheduler', 'lottery.mjs']
    expect((await lvsim(['run', 'lottery.lvs.yaml', ...both], { cwd: folder })).code).toBe(EXIT.ok)
    const { code, err } = await lvsim(['run', 'lottery.lvs.yaml'], { cwd: folder })
    expect([code, err]).toEqual([EXIT.invalid, expect.stringContaining('`lottery` is not allowed here')])
  })
})
