// A run directory's raw part: measurements.jsonl and samples.parquet. Written trial by trial, read back by `report` and `compare`.
import {
  accessSync,
  appendFileSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { BenchError, messageOf } from '../core/errors.ts'
import { readStoredFile } from '../core/files.ts'
import { formatBytes } from '../core/units.ts'
import { emptyTimes, type RequestColumns, type TimeColumns } from '../load/request-columns.ts'
import { type ColumnsWriter, openColumnsReader, openColumnsWriter } from './columns-file.ts'
import { openSamples, writeSamples } from './samples-parquet.ts'
import { parseMeasurements, type StoredMeasurement } from './stored-measurement.ts'
import type { Measurement, TrialAccount } from './types.ts'

const MEASUREMENTS = 'measurements.jsonl'
const SAMPLES = 'samples.parquet'
/** Raw columns while the run goes on; samples.parquet takes their place at its end. */
const PART = 'samples.part'

/** More than the accounts of the largest plan. */
const MAX_MEASUREMENTS_BYTES = 1024 ** 3 / 2

/** Room that a run directory needs at least: samples of a few minutes, a report, logs. */
const MIN_FREE_BYTES = 200 * 1024 ** 2

export interface RunStore {
  readonly dir: string
  /** Takes records of the trial that runs. */
  record(records: RequestColumns): void
  /** Stores the trial whose records were taken, durably. */
  append(account: TrialAccount): void
  /** Turns the raw columns into samples.parquet. */
  finish(): Promise<void>
}

/**
 * Makes the run directory and proves that it can be written before anything is measured.
 * @throws BenchError `output-not-writable`, `output-not-empty`, `disk-full`
 */
export function createRunStore(dir: string): RunStore {
  const path = resolve(dir)
  prepare(path)
  const stored: StoredMeasurement[] = []
  const part = openPart(path)
  let rows = 0
  let failure: unknown = null
  return {
    dir: path,
    record(records) {
      // Called from within the load: what is wrong is told once the trial is over.
      try {
        if (failure === null) part.append(records)
        rows += records.length
      } catch (error) {
        failure = error
      }
    },
    append(account) {
      try {
        if (failure !== null) throw failure
        part.sync()
        const line = { ...account, rows }
        appendFileSync(join(path, MEASUREMENTS), `${JSON.stringify(line)}\n`)
        stored.push(line)
        rows = 0
      } catch (error) {
        throw notStored(path, error)
      }
    },
    async finish() {
      part.close()
      await finishSamples(path, stored)
    },
  }
}

/** Exclusive: a file or a link that stands there is another run's, or somebody's trap. */
function openPart(path: string): ColumnsWriter {
  try {
    return openColumnsWriter(join(path, PART))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw notEmpty(path)
    throw error
  }
}

function notEmpty(path: string): BenchError {
  return new BenchError({
    kind: 'usage',
    code: 'output-not-empty',
    message: 'the run directory already holds a run, or another one is writing into it',
    place: path,
    hint: 'name another folder: --out DIR',
  })
}

function notStored(path: string, cause: unknown): BenchError {
  return new BenchError({
    kind: 'environment',
    code: 'not-stored',
    message: `what was measured cannot be stored any more: ${messageOf(cause)}`,
    place: path,
    hint: `free some space; what was stored before is there: dyno report ${path} --out ANOTHER_DIR`,
    cause,
  })
}

/**
 * Turns the raw columns of a run into samples.parquet; does nothing where that was done before.
 * @param stored the run's trials in the order of their storage
 */
export async function finishSamples(
  dir: string,
  stored: readonly Pick<StoredMeasurement, 'trial' | 'rows'>[],
): Promise<void> {
  if (existsSync(join(dir, SAMPLES))) return
  const part = join(dir, PART)
  const temporary = join(dir, `${SAMPLES}.tmp`)
  await writeSamples(temporary, existsSync(part) ? trialsOf(part, stored) : [])
  renameSync(temporary, join(dir, SAMPLES))
  rmSync(part, { force: true })
}

function* trialsOf(part: string, stored: readonly Pick<StoredMeasurement, 'trial' | 'rows'>[]) {
  const reader = openColumnsReader(
    part,
    stored.map(({ rows }) => rows),
  )
  try {
    for (const [index, { trial }] of stored.slice(0, reader.trials).entries()) {
      yield { trial, columns: reader.read(index) }
    }
  } finally {
    reader.close()
  }
}

function prepare(path: string): void {
  try {
    mkdirSync(join(path, 'logs'), { recursive: true })
    accessSync(path, constants.W_OK)
    appendFileSync(join(path, MEASUREMENTS), '')
  } catch (error) {
    throw new BenchError({
      kind: 'environment',
      code: 'output-not-writable',
      message: `cannot write the run directory: ${messageOf(error)}`,
      place: path,
      hint: 'name a folder that you may write: --out DIR',
      cause: error,
    })
  }
  if (existsSync(join(path, SAMPLES)) || readFileSync(join(path, MEASUREMENTS)).length > 0) {
    throw notEmpty(path)
  }
  const disk = statfsSync(path)
  const freeBytes = disk.bavail * disk.bsize
  if (freeBytes < MIN_FREE_BYTES) {
    throw new BenchError({
      kind: 'environment',
      code: 'disk-full',
      message: `only ${formatBytes(freeBytes)} are free where the run would be stored, ${formatBytes(MIN_FREE_BYTES)} are needed`,
      place: path,
      hint: 'free some space, or name a folder on another disk: --out DIR',
    })
  }
}

/** A stored run: what was observed beside the requests, and the requests themselves as they are asked for. */
export interface StoredRun {
  readonly dir: string
  /** In the order in which they were measured. */
  readonly accounts: readonly StoredMeasurement[]
  /** Those of these indices, with their requests. All of a run at once may be more than fits into memory. */
  read(indices: readonly number[]): Promise<Measurement[]>
}

/**
 * Opens a run that is finished, one that was cut off, or one that still goes on.
 * @throws BenchError `run-unreadable` that names the file and what is wrong with it
 */
export async function openRun(dir: string): Promise<StoredRun> {
  try {
    const stored = parseMeasurements(readStoredFile(join(dir, MEASUREMENTS), MAX_MEASUREMENTS_BYTES))
    const requests = await openRequests(dir, stored)
    return {
      dir,
      accounts: stored.slice(0, requests.trials),
      async read(indices) {
        const measurements: Measurement[] = []
        for (const index of indices) {
          const { rows: _rows, ...account } = stored[index] as StoredMeasurement
          measurements.push({ ...account, columns: await requests.read(index).catch(rethrow(dir)) })
        }
        return measurements
      },
    }
  } catch (error) {
    throw unreadable(dir, error)
  }
}

interface Requests {
  readonly trials: number
  read(trial: number): Promise<TimeColumns>
}

async function openRequests(dir: string, stored: readonly StoredMeasurement[]): Promise<Requests> {
  const lengths = stored.map(({ rows }) => rows)
  if (existsSync(join(dir, SAMPLES))) {
    return { trials: lengths.length, ...(await openSamples(join(dir, SAMPLES), lengths)) }
  }
  // A run that was killed before its first trial ended has neither file.
  if (lengths.length === 0) return { trials: 0, read: () => Promise.resolve(emptyTimes(0)) }
  const open = () => openColumnsReader(join(dir, PART), lengths)
  const first = open()
  const { trials } = first
  first.close()
  return {
    trials,
    async read(trial) {
      const reader = open()
      try {
        return reader.read(trial)
      } finally {
        reader.close()
      }
    },
  }
}

const rethrow = (dir: string) => (error: unknown) => {
  throw unreadable(dir, error)
}

function unreadable(dir: string, error: unknown): BenchError {
  return new BenchError({
    kind: 'usage',
    code: 'run-unreadable',
    message: `this is no readable run directory: ${messageOf(error)}`,
    place: dir,
    hint: 'name a folder that `dyno run` wrote, such as one of reports/runs/',
    cause: error,
  })
}
