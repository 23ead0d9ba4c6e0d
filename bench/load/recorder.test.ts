import { expect, it } from 'vitest'
import { Recorder } from './recorder.ts'
import { joinColumns, OUTCOMES, type RequestColumns } from './request-columns.ts'

it('hands on every row in order, in chunks, each once', () => {
  const chunks: RequestColumns[] = []
  const recorder = new Recorder((records) => chunks.push(records))
  const rows = 10_000
  for (let row = 0; row < rows; row++) {
    recorder.add(row, row + 0.25, row + 0.5, OUTCOMES[row % 6] ?? 'ok', row, row * 2, row * 3)
  }
  expect(recorder.length).toBe(rows)
  recorder.flush()
  recorder.flush()
  expect(chunks.length).toBe(3)
  const columns = joinColumns(chunks)
  expect(columns.length).toBe(rows)
  for (const row of [0, 1, 4095, 4096, 8191, 8192, 9999]) {
    expect(columns.scheduledNs[row]).toBe(row)
    expect(columns.sentNs[row]).toBe(row + 0.25)
    expect(columns.receivedNs[row]).toBe(row + 0.5)
    expect(columns.outcome[row]).toBe(row % 6)
    expect(columns.code[row]).toBe(row)
    expect(columns.bytesSent[row]).toBe(row * 2)
    expect(columns.bytesReceived[row]).toBe(row * 3)
  }
  expect(recorder.bytesSent).toBe(columns.bytesSent.reduce((sum, bytes) => sum + bytes, 0))
})
