// samples.parquet: one row a request, one row group a trial, so that DuckDB and pandas open what was measured.
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from 'hyparquet'
import { fileWriter, ParquetWriter } from 'hyparquet-writer'
import { emptyTimes, OUTCOMES, type RequestColumns, rowsOf, type TimeColumns } from '../load/request-columns.ts'
import type { Trial } from '../plan/types.ts'

const SCHEMA = [
  { name: 'root', num_children: 12 },
  { name: 'trial', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
  { name: 'target', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
  { name: 'load', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
  { name: 'batch_size', type: 'INT32', repetition_type: 'REQUIRED' },
  { name: 'repetition', type: 'INT32', repetition_type: 'REQUIRED' },
  { name: 'scheduled_ns', type: 'DOUBLE', repetition_type: 'REQUIRED' },
  { name: 'sent_ns', type: 'DOUBLE', repetition_type: 'REQUIRED' },
  { name: 'received_ns', type: 'DOUBLE', repetition_type: 'REQUIRED' },
  { name: 'outcome', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
  { name: 'code', type: 'INT32', repetition_type: 'REQUIRED' },
  { name: 'bytes_sent', type: 'INT32', repetition_type: 'REQUIRED' },
  { name: 'bytes_received', type: 'INT32', repetition_type: 'REQUIRED' },
] as const

/** Of a file that somebody edited. */
const UNKNOWN_OUTCOME = OUTCOMES.indexOf('aborted')

/** Rows of one group at most: one page of a column then stays within a few MB. */
const MAX_GROUP_ROWS = 1_000_000

/** Writes the trials one after the other; at no time are two in memory. */
export async function writeSamples(path: string, trials: Iterable<TrialRecords>): Promise<void> {
  const writer = new ParquetWriter({ writer: fileWriter(path), schema: [...SCHEMA], createdBy: 'dyno' })
  for (const { trial, columns } of groupsOf(trials)) {
    const same = (value: string) => new Array<string>(columns.length).fill(value)
    const number = (value: number) => new Int32Array(columns.length).fill(value)
    const loadName = /\/([^/#]*)#\d+$/.exec(trial.id)?.[1] ?? ''
    await writer.write({
      columnData: [
        { name: 'trial', data: same(trial.id) },
        { name: 'target', data: same(trial.target) },
        { name: 'load', data: same(loadName) },
        { name: 'batch_size', data: number(trial.batchSize) },
        { name: 'repetition', data: number(trial.repetition) },
        { name: 'scheduled_ns', data: columns.scheduledNs },
        { name: 'sent_ns', data: columns.sentNs },
        { name: 'received_ns', data: columns.receivedNs },
        { name: 'outcome', data: Array.from(columns.outcome, (code) => OUTCOMES[code] ?? 'aborted') },
        { name: 'code', data: columns.code },
        { name: 'bytes_sent', data: Int32Array.from(columns.bytesSent) },
        { name: 'bytes_received', data: Int32Array.from(columns.bytesReceived) },
      ],
      rowGroupSize: MAX_GROUP_ROWS,
    })
  }
  await writer.finish()
}

interface TrialRecords {
  readonly trial: Trial
  readonly columns: RequestColumns
}

/** A long trial is several groups: the columns that repeat its name take memory of their own. */
function* groupsOf(trials: Iterable<TrialRecords>): Generator<TrialRecords> {
  for (const { trial, columns } of trials) {
    for (let from = 0; from < columns.length; from += MAX_GROUP_ROWS) {
      yield { trial, columns: rowsOf(columns, from, Math.min(columns.length, from + MAX_GROUP_ROWS)) }
    }
  }
}

/** Trials of a samples.parquet, each read when it is asked for. */
export interface SamplesReader {
  /** Of the trial with this index in the order in which they were written. */
  read(trial: number): Promise<TimeColumns>
}

/**
 * @param lengths requests of each trial; a file with another number of rows is an error
 * @throws Error when the file is not the one that these lengths belong to
 */
export async function openSamples(path: string, lengths: readonly number[]): Promise<SamplesReader> {
  const file = await asyncBufferFromFile(path)
  const metadata = await parquetMetadataAsync(file)
  const rows = lengths.reduce((sum, length) => sum + length, 0)
  if (Number(metadata.num_rows) !== rows) {
    throw new Error(`${path} has ${metadata.num_rows} rows, but its measurements say ${rows}`)
  }
  let next = 0
  const starts = lengths.map((length) => {
    next += length
    return next - length
  })
  return {
    async read(trial) {
      const columns = emptyTimes(lengths[trial] ?? 0)
      const rowStart = starts[trial] ?? 0
      if (columns.length === 0) return columns
      // Group by group: what the reader holds besides the columns is then bounded.
      for (let from = 0; from < columns.length; from += MAX_GROUP_ROWS) {
        await parquetRead({
          file,
          metadata,
          rowStart: rowStart + from,
          rowEnd: rowStart + Math.min(columns.length, from + MAX_GROUP_ROWS),
          columns: Object.keys(TARGET_COLUMN),
          onChunk: ({ columnName, columnData, rowStart: at }) => fill(columns, columnName, columnData, at - rowStart),
        })
      }
      return columns
    },
  }
}

const TARGET_COLUMN = {
  scheduled_ns: 'scheduledNs',
  sent_ns: 'sentNs',
  received_ns: 'receivedNs',
  outcome: 'outcome',
} as const satisfies Record<string, keyof TimeColumns>

const OUTCOME_CODE = new Map<unknown, number>(OUTCOMES.map((name, code) => [name, code]))

/** @param offset of the chunk's first row in the trial; negative where the chunk begins before it */
function fill(columns: TimeColumns, columnName: string, data: ArrayLike<unknown>, offset: number): void {
  const name = TARGET_COLUMN[columnName as keyof typeof TARGET_COLUMN]
  const last = Math.min(data.length, columns.length - offset)
  for (let index = Math.max(0, -offset); index < last; index++) {
    const value = data[index]
    columns[name][offset + index] = name === 'outcome' ? (OUTCOME_CODE.get(value) ?? UNKNOWN_OUTCOME) : Number(value)
  }
}
