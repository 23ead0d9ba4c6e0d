// report.html: one file that works offline. Everything from a scenario or a server is escaped; nothing is fetched.
import { loadText, loadThreadsText } from '../analysis/load-text.ts'
import type { CellSummary } from '../analysis/run-document.ts'
import { formatBytes } from '../core/units.ts'
import { BEFORE_LOAD_COLUMNS, BEFORE_LOAD_TITLE, beforeLoadRows } from './before-load.ts'
import { LOAD } from './cell-columns.ts'
import { cellText, differenceText, loadOrder, loadsOf, sharedProblems, targetsOf } from './cell-text.ts'
import { colourOf } from './charts/theme.ts'
import { findingsOf, noticesOf } from './findings.ts'
import { SCRIPT } from './html-script.ts'
import { cellColumns } from './markdown.ts'
import { type DrawnChart, escapeHtml, figure, list, renderPage } from './page.ts'
import type { ReportInput } from './types.ts'
import { warmupSentences } from './warmup-text.ts'

export function renderHtml(input: ReportInput, charts: readonly DrawnChart[]): string {
  const { run } = input
  const body = [
    `<header><h1>${escapeHtml(run.scenario.name)}</h1><p>${escapeHtml(run.scenario.description)}</p>`,
    `<p class="soft">Run <code>${escapeHtml(run.id)}</code>, ${escapeHtml(run.startedAt)} to ${escapeHtml(run.finishedAt)}, seed ${run.seed}${run.interrupted ? ', <b>interrupted</b>' : ''}</p></header>`,
    list(noticesOf(input).map((notice) => `<b>${escapeHtml(notice)}</b>`)),
    list([...findingsOf(input), ...warmupSentences(input)].map(escapeHtml)),
    problems(input),
    gate(input),
    '<h2 id="results">Results</h2>',
    filters(input),
    cellTable(input),
    '<p class="soft">Latencies are response times in ms, from the instant a request was due to the last byte of its answer. Brackets are 95 % intervals: where two overlap, the data do not tell the two apart. ▲ better, ▼ worse: an adjusted p-value below 0.05 and a change of at least 2 %; = : neither is proven, once all comparisons of the table are allowed for. “–”: too few requests carry the number. Point at a header for its meaning, press it to sort.</p>',
    '<h2>Charts</h2>',
    ...charts.map(figure),
    parity(input),
    beforeLoad(input),
    environment(input),
  ]
  return renderPage(run.scenario.name, body, SCRIPT)
}

function problems({ run }: ReportInput): string {
  const found = sharedProblems(run.cells)
  if (found.length === 0) return ''
  const items = found.map(
    ({ where, message, remedy, code }) =>
      `<b>${escapeHtml(where)}</b>: ${escapeHtml(message)} <code>${code}</code><br><span class="soft">${escapeHtml(remedy)}</span>`,
  )
  return `<section class="problems" aria-label="Problems"><b>Problems that spoil numbers below</b>${list(items)}</section>`
}

function gate({ run }: ReportInput): string {
  if (run.gate === undefined) return ''
  const items = run.gate.findings
    .filter(({ status }) => status !== 'pass')
    .map(
      (finding) =>
        `<b class="${finding.status}">${finding.status}</b> ${escapeHtml(cellText(finding))}, ${escapeHtml(finding.rule)}: ${escapeHtml(finding.why)}`,
    )
  return `<p>Gate: <span class="badge ${run.gate.status}">${run.gate.status}</span></p>${list(items)}`
}

function filters({ run }: ReportInput): string {
  const targets = targetsOf(run.cells)
  const box = (kind: string, value: string, label: string) =>
    `<label><input type="checkbox" checked data-hides="${kind}" value="${escapeHtml(value)}">${label}</label>`
  const swatch = (target: string) => `<span class="swatch" style="background:${colourOf(targets, target)}"></span>`
  return [
    '<div class="filters">',
    ...targets.map((target) => box('target', target, `${swatch(target)} ${escapeHtml(target)}`)),
    ...loadsOf(run.cells).map((load) => box('load', loadText(load), escapeHtml(loadText(load)))),
    '</div>',
  ].join('')
}

