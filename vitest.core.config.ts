import { defineConfig } from 'vitest/config'
import stryker from './stryker.config.mjs'

/** The tests of the core of IPVS alone, for its coverage and for its mutants. */
export default defineConfig({
  test: {
    include: [
      'test/ipvs/scheduler/*.test.ts', 'test/ipvs/{connections,tcp-states,timeouts}.test.ts',
      'test/models/{schedulers,tcp-states}.prop.test.ts', 'test/wire/checksum.test.ts',
    ],
    // A walk for each mutant: a short one.
    env: { MODEL_STEPS: process.env['MODEL_STEPS'] ?? '4000' },
    testTimeout: 30_000,
    coverage: {
      include: stryker.mutate.filter((path) => !path.startsWith('!')), reportsDirectory: 'coverage/core', reporter: ['text'],
      thresholds: { statements: 100, branches: 100, functions: 100, lines: 100 },
    },
  },
})
