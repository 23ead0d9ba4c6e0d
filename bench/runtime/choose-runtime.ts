// Which runtime a scenario's servers run in: the one that was asked for, or the best that this machine has.
import { arch, platform } from 'node:os'
import { BenchError } from '../core/errors.ts'
import type { ServerSpec } from '../scenario/types.ts'
import { createDockerRuntime } from './docker/docker.ts'
import { openEngine } from './docker/engine.ts'
import type { Environment } from './docker/engine-address.ts'
import { hasNvidiaRuntime } from './docker/gpus.ts'
import { isNvidias } from './docker/server-containers.ts'
import { createLocalRuntime } from './local.ts'
import type { Runtime, RuntimeName } from './types.ts'

export interface RuntimeRequest {
  readonly wanted: RuntimeName | 'auto'
  readonly servers: Readonly<Record<string, ServerSpec>>
  readonly projectDir: string
  readonly stateDir: string
  readonly environmentDir: string
  readonly env: Environment
}

/**
 * `auto` takes processes of this machine, which nothing stands in front of, unless containers have what they lack: a
 * GPU for Triton, something that only containers have and the scenario asks for, or a system that Triton's wheel is
 * made for.
 * @throws BenchError `needs-docker` where the local runtime is asked for something that only containers have
 */
export async function chooseRuntime(request: RuntimeRequest): Promise<Runtime> {
  const { wanted, servers } = request
  const need = Object.entries(servers).flatMap(([name, server]) => containerNeeds(name, server))[0]
  if (wanted === 'local' && need !== undefined) throw needsDocker(need)
  const name = wanted === 'auto' ? await best(request, need !== undefined) : wanted
  return name === 'docker' ? createDockerRuntime(request) : createLocalRuntime(request)
}

async function best({ servers, env }: RuntimeRequest, needsContainers: boolean): Promise<RuntimeName> {
  const specs = Object.values(servers)
  if (needsContainers) return 'docker'
  const hasTriton = specs.some(({ kind }) => kind === 'triton')
  if (hasTriton && (platform() !== 'linux' || arch() !== 'x64')) return 'docker'
  const mayUseGpus = specs.some((server) => server.kind === 'triton' && server.gpus !== 'none')
  return mayUseGpus && (await canUseGpus(env)) ? 'docker' : 'local'
}

async function canUseGpus(env: Environment): Promise<boolean> {
  try {
    const engine = await openEngine(env)
    return !engine.address.isRemote && (await hasNvidiaRuntime(engine))
  } catch {
    return false // No engine that can be used: nothing is lost, the local runtime needs none.
  }
}

interface Need {
  readonly server: string
  readonly field: string
}

/** The fields by which a server asks for a container. NVIDIA's image is a default: it asks for nothing. */
function containerNeeds(server: string, spec: ServerSpec): Need[] {
  if (spec.kind === 'external') return []
  const asked = {
    network: spec.network !== null,
    limits: spec.limits !== null,
    containerName: spec.containerName !== null,
    image: spec.image !== null && !isNvidias(spec.image),
    build: spec.kind === 'flask' && spec.build !== null,
    gpus: spec.kind === 'triton' && spec.gpus !== 'auto' && spec.gpus !== 'none',
  }
  return Object.entries(asked).flatMap(([field, isAsked]) => (isAsked ? [{ server, field }] : []))
}

function needsDocker({ server, field }: Need): BenchError {
  return new BenchError({
    kind: 'environment',
    code: 'needs-docker',
    message: `servers.${server}.${field} needs containers, which the local runtime does not have`,
    place: `server ${server}`,
    hint: `use --runtime docker, or leave ${field} out of the scenario`,
  })
}
