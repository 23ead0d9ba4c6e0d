// The process's edge: signals become one AbortSignal, output that nobody reads ends nothing, and exit code 1 means a failed gate alone.
import { type EndingSignal, EXIT, EXIT_BY_SIGNAL, type ExitCode } from '../core/errors.ts'
import type { TextStream } from './command.ts'

/** Ctrl-C reaches this process from the terminal and from npm, moments apart: that is one wish, not two. */
const SAME_WISH_MS = 1000

/** How long what still runs may take to stop after a bug ended the command. */
const STOP_MS = 15_000

export interface ProcessEdge {
  readonly signal: AbortSignal
  readonly stdout: TextStream
  readonly stderr: TextStream
}

/** Runs a command line as this process: its exit code is what `act` returns, the signal's, or 4 where dyno itself failed. */
export function runAsProcess(act: (edge: ProcessEdge) => Promise<ExitCode>): void {
  const interruption = new AbortController()
  let code: ExitCode | null = null
  abortOnSignals(interruption, (forced) => {
    code = forced
    process.exit()
  })
  const stderr = lasting(process.stderr)
  const edge: ProcessEdge = { signal: interruption.signal, stdout: lasting(process.stdout), stderr }
  const fail = (thrown: unknown) => {
    stderr.write(
      `this is a bug in dyno: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}\n`,
    )
    code = EXIT.environment
    // Whatever was started is stopped as at Ctrl-C; where that hangs, the next command removes it.
    interruption.abort('SIGTERM')
    setTimeout(() => process.exit(), STOP_MS).unref()
  }
  process.on('uncaughtException', fail)
  process.on('unhandledRejection', fail)
  process.on('exit', () => {
    // Nothing was left to wait for, and the command had not ended.
    if (code === null) stderr.write('this is a bug in dyno: it ended before its command did\n')
    process.exitCode = code ?? EXIT.environment
  })
  act(edge).then((found) => {
    code ??= found
  }, fail)
}

/** @param end ends the process at once with this code */
function abortOnSignals(interruption: AbortController, end: (code: ExitCode) => void): void {
  let firstSignalMs = Number.NaN
  for (const name of Object.keys(EXIT_BY_SIGNAL) as EndingSignal[]) {
    process.on(name, () => {
      if (!interruption.signal.aborted) {
        firstSignalMs = performance.now()
        interruption.abort(name)
      } else if (performance.now() - firstSignalMs > SAME_WISH_MS) {
        // A second one means now; whatever is left is removed by the next command.
        end(EXIT_BY_SIGNAL[name])
      }
    })
  }
}

/**
 * A stream whose reader may leave (`dyno plan … | head`), whose terminal may close and whose disk may be full: what
 * cannot be written is lost, and the command goes on to the exit code that it has earned.
 */
function lasting(stream: NodeJS.WriteStream): TextStream {
  stream.on('error', () => {})
  return {
    write(text) {
      try {
        return stream.write(text)
      } catch {
        // Files are written at once, and throw at once.
        return false
      }
    },
    get isTTY() {
      return stream.isTTY === true
    },
    get columns() {
      return stream.columns
    },
  }
}