function cellTable(input: ReportInput): string {
  const [batch, target, ...rest] = cellColumns(input)
  const columns = [batch, target, LOAD, ...rest].filter((column) => column !== undefined)
  const side = (align: string) => (align === 'right' ? ' class="right"' : '')
  const head = columns.map(
    ({ header, title, align }) =>
      `<th scope="col"${side(align)} title="${escapeHtml(title)}"><button type="button">${escapeHtml(header)}</button></th>`,
  )
  const row = (cell: CellSummary) => {
    const cells = columns.map(
      (column) =>
        `<td${side(column.align)} data-key="${escapeHtml(String(column.sortBy(cell) ?? ''))}">${escapeHtml(column.text(cell))}</td>`,
    )
    const flagged = cell.problems.length > 0 ? ' class="flagged"' : ''
    return `<tr${flagged} data-target="${escapeHtml(cell.target)}" data-load="${escapeHtml(loadText(cell.load))}">${cells.join('')}</tr>`
  }
  const ordered = [...input.run.cells].sort(
    (one, other) => loadOrder(one.load) - loadOrder(other.load) || one.batchSize - other.batchSize,
  )
  return `<div class="scroll" tabindex="0"><table id="cells"><thead><tr>${head.join('')}</tr></thead><tbody>${ordered.map(row).join('\n')}</tbody></table></div>`
}

function parity({ run }: ReportInput): string {
  if (run.parity.length === 0) return ''
  const rows = run.parity.map(
    ({ target, against, ok, maxAbsDifference, checkedDuringRun, disagreed, reason }) =>
      `<tr><td>${escapeHtml(target)}</td><td>${escapeHtml(against)}</td><td class="wrap"><b class="${ok ? 'pass' : 'fail'}">${ok ? 'yes' : 'no'}</b> ${escapeHtml(reason ?? '')}</td><td class="right">${differenceText(maxAbsDifference)}</td><td class="right">${checkedDuringRun}</td><td class="right">${disagreed}</td></tr>`,
  )
  const head =
    '<tr><th>target</th><th>against</th><th>agrees</th><th class="right">largest difference</th><th class="right">checked during the load</th><th class="right">disagreed</th></tr>'
  return `<h2>Do they answer alike?</h2><div class="scroll" tabindex="0"><table><thead>${head}</thead><tbody>${rows.join('')}</tbody></table></div>`
}

function beforeLoad(input: ReportInput): string {
  const rows = beforeLoadRows(input)
  if (rows.length === 0) return ''
  const cell = (tag: string) => (text: string, column: number) =>
    `<${tag}${column === 0 ? '' : ' class="right"'}>${escapeHtml(text)}</${tag}>`
  const head = BEFORE_LOAD_COLUMNS.map(cell('th')).join('')
  const body = rows.map((row) => `<tr>${row.map(cell('td')).join('')}</tr>`).join('')
  return `<h2>${BEFORE_LOAD_TITLE}</h2><p class="soft">One request in flight. Targets of one server share its start. A cache would answer the same inputs faster than new ones.</p><div class="scroll" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`
}

function environment({ run }: ReportInput): string {
  const { cpu, cores, memoryBytes, kernel, governor, node, dyno, docker, stealFraction, servers } = run.environment
  const rows: [string, string][] = [
    ['CPU', `${cpu ?? 'unknown'}, ${cores} cores, governor ${governor ?? 'unknown'}`],
    ['memory', formatBytes(memoryBytes)],
    ['stolen CPU time', stealFraction === null ? 'unknown' : `${(stealFraction * 100).toFixed(1)} %`],
    ['kernel', kernel],
    ...(docker === null ? [] : [['containers', docker] satisfies [string, string]]),
    ['generator', `dyno ${dyno}, Node ${node}`],
    ['load threads', loadThreadsText(run.environment.loadThreads)],
    ['scenario', `${run.scenario.path}, SHA-256 ${run.scenario.sha256.slice(0, 16)}…`],
    ...Object.entries(servers).map(
      ([name, { detail, imageDigest, serverName, serverVersion, modelSha256 }]): [string, string] => [
        `server ${name}`,
        [
          detail,
          imageDigest === null ? null : `digest ${imageDigest}`,
          serverName,
          serverVersion,
          modelSha256 === null ? null : `model SHA-256 ${modelSha256.slice(0, 16)}…`,
        ]
          .filter((text) => text !== null)
          .join(', '),
      ],
    ),
  ]
  const body = rows.map(
    ([name, value]) => `<tr><th scope="row">${escapeHtml(name)}</th><td class="wrap">${escapeHtml(value)}</td></tr>`,
  )
  return `<h2>Environment</h2><div class="scroll" tabindex="0"><table><tbody>${body.join('')}</tbody></table></div>`
}
