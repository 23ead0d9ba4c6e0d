// The `measure` of a scenario file: how long and how often each cell is measured, or how precisely it is to be known.
import { z } from 'zod'
import { duration, durationOrAuto, percentage, whole } from './scalars.ts'

export const autoSchema = z
  .strictObject({
    window: duration('50ms', '1h', '1s').prefault('1s').describe('Measurement window of each repetition.'),
    p50: percentage('5%', '0.1%').prefault('5%').describe('Half width that the 95 % interval of the p50 may have.'),
    p99: percentage('10%', '0.1%').prefault('10%').describe('Half width that the 95 % interval of the p99 may have.'),
    limit: duration('100ms', '24h', '60s')
      .prefault('60s')
      .describe('Most that a cell is measured, warm-ups not counted; after that its widths are what they are.'),
  })
  .prefault({})
  .meta({ examples: ['{ p50: 5%, p99: 10%, limit: 60s }'] })
  .describe('For `duration: auto`: how precise is enough, and when to give up.')

export const measureSchema = z
  .strictObject({
    warmup: duration('0s', '1h', '2s').prefault('2s').describe('Load before each window, which is not counted.'),
    duration: durationOrAuto('50ms', '24h', '5s')
      .prefault('5s')
      .describe('Measurement window of each repetition. auto: repeats until p50 and p99 are precise, by `auto`.'),
    auto: autoSchema,
    repetitions: whole(1, 1000, 5)
      .default(5)
      .describe(
        'Windows per cell, interleaved with those of the other cells. With `duration: auto` the least number, from 3.',
      ),
    timeout: duration('1ms', '10min', '10s')
      .prefault('10s')
      .describe('A request without an answer by then has failed.'),
    seed: whole(0, Number.MAX_SAFE_INTEGER, 42).default(42).describe('Seeds trial order, inputs and arrivals.'),
  })
  .prefault({})
  .describe('How each cell is measured.')

export type ParsedMeasure = z.output<typeof measureSchema>
