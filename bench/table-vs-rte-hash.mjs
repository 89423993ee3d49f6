/**
 * `lvsim bench table` and DPDK's rte_hash on the same kind of keys, turn by turn on one core: CPU time of lookups, replacements
 * and both, and the ratios. Beside them the machine's own limit, reads of random lines of memory; a `Map` whose key is a text
 * made for each packet; and what a connection takes of memory. Each row says whether its bar is met.
 * Needs Linux with taskset and, for the rows against rte_hash, g++, pkg-config and Debian's libdpdk-dev; without them these rows
 * are left out. It fails only where a lookup does not find what it must.
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
const MAP_CONNECTIONS = 1_000_000

/** What is compared: our measurement, the other one, and the greatest ratio that is good enough. */
const PEER_ROWS = [
  ['hit, one at a time, to rte_hash', 'hit.slots', 'peer.hit', 0.5],
  ['hit, batch, to rte_hash bulk 32', 'hit.slots-batch', 'peer.hitBulk', 0.75],
  ['hit, batch, to a random line', 'hit.slots-batch', 'peer.randomLine', 2.5],
  ['miss, one at a time, to rte_hash', 'miss.slots', 'peer.miss', undefined],
  ['miss, batch, to rte_hash bulk 32', 'miss.slots-batch', 'peer.missBulk', 1],
  ['replace the oldest', 'churn.slots', 'peer.churn', 0.6],
  ['18 lookups, 1 replaced', 'mixed.slots', 'peer.mixed', 0.5],
]
const OWN_ROWS = [
  [`hit, ${MAP_CONNECTIONS} connections, to a Map`, 'text.slots', 'text.map', 1 / 40],
]
/** Bytes of index and record for each connection, and the most that is good enough. */
const MEMORY_ROWS = [
  ['bytes of a direct connection', 'dr', 128],
  ['bytes of a NAT connection', 'nat', 192],
]

/** Runs a program on the chosen core and reads its output as JSON. */
function measure(command, ...args) {
  const options = { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }
  return JSON.parse(execFileSync('taskset', ['-c', core, command, ...args.map(String)], options))
}

/** The contestants of one `bench table`. */
function contestants(...flags) {
  return measure(process.execPath, MAIN, 'bench', 'table', '--load', load, '--rounds', 3, '--json', ...flags).contestants
}

/** CPU time of an operation of each contestant, by name. */
function times(part, ...flags) {
  return contestants(...flags).map(({ name, cpuNs }) => [`${part}.${name}`, cpuNs])
}

/** One turn of everything: nanoseconds by name. */
function turn(hasPeer) {
  const text = times('text', '--connections', MAP_CONNECTIONS, '--against', 'map')
  if (!hasPeer) return Object.fromEntries(text)
  const peer = Object.entries(measure(PEER, connections, 3)).map(([name, ns]) => [`peer.${name}`, ns])
  const many = ['--connections', connections, '--against']
  return Object.fromEntries([
    ...peer, ...times('hit', ...many, 'slots-batch'), ...times('miss', ...many, 'slots-batch', '--hit-rate', 0),
    ...times('churn', ...many, 'none', '--churn', 1), ...times('mixed', ...many, 'none', '--churn', (1 / 19).toFixed(6)), ...text,
  ])
}

/** Whether rte_hash can be measured; builds the program that does. */
function buildPeer() {
  const flags = pkgConfig()
  if (flags === undefined) return false
  mkdirSync(CACHE, { recursive: true })
  if (existsSync(PEER) && statSync(PEER).mtimeMs > statSync(SOURCE).mtimeMs) return true
  const libraries = ['-lrte_hash', '-lrte_eal', '-lrte_rcu', '-lrte_ring']
  execFileSync('g++', ['-O3', '-std=c++17', '-msse4.2', ...flags, SOURCE, '-o', PEER, ...libraries], { stdio: 'inherit' })
  return true
}

function pkgConfig() {
  try {
    execFileSync('g++', ['--version'], { stdio: 'pipe' })
    return execFileSync('pkg-config', ['--cflags', 'libdpdk'], { encoding: 'utf8', stdio: 'pipe' }).trim().split(/\s+/)
  } catch {
    return undefined
  }
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}

function printRow(what, ours, theirs, ratio, bar, ratios) {
  const verdict = bar === undefined ? '' : ratio <= bar ? 'met' : 'not met'
  const cells = [ours.toFixed(1), theirs, ratio.toFixed(3), bar?.toFixed(3) ?? ''].map((cell) => cell.padStart(7))
  console.log([what.padEnd(36), ...cells, '', verdict.padEnd(8), ...ratios.map((each) => each.toFixed(2))].join(' ').trimEnd())
}

function main() {
  if (!existsSync(MAIN)) throw new Error('lvsim is not built: npm run build')
  const hasPeer = buildPeer()
  if (!hasPeer) console.log('Skipped: rows against rte_hash, which need apt-get install libdpdk-dev g++ pkg-config.')
  console.log(`${connections} connections, slots filled to ${load}, ${rounds} rounds, core ${core}: CPU ns for each operation`)
  const turns = Array.from({ length: rounds }, () => turn(hasPeer))
  console.log('what                                   lvsim   other   ratio     bar            ratios of the rounds')
  for (const [what, own, other, bar] of hasPeer ? [...PEER_ROWS, ...OWN_ROWS] : OWN_ROWS) {
    const ratios = turns.map((each) => each[own] / each[other])
    const theirs = median(turns.map((each) => each[other])).toFixed(1)
    printRow(what, median(turns.map((each) => each[own])), theirs, median(ratios), bar, ratios)
  }
  for (const [what, mode, bar] of MEMORY_ROWS) {
    const [slots] = contestants('--connections', MAP_CONNECTIONS, '--against', 'none', '--mode', mode)
    const bytes = slots.indexBytes + slots.recordBytes
    printRow(what, bytes, '', bytes / bar, 1, [])
  }
}

try {
  main()
} catch (error) {
  console.error(`${error.message}\n${error.stderr ?? ''}`.trimEnd())
  process.exitCode = 1
}
