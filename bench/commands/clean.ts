// dyno clean: removes what dyno made on this machine and in its Docker engine, and nothing else.
import { defineCommand } from '../cli/command.ts'
import { BenchError, EXIT } from '../core/errors.ts'
import { formatBytes } from '../core/units.ts'
import { environmentDirOf, stateDirOf } from '../project.ts'
import { clean } from '../runtime/clean.ts'
import { type Engine, openEngine } from '../runtime/docker/engine.ts'
import type { Environment } from '../runtime/docker/engine-address.ts'

export const cleanCommand = defineCommand({
  name: 'clean',
  summary: 'removes what dyno made, and nothing else',
  details:
    'Removes the prepared Python environments and whatever a killed run left running: processes, and the containers and\n' +
    'networks in the Docker engine that carry the label dyno.made. Reports are yours: they stay. So does what your own\n' +
    'containers use. The next run sets up again what it needs.',
  operands: [],
  flags: {
    images: { kind: 'switch', description: 'Also removes the container images that dyno built.' },
    volumes: { kind: 'switch', description: 'Also removes the Docker volumes that dyno made.' },
    'dry-run': { kind: 'switch', description: 'Says what would be removed, removes nothing.' },
  },
  examples: ['dyno clean --dry-run', 'dyno clean', 'dyno clean --images --volumes'],
  async run({ flags }, context) {
    const { engine, problem } = await engineIfAny(context.env)
    const dryRun = flags['dry-run']
    const { images, volumes } = flags
    const { removed, kept } = await clean({
      stateDirs: [...new Set([stateDirOf(context), environmentDirOf(context)])],
      dryRun,
      engine,
      images,
      volumes,
    })
    const verb = dryRun ? 'would remove' : 'removed'
    for (const { what, bytes } of removed) context.stdout.write(`${verb} ${what} (${formatBytes(bytes)})\n`)
    for (const line of kept) context.stdout.write(`kept ${line}\n`)
    const sumBytes = removed.reduce((sum, { bytes }) => sum + bytes, 0)
    context.stdout.write(removed.length === 0 ? 'nothing to remove\n' : `${verb} ${formatBytes(sumBytes)} in all\n`)
    if (problem !== null) context.stderr.write(`the Docker engine was not asked: ${problem.message}\n`)
    return EXIT.ok
  },
})

async function engineIfAny(
  env: Environment,
): Promise<{ readonly engine: Engine | null; readonly problem: BenchError | null }> {
  try {
    return { engine: await openEngine(env), problem: null }
  } catch (problem) {
    if (problem instanceof BenchError) return { engine: null, problem }
    throw problem
  }
}
