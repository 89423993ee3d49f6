import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { seedFrom } from './support/seed.ts'
import { complaintsAbout, formatComplaint } from './support/tidy.ts'
import { type ProjectFile, RULES } from './support/tidy-file.ts'

const DOC = '/** A file. @module */\n'

/** What is said about one file whose text, after its doc, is `text`. */
function complaintsIn(path: string, text: string): string[] {
  return complaintsAbout([{ path, text: DOC + text }]).map(formatComplaint)
}

/** The files that git knows or would add, as they are on disk. */
function projectFiles(): ProjectFile[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
  return listed.split('\0')
    .filter((path) => path !== '' && existsSync(path))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }))
}

describe('the house', () => {
  it('is tidy', () => {
    const files = projectFiles()
    expect(files.map((file) => file.path)).toContain('test/tidy.test.ts')
    expect(complaintsAbout(files).map(formatComplaint)).toEqual([])
  })
})

/** Rule, file, text after the doc, and what is said. The planted lines start at line 2. */
const PLANTED: readonly (readonly [rule: string, path: string, text: string, message: string])[] = [
  ['rows', 'src/base/a.ts', "import { b } from '../wire/b.ts'", 'src/base may not know src/wire'],
  ['rows', 'src/wire/a.ts', "import { b } from '../sim/b.ts'", 'src/wire may not know src/sim'],
  ['rows', 'src/sim/a.ts', "import { b } from '../measure/b.ts'", 'src/sim may not know src/measure'],
  ['rows', 'src/connection-table/a.ts', "import { b } from '../wire/b.ts'", 'src/connection-table may not know src/wire'],
  ['rows', 'src/measure/a.ts', "import { b } from '../link/b.ts'", 'src/measure may not know src/link'],
  ['rows', 'src/link/a.ts', "import type { B } from '../host/b.ts'", 'src/link may not know src/host'],
  ['rows', 'src/host/a.ts', "export { b } from '../ipvs/b.ts'", 'src/host may not know src/ipvs'],
  ['rows', 'src/ipvs/a.ts', "import '../app/b.ts'", 'src/ipvs may not know src/app'],
  ['rows', 'src/app/a.ts', "const b = await import('../admin/b.ts')", 'src/app may not know src/admin'],
  ['rows', 'src/fairness/a.ts', "import { b } from '../app/b.ts'", 'src/fairness may not know src/app'],
  ['rows', 'src/laws/a.ts', "import { b } from '../app/b.ts'", 'src/laws may not know src/app'],
  ['rows', 'src/admin/a.ts', "let b: import('../scenario/b.ts').B", 'src/admin may not know src/scenario'],
  ['rows', 'src/scenario/a.ts', "import {\n  b,\n} from '../report/b.ts'", 'src/scenario may not know src/report'],
  ['rows', 'src/report/a.ts', "import b = require('../cli/b.ts')", 'src/report may not know src/cli'],
  ['rows', 'src/cli/a.ts', "import { b } from '../worker/b.ts'", 'src/cli may not know src/worker'],
  ['rows', 'src/worker/a.ts', "import { b } from '../cli/b.ts'", 'src/worker may not know src/cli'],
  ['rows', 'src/index.ts', "export { b } from './cli/b.ts'", 'src/cli is not for the index'],
  ['rows', 'src/cli/a.ts', "import { b } from '../index.ts'", 'the index is for users'],
  ['rows', 'src/cli/a.ts', "import { b } from '../attic/b.ts'", 'src/attic has no row'],
  ['rows', 'src/cli/a.ts', "import { b } from '../../test/b.ts'", 'test/b.ts lies outside src'],
  ['rows', 'src/host/a.ts', "import { b } from './b'", "'./b' does not end in .ts"],
  ['rows', 'test/a.test.ts', "import { b } from '../src/b.js'", "'../src/b.js' does not end in .ts"],
  ['packages', 'src/report/a.ts', "import { readFileSync } from 'node:fs'", 'node:fs is for src/cli and src/worker only'],
  ['packages', 'src/report/a.ts', "import { join } from 'path'", 'path is for src/cli and src/worker only'],
  ['packages', 'src/host/a.ts', "import { produce } from 'immer'", 'immer is not for this room'],
  ['packages', 'src/ipvs/a.ts', "import { produce } from 'immer'", 'immer is not for this room'],
  ['packages', 'src/sim/a.ts', "import alea from 'seedrandom/lib/alea.js'", 'seedrandom/lib/alea.js is not for this room'],
  ['packages', 'src/admin/a.ts', "const { Bash } = await import('just-bash')", 'just-bash is not for this room'],
  ['packages', 'src/app/a.ts', "import { parse } from 'yaml'", 'yaml is not for this room'],
  ['packages', 'src/app/a.ts', "import { z } from 'zod'", 'zod is not for this room'],
  ['packages', 'src/wire/a.ts', "import { Address6 } from 'ip-address'", 'ip-address has no room'],
  ['packages', 'src/report/a.ts', "import { Command } from 'commander'", 'commander is not for this room'],
  ['packages', 'src/scenario/a.ts', "import fc from 'fast-check'", 'fast-check is not for this room'],
  ['packages', 'src/cli/a.ts', "import pad from 'left-pad'", 'left-pad has no room'],
  ['packages', 'src/admin/a.ts', 'await import(name)', 'import() of something that is not a literal'],
  ['pure', 'src/app/a.ts', 'const now = Date.now()', 'Date is not for the core'],
  ['pure', 'src/app/a.ts', 'const now = new Date()', 'Date is not for the core'],
  ['pure', 'src/app/a.ts', 'const now = performance.now()', 'performance is not for the core'],
  ['pure', 'src/app/a.ts', 'setTimeout(go, 1)', 'setTimeout is not for the core'],
  ['pure', 'src/app/a.ts', 'setInterval(go, 1)', 'setInterval is not for the core'],
  ['pure', 'src/app/a.ts', 'setImmediate(go)', 'setImmediate is not for the core'],
  ['pure', 'src/app/a.ts', 'const home = process.env', 'process is not for the core'],
  ['pure', 'src/app/a.ts', 'const bytes = Buffer.alloc(4)', 'Buffer is not for the core'],
  ['pure', 'src/app/a.ts', "console.log('x')", 'console is not for the core'],
  ['pure', 'src/app/a.ts', 'crypto.getRandomValues(bytes)', 'crypto is not for the core'],
  ['pure', 'src/app/a.ts', 'const d = globalThis.Date', 'globalThis is not for the core'],
  ['pure', 'src/app/a.ts', "const fs = require('fs')", 'require is not for the core'],
  ['pure', 'src/app/a.ts', 'names.sort((a, b) => a.localeCompare(b))', 'localeCompare is not for the core'],
  ['pure', 'src/app/a.ts', "a['localeCompare'](b)", 'localeCompare is not for the core'],
  ['pure', 'src/app/a.ts', 'const text = n.toLocaleString()', 'toLocaleString is not for the core'],
  ['pure', 'src/app/a.ts', 'const f = new Intl.NumberFormat()', 'Intl is not for the core'],
  ['pure', 'src/app/a.ts', 'const x = 2 ** n', '** differs between engines'],
  ['pure', 'src/app/a.ts', 'x **= n', '** differs between engines'],
  ['pure', 'src/app/a.ts', "const x = Math['log'](2)", 'Math as a value is not for the core'],
  ['pure', 'src/app/a.ts', 'const { random } = Math', 'Math as a value is not for the core'],
  ...['random', 'log', 'log2', 'log10', 'log1p', 'pow', 'exp', 'expm1', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'atan2',
    'sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh', 'cbrt', 'hypot'].map((name) =>
    ['pure', 'src/app/a.ts', `const x = Math.${name}(2)`, `Math.${name} is not for the core`] as const),
  ['shape', 'src/host/a.ts', 'export default class Host {}', 'a default export'],
  ['shape', 'src/host/a.ts', 'export default 7', 'a default export'],
  ['shape', 'src/host/a.ts', 'export { a as default }', 'a default export'],
  ['shape', 'src/host/a.ts', "export * from './b.ts'", 'export *'],
  ['shape', 'src/host/a.ts', "export * as b from './b.ts'", 'export *'],
  ['shape', 'src/host/a.ts', "enum Method { Nat = 'nat' }", 'an enum'],
  ['shape', 'src/host/a.ts', 'namespace Host { export const a = 1 }', 'a namespace'],
  ['shape', 'src/host/a.ts', 'const a = b as any', 'a cast to any'],
  ['shape', 'test/a.test.ts', 'const a = <any>b', 'a cast to any'],
  ['shape', 'src/host/a.ts', '// @ts-ignore', 'a comment says @ts-ignore'],
  ['shape', 'src/host/a.ts', '// @ts-nocheck', 'a comment says @ts-nocheck'],
  ['shape', 'src/host/a.ts', 'const a = 1 // TODO: two', 'a comment says TODO'],
  ['shape', 'bench/a.mjs', '/* FIXME */ go()', 'a comment says FIXME'],
  ['shape', 'test/a.test.ts', 'go(/* XXX */)', 'a comment says XXX'],
  ['size', 'src/host/a.ts', `const a = '${'x'.repeat(119)}'`, '131 columns, 130 are allowed'],
  ['size', 'src/host/a.ts', functionOfLines(71), 'a function of 71 lines, 70 are allowed'],
  ['size', 'src/host/a.ts', `const f = ${functionOfLines(71).slice(6)}`, 'a function of 71 lines, 70 are allowed'],
  ['size', 'src/host/a.ts', `class A { m() ${functionOfLines(71).slice(13)} }`, 'a function of 71 lines, 70 are allowed'],
  ['size', 'test/a.test.ts', `it('a', () => ${functionOfLines(71).slice(13)})`, 'a function of 71 lines, 70 are allowed'],
  ['paths', 'docs/a.md', ['see ', 'work', 'main'].join('/'), 'is a path of one machine'],
  ['paths', 'src/host/a.ts', `// as in ${['', 'tmp', 'brief', 'a.md'].join('/')}`, 'is a path of one machine'],
  ['paths', '.ci/run', `cd ${['', 'work', 'main'].join('/')}`, 'is a path of one machine'],
]

