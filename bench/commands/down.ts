// dyno down: stops what `dyno up` started.
import { defineCommand } from '../cli/command.ts'
import { BenchError, EXIT } from '../core/errors.ts'
import { stateDirOf } from '../project.ts'
import { readStanding, stopStanding } from '../standing.ts'

/** Longer than the slowest server takes to stop. */
const DEADLINE_MS = 30_000

export const downCommand = defineCommand({
  name: 'down',
  summary: 'stops the servers that `dyno up` started',
  details: 'Stops the servers that `dyno up` left running in this project, and waits until they are gone.',
  operands: [],
  flags: {},
  examples: ['dyno down'],
  async run(_input, context) {
    const standing = readStanding(stateDirOf(context))
    if (standing === null) {
      context.stdout.write('no servers are up\n')
      return EXIT.ok
    }
    if (!(await stopStanding(standing, DEADLINE_MS))) {
      throw new BenchError({
        kind: 'environment',
        code: 'down-timeout',
        message: `the servers of ${standing.scenario} did not stop within ${DEADLINE_MS / 1000} s`,
        hint: `end their owner yourself: kill -9 ${standing.owner.pid}; the next command removes what is left`,
      })
    }
    context.stdout.write(`stopped ${standing.servers.map(({ name }) => name).join(', ')}\n`)
    return EXIT.ok
  },
})
