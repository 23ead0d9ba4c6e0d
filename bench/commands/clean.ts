// dyno clean: removes what dyno made on this machine, and nothing else.
import { defineCommand } from '../cli/command.ts'
import { EXIT } from '../core/errors.ts'
import { formatBytes } from '../core/units.ts'
import { stateDirOf } from '../project.ts'
import { clean } from '../runtime/clean.ts'

export const cleanCommand = defineCommand({
  name: 'clean',
  summary: 'removes what dyno made, and nothing else',
  details:
    'Removes the prepared Python environments and whatever a killed run left running. Reports are yours: they stay.\n' +
    'The next run sets up again what it needs.',
  operands: [],
  flags: { 'dry-run': { kind: 'switch', description: 'Says what would be removed, removes nothing.' } },
  examples: ['dyno clean --dry-run', 'dyno clean'],
  async run({ flags }, context) {
    const removed = await clean({ stateDir: stateDirOf(context), dryRun: flags['dry-run'] })
    const verb = flags['dry-run'] ? 'would remove' : 'removed'
    for (const { what, bytes } of removed) context.stdout.write(`${verb} ${what} (${formatBytes(bytes)})\n`)
    if (removed.length === 0) context.stdout.write('nothing to remove\n')
    return EXIT.ok
  },
})
