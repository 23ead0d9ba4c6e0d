// report.md: the run as a document, with its charts beside it.

import { loadText, loadThreadsText } from '../analysis/load-text.ts'
import { type CellSummary, loadKeyOf } from '../analysis/run-document.ts'
import { formatBytes, formatCount } from '../core/units.ts'
import { BEFORE_LOAD_COLUMNS, BEFORE_LOAD_TITLE, beforeLoadRows } from './before-load.ts'
import {
  BATCH,
  CEILING,
  type CellColumn,
  CLIENT_CPU,
  COMPUTE,
  CONNECTS,
  changeColumn,
  EXECUTED,
  FAILED,
  FLOOR,
  INFERENCES,
  P50,
  P99,
  QUEUE,
  REQUESTS,
  SAMPLES,
  SERVER_CPU,
  TARGET,
} from './cell-columns.ts'
import { cellText, differenceText, loadsOf, msText, sharedProblems } from './cell-text.ts'
import { chartsOf } from './charts/all.ts'
import { findingsOf, noticesOf } from './findings.ts'
import type { ReportInput } from './types.ts'
import { warmupSentences } from './warmup-text.ts'

export function renderMarkdown(input: ReportInput): string {
  const { run } = input
  const sections = [
    [`# ${escapeMarkdown(run.scenario.name)}`, '', escapeMarkdown(run.scenario.description)],
    [headline(input)],
    noticesOf(input).map((notice) => `> **${escapeMarkdown(notice)}**`),
    [...findingsOf(input), ...warmupSentences(input)].map((sentence) => `- ${escapeMarkdown(sentence)}`),
    problemSection(input),
    paritySection(input),
    beforeLoadSection(input),
    ...loadsOf(run.cells).map((load) => [
      `## ${loadText(load)}`,
      '',
      ...table(
        run.cells.filter((cell) => loadKeyOf(cell.load) === loadKeyOf(load)),
        cellColumns(input),
      ),
    ]),
    piecesSection(input),
    gateSection(input),
    ['## Charts', '', ...chartsOf(input).map(({ name, alt }) => `![${alt}](charts/${name}.svg)\n`)],
    environmentSection(input),
    METHOD,
  ]
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

function headline({ run }: ReportInput): string {
  const requests = run.cells.reduce((sum, cell) => sum + cell.counts.sent, 0).toLocaleString('en-US')
  const interrupted = run.interrupted ? ' **The run was interrupted.**' : ''
  return `Run \`${escapeMarkdown(run.id)}\`, ${run.startedAt} to ${run.finishedAt}, seed ${run.seed}: ${run.cells.length} cells, ${requests} requests.${interrupted}`
}

export function cellColumns({ run }: ReportInput): CellColumn[] {
  const change = changeColumn(run, 'p99')
  const columns = [BATCH, TARGET, P50, P99, REQUESTS, INFERENCES, ...(change === null ? [] : [change])]
  return [...columns, FAILED, SAMPLES, QUEUE, COMPUTE, EXECUTED, SERVER_CPU, CLIENT_CPU, FLOOR, CEILING, CONNECTS]
}

function table(cells: readonly CellSummary[], columns: readonly CellColumn[]): string[] {
  const row = (texts: readonly string[]) => `| ${texts.join(' | ')} |`
  const ordered = [...cells].sort((one, other) => one.batchSize - other.batchSize)
  return [
    row(columns.map(({ header }) => escapeMarkdown(header))),
    row(columns.map(({ align }) => (align === 'right' ? '--:' : '---'))),
    ...ordered.map((cell) => row(columns.map((column) => escapeMarkdown(column.text(cell))))),
  ]
}

/** Loads whose rate changes, part by part. */
function piecesSection({ run }: ReportInput): string[] {
  const rows = run.cells.flatMap((cell) =>
    (cell.pieces ?? []).map(
      ({ requestsPerSec, completed, failed, p50Ms, p99Ms }) =>
        `| ${escapeMarkdown(cellText(cell))} | ${formatCount(requestsPerSec)} | ${formatCount(completed)} | ${formatCount(failed)} | ${msText(p50Ms)} | ${msText(p99Ms)} |`,
    ),
  )
  if (rows.length === 0) return []
  const head = ['| cell | offered/s | completed | failed | p50 ms | p99 ms |', '|---|--:|--:|--:|--:|--:|']
  return ['## As the load changes', '', ...head, ...rows]
}

function problemSection({ run }: ReportInput): string[] {
  const problems = sharedProblems(run.cells)
  if (problems.length === 0) return []
  const lines = problems.map(
    ({ where, message, remedy, code }) =>
      `- **${escapeMarkdown(where)}**: ${escapeMarkdown(message)} (\`${code}\`). *${escapeMarkdown(remedy)}*`,
  )
  return ['## Problems', '', ...lines]
}

function paritySection({ run }: ReportInput): string[] {
  if (run.parity.length === 0) return []
  const rows = run.parity.map(
    ({ target, against, ok, maxAbsDifference, checkedDuringRun, disagreed, reason }) =>
      `| ${escapeMarkdown(target)} | ${escapeMarkdown(against)} | ${ok ? 'yes' : `**no**: ${escapeMarkdown(reason ?? '')}`} | ${differenceText(maxAbsDifference)} | ${checkedDuringRun} | ${disagreed} |`,
  )
  const head = [
    '| target | against | agrees | largest difference | checked during the load | disagreed |',
    '|---|---|---|--:|--:|--:|',
  ]
  return ['## Do they answer alike?', '', ...head, ...rows]
}

function beforeLoadSection(input: ReportInput): string[] {
  const rows = beforeLoadRows(input)
  if (rows.length === 0) return []
  const line = (texts: readonly string[]) => `| ${texts.map(escapeMarkdown).join(' | ')} |`
  return [
    `## ${BEFORE_LOAD_TITLE}`,
    '',
    line(BEFORE_LOAD_COLUMNS),
    `|---|${'--:|'.repeat(BEFORE_LOAD_COLUMNS.length - 1)}`,
    ...rows.map(line),
  ]
}

function gateSection({ run }: ReportInput): string[] {
  if (run.gate === undefined) return []
  const findings = run.gate.findings.filter(({ status }) => status !== 'pass')
  return [
    `## Gate: ${run.gate.status}`,
    '',
    ...findings.map(
      (finding) =>
        `- ${finding.status}: ${escapeMarkdown(cellText(finding))}, ${escapeMarkdown(finding.rule)}: ${escapeMarkdown(finding.why)}`,
    ),
    ...(findings.length === 0 ? [`All ${run.gate.findings.length} findings pass.`] : []),
  ]
}

function environmentSection({ run }: ReportInput): string[] {
  const { cpu, cores, memoryBytes, kernel, governor, node, dyno, stealFraction, servers } = run.environment
  const steal = stealFraction === null ? 'unknown' : `${(stealFraction * 100).toFixed(1)} %`
  return [
    '## Environment',
    '',
    `${escapeMarkdown(cpu ?? 'unknown CPU')}, ${cores} cores, ${formatBytes(memoryBytes)}, Linux ${escapeMarkdown(kernel)}, governor ${escapeMarkdown(governor ?? 'unknown')}, stolen CPU time ${steal}; Node ${escapeMarkdown(node)}, dyno ${escapeMarkdown(dyno)}; load threads: ${loadThreadsText(run.environment.loadThreads)}.`,
    '',
    ...Object.entries(servers).map(([name, identity]) => {
      const version = [identity.serverName, identity.serverVersion].filter((text) => text !== null).join(' ')
      const model = identity.modelSha256 === null ? '' : `, model ${identity.modelSha256.slice(0, 12)}`
      const image = identity.imageDigest === null ? '' : `, image digest \`${escapeMarkdown(identity.imageDigest)}\``
      return `- **${escapeMarkdown(name)}**: ${escapeMarkdown(identity.detail)}${version === '' ? '' : ` (${escapeMarkdown(version)})`}${escapeMarkdown(model)}${image}`
    }),
  ]
}

const METHOD = [
  '## How to read this',
  '',
  'Latencies are response times in milliseconds: from the instant a request was due to the last byte of its answer.',
  'Brackets are 95 % intervals; where two overlap, the data do not tell the two apart. Percentiles are of all completed',
  'requests of all repetitions together (type 7 of Hyndman and Fan); `–` means that too few requests carry the number.',
  '▲ better and ▼ worse need an adjusted p-value below 0.05 and a change of at least 2 %. Every request is in',
  '`samples.parquet`.',
]

/** Names and messages of strangers must not become markup. */
function escapeMarkdown(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/[\\|`*_[\]]/g, '\\$&')
    .replaceAll(/\s+/g, ' ')
}
