// GPUs as nvidia-smi tells of them, here a program that tells what a machine with two boards would.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { sleep } from '../core/clock.ts'
import { watchGpus } from './gpu-watch.ts'

async function told(lines: readonly string[]) {
  const dir = mkdtempSync(join(tmpdir(), 'dyno-gpu-'))
  const program = join(dir, 'nvidia-smi')
  writeFileSync(program, `#!/bin/sh\n${lines.map((line) => `echo '${line}'`).join('\n')}\nexec sleep 20\n`)
  chmodSync(program, 0o755)
  const watch = watchGpus({ PATH: `${dir}:/usr/bin:/bin` })
  for (let attempt = 0; attempt < 100 && watch.latest() === null; attempt++) await sleep(20)
  await sleep(50)
  watch.stop()
  rmSync(dir, { recursive: true })
  return watch.latest()
}

it('adds memory and power of the boards up, and takes the mean of utilisation and clock', async () => {
  expect(await told(['0, 10, 1, 50, 1000', 'No devices?', '1, 30, 2, 70.5, 2000', '0, 50, 3, 60.5, 1000'])).toEqual({
    utilisation: 0.4,
    memoryBytes: 5 * 1024 ** 2,
    powerWatts: 131,
    smClockMHz: 1500,
  })
})

it('says nothing of what a board does not tell', async () => {
  expect(await told(['0, 10, 1, [N/A], [N/A]'])).toMatchObject({ powerWatts: null, smClockMHz: null })
})

it('tells nothing where there is no nvidia-smi', async () => {
  const watch = watchGpus({ PATH: '/nowhere' })
  await sleep(100)
  expect(watch.latest()).toBeNull()
  watch.stop()
})
