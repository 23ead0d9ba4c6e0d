import { expect, it } from 'vitest'
import { Recorder } from './recorder.ts'
import { OUTCOMES } from './types.ts'

it('gives back every row in order, across its chunks', () => {
  const recorder = new Recorder()
  const rows = 40_000
  for (let row = 0; row < rows; row++) {
    recorder.add(row, row + 0.25, row + 0.5, OUTCOMES[row % 6] ?? 'ok', row, row * 2, row * 3)
  }
  const columns = recorder.finish()
  expect(columns.length).toBe(rows)
  for (const row of [0, 1, 16_383, 16_384, 32_768, 39_999]) {
    expect(columns.scheduledNs[row]).toBe(row)
    expect(columns.sentNs[row]).toBe(row + 0.25)
    expect(columns.receivedNs[row]).toBe(row + 0.5)
    expect(columns.outcome[row]).toBe(row % 6)
    expect(columns.code[row]).toBe(row)
    expect(columns.bytesSent[row]).toBe(row * 2)
    expect(columns.bytesReceived[row]).toBe(row * 3)
  }
})

it('is empty before anything is recorded', () => {
  expect(new Recorder().finish()).toMatchObject({ length: 0, scheduledNs: new Float64Array(0) })
})
