// dyno calibrate: what the load generator costs on this machine, and how exact it is.
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { calibrate } from '../calibration/calibrate.ts'
import { describeCalibration } from '../calibration/describe.ts'
import { defineCommand, takesEscapes } from '../cli/command.ts'
import { EXIT } from '../core/errors.ts'
import { startLoadThreads } from '../load/load-threads.ts'
import { pollsOn } from '../load/polling.ts'
import { readCpuTicks, stealFraction } from '../measurement/host.ts'
import { createProgress } from '../progress.ts'

const WINDOW_MS = 20_000
const QUICK_WINDOW_MS = 2000

export const calibrateCommand = defineCommand({
  name: 'calibrate',
  summary: 'measures what the load generator costs on this machine, and how exact it is',
  details:
    'Measures the generator’s floor per protocol and batch size against a built-in server that answers at once:\n' +
    'latency, CPU per request and the highest rate. Then holds its percentiles, its rates and its arrivals against the\n' +
    'record of a built-in server of known latency. Takes about three minutes. Nothing else should run meanwhile.\n' +
    'Every run measures the floors of its own cells, too.',
  operands: [],
  flags: {
    json: { kind: 'switch', description: 'Prints the calibration as JSON.' },
    quick: { kind: 'switch', description: 'Windows of 2 s instead of 20 s: a look, too short for steady tails.' },
  },
  examples: ['dyno calibrate', 'dyno calibrate --quick --json'],
  async run({ flags }, { env, stdout, stderr, signal }) {
    const progress = createProgress(stderr, takesEscapes(stderr, env) ? 'live' : 'plain')
    const threads = startLoadThreads(1)
    try {
      const before = readCpuTicks()
      const calibration = await calibrate({
        serverCpu: canPin() ? 0 : null,
        polls: pollsOn({ polling: 'auto', workers: 1 }, availableParallelism()),
        windowMs: flags.quick ? QUICK_WINDOW_MS : WINDOW_MS,
        open: (job) => threads.open(job, signal),
        signal,
        onStep: (text) => progress.step(text),
      })
      progress.close()
      const steal = stealFraction(before, readCpuTicks())
      const document = { ...calibration, stealFraction: steal }
      stdout.write(flags.json ? `${JSON.stringify(document, null, 2)}\n` : describeCalibration(calibration, steal))
      return EXIT.ok
    } finally {
      progress.close()
      await threads.close()
    }
  },
})

/** A server on a core of its own needs a second core and `taskset`. */
function canPin(): boolean {
  return availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0
}
