// A runtime from one starter per kind of server.
import type { ServerSpec } from '../scenario/types.ts'
import type { RunningServer, Runtime, RuntimeName, StartRequest } from './types.ts'

type Starter<Kind extends ServerSpec['kind']> = (
  request: StartRequest & { readonly spec: Extract<ServerSpec, { kind: Kind }> },
) => Promise<RunningServer>

export type Starters = { readonly [Kind in ServerSpec['kind']]: Starter<Kind> }

export function createRuntime(name: RuntimeName, starters: Starters): Runtime {
  return { name, start: (request) => dispatch(request, starters) }
}

function dispatch(request: StartRequest, starters: Starters): Promise<RunningServer> {
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

/** One run of `work` for all callers; after a failure the next caller tries again. */
export function once<A, R>(work: (argument: A) => Promise<R>): (argument: A) => Promise<R> {
  let running: Promise<R> | null = null
  return (argument) => {
    running ??= work(argument).catch((error: unknown) => {
      running = null
      throw error
    })
    return running
  }
}
