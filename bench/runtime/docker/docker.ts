// The docker runtime: servers as containers of an engine on this machine.
import { BenchError } from '../../core/errors.ts'
import { createRuntime, once } from '../dispatch.ts'
import { reachExternal } from '../external.ts'
import { removeLeftovers } from '../leftovers.ts'
import type { Runtime, StartRequest } from '../types.ts'
import { startFlaskContainer } from './docker-flask.ts'
import { startTritonContainer } from './docker-triton.ts'
import { type Engine, openEngine } from './engine.ts'
import type { Environment } from './engine-address.ts'
import { removeLeftoverContainers } from './own-containers.ts'

export interface DockerSetting {
  /** Holds model_repository/, and flask-app/ unless dyno's own is to be used. */
  readonly projectDir: string
  readonly stateDir: string
  /** Says where the engine is, and whose credentials pull images. */
  readonly env: Environment
}

/** What starts a server is given beside its request. */
export interface DockerPlace extends DockerSetting {
  readonly engine: Engine
  /** Runs one thing after the other: dyno's images share layers, which two builds at once would both build. */
  readonly inTurn: <R>(work: () => Promise<R>) => Promise<R>
}

/** What killed runs left behind is removed before the first server starts. */
export function createDockerRuntime(setting: DockerSetting): Runtime {
  const prepareOnce = once(async ({ events }: StartRequest) => {
    const engine = await openEngine(setting.env)
    refuseRemote(engine)
    const lines = [...(await removeLeftovers(setting.stateDir)), ...(await removeLeftoverContainers(engine))]
    for (const line of lines) events.step(`removed ${line}`)
    return { ...setting, engine, inTurn: createTurns() }
  })
  return createRuntime('docker', {
    flask: async (request) => startFlaskContainer(request, await prepareOnce(request)),
    triton: async (request) => startTritonContainer(request, await prepareOnce(request)),
    external: reachExternal,
  })
}

function createTurns(): DockerPlace['inTurn'] {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const turn = last.then(work)
    last = turn.catch(() => {}) // Its caller hears of it; the next one has its turn.
    return turn
  }
}

/** Its ports and folders are another machine's: nothing could be mounted, and nothing reached on 127.0.0.1. */
function refuseRemote({ address }: Engine): void {
  if (!address.isRemote) return
  throw new BenchError({
    kind: 'environment',
    code: 'docker-remote',
    message: `the Docker engine is on another machine (${address.host}, from ${address.source})`,
    hint:
      'start the servers there, e.g. by docker compose, and name them as kind: external; ' +
      'or use an engine of this machine: DOCKER_HOST=unix:///var/run/docker.sock',
  })
}
