// The edge of `npm run bench:…`: a command with flags, help and errors as dyno's own have them, in a process of its own.
import type { Command, Context } from './command.ts'
import { guarded, runCommand } from './run-command.ts'

/** Sets the exit code. A signal aborts the context; the script cleans up. */
export async function runScript(command: Command): Promise<void> {
  const interruption = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => interruption.abort(name === 'SIGHUP' ? 'SIGTERM' : name))
  }
  const context: Context = {
    cwd: process.cwd(),
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: interruption.signal,
  }
  const args = process.argv.slice(2)
  process.exitCode = await guarded(context, () => runCommand(`npm run ${command.name} --`, command, { args, context }))
}
