import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LAWS, LINUX_SCHEDULERS } from '../../src/laws/laws.ts'
import { builtCli } from '../cli/built.ts'

const PAGE = readFileSync('docs/laws.md', 'utf8')
const ROOT = process.cwd()
/** What package.json must say of the laws. */
const SUBPATH = { './laws': { types: './dist/laws/laws.d.ts', default: './dist/laws/laws.js' } }

let folder = ''

/** The blocks of a page in one language. */
function blocks(page: string, language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(([, text = '']) => text)
}

/** A program of JavaScript in the folder, run by node. */
function run(path: string, ...words: readonly string[]): { code: number | null, out: string, err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...words], { cwd: folder, encoding: 'utf8' })
  return { code: status, out: stdout, err: stderr }
}

beforeAll(() => {
  const dist = dirname(dirname(builtCli()))
  folder = mkdtempSync(join(tmpdir(), 'lvsim-laws-'))
  const [modules, lvsim] = [join(folder, 'node_modules'), join(folder, 'node_modules', 'lvsim')]
  mkdirSync(lvsim, { recursive: true })
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: object }
  writeFileSync(join(lvsim, 'package.json'), JSON.stringify({ ...manifest, exports: { ...SUBPATH, ...manifest.exports } }))
  writeFileSync(join(folder, 'package.json'), '{"private": true}')
  symlinkSync(dist, join(lvsim, 'dist'))
  symlinkSync(join(ROOT, 'node_modules', 'fast-check'), join(modules, 'fast-check'))
  cpSync('examples/two-choices', join(folder, 'two-choices'), { recursive: true })
  const [lottery = ''] = blocks(readFileSync('docs/schedulers.md', 'utf8'), 'js')
  const [check = '', ask = '', judge = '', property = ''] = blocks(PAGE, 'js')
  writeFileSync(join(folder, 'lottery.mjs'), lottery)
  writeFileSync(join(folder, 'check.mjs'), check)
  const [imports] = check.split('\n\n')
  writeFileSync(join(folder, 'ask.mjs'), `${imports}\n${ask}`)
  writeFileSync(join(folder, 'judge.mjs'), judge)
  writeFileSync(join(folder, 'property.mjs'), `import { schedulers } from './lottery.mjs'\n${property}`)
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true }))

describe('the page about laws', () => {
  it('has every law and its claim', () => {
    const words = PAGE.replace(/\s+/g, ' ')
    expect(LAWS.filter(({ name, claim }) => !words.includes(`- \`${name}\`: ${claim}`)).map(({ name }) => name)).toEqual([])
  })

  it('says which scheduler of Linux keeps which', () => {
    const rows = LAWS.map(({ name, holdsFor, undecided = [] }) => {
      const marks = LINUX_SCHEDULERS.map((one) => (holdsFor.includes(one) ? '✓' : undecided.includes(one) ? '?' : ''))
      return `| \`${name}\` | ${marks.join(' | ')} |`
    })
    const head = [`| law | ${LINUX_SCHEDULERS.join(' | ')} |`, `|---|${':-:|'.repeat(LINUX_SCHEDULERS.length)}`]
    expect(PAGE).toContain(`${[...head, ...rows].join('\n')}\n`)
  })

  it('shows what its first program prints', () => {
    const [shown = ''] = blocks(PAGE, 'console')
    const [command, ...lines] = shown.split('\n')
    expect(command).toBe('$ node check.mjs')
    const { code, out, err } = run('check.mjs')
    expect([code, err]).toEqual([0, ''])
    expect(out.trimEnd()).toBe(lines.join('\n').trimEnd())
  })

  it('has programs that do what they say', () => {
    expect(run('ask.mjs')).toEqual({ code: 0, out: '', err: '' })
    const { code, out } = run('judge.mjs')
    expect([code, out]).toEqual([0, expect.stringMatching(/^[AB] and [AB] had \d+ connections, and \d+\n$/)])
    expect(run('property.mjs')).toEqual({ code: 0, out: '', err: '' })
  })
})

describe('the package examples/two-choices', () => {
  it('keeps the laws that it is meant to keep', () => {
    const { code, out, err } = run('two-choices/check.mjs')
    expect([code, err, out.split('\n')[0]]).toEqual([0, '', 'twochoices: 15 of 15 laws held (seed 42)'])
  })

  it('runs in its scenario, and gives every server its share', () => {
    const ran = run(
      'node_modules/lvsim/dist/cli/main.js', 'run', 'two-choices/scenario.lvs.yaml', '--scheduler', 'two-choices/scheduler.mjs')
    expect([ran.code, ran.err]).toEqual([0, ''])
    expect(ran.out).toContain('expectations: 1 of 1 held')
    // 1000 requests by weights 1, 1, 1 and 2: 200, 200, 200 and 400.
    const [, ...counts] = /answered by +rs1 (\d+), rs2 (\d+), rs3 (\d+), rs4 (\d+)/.exec(ran.out) ?? []
    for (const [i, due] of [200, 200, 200, 400].entries()) expect(Math.abs(Number(counts[i]) - due)).toBeLessThan(60)
  })
})
