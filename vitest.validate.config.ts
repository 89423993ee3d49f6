import { defineConfig } from 'vitest/config'
import { ValidationReporter } from './test/validation/reporter.ts'

/** All rows of the validation, the long ones too, as one table: see test/validation/reporter.ts. */
export default defineConfig({
  test: {
    include: ['test/validation/**/*.test.ts', 'test/validation/**/*.long.ts'],
    // Short for those who test: the long ones have the same rows.
    exclude: ['test/validation/queues.test.ts', 'test/validation/packets.test.ts'],
    reporters: [new ValidationReporter()],
    testTimeout: 600_000,
  },
})
