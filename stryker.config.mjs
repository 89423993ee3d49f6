/**
 * Mutation of the core of IPVS, on demand: `npm run mutation`. docs/mutation.md has its figures, and the reasons of all survivors.
 * @module
 */

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: [
    'src/base/gcd.ts', 'src/ipvs/scheduler/*.ts',
    'src/ipvs/tcp-states.ts', 'src/ipvs/timeouts.ts', 'src/ipvs/connections.ts', 'src/wire/checksum.ts',
    // Schedules nothing: it keeps watch over the code of users.
    '!src/ipvs/scheduler/user-scheduler.ts',
  ],
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.core.config.ts' },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 10_000,
  reporters: ['progress-append-only', 'clear-text', 'json'],
  clearTextReporter: { allowColor: false, reportTests: false, skipFull: true },
  jsonReporter: { fileName: 'reports/mutation.json' },
  // What the tests of the core do not read.
  ignorePatterns: ['/dist', '/docs', '/scenarios', '/bench', '/test/kernel', '/test/validation'],
}
