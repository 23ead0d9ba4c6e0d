// The command line's edge: picks the command, prints errors (the only place that does), returns the exit code.
import pc from 'picocolors'
import type { Command, Context } from './cli/command.ts'
import { parseArguments } from './cli/flags.ts'
import { renderHelp, renderOverview } from './cli/help.ts'
import { COMMANDS } from './commands/all.ts'
import { BenchError, BenchErrors, EXIT, type ExitCode } from './core/errors.ts'
import { nearest } from './core/nearest.ts'
import { stateDirOf } from './project.ts'
import { removeLeftovers } from './runtime/leftovers.ts'
import { VERSION } from './version.ts'

/** Runs one command line; never throws for a problem that the user can mend. */
export async function runCli(args: readonly string[], context: Context): Promise<ExitCode> {
  try {
    return await dispatch(args, context)
  } catch (error) {
    if (context.signal.aborted) return interruptedBy(context.signal)
    context.stderr.write(renderError(error, context.stderr.isTTY === true))
    return error instanceof BenchError || error instanceof BenchErrors ? error.exitCode : EXIT.environment
  }
}

async function dispatch(args: readonly string[], context: Context): Promise<ExitCode> {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    context.stdout.write(renderOverview(COMMANDS))
    return name === undefined ? EXIT.usage : EXIT.ok
  }
  if (name === '--version' || name === '-V') {
    context.stdout.write(`dyno ${VERSION}\n`)
    return EXIT.ok
  }
  const command = findCommand(name)
  const parsed = parseArguments(command.name, rest, command.flags, command.operands)
  if (parsed.help) {
    context.stdout.write(renderHelp(command))
    return EXIT.ok
  }
  for (const removed of await removeLeftovers(stateDirOf(context)))
    context.stderr.write(`left by a killed run: ${removed}\n`)
  const code = await command.run({ operands: parsed.operands, flags: parsed.flags as never }, context)
  return context.signal.aborted ? interruptedBy(context.signal) : code
}

function findCommand(name: string): Command {
  const command = COMMANDS.find((candidate) => candidate.name === name)
  if (command !== undefined) return command
  const close = nearest(
    name,
    COMMANDS.map((candidate) => candidate.name),
  )
  throw new BenchError({
    kind: 'usage',
    code: 'unknown-command',
    message: `there is no command '${name}'`,
    hint: close === null ? 'see: dyno --help' : `did you mean: dyno ${close}?`,
  })
}

function interruptedBy(signal: AbortSignal): ExitCode {
  return signal.reason === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted
}

/** Servers log tables of any width. */
const MAX_EVIDENCE_CHARS = 160

function renderError(error: unknown, colour: boolean): string {
  const paint = pc.createColors(colour)
  if (error instanceof BenchErrors) return error.problems.map((problem) => renderError(problem, colour)).join('')
  if (!(error instanceof BenchError)) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return `${paint.red('this is a bug in dyno:')} ${stack}\n`
  }
  const place = error.place === undefined ? '' : `${paint.bold(error.place)}: `
  return [
    `${place}${paint.red('error')}: ${error.message} ${paint.dim(`[${error.code}]`)}`,
    ...error.evidence.map((line) => paint.dim(`  | ${line.slice(0, MAX_EVIDENCE_CHARS)}`)),
    ...(error.hint === undefined ? [] : [`  ${paint.cyan('→')} ${error.hint}`]),
    '',
  ].join('\n')
}
