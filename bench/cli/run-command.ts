// Runs one command: its flags, its help, its errors (printed nowhere else), its exit code. dyno's commands and the scripts alike.
import pc from 'picocolors'
import { BenchError, BenchErrors, type EndingSignal, EXIT, EXIT_BY_SIGNAL, type ExitCode } from '../core/errors.ts'
import { plainText } from '../core/plain-text.ts'
import { type Command, type Context, takesEscapes } from './command.ts'
import { parseArguments } from './flags.ts'
import { renderHelp } from './help.ts'

/**
 * @param program what is typed before the arguments, such as `dyno run`
 * @throws BenchError kind `usage`, and whatever the command throws
 */
export async function runCommand(
  program: string,
  command: Command,
  { args, context }: { readonly args: readonly string[]; readonly context: Context },
): Promise<ExitCode> {
  const parsed = parseArguments(program, args, command.flags, command.operands)
  if (parsed.help) {
    context.stdout.write(renderHelp(program, command))
    return EXIT.ok
  }
  const code = await command.run({ operands: parsed.operands, flags: parsed.flags as never }, context)
  return context.signal.aborted ? interruptedBy(context.signal) : code
}

/** Prints what `act` throws. Never throws. */
export async function guarded(context: Context, act: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await act()
  } catch (error) {
    if (context.signal.aborted) return interruptedBy(context.signal)
    context.stderr.write(renderError(error, takesEscapes(context.stderr, context.env)))
    return error instanceof BenchError || error instanceof BenchErrors ? error.exitCode : EXIT.environment
  }
}

function interruptedBy(signal: AbortSignal): ExitCode {
  return EXIT_BY_SIGNAL[signal.reason as EndingSignal] ?? EXIT.terminated
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
  // A message may quote a server, a file or a scenario.
  const { message, hint, evidence } = error
  const place = error.place === undefined ? '' : `${paint.bold(plainText(error.place))}: `
  return [
    `${place}${paint.red('error')}: ${plainText(message)} ${paint.dim(`[${error.code}]`)}`,
    ...evidence.map((line) => paint.dim(`  | ${plainText(line).slice(0, MAX_EVIDENCE_CHARS)}`)),
    ...(hint === undefined ? [] : [`  ${paint.cyan('→')} ${plainText(hint)}`]),
    '',
  ].join('\n')
}
