// A calibration as text: two tables for a terminal and for Markdown.
import { loadText, loadThreadsText } from '../analysis/load-text.ts'
import { formatCount, significant } from '../core/units.ts'
import type { Finding } from './accuracy.ts'
import type { AccuracyRow, Calibration, FloorRow } from './calibrate.ts'

/** @param stealFraction share of the CPU time that the hypervisor took for others meanwhile; null if unknown */
export function describeCalibration(
  { serverCpu, loadThreads, floors, accuracy }: Calibration,
  stealFraction: number | null,
): string {
  const missed = accuracy.flatMap(({ findings }) => findings.filter(({ ok }) => !ok)).length
  const place = serverCpu === null ? '' : `, pinned to core ${serverCpu}`
  return [
    `Floor of the load generator: against a built-in server that answers at once${place}.`,
    '',
    ...table([['protocol', 'batch', 'load', 'p50 ms', 'CPU µs/request', 'requests/s'], ...floors.map(floorRow)]),
    '',
    'Accuracy: the generator’s account against the record of a built-in server of known latency.',
    `Load threads: ${loadThreadsText(loadThreads)}.`,
    '',
    ...accuracy.flatMap(accuracyLines),
    missed === 0 ? 'All within their limits.' : `${missed} outside their limits, marked with !`,
    stealText(stealFraction),
    '',
  ].join('\n')
}

function stealText(fraction: number | null): string {
  if (fraction === null) return 'How much CPU time the host took for others is not known here.'
  return `The host took ${(fraction * 100).toFixed(1)} % of the CPU time for others meanwhile.`
}

function floorRow({ protocol, batchSize, load, floor }: FloorRow): string[] {
  const numbers =
    floor === null
      ? ['–', '–', '–']
      : [significant(floor.p50Ms), floor.cpuUsPerRequest?.toFixed(1) ?? '–', formatCount(floor.requestsPerSec)]
  return [protocol, String(batchSize), loadText(load), ...numbers]
}

function accuracyLines({ experiment, windowMs, cpuFraction, findings }: AccuracyRow): string[] {
  const rows = findings.map((finding) => [
    finding.ok ? ' ' : '!',
    finding.what,
    finding.truth === null ? '–' : numberText(finding.truth, finding.unit),
    numberText(finding.measured, finding.unit),
    limitText(finding),
  ])
  const busy = `${Math.round(cpuFraction * 100)} % of a core`
  return [`${experiment} (${windowMs / 1e3} s, ${busy})`, ...table([['', '', 'truth', 'dyno', 'limit'], ...rows]), '']
}

function numberText(value: number, unit: Finding['unit']): string {
  if (unit === 'ms') return `${value.toFixed(3)} ms`
  if (unit === 'µs') return `${value.toFixed(1)} µs`
  if (unit === 'p-value') return `p = ${value.toFixed(3)}`
  return `${formatCount(value)} ${unit}`
}

function limitText({ truth, limit, unit }: Finding): string {
  if (limit === null) return '–'
  if (unit === 'p-value') return `≥ ${limit}`
  return `${truth === null ? '≤' : '±'} ${numberText(limit, unit)}`
}

/** Columns padded to their widest entry, numbers to the right. */
function table(lines: readonly (readonly string[])[]): string[] {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)))
  const isNumeric = (column: number) => lines.slice(1).every((line) => /^[≤≥±]? ?(p = )?[\d–]/.test(line[column] ?? ''))
  return lines.map((line) =>
    line
      .map((text, column) =>
        isNumeric(column) ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
}
