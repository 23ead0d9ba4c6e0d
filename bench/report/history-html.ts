// The page of `dyno history --out`: what changed in sentences, the charts, and the runs.
import type { CellHistory, HistoryMetric } from '../analysis/history.ts'
import type { RunDocument } from '../analysis/run-document.ts'
import { metricTitle, runTime } from './cell-text.ts'
import { changeSentences, isNumberColumn, RUN_COLUMNS, runRow } from './history-text.ts'
import { type DrawnChart, escapeHtml, figure, list, renderPage } from './page.ts'

export interface HistoryPage {
  readonly scenario: string
  readonly metric: HistoryMetric
  readonly runs: readonly RunDocument[]
  readonly histories: readonly CellHistory[]
  /** In sentences: runs that are not in the page, and why. */
  readonly notices: readonly string[]
}

export function renderHistoryHtml(
  { scenario, metric, runs, histories, notices }: HistoryPage,
  charts: readonly DrawnChart[],
): string {
  const [first, last] = [runs[0], runs.at(-1)]
  const span =
    first === undefined || last === undefined ? '' : `${runTime(first.startedAt)} to ${runTime(last.startedAt)}`
  const changes = changeSentences(histories)
  const side = (column: number) => (isNumberColumn(column) ? ' class="right"' : '')
  const head = RUN_COLUMNS.map((name, column) => `<th scope="col"${side(column)}>${name}</th>`).join('')
  const cells = (run: RunDocument) => runRow(run).map((text, column) => `<td${side(column)}>${escapeHtml(text)}</td>`)
  const rows = runs.map((run) => `<tr>${cells(run).join('')}</tr>`)
  return renderPage(
    `${scenario}, ${metric}`,
    [
      `<header><h1>${escapeHtml(scenario)}: ${escapeHtml(metricTitle(metric))}</h1>`,
      `<p class="soft">${runs.length} runs, ${span} (UTC)</p></header>`,
      list(notices.map((notice) => `<b>${escapeHtml(notice)}</b>`)),
      changes.length === 0 ? '<p>No change of level was found.</p>' : list(changes.map(escapeHtml)),
      ...charts.map(figure),
      `<h2>Runs</h2><div class="scroll" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`,
    ],
    null,
  )
}
