// The comparison as Markdown: a table per work, what was not measured and why, and the conditions.
import { formatCount, significant } from '../core/units.ts'
import type { PeersDocument, WorkResult } from './compare-peers.ts'
import { type PeerRow, type Range, REFERENCE, rowsOf } from './summarise.ts'

const NOTHING = '–'

/** Every column, once. */
const COLUMNS: readonly { readonly head: string; readonly isText?: true; readonly cell: (row: PeerRow) => string }[] = [
  { head: 'client', isText: true, cell: ({ name }) => (name === REFERENCE ? `**${name}**` : name) },
  { head: 'version', isText: true, cell: ({ version }) => version ?? NOTHING },
  { head: 'CPU per request, µs', cell: ({ cpuUsPerRequest }) => rangeText(cpuUsPerRequest) },
  { head: 'requests/s', cell: ({ requestsPerSec }) => formatCount(requestsPerSec) },
  { head: 'client’s core busy', cell: ({ clientCores }) => `${Math.round(clientCores * 100)} %` },
  { head: 'p50, ms', cell: ({ p50Ms }) => (p50Ms === null ? NOTHING : significant(p50Ms)) },
  { head: 'p99, ms', cell: ({ p99Ms }) => (p99Ms === null ? NOTHING : significant(p99Ms)) },
  {
    head: `CPU per request, ${REFERENCE} ÷ client`,
    cell: ({ dynoRatio }) => (dynoRatio ? rangeText(dynoRatio) : NOTHING),
  },
]

export function renderPeers(document: PeersDocument): string {
  return [...document.works.map(renderWork), renderAbsent(document.absent), renderConditions(document)]
    .filter((part) => part !== '')
    .join('\n')
}

function renderWork(result: WorkResult): string {
  const rows = rowsOf(result)
  const failed = result.peers.filter(({ failure }) => failure !== null)
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const table = [
    line(COLUMNS.map(({ head }) => head)),
    line(COLUMNS.map(({ isText }) => (isText ? '---' : '---:'))),
    ...rows.map((row) => line(COLUMNS.map(({ cell }) => cell(row).replaceAll('|', '\\|')))),
  ]
  return [
    `## ${result.title}`,
    '',
    ...(rows.length === 0 ? ['Nothing was measured.'] : table),
    '',
    ...(failed.length === 0
      ? []
      : ['Not measured:', ...failed.map(({ name, failure }) => `- ${name}: ${failure}`), '']),
  ].join('\n')
}

function renderAbsent(absent: readonly string[]): string {
  return absent.length === 0 ? '' : `Not found on PATH: ${absent.join(', ')}.\n`
}

function renderConditions(document: PeersDocument): string {
  const { host, stealFraction, rounds, seconds, startedAt, finishedAt, pinning } = document
  const facts = [
    `${host.cpu ?? 'unknown CPU'}, ${host.cores} ${host.cores === 1 ? 'core' : 'cores'}, kernel ${host.kernel}`,
    `Node.js ${host.node}`,
    pinning,
    `${rounds} ${rounds === 1 ? 'round' : 'rounds'} of ${seconds} s per client, medians (lowest to highest)`,
    `CPU time stolen by the hypervisor: ${stealFraction === null ? 'unknown' : `${significant(stealFraction * 100, 2)} %`}`,
    `${startedAt} to ${finishedAt}`,
  ]
  return [
    'CPU time is that of the whole process tree, in a window inside the load, over the answers that the server counted',
    'in it: start, warm-up and reports are not in it. Percentiles are the tools’ own.',
    '',
    ...facts.map((fact) => `- ${fact}`),
    '',
  ].join('\n')
}

function rangeText({ median, low, high }: Range): string {
  return low === high ? significant(median) : `${significant(median)} (${significant(low)}–${significant(high)})`
}
