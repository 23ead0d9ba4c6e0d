// Starts the servers that a plan's targets need, all at once, and registers how each is stopped.
import type { CleanupStack } from './core/cleanup.ts'
import type { Plan } from './plan/types.ts'
import type { Progress } from './progress.ts'
import type { RunningServer, Runtime } from './runtime/types.ts'
import type { ServerSpec } from './scenario/types.ts'

export type Servers = ReadonlyMap<string, RunningServer>

export interface ServerSetting {
  readonly plan: Plan
  readonly runtime: Runtime
  readonly logDir: string
  readonly signal: AbortSignal
  readonly progress: Progress
}

/** The servers that the plan's targets need; others of the scenario are not started. */
export function serversOf({ scenario, targets }: Plan): Readonly<Record<string, ServerSpec>> {
  const needed = new Set(targets.map(({ server }) => server))
  return Object.fromEntries(Object.entries(scenario.servers).filter(([name]) => needed.has(name)))
}

/** @throws the first server's error, once all have started or failed; what did start is on the clean-up stack */
export async function startServers(setting: ServerSetting, cleanup: CleanupStack): Promise<Servers> {
  const { plan, runtime, logDir, signal, progress } = setting
  // One that cannot start stops the waiting for the others.
  const failure = new AbortController()
  const starts = Object.entries(serversOf(plan)).map(async ([name, spec]) => {
    try {
      const server = await runtime.start({
        name,
        spec,
        model: plan.scenario.model.name,
        modelVersion: plan.scenario.model.version,
        speaksKserve: plan.targets.some(({ server, api }) => server === name && api === 'kserve'),
        logDir,
        signal: AbortSignal.any([signal, failure.signal]),
        events: { step: (text) => progress.step(text) },
      })
      cleanup.push(`server ${name}`, () => server.close())
      return server
    } catch (error) {
      // The first failure is the one to show; those that it cut short come after it.
      if (!failure.signal.aborted) failure.abort(error)
      throw error
    }
  })
  const results = await Promise.allSettled(starts)
  if (failure.signal.aborted) throw failure.signal.reason
  return new Map(
    results.flatMap((result) => (result.status === 'fulfilled' ? [[result.value.name, result.value]] : [])),
  )
}
