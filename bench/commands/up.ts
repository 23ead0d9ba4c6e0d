// dyno up: starts a scenario's servers and leaves them running in the background until `dyno down`.
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Context, defineCommand, takesEscapes } from '../cli/command.ts'
import { CleanupStack } from '../core/cleanup.ts'
import { sleep } from '../core/clock.ts'
import { BenchError, EXIT, type ExitCode } from '../core/errors.ts'
import { expand } from '../plan/expand.ts'
import type { Plan } from '../plan/types.ts'
import { createProgress } from '../progress.ts'
import { placeOf, stateDirOf } from '../project.ts'
import { chooseRuntime } from '../runtime/choose-runtime.ts'
import type { RuntimeName } from '../runtime/types.ts'
import { loadScenario } from '../scenario/load-scenario.ts'
import { serversOf, startServers } from '../servers.ts'
import { readStanding, removeStanding, type Standing, writeStanding } from '../standing.ts'
import { overridesOf, RUNTIME_FLAG, SCENARIO, SCENARIO_FLAGS } from './scenario-flags.ts'

export const upCommand = defineCommand({
  name: 'up',
  summary: 'starts a scenario’s servers and leaves the load away',
  details:
    'Starts the scenario’s servers, waits until they are ready, prints where they answer, and leaves them running.',
  operands: [SCENARIO],
  flags: {
    runtime: RUNTIME_FLAG,
    ...SCENARIO_FLAGS,
    foreground: { kind: 'switch', description: 'Stays, and stops the servers at Ctrl-C.' },
  },
  examples: ['dyno up scenarios/smoke.yaml', 'dyno up scenarios/smoke.yaml --foreground'],
  async run({ operands: [path = ''], flags }, context): Promise<ExitCode> {
    const plan = expand(await loadScenario(path, overridesOf(flags)))
    const standing = readStanding(stateDirOf(context))
    if (standing !== null) {
      throw new BenchError({
        kind: 'usage',
        code: 'already-up',
        message: `the servers of ${standing.scenario} are up already`,
        hint: 'stop them first: dyno down',
      })
    }
    return flags.foreground ? await stay(plan, flags.runtime, context) : await leaveRunning(context)
  },
})

/** Starts the servers as children of this process and keeps them until the signal. */
async function stay(plan: Plan, wanted: RuntimeName | 'auto', context: Context): Promise<ExitCode> {
  const place = placeOf(context)
  const { stateDir } = place
  const progress = createProgress(context.stderr, takesEscapes(context.stderr, context.env) ? 'live' : 'plain')
  const runtime = await chooseRuntime({ ...place, wanted, servers: serversOf(plan) })
  const logDir = join(stateDir, 'up-logs')
  mkdirSync(logDir, { recursive: true })
  const cleanup = new CleanupStack()
  try {
    const servers = await startServers({ plan, runtime, logDir, signal: context.signal, progress }, cleanup)
    cleanup.push('register of standing servers', () => removeStanding(stateDir))
    const shown = [...servers.values()].map(({ name, url, grpcAddress, metricsUrl }) => ({
      name,
      url,
      grpcAddress,
      metricsUrl,
    }))
    writeStanding(stateDir, { scenario: plan.scenario.name, servers: shown })
    progress.close()
    context.stdout.write(describe(shown))
    await new Promise((resolve) => context.signal.addEventListener('abort', resolve, { once: true }))
    return EXIT.ok
  } finally {
    progress.close()
    for (const failure of await cleanup.run()) context.stderr.write(`clean-up failed: ${failure}\n`)
  }
}

/** Runs the same command line with --foreground in a session of its own, and waits until its servers are ready. */
async function leaveRunning(context: Context): Promise<ExitCode> {
  const stateDir = stateDirOf(context)
  mkdirSync(stateDir, { recursive: true })
  const logPath = join(stateDir, 'up.log')
  // Into a file, not into our own pipes: whoever reads those waits until the last holder of them ends.
  const log = openSync(logPath, 'w')
  const owner = spawn(process.execPath, [...process.argv.slice(1), '--foreground'], {
    cwd: context.cwd,
    detached: true,
    stdio: ['ignore', 'ignore', log],
  })
  closeSync(log)
  owner.unref()
  context.signal.addEventListener('abort', () => owner.kill('SIGTERM'), { once: true })
  let shownChars = 0
  for (;;) {
    const text = readFileSync(logPath, 'utf8')
    context.stderr.write(text.slice(shownChars))
    shownChars = text.length
    const standing = readStanding(stateDir)
    if (standing !== null) {
      context.stdout.write(`${describe(standing.servers)}stop them with: dyno down\n`)
      return EXIT.ok
    }
    if (owner.exitCode !== null) return owner.exitCode as ExitCode
    if (owner.signalCode !== null) return EXIT.environment
    await sleep(50)
  }
}

function describe(servers: Standing['servers']): string {
  return servers
    .map(({ name, url, grpcAddress, metricsUrl }) => {
      const more = [
        grpcAddress === null ? '' : `gRPC ${grpcAddress}`,
        metricsUrl === null ? '' : `metrics ${metricsUrl}`,
      ]
      return `${name}: ${[url, ...more].filter((text) => text !== '').join('  ')}\n`
    })
    .join('')
}
