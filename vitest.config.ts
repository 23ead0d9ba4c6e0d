import { defineConfig } from 'vitest/config'

/** Tests of what engines do over sockets: run over the leanest that this machine has, and over the others as well. */
const OVER_SOCKETS = [
  'bench/load/http-transport*.test.ts',
  'bench/load/hostile-*.test.ts',
  'bench/load/grpc-{connection,faults,found-by-fuzz,streaming,transport}.test.ts',
]

export default defineConfig({
  test: {
    pool: 'forks',
    reporters: ['default', './bench/testing/summary-reporter.ts'],
    testTimeout: 20_000,
    hookTimeout: 120_000,
    projects: [
      { extends: true, test: { name: 'all', include: ['bench/**/*.test.ts'] } },
      { extends: true, test: { name: 'epoll', include: OVER_SOCKETS, env: { DYNO_EVENT_LOOP: 'epoll' } } },
      { extends: true, test: { name: 'node sockets', include: OVER_SOCKETS, env: { DYNO_EVENT_LOOP: 'node' } } },
    ],
  },
})
