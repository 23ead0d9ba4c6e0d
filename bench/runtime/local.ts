// The local runtime: servers as processes of this machine, from a Python environment that is prepared at first use.
import type { ServerSpec } from '../scenario/types.ts'
import { reachExternal } from './external.ts'
import { removeLeftovers } from './leftovers.ts'
import { startFlask } from './local-flask.ts'
import { startTriton } from './local-triton.ts'
import { ensurePythonEnv, type PythonEnv } from './python-env.ts'
import type { RunningServer, Runtime, RuntimeEvents, StartRequest } from './types.ts'

export interface RuntimeSetting {
  /** Holds model_repository/, and flask-app/ unless dyno's own is to be used. */
  readonly projectDir: string
  /** Holds the prepared environment and the register of running servers. */
  readonly stateDir: string
}

type Starter<Kind extends ServerSpec['kind']> = (
  request: StartRequest & { readonly spec: Extract<ServerSpec, { kind: Kind }> },
) => Promise<RunningServer>

/** What killed runs left behind is removed before the first server starts. */
export function createLocalRuntime(setting: RuntimeSetting): Runtime {
  // Servers start at once: the clean-up and the environment are theirs together.
  const prepareOnce = once(({ signal, events }: StartRequest) => prepare(setting, { signal, events }))
  const starters = {
    flask: async (request) => startFlask(request, { ...setting, python: await prepareOnce(request) }),
    triton: async (request) => startTriton(request, { ...setting, python: await prepareOnce(request) }),
    external: reachExternal,
  } satisfies { [Kind in ServerSpec['kind']]: Starter<Kind> }
  return { name: 'local', start: (request) => dispatch(request, starters) }
}

function dispatch(
  request: StartRequest,
  starters: { readonly [Kind in ServerSpec['kind']]: Starter<Kind> },
): Promise<RunningServer> {
  const { spec } = request
  switch (spec.kind) {
    case 'flask':
      return starters.flask({ ...request, spec })
    case 'triton':
      return starters.triton({ ...request, spec })
    case 'external':
      return starters.external({ ...request, spec })
  }
}

async function prepare(
  setting: RuntimeSetting,
  { signal, events }: { readonly signal: AbortSignal; readonly events: RuntimeEvents },
): Promise<PythonEnv> {
  for (const line of await removeLeftovers(setting.stateDir)) events.step(`removed ${line}`)
  return ensurePythonEnv({ ...setting, with: 'serve', signal, events })
}

/** One run of `work` for all callers; after a failure the next caller tries again. */
function once<A, R>(work: (argument: A) => Promise<R>): (argument: A) => Promise<R> {
  let running: Promise<R> | null = null
  return (argument) => {
    running ??= work(argument).catch((error: unknown) => {
      running = null
      throw error
    })
    return running
  }
}
