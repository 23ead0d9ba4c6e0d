// `npm run bench:gate`: the gate's false alarms and power on real servers, on this machine.
import { resolve } from 'node:path'
import { type Context, defineCommand, takesEscapes } from '../cli/command.ts'
import { runScript } from '../cli/script.ts'
import { EXIT, type ExitCode } from '../core/errors.ts'
import { writeFileAtomic } from '../core/files.ts'
import { readCpuTicks, readHostFacts, stealFraction } from '../measurement/host.ts'
import { createProgress, type Progress } from '../progress.ts'
import type { TrialOutcome } from './outcome.ts'
import { type GateTrialsDocument, renderOutcome, renderTrials } from './render.ts'
import { type GateTrialsOptions, runTrials } from './run-trials.ts'

const DEFAULT_SCENARIO = 'scenarios/flask-aa.yaml'
const RUNS = 30

runScript(
  defineCommand({
    name: 'bench:gate',
    summary: 'counts how often the gate is wrong',
    details:
      'Runs a scenario many times and counts how often its gate fails, and other gates by the same measurements. Where\n' +
      'the compared servers are the same, each failure is a false alarm; where one is slower, each is a regression found.',
    operands: [],
    flags: {
      scenario: {
        kind: 'text',
        placeholder: 'FILE',
        description: `With compare and gate. Default: ${DEFAULT_SCENARIO}.`,
      },
      set: {
        kind: 'texts',
        placeholder: 'path=value',
        separator: null,
        description: 'Changes a field of the scenario, e.g. matrix.batchSize=[1].',
      },
      runs: {
        kind: 'whole',
        placeholder: 'N',
        least: 1,
        largest: 10_000,
        description: `How often it runs. Default: ${RUNS}.`,
      },
      'first-seed': {
        kind: 'whole',
        placeholder: 'N',
        largest: 1e9,
        description: 'Seed of the first run; each later one has the next. Default: 1.',
      },
      neighbour: { kind: 'switch', description: 'Loads one core for random halves of the time.' },
      json: { kind: 'text', placeholder: 'FILE', description: 'Also writes every run’s outcome as JSON, after each.' },
    },
    examples: ['npm run --silent bench:gate -- --runs 10 --neighbour'],
    run({ flags }, context) {
      const options = {
        scenario: flags.scenario ?? DEFAULT_SCENARIO,
        set: flags.set,
        runs: flags.runs ?? RUNS,
        firstSeed: flags['first-seed'] ?? 1,
        neighbour: flags.neighbour,
      }
      return runAll(options, { jsonPath: flags.json === null ? null : resolve(context.cwd, flags.json), context })
    },
  }),
)

/** What was measured is printed whatever ended it. */
async function runAll(
  options: GateTrialsOptions,
  { jsonPath, context }: { readonly jsonPath: string | null; readonly context: Context },
): Promise<ExitCode> {
  const startedAt = new Date().toISOString()
  const ticks = readCpuTicks()
  const outcomes: TrialOutcome[] = []
  const documentNow = (): GateTrialsDocument => ({
    startedAt,
    finishedAt: new Date().toISOString(),
    scenario: options.scenario,
    set: options.set,
    firstSeed: options.firstSeed,
    wantedRuns: options.runs,
    neighbour: options.neighbour,
    host: readHostFacts(),
    stealFraction: stealFraction(ticks, readCpuTicks()),
    outcomes,
  })
  const progress = progressFor(context)
  try {
    for await (const outcome of runTrials(options, { context, progress })) {
      outcomes.push(outcome)
      progress.note(renderOutcome(outcome))
      if (jsonPath !== null) writeFileAtomic(jsonPath, `${JSON.stringify(documentNow(), null, 2)}\n`)
    }
  } finally {
    progress.close()
    if (outcomes.length > 0) context.stdout.write(renderTrials(documentNow()))
  }
  return EXIT.ok
}

/** In a terminal a block that moves; elsewhere a few lines per run, so that a log of many runs stays readable. */
function progressFor({ env, stderr }: Context): Progress {
  if (takesEscapes(stderr, env)) return createProgress(stderr, 'live')
  return { ...createProgress(stderr, 'quiet'), note: (text) => stderr.write(`${text}\n`) }
}
