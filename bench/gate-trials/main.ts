// `npm run bench:gate`: the gate's false alarms and power on real servers, on this machine. The process's edge.
import type { Context } from '../cli/command.ts'
import { BenchError, BenchErrors, EXIT, type ExitCode, messageOf } from '../core/errors.ts'
import { writeFileAtomic } from '../core/files.ts'
import { readCpuTicks, readHostFacts, stealFraction } from '../measurement/host.ts'
import { createProgress, type Progress } from '../progress.ts'
import { type GateTrialsOptions, parseOptions, renderHelp } from './options.ts'
import type { TrialOutcome } from './outcome.ts'
import { type GateTrialsDocument, renderOutcome, renderTrials } from './render.ts'
import { runTrials } from './run-trials.ts'

const interruption = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interruption.abort(name))

process.exitCode = await main(process.argv.slice(2), {
  cwd: process.cwd(),
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interruption.signal,
})

async function main(args: readonly string[], context: Context): Promise<ExitCode> {
  try {
    const options = parseOptions(args)
    if (options !== null) return await runAll(options, context)
    context.stdout.write(renderHelp())
    return EXIT.ok
  } catch (error) {
    const problems = error instanceof BenchErrors ? error.problems : [error]
    for (const problem of problems) {
      if (!(problem instanceof BenchError)) throw error
      const place = problem.place === undefined ? '' : `${problem.place}: `
      const hint = problem.hint === undefined ? '' : `  → ${problem.hint}\n`
      context.stderr.write(`${place}error: ${messageOf(problem)}\n${hint}`)
    }
    return error instanceof BenchError || error instanceof BenchErrors ? error.exitCode : EXIT.environment
  }
}

/** What was measured is printed whatever ended it. */
async function runAll(options: GateTrialsOptions, context: Context): Promise<ExitCode> {
  const { signal, stdout } = context
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
      if (options.jsonPath !== null) writeFileAtomic(options.jsonPath, `${JSON.stringify(documentNow(), null, 2)}\n`)
    }
  } finally {
    progress.close()
    if (outcomes.length > 0) stdout.write(renderTrials(documentNow()))
  }
  if (!signal.aborted) return EXIT.ok
  return signal.reason === 'SIGINT' ? EXIT.interrupted : EXIT.terminated
}

/** In a terminal a block that moves; elsewhere a few lines per run, so that a log of many runs stays readable. */
function progressFor({ stderr }: Context): Progress {
  if (stderr.isTTY === true) return createProgress(stderr, 'live')
  return { ...createProgress(stderr, 'quiet'), note: (text) => stderr.write(`${text}\n`) }
}
