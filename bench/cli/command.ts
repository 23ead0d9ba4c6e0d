// What a command is, and the world that it runs in: injected, so that tests read an exit code and two strings.
import type { ExitCode } from '../core/errors.ts'
import type { FlagTable, FlagValues, OperandSpec } from './flags.ts'

export interface TextStream {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number | undefined
}

/** Whether colours and a live view make sense there: not in a file, a pipe, a dumb terminal, or where NO_COLOR is set. */
export function takesEscapes({ isTTY }: TextStream, env: Context['env']): boolean {
  return isTTY === true && env.TERM !== 'dumb' && (env.NO_COLOR ?? '') === ''
}

export interface Context {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdout: TextStream
  readonly stderr: TextStream
  /** Aborted by SIGINT, SIGTERM or SIGHUP; its reason is the signal's name. */
  readonly signal: AbortSignal
}

export interface Command<Table extends FlagTable = FlagTable> {
  readonly name: string
  readonly summary: string
  /** A paragraph or two for `--help`. */
  readonly details: string
  readonly operands: readonly OperandSpec[]
  readonly flags: Table
  readonly examples: readonly string[]
  readonly run: (input: CommandInput<Table>, context: Context) => Promise<ExitCode>
}

export interface CommandInput<Table extends FlagTable> {
  readonly operands: readonly string[]
  readonly flags: FlagValues<Table>
}

/** Keeps the flags' literal types while a command is declared; the table of commands holds them without. */
export function defineCommand<const Table extends FlagTable>(command: Command<Table>): Command {
  return command as unknown as Command
}