/** `function f() { ... }` over so many lines. */
function functionOfLines(lines: number): string {
  return `function f() {\n${'  go()\n'.repeat(lines - 2)}}`
}

describe('the rules of the house', () => {
  it.each(PLANTED)('%s: %s may not say %j', (rule, path, text, message) => {
    const complaints = complaintsIn(path, text)
    expect(complaints).toHaveLength(1)
    expect(complaints[0]).toContain(`${path}:2 ${rule}: `)
    expect(complaints[0]).toContain(message)
  })

  it.each(['src/attic/a.ts', 'src/a.ts'])('rows: there may be no %s', (path) => {
    expect(complaintsIn(path, 'go()')).toEqual([`${path}:1 rows: the file lies in no folder that has a row`])
  })

  it('size: a file may not have 401 lines', () => {
    expect(complaintsIn('src/host/a.ts', '\n'.repeat(399))).toEqual([])
    expect(complaintsIn('src/host/a.ts', '\n'.repeat(400))).toEqual(['src/host/a.ts:1 size: 401 lines, 400 are allowed'])
  })

  it.each(['', '// @module\n', '/** A file. */\n/** @module */\n', 'go()\n/** @module */\n'])(
    'shape: a file may not begin with %j', (text) => {
      expect(complaintsAbout([{ path: 'src/host/a.ts', text }]).map(formatComplaint)).toEqual([
        'src/host/a.ts:1 shape: the file does not begin with an @module doc',
      ])
    })

  it('reach: a file of src may not be led to by nobody', () => {
    const files = [
      { path: 'src/index.ts', text: `${DOC}export type { A } from './host/a.ts'` },
      { path: 'src/cli/main.ts', text: `${DOC}await import('./b.ts')` },
      { path: 'src/host/a.ts', text: `${DOC}import '../base/c.ts'` },
      { path: 'src/base/c.ts', text: DOC },
      { path: 'src/cli/b.ts', text: DOC },
      { path: 'src/base/lonely.ts', text: `${DOC}import './friend.ts'` },
      { path: 'src/base/friend.ts', text: `${DOC}import './lonely.ts'` },
      { path: 'test/a.test.ts', text: "import '../src/base/lonely.ts'" },
    ]
    const where = 'neither src/index.ts nor src/cli/main.ts leads here'
    expect(complaintsAbout(files).map(formatComplaint)).toEqual([
      `src/base/lonely.ts:1 reach: ${where}`,
      `src/base/friend.ts:1 reach: ${where}`,
    ])
  })

  it('are each broken by a planted violation', () => {
    const planted = new Set([...PLANTED.map(([rule]) => rule), 'reach'])
    expect([...planted].sort()).toEqual([...RULES].sort())
  })
})

