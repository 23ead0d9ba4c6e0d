// dyno gate: the verdict on a stored run by its scenario's rules; for CI.
import { appendFileSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Context, defineCommand, takesEscapes } from '../cli/command.ts'
import { BenchError, EXIT, type ExitCode, messageOf } from '../core/errors.ts'
import { notWritten, writeFileAtomic } from '../core/files.ts'
import { decodeText } from '../core/text-file.ts'
import { parseDurationMs } from '../core/units.ts'
import { type Baseline, parseBaseline } from '../gate/baseline.ts'
import { judge } from '../gate/judge.ts'
import { renderJunit } from '../gate/junit.ts'
import { renderSummary } from '../gate/summary.ts'
import { readHeader } from '../measurement/run-header.ts'
import { createProgress } from '../progress.ts'
import { renderGate } from '../report/terminal.ts'
import { DEFAULT_ALPHA } from '../scenario/gate-schema.ts'
import { parseRule } from '../scenario/rule-text.ts'
import { nameOf, type SelfTestOptions, type SelfTestRow, selfTest } from '../self-test.ts'
import { RUN_DIR, readRun } from './run-directory.ts'

const SELF_TEST_RUNS = 10
const SELF_TEST_WINDOW_MS = 1000

const EXIT_BY_STATUS = { pass: EXIT.ok, fail: EXIT.gateFailed, inconclusive: EXIT.untrusted } as const

export const gateCommand = defineCommand({
  name: 'gate',
  summary: 'judges a stored run by its scenario’s gate rules',
  details:
    'Judges every rule for every cell that it names. Fails closed: a missing baseline, a missing cell, too few samples\n' +
    'or a cell with problems is never a pass. A failure on a noisy host is inconclusive, unless it is against a target\n' +
    'of the same run, which the noise hit as well.\n' +
    'Exit code 0: pass, 1: fail, 3: inconclusive.\n' +
    '--self-test judges nothing of yours: it measures how often this gate is wrong on this machine, by runs against\n' +
    'built-in servers in which nothing differs, and in which one is slower by 10 and by 20 %.',
  operands: [{ ...RUN_DIR, name: '[RUN_DIR]', optional: true }],
  flags: {
    baseline: {
      kind: 'text',
      placeholder: 'FILE',
      description: 'A baseline that `dyno baseline` saved; relative rules need one.',
    },
    rule: {
      kind: 'texts',
      placeholder: 'RULE',
      separator: null,
      description:
        "Judges by this rule, not by the scenario's: 'p99 <= 25ms', 'errorRate <= 1%', 'p99 regression <= 10% @TARGET'.",
    },
    junit: { kind: 'text', placeholder: 'FILE', description: 'Writes the findings as JUnit XML, too.' },
    summary: {
      kind: 'text',
      placeholder: 'FILE',
      description: 'Appends the findings as Markdown, too; in GitHub Actions: "$GITHUB_STEP_SUMMARY".',
    },
    force: { kind: 'switch', description: 'Takes numbers of unlike machines, too.' },
    'self-test': { kind: 'switch', description: 'Measures the gate itself: its false alarms and its power.' },
    runs: {
      kind: 'whole',
      placeholder: 'N',
      least: 1,
      description: `--self-test: runs of each kind. Default: ${SELF_TEST_RUNS}, a quarter of an hour in all.`,
    },
    window: {
      kind: 'text',
      placeholder: 'DURATION',
      description: `--self-test: length of each of the 5 windows of a cell. Default: ${SELF_TEST_WINDOW_MS / 1e3} s.`,
    },
    json: { kind: 'switch', description: 'Prints the verdict as JSON.' },
  },
  examples: [
    'dyno gate reports/runs/latest --baseline baseline.json --junit gate.xml',
    "dyno gate reports/runs/latest --rule 'p99 <= 25ms' --rule 'errorRate <= 1%'",
    'dyno gate --self-test --runs 5',
    'dyno gate --self-test --runs 20 --window 5s',
  ],
  async run({ operands: [dir], flags }, context): Promise<ExitCode> {
    const { cwd, stdout } = context
    if (flags['self-test']) {
      const options = { runs: flags.runs ?? SELF_TEST_RUNS, windowMs: windowOf(flags.window) }
      return await runSelfTest(options, flags.json, context)
    }
    if (dir === undefined) {
      throw new BenchError({
        kind: 'usage',
        code: 'operand-missing',
        message: 'dyno gate needs RUN_DIR',
        hint: 'name a run directory, such as reports/runs/latest, or write: dyno gate --self-test',
      })
    }
    const runDir = resolve(cwd, dir)
    const { run } = await readRun(runDir)
    const { scenario } = readHeader(runDir)
    const typed = flags.rule.map(parseRule)
    if (scenario.gate === null && typed.length === 0) {
      throw new BenchError({
        kind: 'usage',
        code: 'no-gate',
        message: `the scenario '${scenario.name}' has no gate rules`,
        hint: "give rules here: --rule 'p99 <= 25ms'; or add a `gate:` section to the scenario and run it again",
      })
    }
    const baseline = flags.baseline === null ? null : readBaseline(resolve(cwd, flags.baseline))
    const rules = typed.length > 0 ? typed : (scenario.gate?.rules ?? [])
    const alpha = scenario.gate?.alpha ?? DEFAULT_ALPHA
    // By its own numbers and rules the run was judged already, with what was measured once more.
    const result =
      baseline === null && typed.length === 0 && run.gate !== undefined
        ? run.gate
        : judge({ rules, alpha, run, baseline, force: flags.force })
    stdout.write(
      flags.json
        ? `${JSON.stringify(result, null, 2)}\n`
        : renderGate(result, { width: stdout.columns ?? 100, colour: takesEscapes(stdout, context.env) }),
    )
    const { junit, summary } = flags
    if (junit !== null) {
      said(context, () => writeFileAtomic(resolve(cwd, junit), renderJunit(result, scenario.name)))
    }
    if (summary !== null) said(context, () => append(resolve(cwd, summary), renderSummary(result, scenario.name)))
    return EXIT_BY_STATUS[result.status]
  },
})

