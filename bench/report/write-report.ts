// The one place where a report touches the disk: every file is whole or absent.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '../core/files.ts'
import { type Chart, chartsOf } from './charts/all.ts'
import { historyCharts } from './charts/history.ts'
import { renderCsv } from './csv.ts'
import { type HistoryPage, renderHistoryHtml } from './history-html.ts'
import { renderHtml } from './html.ts'
import { renderMarkdown } from './markdown.ts'
import type { DrawnChart } from './page.ts'
import type { ReportInput } from './types.ts'

/** Writes run.json first: the numbers are safe before anything is drawn. */
export async function writeReport(input: ReportInput, dir: string): Promise<void> {
  const chartDir = join(dir, 'charts')
  mkdirSync(chartDir, { recursive: true })
  writeFileAtomic(join(dir, 'run.json'), `${JSON.stringify(input.run, null, 2)}\n`)
  writeFileAtomic(join(dir, 'cells.csv'), renderCsv(input))
  writeFileAtomic(join(dir, 'report.md'), renderMarkdown(input))
  const charts = chartsOf(input)
  const drawn = await draw(charts)
  const { renderPng } = await loadRenderer()
  for (const { name, spec } of charts) {
    writeFileAtomic(join(chartDir, `${name}.vl.json`), `${JSON.stringify(spec, null, 2)}\n`)
  }
  for (const { name, svg } of drawn) {
    writeFileAtomic(join(chartDir, `${name}.svg`), svg)
    writeFileAtomic(join(chartDir, `${name}.png`), renderPng(svg))
  }
  writeFileAtomic(join(dir, 'report.html'), renderHtml(input, drawn))
}

/** One page, with its charts in it. */
export async function writeHistory(page: HistoryPage, path: string): Promise<void> {
  const drawn = await draw(historyCharts(page.histories, page.metric, page.runs))
  writeFileAtomic(path, renderHistoryHtml(page, drawn))
}

/** Loading what draws takes a quarter of a second, which nobody who starts a run should wait for. */
const loadRenderer = () => import('./render-chart.ts')

async function draw(charts: readonly Chart[]): Promise<DrawnChart[]> {
  const { renderSvg } = await loadRenderer()
  const drawn: DrawnChart[] = []
  for (const { name, alt, spec } of charts) drawn.push({ name, alt, svg: await renderSvg(spec) })
  return drawn
}
