import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['bench/**/*.test.ts'],
    pool: 'forks',
    reporters: ['default', './bench/testing/summary-reporter.ts'],
    testTimeout: 20_000,
    hookTimeout: 120_000,
  },
})
