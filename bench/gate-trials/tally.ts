// Outcomes of many runs → how often each gate raised its voice, with what that says about the true rate.
import { OTHER_GATES } from '../analysis/other-gates.ts'
import { clopperPearson, type RateInterval } from '../core/clopper-pearson.ts'
import type { TrialOutcome } from './outcome.ts'

export interface GateRate {
  readonly name: string
  /** Runs in which it found anything: family-wise, whatever the number of cells. */
  readonly hits: number
  readonly runs: number
  /** Of the true rate, exact, 95 %. */
  readonly interval: RateInterval
}

export interface Tally {
  readonly pass: number
  readonly inconclusive: number
  readonly fail: number
  /** Over all runs. */
  readonly comparisons: number
  readonly alarms: number
  readonly rates: readonly GateRate[]
}

const isSuspicious = ({ status, suspects }: TrialOutcome) => status === 'fail' || suspects.length > 0

export function tallyOf(outcomes: readonly TrialOutcome[]): Tally {
  const runs = outcomes.length
  const count = (is: (outcome: TrialOutcome) => boolean) => outcomes.filter(is).length
  const rate = (name: string, is: (outcome: TrialOutcome) => boolean): GateRate => {
    const hits = count(is)
    return { name, hits, runs, interval: clopperPearson(hits, runs) }
  }
  const sum = (of: (outcome: TrialOutcome) => number) => outcomes.reduce((total, outcome) => total + of(outcome), 0)
  return {
    pass: count(({ status }) => status === 'pass'),
    inconclusive: count(({ status }) => status === 'inconclusive'),
    fail: count(({ status }) => status === 'fail'),
    comparisons: sum(({ comparisons }) => comparisons),
    alarms: sum(({ alarms }) => alarms.length),
    rates: [
      rate('dyno, the gate fails', ({ status }) => status === 'fail'),
      rate('dyno, the gate would fail without measuring suspects once more', isSuspicious),
      rate('dyno, any comparison finds a change', ({ alarms }) => alarms.length > 0),
      ...OTHER_GATES.map(({ name }) => rate(name, ({ failedOthers }) => failedOthers.includes(name))),
    ],
  }
}
