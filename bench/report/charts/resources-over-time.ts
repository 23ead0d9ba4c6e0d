// What the servers used while the run went on: CPU and memory against its time, so that drift and limits show.
import type { TopLevelSpec } from 'vega-lite'
import type { ReportInput } from '../types.ts'
import { chart, subtitleOf, targetColour, valueAxis } from './theme.ts'

export function resourcesOverTime(input: ReportInput): TopLevelSpec | null {
  const { timeline } = input.run
  if (timeline.length === 0) return null
  const rows = timeline.flatMap(({ target, atMs, cpuFraction, throttledFraction, memoryBytes }) => [
    { target, seconds: atMs / 1000, panel: 'CPU (cores)', value: cpuFraction },
    ...(throttledFraction === null || throttledFraction === 0
      ? []
      : [
          {
            target,
            seconds: atMs / 1000,
            panel: 'held back by its CPU limit (share)',
            value: throttledFraction,
          },
        ]),
    { target, seconds: atMs / 1000, panel: 'memory (MiB)', value: memoryBytes / 1024 ** 2 },
  ])
  const x = { field: 'seconds', type: 'quantitative', title: 'time into the run (s)' }
  return chart('What the servers used', subtitleOf(input, 'the server of each target while it was loaded'), {
    data: { values: rows },
    facet: { field: 'panel', type: 'nominal', title: null },
    columns: 2,
    resolve: { scale: { y: 'independent' } },
    spec: {
      width: 290,
      height: 180,
      // Points, not lines: trials are short and the targets take turns, so that lines would be confetti.
      mark: { type: 'circle', size: 16, opacity: 0.8 },
      encoding: {
        x: { ...x, ...valueAxis(rows.map(({ seconds }) => seconds)) },
        y: { field: 'value', type: 'quantitative', title: null, scale: { zero: true } },
        color: targetColour(input),
      },
    },
  })
}
