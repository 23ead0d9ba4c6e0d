import { defineConfig } from 'vitest/config'

/** Tests of what engines do over sockets: run over the leanest that this machine has, and over the others as well. */
const OVER_SOCKETS = [
  'bench/load/http-transport*.test.ts',
  'bench/load/hostile-*.test.ts',
  'bench/load/grpc-{connection,faults,found-by-fuzz,streaming,transport}.test.ts',
]

/** They wait for servers and for ends of windows, or only calculate, and judge no time closely: side by side. */
const SIDE_BY_SIDE = [
  'bench/{real-servers,run,run-faults}.test.ts',
  'bench/runtime/{doctor,local}.test.ts',
  'bench/{analysis,core,plan,protocol,report,scenario}/**/*.test.ts',
]

/** One after the other, since some measure time; after the others, since what runs beside them would be measured, too. */
const ALONE = { maxWorkers: 1, sequence: { groupOrder: 1 } }

export default defineConfig({
  test: {
    pool: 'forks',
    reporters: ['default', './bench/testing/summary-reporter.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: { name: 'side by side', include: SIDE_BY_SIDE, maxWorkers: 3, sequence: { groupOrder: 0 } },
      },
      { extends: true, test: { name: 'all', include: ['bench/**/*.test.ts'], exclude: SIDE_BY_SIDE, ...ALONE } },
      { extends: true, test: { name: 'epoll', include: OVER_SOCKETS, env: { DYNO_EVENT_LOOP: 'epoll' }, ...ALONE } },
      {
        extends: true,
        test: { name: 'node sockets', include: OVER_SOCKETS, env: { DYNO_EVENT_LOOP: 'node' }, ...ALONE },
      },
    ],
  },
})
