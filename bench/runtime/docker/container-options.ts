// What the engine is told to create, as a pure function: the compose files are held against it, field by field.
import type { ContainerCreateOptions, HostConfig } from 'dockerode'
import type { ContainerSpec } from '../../scenario/types.ts'
import { MADE_LABEL, SERVER_LABEL } from './labels.ts'

/** A server as a container, before anything of this run is known but its ports. */
export interface ServerContainer {
  /** The server's name in its scenario. */
  readonly server: string
  /** Reference or id. */
  readonly image: string
  /** null for the image's own. */
  readonly command: readonly string[] | null
  readonly env: Readonly<Record<string, string>>
  readonly network: 'bridge' | 'host'
  readonly ports: readonly PublishedPort[]
  /** Folders of this machine, all read-only. */
  readonly mounts: readonly { readonly from: string; readonly to: string }[]
  readonly limits: NonNullable<ContainerSpec['limits']>
  readonly gpus: 'all' | 'none' | number
  /** Not where the image's own start writes into its root. */
  readonly readOnlyRoot: boolean
}

export interface PublishedPort {
  /** Where the server listens in the container. */
  readonly inside: number
  /** On 127.0.0.1; null for any free one, which the engine names. */
  readonly outside: number | null
}

const LOOPBACK = '127.0.0.1'
/** Enough for any message, and a server that floods its log fills no disk. */
const LOG_LIMIT = { 'max-size': '64m', 'max-file': '1' }

/** Without name and owner, which are of one start only. */
export function containerOptions(container: ServerContainer): ContainerCreateOptions {
  const { server, image, command, env, ports, network } = container
  const published = network === 'bridge' ? ports : []
  return {
    Image: image,
    ...(command === null ? {} : { Cmd: [...command] }),
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ExposedPorts: Object.fromEntries(published.map(({ inside }) => [`${inside}/tcp`, {}])),
    Labels: { [MADE_LABEL]: 'server', [SERVER_LABEL]: server },
    // dyno asks the server itself. The image's own check would start a process in it during the measurement.
    Healthcheck: { Test: ['NONE'] },
    HostConfig: hostConfig(container, published),
  }
}

function hostConfig(container: ServerContainer, published: readonly PublishedPort[]): HostConfig {
  const { network, mounts, limits, gpus, readOnlyRoot } = container
  return {
    NetworkMode: network,
    PortBindings: Object.fromEntries(
      published.map(({ inside, outside }) => [
        `${inside}/tcp`,
        [{ HostIp: LOOPBACK, HostPort: outside === null ? '' : String(outside) }],
      ]),
    ),
    Binds: mounts.map(({ from, to }) => `${from}:${to}:ro`),
    ReadonlyRootfs: readOnlyRoot,
    Tmpfs: { '/tmp': '' },
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges:true'],
    LogConfig: { Type: 'json-file', Config: LOG_LIMIT },
    ...(limits.cpus === null ? {} : { NanoCpus: Math.round(limits.cpus * 1e9) }),
    // Without swap: a server that swaps would be measured as slow, not as too large.
    ...(limits.memoryBytes === null ? {} : { Memory: limits.memoryBytes, MemorySwap: limits.memoryBytes }),
    ...(limits.cpuset === null ? {} : { CpusetCpus: limits.cpuset }),
    ...(limits.shmBytes === null ? {} : { ShmSize: limits.shmBytes }),
    ...(gpus === 'none' ? {} : { DeviceRequests: [gpuRequest(gpus)] }),
  }
}

/** As `docker run --gpus`: -1 stands for all. */
function gpuRequest(gpus: 'all' | number) {
  return { Driver: '', Count: gpus === 'all' ? -1 : gpus, Capabilities: [['gpu']] }
}
