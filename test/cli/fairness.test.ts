import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { type FairnessFlags, readFairnessFlags, unknownSchedulerText } from '../../src/cli/fairness-options.ts'
import { measureFairness } from '../../src/index.ts'
import { builtCli, lvsim } from './built.ts'

const PAGE = readFileSync('docs/fairness.md', 'utf8')
let folder = ''

beforeAll(() => {
  builtCli()
  folder = mkdtempSync(join(tmpdir(), 'lvsim-fairness-'))
  const write = (name: string, pick: string): void => writeFileSync(
    join(folder, `${name}.mjs`), `export const schedulers = { ${name}: (pool) => ({ pick: () => ${pick} }) }\n`)
  write('mine', 'pool.destinations[0]')
  write('bad', 'nobody')
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true }))

/** The words of a line, as a shell splits them. */
function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
}

describe.concurrent('the page about fairness', () => {
  it('shows what its command prints', async ({ expect }) => {
    const [, command = '', shown = ''] = /```console\n\$ npx lvsim ([^\n]*)\n([^]*?)```/.exec(PAGE) ?? []
    expect(await lvsim(words(command))).toEqual({ code: EXIT.ok, out: shown, err: '' })
  }, 120_000)

  it('has commands that run', async ({ expect }) => {
    const commands = [...PAGE.matchAll(/^ {4}npx lvsim ([^#\n]*)/gm)].map(([, line = '']) => line)
    expect(commands.length).toBeGreaterThan(5)
    for (const line of commands) {
      const { code, err } = await lvsim([...words(line), '--connections', '1000'], { cwd: folder })
      expect([line, code, err]).toEqual([line, EXIT.ok, ''])
    }
  }, 120_000)

  it('has a program that prints a line for each scheduler', ({ expect }) => {
    const [, program = ''] = /```js\nimport \{ measureFairness \} from 'lvsim'\n([^]*?)```/.exec(PAGE) ?? []
    const printed: unknown[][] = []
    const told = { log: (...all: unknown[]) => printed.push(all), error: (text: unknown) => printed.push([text]) }
    new Function('measureFairness', 'console', program)(measureFairness, told)
    expect(printed.map(([scheduler, jain]) => [scheduler, typeof jain])).toEqual([['wlc', 'number'], ['sed', 'number']])
  })
})

describe.concurrent('lvsim fairness', () => {
  it('takes a scheduler of one\'s own', async ({ expect }) => {
    const line = 'fairness mine,rr --weights 1,1 --load 20% --scheduler mine.mjs --connections 1000 --json'
    const { code, out, err } = await lvsim(words(line), { cwd: folder })
    expect([code, err]).toEqual([EXIT.ok, ''])
    expect(JSON.parse(out)).toMatchObject({
      kind: 'fairness', setting: { load: 0.2 }, schedulers: [{ scheduler: 'mine', servers: [{ picks: 0 }, { picks: 900 }] }, {}],
    })
  })

  it.each([
    ['wlcc', 'there is no scheduler wlcc; did you mean wlc?'],
    ['mien --scheduler mine.mjs', 'there is no scheduler mien; did you mean mine?'],
    ['rr --weights 1,1 --speeds 1', '2 servers have 1 speeds'],
    ['rr --fin 5', '--fin is a time in whole seconds such as 120s, not 5'],
    ['rr --level frame', '--level is one of connection, packet, not frame'],
    ['rr --level packet --shared', 'on the level of packets servers work first come, first served'],
  ])('tells a wrong wish in one line: %s', async (line, message) => {
    const { code, out, err } = await lvsim(['fairness', ...words(line), '--json'], { cwd: folder })
    expect([code, err]).toEqual([EXIT.usage, `lvsim: ${message}\n`])
    expect(JSON.parse(out)).toMatchObject({ kind: 'failure', exitCode: EXIT.usage })
  })

  it('ends at once when it is interrupted', async ({ expect }) => {
    const child = spawn(process.execPath, [builtCli(), ...words('fairness wlc --work 1ms --connections 100,000,000')])
    setTimeout(() => child.kill('SIGINT'), 1500)
    const [code, signal] = await once(child, 'exit') as [number | null, string | null]
    // A shell says 130 for both: here it was not yet, or already, at work.
    expect(code === EXIT.interrupted || signal === 'SIGINT').toBe(true)
  })

  it.each(['connection', 'packet'])('ends when a scheduler fails, on the level of a %s', async (level) => {
    const line = `fairness bad --weights 1,1 --scheduler bad.mjs --connections 200 --level ${level}`
    const { code, out, err } = await lvsim(words(line), { cwd: folder })
    expect([code, out]).toEqual([EXIT.invalid, ''])
    expect(err).toContain('the scheduler bad threw ReferenceError: nobody is not defined')
  })
})

describe('the options of lvsim fairness', () => {
  const DEFAULTS = {
    weights: '1', workers: '1', arrivals: 'poisson', work: '100ms', fin: '120s', seed: '42', level: 'connection',
  } satisfies FairnessFlags

  it.each<[Partial<FairnessFlags>, object]>([
    [{}, { weights: [1], workers: 1, arrivals: { law: 'poisson' }, work: { law: 'constant', meanNs: 1e8 } }],
    [{ seed: '7' }, { seed: '7', finSeconds: 120 }],
    [{ weights: '5,1x3, 2', speeds: '2.5,1x4' }, { weights: [5, 1, 1, 1, 2], speeds: [2.5, 1, 1, 1, 1] }],
    [{ arrivals: 'pareto 6/min shape 2' }, { arrivals: { law: 'pareto', shape: 2 }, ratePerSecond: 0.1 }],
    [{ arrivals: 'constant 2/ms', workers: 'none' }, { arrivals: { law: 'constant' }, ratePerSecond: 2000, workers: Infinity }],
    [{ arrivals: 'pareto', work: 'lognormal 5ms' },
      { arrivals: { law: 'pareto', shape: 1.5 }, work: { law: 'lognormal', meanNs: 5e6, cv: 2 } }],
    [{ work: 'pareto 5ms shape 3' }, { work: { law: 'pareto', meanNs: 5e6, shape: 3 } }],
    [{ work: 'uniform 1ms 3ms', load: '50%' }, { work: { law: 'uniform', fromNs: 1e6, toNs: 3e6 }, load: 0.5 }],
    [{ load: '0.5', connections: '1,000', clients: '7', window: '10' }, { load: 0.5, count: 1000, clients: 7, windowPicks: 10 }],
    [{ shared: true, persistent: '2min', fin: '0s' }, { discipline: 'shared', persistenceSeconds: 120, finSeconds: 0 }],
  ])('are read: %j', (flags, expected) => {
    const read = readFairnessFlags({ ...DEFAULTS, ...flags })
    expect(read.ok ? read.value : read.error).toMatchObject(expected)
  })

  it.each<[Partial<FairnessFlags>, string]>([
    [{ weights: 'a' }, '--weights is a list such as 5,1,1 or 3x10 (ten of weight 3), not a'],
    [{ speeds: '-1' }, '--speeds is a list such as 5,1,1 or 2.5x10, not -1'],
    [{ workers: 'some' }, '--workers is a number, or none where nobody waits, not some'],
    [{ arrivals: 'often' }, "constant or pareto, with a rate or not: 'poisson 200/s', 'pareto shape 1.5', not 'often'"],
    [{ arrivals: 'poisson shape 2' }, "not 'poisson shape 2'"],
    [{ arrivals: 'poisson 5/s', load: '0.5' }, '--load does not go with a rate of arrivals'],
    [{ load: 'much' }, '--load is a share such as 0.8 or 80%, not much'],
    [{ work: 'pareto 5ms cv 2' }, "'pareto 100ms shape 1.5' or 'lognormal 100ms cv 2', not 'pareto 5ms cv 2'"],
    [{ work: 'lognormal 5ms shape 2' }, "not 'lognormal 5ms shape 2'"],
    [{ work: 'much' }, "not 'much'"],
    [{ connections: 'many' }, '--connections is a number, not many'],
    [{ persistent: '1500ms' }, '--persistent is a time in whole seconds such as 120s, not 1500ms'],
  ])('are refused in one line: %j', (flags, message) => {
    const read = readFairnessFlags({ ...DEFAULTS, ...flags })
    expect(read.ok ? 'fine' : read.error).toContain(message)
  })

  it('name all schedulers when nothing is near', () => {
    expect(unknownSchedulerText('xyzzy', ['rr', 'mine'])).toBe('there is no scheduler xyzzy; there are rr, mine')
  })
})
