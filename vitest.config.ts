import { defineConfig } from 'vitest/config'

/** A file to write the results to as JSON, besides the ones on the terminal; `.ci/run` counts them. */
const jsonFile = process.env['LVSIM_TEST_JSON']

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    benchmark: { include: ['bench/**/*.bench.ts'] },
    reporters: jsonFile === undefined ? ['default'] : ['default', ['json', { outputFile: jsonFile }]],
    // A property on a busy machine; a test that hangs still ends.
    testTimeout: 30_000,
  },
})