describe('the rules of the house do not mind', () => {
  it.each([
    ['src/host/a.ts', "import { b } from '../sim/b.ts'\nimport { c } from './config/c.ts'"],
    ['src/host/config/a.ts', "import { produce } from 'immer'\nimport { b } from '../b.ts'"],
    ['src/ipvs/control/a.ts', "import { produce } from 'immer'"],
    ['src/sim/random.ts', "import alea from 'seedrandom/lib/alea.js'"],
    ['src/sim/seedrandom.d.ts', "declare module 'seedrandom/lib/alea.js' {\n  export default function alea(): number\n}"],
    ['src/admin/shell.ts', "const { Bash } = await import('just-bash')"],
    ['src/admin/shell-files.ts', "import type { IFileSystem } from 'just-bash'"],
    ['src/scenario/a.ts', "import { parseDocument } from 'yaml'\nimport { z } from 'zod'\nimport { produce } from 'immer'"],
    ['src/cli/a.ts', "import { readFileSync } from 'node:fs'\nimport { Command } from 'commander'\nconst t = Date.now() ** 2"],
    ['src/index.ts', "export { b } from './report/b.ts'"],
    ['src/host/a.ts', 'const a = Math.max(1, Math.floor(x), Math.imul(3, 4)) * Math.sqrt(2)'],
    ['src/host/a.ts', 'interface Row { process: string; Date: number }\nconst b = row.process + row.Date'],
    ['src/host/a.ts', "const a = 'TODO // FIXME Math.random() Date' + `// XXX`"],
    ['src/host/a.ts', functionOfLines(70)],
    ['src/host/a.ts', `const a = '${'x'.repeat(118)}'`],
    ['test/a.test.ts', `describe('a', () => ${functionOfLines(90).slice(13)})`],
    ['test/a.test.ts', "import { readFileSync } from 'node:fs'\nconst a = Math.random()"],
    ['docs/a.md', 'https://example.org/work/a, ~/work/a and a framework/work/'],
  ])('%s: %j', (path, text) => {
    expect(complaintsIn(path, text)).toEqual([])
  })

  it('files that nobody leads to while the entries are not written yet', () => {
    expect(complaintsIn('src/base/lonely.ts', 'go()')).toEqual([])
  })
})

describe('the seed of the properties', () => {
  it('is 42 on a developer machine', () => expect(seedFrom({})).toBe(42))
  it('is FC_SEED where that is set', () => expect(seedFrom({ CI: 'true', FC_SEED: '-7' })).toBe(-7))
  it('must be set on CI', () => expect(() => seedFrom({ CI: 'true' })).toThrow('FC_SEED is not set'))
  it('must be a 32-bit integer', () => {
    expect(() => seedFrom({ FC_SEED: 'abc' })).toThrow("FC_SEED is 'abc'")
    expect(() => seedFrom({ FC_SEED: '4294967296' })).toThrow('not a decimal 32-bit integer')
  })
})
