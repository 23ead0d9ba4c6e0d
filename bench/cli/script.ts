// The edge of `npm run bench:…`: a command with flags, help and errors as dyno's own have them, in a process of its own.
import type { Command } from './command.ts'
import { runAsProcess } from './process-edge.ts'
import { guarded, runCommand } from './run-command.ts'

/** Sets the exit code. A signal aborts the context; the script cleans up. */
export function runScript(command: Command): void {
  runAsProcess((edge) => {
    const context = { ...edge, cwd: process.cwd(), env: process.env }
    return guarded(context, () =>
      runCommand(`npm run ${command.name} --`, command, { args: process.argv.slice(2), context }),
    )
  })
}
