// The trials as text: a line per run while they go on, and at the end Markdown with rates and their intervals.
import { formatChange, significant } from '../core/units.ts'
import type { HostFacts } from '../measurement/host.ts'
import type { Alarm, TrialOutcome } from './outcome.ts'
import { type GateRate, tallyOf } from './tally.ts'

/** What --json holds. */
export interface GateTrialsDocument {
  readonly startedAt: string
  readonly finishedAt: string
  /** Path as typed, with what was changed of it. */
  readonly scenario: string
  readonly set: readonly string[]
  readonly firstSeed: number
  readonly wantedRuns: number
  readonly neighbour: boolean
  readonly host: HostFacts
  /** Share of CPU time that the hypervisor took meanwhile. */
  readonly stealFraction: number | null
  readonly outcomes: readonly TrialOutcome[]
}

/** `seed 3: pass, 1 of 56 comparisons found a change, other gates that fail: none, 51 s`, and a line for each alarm. */
export function renderOutcome(outcome: TrialOutcome): string {
  const { seed, seconds, status, suspects, comparisons, alarms, failedOthers, notPassed } = outcome
  const failed = notPassed.filter((finding) => finding.status === 'fail')
  const unsure = notPassed.length - failed.length
  const unsureText = unsure === 0 ? '' : ` (inconclusive: ${unsure} ${unsure === 1 ? 'finding' : 'findings'})`
  const others = failedOthers.length === 0 ? 'none' : failedOthers.join('; ')
  return [
    `seed ${seed}: ${status}${unsureText}, ${alarms.length} of ${comparisons} comparisons found a change, ` +
      `other gates that fail: ${others}, ${Math.round(seconds)} s`,
    ...(suspects.length === 0 ? [] : [`  measured once more: ${suspects.join(', ')}`]),
    ...failed.map(({ cell, rule, why }) => `  fail: ${cell}, ${rule}: ${why}`),
    ...alarms.map((alarm) => `  ${alarm.verdict}: ${alarm.cell}, ${alarm.metric}: ${evidenceOf(alarm)}`),
  ].join('\n')
}

export function renderTrials(document: GateTrialsDocument): string {
  const { outcomes } = document
  const { pass, inconclusive, fail, comparisons, alarms, rates } = tallyOf(outcomes)
  return [
    `Gate: pass in ${pass}, inconclusive in ${inconclusive}, fail in ${fail} of ${outcomes.length} runs. ` +
      `${alarms} of ${comparisons} comparisons found a change.`,
    'Where the compared servers are the same, all that is found is a false alarm.',
    '',
    '| gate | runs in which it finds something | rate | 95 % (Clopper–Pearson) |',
    '|---|--:|--:|--:|',
    ...rates.map(rateRow),
    '',
    ...alarmTable(outcomes),
    ...conditionsOf(document),
    '',
  ].join('\n')
}

function rateRow({ name, hits, runs, interval: { low, high } }: GateRate): string {
  const rate = runs === 0 ? '–' : percent(hits / runs)
  return `| ${name} | ${hits} of ${runs} | ${rate} | ${percent(low)} to ${percent(high)} |`
}

function alarmTable(outcomes: readonly TrialOutcome[]): string[] {
  const rows = outcomes.flatMap(({ seed, alarms }) =>
    alarms.map((alarm) => `| ${seed} | ${alarm.cell} | ${alarm.metric} | ${alarm.verdict} | ${evidenceOf(alarm)} |`),
  )
  if (rows.length === 0) return []
  return ['| seed | cell | metric | verdict | evidence |', '|--:|---|---|---|---|', ...rows, '']
}

/** `−3.1 %, adjusted p 0.012; before 1.20 1.21, after 1.16 1.17` */
function evidenceOf({ change, pAdjusted, before, after }: Alarm): string {
  const values = (side: readonly number[]) => side.map((value) => significant(value)).join(' ')
  const size = change === null ? 'from 0' : formatChange(change.value)
  const repetitions = before.length === 0 ? '' : `; before ${values(before)}, after ${values(after)}`
  return `${size}, adjusted p ${pAdjusted === null ? '–' : significant(pAdjusted, 2)}${repetitions}`
}

function conditionsOf(document: GateTrialsDocument): string[] {
  const { outcomes, wantedRuns, firstSeed, scenario, set, host, stealFraction, neighbour } = document
  const seconds = outcomes.map((outcome) => outcome.seconds)
  const mean = seconds.reduce((sum, value) => sum + value, 0) / seconds.length
  const each = outcomes.length === 0 ? '' : `, ${Math.round(mean)} s each`
  const changed = set.map((setting) => ` --set ${setting}`).join('')
  return [
    `${scenario}${changed}: ${outcomes.length} of ${wantedRuns} runs from seed ${firstSeed} on${each}`,
    neighbour ? 'beside a program that loaded one core for random halves of the time' : 'no neighbour was started',
    `${host.cpu ?? 'unknown CPU'}, ${host.cores} ${host.cores === 1 ? 'core' : 'cores'}, kernel ${host.kernel}, Node.js ${host.node}`,
    `CPU time stolen by the hypervisor: ${stealFraction === null ? 'unknown' : percent(stealFraction)}`,
    `${document.startedAt} to ${document.finishedAt}`,
  ].map((line) => `- ${line}`)
}

const percent = (fraction: number) => `${(fraction * 100).toFixed(1)} %`
