/**
 * `lvsim bench table` and DPDK's rte_hash on the same kind of keys, turn by turn on one core: CPU time of lookups, replacements
 * and both, and the ratios. Beside them the machine's own limit, reads of random lines of memory.
 * Needs Linux with taskset, g++, pkg-config and Debian's libdpdk-dev, and says so where they are missing.
 * Usage: node bench/table-vs-rte-hash.mjs [CONNECTIONS=8000000] [ROUNDS=3] [LOAD=0.25]
 * @module
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const CACHE = join(ROOT, 'node_modules', '.cache', 'lvsim-bench')
const SOURCE = join(ROOT, 'bench', 'peers', 'rte-hash.cc')
const PEER = join(CACHE, 'rte-hash')
/** The lvsim that is measured: the built one unless LVSIM_MAIN names another. */
const MAIN = process.env.LVSIM_MAIN ?? join(ROOT, 'dist', 'cli', 'main.js')

const [connections = 8_000_000, rounds = 3, load = 0.25] = process.argv.slice(2).map(Number)
const core = String(cpus().length - 1)

/** What is compared: our measurement, the peer's, and the ratio that is aimed at. */
const ROWS = [
  ['hit, one at a time', 'hit.slots', 'hit', 0.5],
  ['hit, batch', 'hit.slots-batch', 'hitBulk', 0.75],
  ['hit, batch, to a random line', 'hit.slots-batch', 'randomLine', 2.5],
  ['miss, one at a time', 'miss.slots', 'miss', undefined],
  ['miss, batch', 'miss.slots-batch', 'missBulk', 1],
  ['replace oldest', 'churn.slots', 'churn', 0.6],
  ['18 lookups, 1 replaced', 'mixed.slots', 'mixed', 0.5],
]

/** Runs a program on the chosen core and reads its output as JSON. */
function measure(command, ...args) {
  const options = { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }
  return JSON.parse(execFileSync('taskset', ['-c', core, command, ...args.map(String)], options))
}

/** CPU time of the contestants of one `bench table`, by name. */
function lvsim(against, ...flags) {
  const all = ['bench', 'table', '--connections', connections, '--load', load, '--rounds', 3, '--against', against, '--json']
  const { contestants } = measure(process.execPath, MAIN, ...all, ...flags)
  return contestants.map(({ name, cpuNs }) => [name, cpuNs])
}

function runLvsim() {
  const parts = {
    hit: lvsim('slots-batch'), miss: lvsim('slots-batch', '--hit-rate', 0),
    churn: lvsim('none', '--churn', 1), mixed: lvsim('none', '--churn', (1 / 19).toFixed(6)),
  }
  return Object.fromEntries(Object.entries(parts).flatMap(([part, list]) => list.map(([name, ns]) => [`${part}.${name}`, ns])))
}

function build() {
  if (!existsSync(MAIN)) throw new Error('lvsim is not built: npm run build')
  mkdirSync(CACHE, { recursive: true })
  if (existsSync(PEER) && statSync(PEER).mtimeMs > statSync(SOURCE).mtimeMs) return
  const flags = pkgConfig()
  const libraries = ['-lrte_hash', '-lrte_eal', '-lrte_rcu', '-lrte_ring']
  execFileSync('g++', ['-O3', '-std=c++17', '-msse4.2', ...flags, SOURCE, '-o', PEER, ...libraries], { stdio: 'inherit' })
}

function pkgConfig() {
  try {
    return execFileSync('pkg-config', ['--cflags', 'libdpdk'], { encoding: 'utf8' }).trim().split(/\s+/)
  } catch {
    throw new Error('rte_hash cannot be measured here: it needs apt-get install libdpdk-dev g++ pkg-config')
  }
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}

function main() {
  build()
  console.log(`${connections} connections, slots filled to ${load}, ${rounds} rounds, core ${core}: CPU ns for each operation`)
  const turns = []
  for (let round = 1; round <= rounds; round++) turns.push({ peer: measure(PEER, connections, 3), ours: runLvsim() })
  console.log('what                              lvsim    peer   ratio    aim   ratios of the rounds')
  for (const [what, own, peer, aim] of ROWS) {
    const ours = median(turns.map((turn) => turn.ours[own]))
    const theirs = median(turns.map((turn) => turn.peer[peer]))
    const ratios = turns.map((turn) => turn.ours[own] / turn.peer[peer])
    const cells = [ours.toFixed(1), theirs.toFixed(1), median(ratios).toFixed(2), aim?.toFixed(2) ?? '']
    const line = [what.padEnd(30), ...cells.map((cell) => cell.padStart(7)), ' ', ...ratios.map((ratio) => ratio.toFixed(2))]
    console.log(line.join(' '))
  }
}

try {
  main()
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