/** The exit code is the verdict's, whether or not a file could be written. */
function said({ stderr }: Context, write: () => void): void {
  try {
    write()
  } catch (error) {
    if (!(error instanceof BenchError)) throw error
    stderr.write(`${error.place}: ${error.message}\n  → ${error.hint}\n`)
  }
}

function append(path: string, text: string): void {
  try {
    appendFileSync(path, text)
  } catch (error) {
    throw notWritten(path, error)
  }
}

/** Shorter ones do not hold enough requests for a p99. */
const SHORTEST_WINDOW_MS = 100

function windowOf(text: string | null): number {
  if (text === null) return SELF_TEST_WINDOW_MS
  const windowMs = parseDurationMs(text)
  if (windowMs !== null && windowMs >= SHORTEST_WINDOW_MS) return windowMs
  throw new BenchError({
    kind: 'usage',
    code: 'flag-value',
    message: `--window cannot be '${text}'`,
    hint: `write a duration from ${SHORTEST_WINDOW_MS} ms with its unit, e.g. --window 5s`,
  })
}

async function runSelfTest(options: SelfTestOptions, isJson: boolean, context: Context): Promise<ExitCode> {
  const { stdout, stderr } = context
  const progress = createProgress(stderr, 'plain')
  const rows = await selfTest(options, { context, progress })
  if (isJson) stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
  else stdout.write(renderSelfTest(rows, options.windowMs))
  return EXIT.ok
}

function renderSelfTest(rows: readonly SelfTestRow[], windowMs: number): string {
  const others = rows[0]?.others.map(({ name }) => name) ?? []
  return [
    'Two built-in servers of one known latency (median 4 ms, p99 8 ms), 4 and 8 in flight, 5 windows of ' +
      `${windowMs / 1e3} s,`,
    'gated by p50 at most 5 % and p99 at most 10 % worse. A failure where nothing differs is a false alarm.',
    '',
    ...table(
      ['the second server', 'runs', 'pass', 'inconclusive', 'fail', 'by p50', 'by p99'],
      rows.map(({ slowdown, runs, pass, inconclusive, fail, failedBy }) => [
        nameOf(slowdown),
        ...[runs, pass, inconclusive, fail, failedBy.p50, failedBy.p99],
      ]),
    ),
    '',
    'Other gates on the same measurements: runs that they fail.',
    '',
    ...table(
      ['the second server', 'dyno', ...others],
      rows.map((row) => [nameOf(row.slowdown), row.fail, ...row.others.map(({ fail }) => fail)]),
    ),
    '',
  ].join('\n')
}

/** In Markdown; the first column is text, the others are numbers. */
function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`
  return [line(head), `|---|${'--:|'.repeat(head.length - 1)}`, ...rows.map(line)]
}

function readBaseline(path: string): Baseline {
  let text: string
  try {
    text = decodeText(readFileSync(path), path)
  } catch (error) {
    if (error instanceof BenchError) throw error
    throw new BenchError({
      kind: 'usage',
      code: 'baseline-missing',
      message: `cannot read the baseline: ${messageOf(error)}`,
      place: path,
      hint: 'make one from a run that you trust: dyno baseline RUN_DIR --out FILE',
      cause: error,
    })
  }
  return parseBaseline(text, path)
}
