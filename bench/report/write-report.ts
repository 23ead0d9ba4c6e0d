// The one place where a report touches the disk: every file is whole or absent.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '../core/files.ts'
import { chartsOf } from './charts/all.ts'
import { renderCsv } from './csv.ts'
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
  // Loading what draws takes a quarter of a second, which nobody who starts a run should wait for.
  const { renderPng, renderSvg } = await import('./render-chart.ts')
  const drawn: DrawnChart[] = []
  for (const { name, alt, spec } of chartsOf(input)) {
    const svg = await renderSvg(spec)
    writeFileAtomic(join(chartDir, `${name}.vl.json`), `${JSON.stringify(spec, null, 2)}\n`)
    writeFileAtomic(join(chartDir, `${name}.svg`), svg)
    writeFileAtomic(join(chartDir, `${name}.png`), renderPng(svg))
    drawn.push({ name, alt, svg })
  }
  writeFileAtomic(join(dir, 'report.html'), renderHtml(input, drawn))
}
