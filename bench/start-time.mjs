/**
 * How long lvsim takes to start: CPU time of `lvsim --help` and of a tiny run over that of `node -e 0`, turn by turn. Exits 1
 * when an aim is missed.
 * Usage: node bench/start-time.mjs [ROUNDS=5]
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildLvsim, cpuSecondsOf, MAIN, median, showProgress } from './support/measure.mjs'

/** Two hosts on a segment, one asked for a page by the other. */
const TINY = `
name: tiny
segments: {lan: {}}
hosts:
  client: {interfaces: {eth0: {segment: lan, addresses: [10.0.0.1/24]}}}
  server:
    interfaces: {eth0: {segment: lan, addresses: [10.0.0.2/24]}}
    servers: [{port: 80, protocol: http, page: hello}]
traffic:
  - {kind: http, from: client, to: http://10.0.0.2/, count: 1}
`
/** So many runs are measured together: the shell counts milliseconds. */
const RUNS = 10
const [rounds = '5'] = process.argv.slice(2)

buildLvsim()
const folder = mkdtempSync(join(tmpdir(), 'lvsim-start-'))
try {
  const file = join(folder, 'tiny.lvs.yaml')
  writeFileSync(file, TINY)
  const contestants = [
    { name: 'node -e 0', words: ['-e', '0'] },
    { name: 'lvsim --help', words: [MAIN, '--help'], most: 1.5 },
    { name: 'lvsim run tiny.lvs.yaml', words: [MAIN, 'run', file], most: 4 },
  ].map((one) => ({ ...one, seconds: [] }))
  for (let round = 1; round <= Number(rounds); round++) {
    showProgress(`round ${round} of ${rounds}`)
    for (const { words, seconds } of contestants) seconds.push(cpuSecondsOf(RUNS, process.execPath, ...words))
  }
  showProgress('')
  const bare = median(contestants[0].seconds)
  for (const { name, seconds, most } of contestants) {
    const ratio = median(seconds) / bare
    const verdict = most === undefined ? '' : `  aim <= ${most}: ${ratio <= most ? 'met' : 'MISSED'}`
    const cells = [name.padEnd(24), (median(seconds) * 1000).toFixed(0).padStart(5), 'ms', ratio.toFixed(2).padStart(6)]
    console.log(cells.join(' ') + verdict)
    if (ratio > (most ?? Infinity)) process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true })
}
