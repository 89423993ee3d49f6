/**
 * What captures cost: CPU time of whole runs with `--pcap` and without, turn by turn. Exits 1 when everything as pcapng more than
 * doubles a run.
 * Usage: node bench/capture-cost.mjs [ROUNDS=5] [FILE=scenarios/compare.lvs.yaml] [MODE=dr]
 * @module
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildLvsim, cpuSecondsOf, MAIN, median, showProgress } from './support/measure.mjs'

const RATIO_MAX = 2
const [rounds = '5', file = 'scenarios/compare.lvs.yaml', mode = 'dr'] = process.argv.slice(2)

/** CPU seconds of one run. */
function run(...flags) {
  return cpuSecondsOf(1, process.execPath, MAIN, 'run', file, '--mode', mode, '--quiet', ...flags)
}

buildLvsim()
const folder = mkdtempSync(join(tmpdir(), 'lvsim-capture-'))
try {
  const seconds = { plain: [], captured: [] }
  for (let round = 1; round <= Number(rounds); round++) {
    showProgress(`round ${round} of ${rounds}`)
    seconds.plain.push(run())
    seconds.captured.push(run('--pcap', folder))
  }
  showProgress('')
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const bytes = files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
  const [plain, captured] = [median(seconds.plain), median(seconds.captured)]
  const ratio = captured / plain
  const all = `${files.length} captures of ${(bytes / 1e6).toFixed(0)} MB in all`
  console.log(`${file} under ${mode}: ${plain.toFixed(2)} s, with ${all} ${captured.toFixed(2)} s: ratio ${ratio.toFixed(2)}, `
    + `aim <= ${RATIO_MAX}: ${ratio <= RATIO_MAX ? 'met' : 'MISSED'}`)
  if (ratio > RATIO_MAX) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true })
}
