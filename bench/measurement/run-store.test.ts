import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { emptyColumns, type RequestColumns, rowsOf } from '../load/request-columns.ts'
import type { Trial } from '../plan/types.ts'
import { itWith } from '../testing/requirement.ts'
import { mounting } from '../testing/requirements.ts'
import { withoutData } from './measure-trial.ts'
import { createRunStore, finishSamples, openRun, type RunStore } from './run-store.ts'
import type { Measurement } from './types.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dyno-store-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

function trialNumber(repetition: number): Trial {
  return {
    id: `triton-grpc/b4/c8#${repetition}`,
    target: 'triton-grpc',
    batchSize: 4,
    load: { model: 'closed', concurrency: 8, connections: 8 },
    warmupMs: 100,
    durationMs: 500,
    timeoutMs: 1000,
    repetition,
  }
}

type Recorded = Measurement & { readonly columns: RequestColumns }

function measurementOf(repetition: number, rows: number): Recorded {
  const columns = emptyColumns(rows)
  for (let row = 0; row < rows; row++) {
    columns.scheduledNs[row] = row * 1e6
    columns.sentNs[row] = row * 1e6 + 7
    columns.receivedNs[row] = row * 1e6 + 500_000.5 + repetition
    columns.outcome[row] = row % 6
    columns.code[row] = row % 2 === 0 ? 200 : 503
    columns.bytesSent[row] = 4_000_000_000 % (row + 1)
    columns.bytesReceived[row] = row
  }
  const empty = withoutData({ trial: trialNumber(repetition), engine: 'native' }, { code: 'interrupted', message: 'x' })
  return { ...empty, faults: [], columns, windowNs: 5e8, startedAtMs: 1_750_000_000_000 }
}

/** As a run does: the records in chunks, then the account. */
function storeTrial(store: RunStore, { columns, ...account }: Recorded): void {
  for (let from = 0; from < columns.length; from += 400) {
    store.record(rowsOf(columns, from, Math.min(columns.length, from + 400)))
  }
  store.append(account)
}

async function loadAll(from: string): Promise<Measurement[]> {
  const run = await openRun(from)
  return await run.read(run.accounts.map((_, index) => index))
}

/** What is read back: the columns that analysis needs. */
function timesOf({ columns: { length, scheduledNs, sentNs, receivedNs, outcome }, ...rest }: Measurement): Measurement {
  return { ...rest, columns: { length, scheduledNs, sentNs, receivedNs, outcome } }
}

