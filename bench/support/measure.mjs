/**
 * What the scripts that compare whole processes share: the lvsim that is measured, one core for all, and medians.
 * @module
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The project's folder. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Where what is built on demand is kept. */
export const CACHE = join(ROOT, 'node_modules', '.cache', 'lvsim-bench')
/** The lvsim that is measured: the built one unless LVSIM_MAIN names another. */
export const MAIN = process.env.LVSIM_MAIN ?? join(ROOT, 'dist', 'cli', 'main.js')

/** Builds lvsim, unless LVSIM_MAIN names one that is built. */
export function buildLvsim() {
  mkdirSync(CACHE, { recursive: true })
  if (process.env.LVSIM_MAIN === undefined) {
    execFileSync('npm', ['run', 'build'], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] })
  }
  if (!existsSync(MAIN)) throw new Error(`there is no lvsim at ${MAIN}`)
}

/** The words before a command that keep it on the last core; none where there is no taskset. */
const onOneCore = spawnSync('taskset', ['--version']).status === 0 ? ['taskset', '-c', String(cpus().length - 1)] : []

/** Runs a program on one core; what it printed. */
export function output(command, ...words) {
  const [first, ...rest] = [...onOneCore, command, ...words.map(String)]
  return execFileSync(first, rest, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 })
}

/** The JSON document that an `lvsim bench` prints. */
export function lvsimBench(...words) {
  return JSON.parse(output(process.execPath, MAIN, 'bench', ...words, '--json'))
}

/** Says on a terminal what is being measured; an empty text takes it away. */
export function showProgress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

/** The middle one, or the mean of the two in the middle. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}

/** CPU seconds, user and system, that one run of a program takes from its start to its end: the mean of so many runs. */
export function cpuSecondsOf(runs, command, ...words) {
  const script = 'TIMEFORMAT="%U %S"; time for ((i = 0; i < RUNS; i++)); do "$@" > /dev/null 2>&1; done'
  const [first, ...rest] = [...onOneCore, 'bash', '-c', script, 'bash', command, ...words.map(String)]
  const env = { ...process.env, RUNS: String(runs), LC_ALL: 'C' }
  const { stderr, status } = spawnSync(first, rest, { cwd: ROOT, encoding: 'utf8', env })
  const [user, system] = stderr.trim().split('\n').at(-1).split(' ').map(Number)
  if (status !== 0 || !(user >= 0)) throw new Error(`${command} ${words.join(' ')}: ${stderr}`)
  return (user + system) / runs
}
