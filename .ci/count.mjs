/**
 * Prints `N passed, N failed` from the JSON report of vitest. A file that could not be loaded counts as one failure, and so
 * does a run that failed without a failing test, such as an install that did not get as far as a report.
 * Usage: node count.mjs REPORT STATUS
 * @module
 */
import { existsSync, readFileSync } from 'node:fs'

const [reportFile, status] = process.argv.slice(2)
const files = existsSync(reportFile) ? JSON.parse(readFileSync(reportFile, 'utf8')).testResults : []
let passed = 0
let failed = 0
for (const file of files) {
  const statuses = file.assertionResults.map((result) => result.status)
  passed += statuses.filter((result) => result === 'passed').length
  const failedHere = statuses.filter((result) => result === 'failed').length
  failed += failedHere === 0 && file.status === 'failed' ? 1 : failedHere
}
if (failed === 0 && status !== '0') failed = 1
console.log(`${passed} passed, ${failed} failed`)
