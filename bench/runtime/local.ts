// The local runtime: servers as processes of this machine, from a Python environment that is prepared at first use.
import { createRuntime, once } from './dispatch.ts'
import { reachExternal } from './external.ts'
import { removeLeftovers } from './leftovers.ts'
import { startFlask } from './local-flask.ts'
import { startTriton } from './local-triton.ts'
import { ensurePythonEnv, type PythonEnv } from './python-env.ts'
import type { Runtime, RuntimeEvents, StartRequest } from './types.ts'

export interface RuntimeSetting {
  /** Holds model_repository/, and flask-app/ unless dyno's own is to be used. */
  readonly projectDir: string
  /** Holds the register of running servers. */
  readonly stateDir: string
  /** Holds the prepared Python environment. */
  readonly environmentDir: string
}

/** What killed runs left behind is removed before the first server starts. */
export function createLocalRuntime(setting: RuntimeSetting): Runtime {
  // Servers start at once: the clean-up and the environment are theirs together.
  const prepareOnce = once(({ signal, events }: StartRequest) => prepare(setting, { signal, events }))
  return createRuntime('local', {
    flask: async (request) => startFlask(request, { ...setting, python: await prepareOnce(request) }),
    triton: async (request) => startTriton(request, { ...setting, python: await prepareOnce(request) }),
    external: reachExternal,
  })
}

async function prepare(
  setting: RuntimeSetting,
  { signal, events }: { readonly signal: AbortSignal; readonly events: RuntimeEvents },
): Promise<PythonEnv> {
  for (const line of await removeLeftovers(setting.stateDir)) events.step(`removed ${line}`)
  return ensurePythonEnv({ ...setting, with: 'serve', signal, events })
}
