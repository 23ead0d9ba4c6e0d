// samples.parquet: one row a request, one row group a trial, so that DuckDB and pandas open what was measured.
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from 'hyparquet'
import { fileWriter, ParquetWriter } from 'hyparquet-writer'
import { emptyColumns, OUTCOMES, type RequestColumns, rowsOf } from '../load/request-columns.ts'
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

/**
 * Reads the trials back in the order in which they were written.
 * @param lengths requests of each trial; a file with another number of rows is an error
 * @throws Error when the file is not the one that these lengths belong to
 */
export async function readSamples(path: string, lengths: readonly number[]): Promise<RequestColumns[]> {
  const file = await asyncBufferFromFile(path)
  const metadata = await parquetMetadataAsync(file)
  const rows = lengths.reduce((sum, length) => sum + length, 0)
  if (Number(metadata.num_rows) !== rows) {
    throw new Error(`${path} has ${metadata.num_rows} rows, but its measurements say ${rows}`)
  }
  const trials = lengths.map(emptyColumns)
  const starts = lengths.map((_, trial) => lengths.slice(0, trial).reduce((sum, length) => sum + length, 0))
  await parquetRead({
    file,
    metadata,
    columns: ['scheduled_ns', 'sent_ns', 'received_ns', 'outcome', 'code', 'bytes_sent', 'bytes_received'],
    onChunk: ({ columnName, columnData, rowStart }) => spread(trials, starts, columnName, columnData, rowStart),
  })
  return trials
}

const TARGET_COLUMN = {
  scheduled_ns: 'scheduledNs',
  sent_ns: 'sentNs',
  received_ns: 'receivedNs',
  outcome: 'outcome',
  code: 'code',
  bytes_sent: 'bytesSent',
  bytes_received: 'bytesReceived',
} as const satisfies Record<string, keyof RequestColumns>

const OUTCOME_CODE = new Map<unknown, number>(OUTCOMES.map((name, code) => [name, code]))

function spread(
  trials: readonly RequestColumns[],
  starts: readonly number[],
  columnName: string,
  data: ArrayLike<unknown>,
  rowStart: number,
): void {
  const column = TARGET_COLUMN[columnName as keyof typeof TARGET_COLUMN]
  let trial = starts.findLastIndex((start, index) => start <= rowStart && (trials[index]?.length ?? 0) > 0)
  for (let index = 0; index < data.length; index++) {
    let offset = rowStart + index - (starts[trial] ?? 0)
    while (offset >= (trials[trial]?.length ?? Number.POSITIVE_INFINITY)) {
      offset -= trials[trial]?.length ?? 0
      trial++
    }
    const value = data[index]
    const into = trials[trial]?.[column]
    if (into !== undefined) into[offset] = column === 'outcome' ? (OUTCOME_CODE.get(value) ?? 5) : Number(value)
  }
}
