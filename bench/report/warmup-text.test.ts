import { expect, it } from 'vitest'
import { makeReportInput } from './fixture.ts'
import { warmupSentences } from './warmup-text.ts'

/** The fixture's five cells with these in place of their own. */
function sentencesOf(settledAfterMs: readonly (number | null | 'untold')[]): string[] {
  const input = makeReportInput()
  const cells = input.run.cells.map((cell, index) => {
    const after = settledAfterMs[index] ?? null
    return { ...cell, warmup: after === 'untold' ? null : { lengthMs: 2000, settledAfterMs: after } }
  })
  return warmupSentences({ ...input, run: { ...input.run, cells } })
}

it.each([
  [[0, 0, 0, 0, 0], ['Warm-up of 2.00 s: settled in 5 of 5 cells, at once.']],
  [
    [0, 800, 0, null, 'untold'],
    [
      'Warm-up of 2.00 s: settled in 3 of 5 cells, the last of them after 800 ms (flask, batch 8, concurrency 8); not told in 1.',
    ],
  ],
  [[null, null, null, null, null], ['Warm-up of 2.00 s: no cell had settled at its end.']],
  [['untold', 'untold', 'untold', 'untold', 'untold'], []],
] as const)('warm-ups that settled after %j', (settledAfterMs, sentences) => {
  expect(sentencesOf(settledAfterMs)).toEqual(sentences)
})
