// Runs dyno's command line in this process, as a test wants it: an exit code and two strings.
import { runCli } from '../cli.ts'
import type { ExitCode } from '../core/errors.ts'

export interface CommandResult {
  readonly exitCode: ExitCode
  readonly stdout: string
  readonly stderr: string
}

export interface CommandWorld {
  readonly cwd: string
  readonly stateDir: string
  readonly signal?: AbortSignal
}

export async function dyno(world: CommandWorld, ...args: string[]): Promise<CommandResult> {
  const written = { stdout: '', stderr: '' }
  const exitCode = await runCli(args, {
    cwd: world.cwd,
    env: { ...process.env, DYNO_STATE_DIR: world.stateDir },
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
    signal: world.signal ?? new AbortController().signal,
  })
  return { exitCode, ...written }
}
