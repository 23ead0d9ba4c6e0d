// dyno history: stored runs, a metric of theirs over time, and where its level changed.
import { resolve } from 'node:path'
import { cellHistories, type HistoryMetric } from '../analysis/history.ts'
import { METRICS } from '../analysis/metrics.ts'
import { defineCommand, takesEscapes } from '../cli/command.ts'
import { BenchError, EXIT } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import { spoilingStored } from '../gate/outcome.ts'
import { comparableRuns, readRuns, type StoredRuns } from '../history.ts'
import { renderHistories, renderRuns } from '../report/history-text.ts'
import { writeHistory } from '../report/write-report.ts'

const RUNS_DIR = 'reports/runs'
const SHOWN = METRICS.filter((metric): metric is HistoryMetric => metric !== 'errorRate')
const MAX_NOTICES = 5

export const historyCommand = defineCommand({
  name: 'history',
  summary: 'lists stored runs, and shows a metric over time with the changes of its level',
  details:
    'Without --metric it lists the runs. With it: the metric of every cell, run by run, and from which run on its level\n' +
    'changed (by ranks, p < 0.01 and at least 2 %; it takes some ten runs). --out draws it, and lays the newest runs\n' +
    'over each other. Runs of unlike machines and cells with problems are left out.',
  operands: [
    {
      name: '[DIR…]',
      description: `Run directories, or folders of them. Default: ${RUNS_DIR}.`,
      optional: true,
      repeated: true,
    },
  ],
  flags: {
    metric: { kind: 'choice', choices: ['none', ...SHOWN], default: 'none', description: 'The metric to follow.' },
    scenario: { kind: 'text', placeholder: 'NAME', description: 'Default: the scenario of the newest run.' },
    only: {
      kind: 'texts',
      placeholder: 'TARGET',
      separator: ',',
      description: 'These targets only; several with commas.',
    },
    out: { kind: 'text', placeholder: 'FILE.html', description: 'Writes a page with charts, too. Needs --metric.' },
    force: { kind: 'switch', description: 'Takes runs of unlike machines, too.' },
    json: { kind: 'switch', description: 'Prints JSON.' },
  },
  examples: ['dyno history', 'dyno history --metric p99 --scenario smoke --out history.html'],
  async run({ operands, flags }, { cwd, env, stdout, stderr }) {
    const stored = readRuns((operands.length > 0 ? operands : [RUNS_DIR]).map((dir) => resolve(cwd, dir)))
    const options = { width: stdout.columns ?? 100, colour: takesEscapes(stdout, env) }
    const metric = SHOWN.find((name) => name === flags.metric)
    if (metric === undefined) {
      if (flags.out !== null) throw usage('--out draws a metric', `write: dyno history --metric p99 --out ${flags.out}`)
      const runs = stored.runs.filter((run) => flags.scenario === null || run.scenario.name === flags.scenario)
      stdout.write(
        flags.json
          ? jsonOf(
              runs.map(({ id, startedAt, scenario, gate }) => ({
                id,
                startedAt,
                scenario: scenario.name,
                gate: gate?.status ?? null,
              })),
            )
          : renderRuns(runs, options),
      )
      for (const notice of noticesOf(stored)) stderr.write(`${notice}\n`)
      return EXIT.ok
    }
    const scenario = scenarioOf(stored, flags.scenario)
    const chosen = comparableRuns(stored, { scenario, force: flags.force })
    const isWanted = (target: string) => flags.only.length === 0 || flags.only.includes(target)
    const runs = chosen.runs.map((run) => ({ ...run, cells: run.cells.filter(({ target }) => isWanted(target)) }))
    const histories = cellHistories(runs, metric, (cell) => spoilingStored(cell, metric) === null)
    if (histories.length === 0) {
      throw usage(`no cell of these runs has ${metric}`, 'choose another --metric or --only, or see: dyno history')
    }
    const notices = noticesOf(chosen)
    stdout.write(flags.json ? jsonOf(histories) : renderHistories(histories, metric, options))
    for (const notice of notices) stderr.write(`${notice}\n`)
    if (flags.out !== null) {
      await writeHistory({ scenario, metric, runs, histories, notices }, resolve(cwd, flags.out))
      stderr.write(`page: ${flags.out}\n`)
    }
    return EXIT.ok
  },
})

const jsonOf = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`

function scenarioOf({ runs }: StoredRuns, wanted: string | null): string {
  const names = [...new Set(runs.map(({ scenario }) => scenario.name))]
  const newest = names.length === 0 ? undefined : runs.at(-1)?.scenario.name
  if (wanted === null && newest !== undefined) return newest
  if (wanted !== null && names.includes(wanted)) return wanted
  const close = wanted === null ? null : nearest(wanted, names)
  const hint = close === null ? `there are: ${names.join(', ') || 'none'}` : `did you mean --scenario ${close}?`
  throw usage(wanted === null ? 'none of the runs can be read' : `no run is of the scenario '${wanted}'`, hint)
}

function noticesOf({ leftOut }: StoredRuns): string[] {
  const named = leftOut.slice(0, MAX_NOTICES).map(({ run, why }) => `left out: ${run}: ${why}`)
  const more = leftOut.length - named.length
  return more > 0 ? [...named, `left out: ${more} more`] : named
}

function usage(message: string, hint: string): BenchError {
  return new BenchError({ kind: 'usage', code: 'history-empty', message, hint })
}
