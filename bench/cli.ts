// The command line's edge: picks the command, returns the exit code.
import type { Command, Context } from './cli/command.ts'
import { renderOverview } from './cli/help.ts'
import { guarded, runCommand } from './cli/run-command.ts'
import { COMMANDS } from './commands/all.ts'
import { BenchError, EXIT, type ExitCode } from './core/errors.ts'
import { nearest } from './core/nearest.ts'
import { checkOpenFiles } from './core/open-files.ts'
import { checkTrusted } from './core/trusted-folder.ts'
import { environmentDirOf, stateDirOf } from './project.ts'
import { removeLeftovers } from './runtime/leftovers.ts'
import { VERSION } from './version.ts'

/** Runs one command line; never throws for a problem that the user can mend. */
export function runCli(args: readonly string[], context: Context): Promise<ExitCode> {
  return guarded(context, () => dispatch(args, context))
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
  checkOpenFiles(0)
  return await runCommand(`dyno ${command.name}`, afterCleaning(command), { args: rest, context })
}

/** What a killed run left behind is removed first, unless it is help that was asked for. */
function afterCleaning(command: Command): Command {
  return {
    ...command,
    async run(input, context) {
      const dirs = new Set([stateDirOf(context), environmentDirOf(context)])
      for (const dir of dirs) checkTrusted(dir)
      for (const dir of dirs)
        for (const removed of await removeLeftovers(dir)) context.stderr.write(`left by a killed run: ${removed}\n`)
      return await command.run(input, context)
    },
  }
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
