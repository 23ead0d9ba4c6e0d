// Runs over time: one metric of every cell, with the changes of its level; and the newest runs laid over each other.
import type { TopLevelSpec } from 'vega-lite'
import type { CellHistory, HistoryMetric } from '../../analysis/history.ts'
import { loadText } from '../../analysis/load-text.ts'
import type { RunDocument } from '../../analysis/run-document.ts'
import { formatChange } from '../../core/units.ts'
import { cellText, metricTitle, runTime } from '../cell-text.ts'
import type { Chart } from './all.ts'
import { chart, seriesColour, seriesShape, valueAxis } from './theme.ts'

/** More lines than this no eye tells apart. */
const MAX_OVERLAID = 6

export function historyCharts(
  histories: readonly CellHistory[],
  metric: HistoryMetric,
  runs: readonly RunDocument[],
): Chart[] {
  return [
    { name: 'history', alt: `${metricTitle(metric)} of every cell, run by run`, spec: overTime(histories, metric) },
    ...overlay(runs),
  ]
}

/** Evenly spaced by run: pauses between runs say nothing about the server. */
function overTime(histories: readonly CellHistory[], metric: HistoryMetric): TopLevelSpec {
  const targets = [...new Set(histories.map(({ cell }) => cell.target))]
  const times = new Set(histories.flatMap(({ points }) => points.map(({ run }) => run.startedAt)))
  const rows = histories.flatMap(({ cell, points, changes }) =>
    points.map(({ run, estimate }, index) => {
      const change = changes.find((point) => point.index === index)
      return {
        target: cell.target,
        panel: `batch size ${cell.batchSize}, ${loadText(cell.load)}`,
        when: runTime(run.startedAt),
        ...estimate,
        change: change === undefined ? null : formatChange(change.change),
      }
    }),
  )
  const y = {
    type: 'quantitative',
    title: metricTitle(metric),
    ...valueAxis(rows.flatMap(({ low, high }) => [low, high])),
  }
  const x = {
    field: 'when',
    type: 'ordinal',
    title: 'run',
    sort: [...times].sort().map(runTime),
    axis: { labelAngle: -40, labelExpr: 'slice(datum.value, 5, 16)', labelOverlap: true },
  }
  const subtitle = 'bars: 95 % intervals · dashed: the level changed from this run on (p < 0.01 and at least 2 %)'
  return chart('Run by run', subtitle, {
    data: { values: rows },
    facet: { field: 'panel', type: 'nominal', title: null, sort: [...new Set(rows.map(({ panel }) => panel))] },
    columns: 2,
    spec: {
      width: 420,
      height: 200,
      encoding: { x, color: seriesColour('target', targets) },
      layer: [
        { mark: { type: 'line', opacity: 0.6 }, encoding: { y: { ...y, field: 'value' } } },
        { mark: { type: 'rule', strokeWidth: 1.2 }, encoding: { y: { ...y, field: 'low' }, y2: { field: 'high' } } },
        { mark: 'point', encoding: { y: { ...y, field: 'value' }, shape: seriesShape('target', targets) } },
        { transform: [{ filter: 'datum.change != null' }], mark: { type: 'rule', strokeDash: [4, 3] } },
        {
          transform: [{ filter: 'datum.change != null' }],
          mark: { type: 'text', dy: -10, fontSize: 10, fontWeight: 600 },
          encoding: { y: { ...y, field: 'high' }, text: { field: 'change' } },
        },
      ],
    },
  })
}

const PERCENTILES = [
  ['p50', 50],
  ['p90', 90],
  ['p95', 95],
  ['p99', 99],
  ['p999', 99.9],
] as const

/** Nothing for a single run. */
function overlay(all: readonly RunDocument[]): Chart[] {
  const runs = all.slice(-MAX_OVERLAID)
  if (runs.length < 2) return []
  const rows = runs.flatMap((run) =>
    run.cells.flatMap((cell) =>
      PERCENTILES.flatMap(([name, percentile]) => {
        const estimate = cell.latencyMs[name]
        if (estimate === null || !(estimate.value > 0)) return []
        return [{ run: runTime(run.startedAt), panel: cellText(cell), percentile: `p${percentile}`, ...estimate }]
      }),
    ),
  )
  if (rows.length === 0) return []
  const names = runs.map(({ startedAt }) => runTime(startedAt))
  const y = {
    type: 'quantitative',
    title: 'response time (ms)',
    ...valueAxis(rows.flatMap(({ low, high }) => [low, high])),
  }
  const spec = chart('The newest runs, laid over each other', 'bars: 95 % intervals', {
    data: { values: rows },
    facet: { field: 'panel', type: 'nominal', title: null, sort: [...new Set(rows.map(({ panel }) => panel))] },
    columns: 2,
    spec: {
      width: 420,
      height: 180,
      encoding: {
        x: {
          field: 'percentile',
          type: 'ordinal',
          title: 'percentile',
          sort: PERCENTILES.map(([, percentile]) => `p${percentile}`),
          scale: { paddingInner: 0.4, paddingOuter: 0.2 },
          axis: { labelAngle: 0 },
        },
        xOffset: { field: 'run', sort: names },
        color: seriesColour('run', names),
      },
      layer: [
        {
          mark: { type: 'rule', strokeWidth: 1.2 },
          encoding: { y: { ...y, field: 'low' }, y2: { field: 'high' } },
        },
        { mark: 'point', encoding: { y: { ...y, field: 'value' }, shape: seriesShape('run', names) } },
      ],
    },
  })
  return [{ name: 'overlay', alt: 'Latency percentiles of the newest runs, laid over each other', spec }]
}
