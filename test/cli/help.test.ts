import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EXIT, EXIT_MEANINGS } from '../../src/cli/exit-codes.ts'
import { builtCli, lvsim, shell, workFolder } from './built.ts'

const VERBS = [
  'run',
  'compare',
  'validate',
  'setup',
  'show',
  'explain',
  'fairness',
  'record',
  'verify',
  'init',
  'schema',
  'bench engine',
  'bench table',
]
let folder = ''

beforeAll(() => {
  builtCli()
  folder = workFolder()
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true }))

describe.concurrent('the help', () => {
  it('lists every verb and every exit code', async ({ expect }) => {
    const { code, out, err } = await lvsim(['--help'])
    expect([code, err]).toEqual([EXIT.ok, ''])
    for (const verb of VERBS) expect(out).toContain(`\n  ${verb.split(' ')[0]} `)
    for (const [exitCode, meaning] of EXIT_MEANINGS)
      expect(out).toContain(`${String(exitCode).padStart(5)}  ${meaning}`)
  })

  it.each(VERBS)(
    'of %s shows examples that work',
    async (verb) => {
      const { code, out } = await lvsim([...verb.split(' '), '--help'])
      expect(code).toBe(EXIT.ok)
      const examples = [...out.matchAll(/^ {2}\$ (lvsim .*)$/gm)].map(([, line = '']) => line)
      expect(examples.length).toBeGreaterThan(0)
      for (const line of examples) {
        const ran = await shell(line, { cwd: folder })
        expect([line, ran.code, ran.err]).toEqual([line, EXIT.ok, expect.not.stringMatching(/error|lvsim:/)])
        const written = / (?:-o|>) (\S+)$|init (\S+\.yaml)$/.exec(line)
        const file = written?.[1] ?? written?.[2]
        if (file !== undefined) expect(existsSync(join(folder, file)), file).toBe(true)
        else if (!line.includes('init -') && line.includes('--json')) expect(() => JSON.parse(ran.out)).not.toThrow()
        else expect(ran.out).not.toBe('')
      }
    },
    60_000,
  )

  it('is printed on stderr, as wrong use, when no verb is given', async ({ expect }) => {
    const { code, out, err } = await lvsim([])
    expect([code, out]).toEqual([EXIT.usage, ''])
    expect(err).toContain('Usage: lvsim')
  })

  it('has the version of the package', async ({ expect }) => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    expect(await lvsim(['--version'])).toEqual({ code: EXIT.ok, out: `${version}\n`, err: '' })
  })
})

describe.concurrent('a word that is mistyped', () => {
  it.each([
    ['comapre scenarios/first.lvs.yaml', 'compare'],
    ['run scenarios/first.lvs.yaml --trce', '--trace'],
    ['run scenarios/first.lvs.yaml --jsno', '--json'],
    ['bench engin', 'engine'],
  ])('is answered by the nearest one: %s', async (line, nearest) => {
    const { code, out, err } = await lvsim(line.split(' '))
    expect([code, out]).toEqual([EXIT.usage, ''])
    expect(err).toContain(`(Did you mean ${nearest}?)`)
  })

  it.each([
    ['setup scenarios/first.lvs.yaml --host rs11', 'there is no host rs11; did you mean rs1?'],
    ['show scenarios/first.lvs.yaml --on lbb -- hostname', 'there is no host lbb; did you mean lb?'],
    ['run scenarios/first.lvs.yaml --mode drr', '--mode is one of nat, dr, tun, not drr'],
    [
      'run scenarios/tutorial-nat.lvs.yaml --mode dr',
      'scenarios/tutorial-nat.lvs.yaml has no cluster, so it has no --mode',
    ],
    [
      'compare scenarios/tutorial-nat.lvs.yaml',
      'scenarios/tutorial-nat.lvs.yaml has no cluster, so there is nothing to compare',
    ],
    ['show scenarios/first.lvs.yaml --on lb', 'name the command to run after --, such as -- ipvsadm -Ln'],
    ['show scenarios/first.lvs.yaml -- hostname', 'name the host that runs the command: --on HOST'],
    ['show scenarios/first.lvs.yaml --since 1s --on lb -- hostname', '--since goes with --rules'],
    ['show scenarios/first.lvs.yaml --rules -- hostname', '--rules takes no command'],
    ['show scenarios/first.lvs.yaml --on lb --at 5 -- hostname', '--at is a duration such as 2s or 250ms, not 5'],
    ['explain scenarios/first.lvs.yaml', 'name one of --packet NUMBER'],
    ['explain scenarios/first.lvs.yaml --packet one', '--packet is a number from 1 on, not one'],
    [
      'explain scenarios/first.lvs.yaml --connection lb',
      '--connection is an address and a port such as 10.0.0.10:40001, not lb',
    ],
    ['explain LVS9999', 'there is no code LVS9999'],
    ['run scenarios/first.lvs.yaml --trace --json', '--trace prints text: it does not go with JSON'],
    ['record test/kernel/labs/forward', 'a folder of labs needs -o OUT'],
    ['init scenarios/first.lvs.yaml', 'scenarios/first.lvs.yaml exists; name another file'],
  ])('or a wrong wish is told in one line: %s', async (line, message) => {
    const { code, out, err } = await lvsim(line.split(' '), { cwd: folder })
    expect(code).toBe(EXIT.usage)
    expect(err).toMatch(/^lvsim: .*\n$/)
    expect(err).toContain(message)
    if (line.includes('--json'))
      expect(JSON.parse(out)).toMatchObject({ kind: 'failure', passed: false, exitCode: EXIT.usage })
    else expect(out).toBe('')
  })
})