describe('a run’s store', () => {
  it('gives back what was stored, to the last bit, trials without requests included', async () => {
    const store = createRunStore(join(dir, 'run'))
    const measurements = [measurementOf(1, 1000), measurementOf(2, 0), measurementOf(3, 17)]
    for (const measurement of measurements) storeTrial(store, measurement)
    await store.finish()
    expect(await loadAll(store.dir)).toEqual(measurements.map(timesOf))
  })

  it('leaves a file that other tools read, one row a request', async () => {
    const store = createRunStore(join(dir, 'run'))
    storeTrial(store, measurementOf(1, 3))
    await store.finish()
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(join(store.dir, 'samples.parquet')) })
    expect(rows).toHaveLength(3)
    expect(rows[1]).toEqual({
      trial: 'triton-grpc/b4/c8#1',
      target: 'triton-grpc',
      load: 'c8',
      batch_size: 4,
      repetition: 1,
      scheduled_ns: 1e6,
      sent_ns: 1e6 + 7,
      received_ns: 1e6 + 500_001.5,
      outcome: 'connect',
      code: 503,
      bytes_sent: 0,
      bytes_received: 1,
    })
    expect(readdirSync(store.dir)).not.toContain('samples.part')
  })

  it('can be read when the run was killed, and made whole', async () => {
    const store = createRunStore(join(dir, 'run'))
    storeTrial(store, measurementOf(1, 50))
    expect((await loadAll(store.dir)).map(timesOf)).toEqual([timesOf(measurementOf(1, 50))])
    await finishSamples(store.dir, [{ trial: trialNumber(1), rows: 50 }])
    expect((await loadAll(store.dir)).map(timesOf)).toEqual([timesOf(measurementOf(1, 50))])
  })

  it('keeps the whole trials of a file that was cut off in the middle of one', async () => {
    const store = createRunStore(join(dir, 'run'))
    storeTrial(store, measurementOf(1, 50))
    storeTrial(store, measurementOf(2, 50))
    truncateSync(join(store.dir, 'samples.part'), 4 + 50 * 37 + 100)
    expect((await loadAll(store.dir)).map(timesOf)).toEqual([timesOf(measurementOf(1, 50))])
  })

  it('refuses a warm-up that was edited into what nobody can have measured, and names it', async () => {
    const store = createRunStore(join(dir, 'run'))
    const warmup = { blockMs: 2.5, counts: new Array(40).fill(1), medianMs: new Array(40).fill(0.5) }
    storeTrial(store, { ...measurementOf(1, 3), warmup })
    const path = join(store.dir, 'measurements.jsonl')
    const text = readFileSync(path, 'utf8')
    for (const [from, to, field] of [
      ['"blockMs":2.5', '"blockMs":0', 'warmup.blockMs'],
      ['"medianMs":[0.5,', '"medianMs":[-1,', 'warmup.medianMs.0'],
      ['"medianMs":[0.5,', '"medianMs":[', 'warmup.medianMs'],
    ] as const) {
      writeFileSync(path, text.replace(from, to))
      await expect(openRun(store.dir)).rejects.toThrow(`line 1: ${field}: `)
    }
  })

  it('refuses a folder that already holds a run', () => {
    storeTrial(createRunStore(join(dir, 'run')), measurementOf(1, 1))
    expect(() => createRunStore(join(dir, 'run'))).toThrow(/already holds a run/)
  })

  it('lets one run in: a second one is refused, and the first is whole', async () => {
    const first = createRunStore(join(dir, 'run'))
    expect(() => createRunStore(join(dir, 'run'))).toThrow('another one is writing into it')
    storeTrial(first, measurementOf(1, 20))
    await first.finish()
    expect((await loadAll(first.dir)).map(timesOf)).toEqual([timesOf(measurementOf(1, 20))])
  })

  it('follows no link that was planted where its records go', () => {
    mkdirSync(join(dir, 'run'))
    writeFileSync(join(dir, 'precious'), 'mine')
    symlinkSync(join(dir, 'precious'), join(dir, 'run', 'samples.part'))
    expect(() => createRunStore(join(dir, 'run'))).toThrow('already holds a run')
    expect(readFileSync(join(dir, 'precious'), 'utf8')).toBe('mine')
  })

  it('reads what was stored before the disk was full, whose last line is cut', async () => {
    const store = createRunStore(join(dir, 'run'))
    storeTrial(store, measurementOf(1, 50))
    appendFileSync(join(store.dir, 'measurements.jsonl'), '{"schemaVersion":1,"trial":{"id":"tri')
    expect((await loadAll(store.dir)).map(timesOf)).toEqual([timesOf(measurementOf(1, 50))])
  })

  it('reads no named pipe, which would wait for ever', async () => {
    execFileSync('mkfifo', [join(dir, 'measurements.jsonl')])
    await expect(openRun(dir)).rejects.toThrow('is no regular file')
  })

  itWith(mounting(), 'says what to do where the disk is full in the middle, and keeps what it has', async () => {
    const disk = join(dir, 'small')
    mkdirSync(disk)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=300m', 'tmpfs', disk])
    try {
      const store = createRunStore(join(disk, 'run'))
      storeTrial(store, measurementOf(1, 50))
      writeFileSync(join(disk, 'ballast'), Buffer.alloc(299 * 1024 ** 2))
      const fill = () => {
        for (let trial = 2; trial < 100; trial++) storeTrial(store, measurementOf(trial, 20_000))
      }
      expect(fill).toThrow(/cannot be stored any more: ENOSPC/)
      expect((await loadAll(store.dir)).map(timesOf)[0]).toEqual(timesOf(measurementOf(1, 50)))
    } finally {
      // Lazily: the store that failed still holds its file open.
      execFileSync('umount', ['--lazy', disk])
    }
  })

  it('refuses a place where a folder cannot be made, before anything is measured', () => {
    writeFileSync(join(dir, 'file'), '')
    expect(() => createRunStore(join(dir, 'file', 'run'))).toThrow(/cannot write the run directory/)
  })

  itWith(mounting(), 'refuses a full and a read-only disk, before anything is measured', () => {
    const disk = join(dir, 'disk')
    mkdirSync(disk)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { stdio: 'ignore' })
    try {
      expect(() => createRunStore(join(disk, 'run'))).toThrow(/are free where the run would be stored/)
      execFileSync('mount', ['-o', 'remount,ro', disk])
      expect(() => createRunStore(join(disk, 'other'))).toThrow(/cannot write the run directory/)
    } finally {
      execFileSync('umount', [disk])
    }
  })

  it.each([
    ['no folder', () => {}, /no readable run directory/],
    [
      'lines that are no JSON',
      () => writeFileSync(join(dir, 'measurements.jsonl'), '{"schemaVersion":'),
      /line 1: no JSON/,
    ],
    [
      'a later schema',
      () => writeFileSync(join(dir, 'measurements.jsonl'), '{"schemaVersion":2}\n'),
      /schemaVersion is not known/,
    ],
    [
      'fields that are missing',
      () => writeFileSync(join(dir, 'measurements.jsonl'), '{"schemaVersion":1}\n'),
      /line 1: trial/,
    ],
  ])('explains %s', async (_what, arrange, message) => {
    arrange()
    await expect(loadAll(dir)).rejects.toThrow(message)
  })

  it('refuses samples that belong to other measurements', async () => {
    const store = createRunStore(join(dir, 'run'))
    storeTrial(store, measurementOf(1, 5))
    await store.finish()
    const path = join(store.dir, 'measurements.jsonl')
    writeFileSync(path, readFileSync(path, 'utf8').replace('"rows":5', '"rows":4'))
    await expect(loadAll(store.dir)).rejects.toThrow(/5 rows, but its measurements say 4/)
  })
})
