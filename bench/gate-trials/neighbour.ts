// The noisy neighbour's process: loads one core for random halves of the time, until the pipe to its starter closes.
// node bench/gate-trials/neighbour.ts SEED; started by start-neighbour.ts, which holds the other end of file descriptor 3.
import { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { sleep } from '../core/clock.ts'
import { seededRandom } from '../core/random.ts'

const SHORTEST_MS = 200
const LONGEST_MS = 3000
/** Between two looks at the pipe. */
const SLICE_MS = 10

const starter = new Socket({ fd: 3 })
// However the starter ends, SIGKILL included, the kernel closes its end.
starter.on('end', () => process.exit(0))
starter.on('error', () => process.exit(0))
starter.resume()
starter.write(`${process.pid}\n`)

const random = seededRandom(Number(process.argv[2]), 'neighbour')
const periodMs = () => SHORTEST_MS + random.uniform() * (LONGEST_MS - SHORTEST_MS)
for (;;) {
  await loadFor(periodMs())
  await sleep(periodMs())
}

async function loadFor(durationMs: number): Promise<void> {
  const endMs = performance.now() + durationMs
  while (performance.now() < endMs) {
    const sliceEndMs = Math.min(endMs, performance.now() + SLICE_MS)
    while (performance.now() < sliceEndMs) {}
    await setImmediate()
  }
}
