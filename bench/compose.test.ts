// The compose files start by hand what dyno starts: held field by field against the containers that the runtime creates.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { ContainerCreateOptions } from 'dockerode'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { parseSizeBytes } from './core/units.ts'
import { containerOptions } from './runtime/docker/container-options.ts'
import { flaskContainer, GPU_IMAGE, tritonContainer } from './runtime/docker/server-containers.ts'
import { loadScenario, NO_OVERRIDES } from './scenario/load-scenario.ts'
import { itWith } from './testing/requirement.ts'
import { dockerCompose } from './testing/requirements.ts'

const ROOT = resolve(import.meta.dirname, '..')
const MODELS = join(ROOT, 'model_repository')
const PORTS = { flask: [5000], triton: [8000, 8001, 8002] } as const

/** Where the files and the runtime differ, and why they may. */
const MEANT = {
  options: {
    Labels: 'what is started by hand is the user’s: dyno must not take it for a leftover of its own',
    Healthcheck: 'dyno asks servers itself: a check would start a process in the container during the measurement',
    NetworkMode: 'compose makes a network of its own; both are bridges',
    ExposedPorts: 'the ports that are published, once more',
  },
  service: {
    image: 'built images have names for people here, and names by their content in dyno; NVIDIA’s is compared',
    build: 'dyno builds before it starts',
    healthcheck: '`up --wait` waits for it; see Healthcheck',
    networks: 'see NetworkMode',
    entrypoint: 'always null: the image’s own',
  },
}

/** What both ways of starting a container come down to. */
interface Started {
  readonly command: readonly string[] | null
  readonly env: Readonly<Record<string, string>>
  readonly ports: readonly string[]
  readonly mounts: readonly string[]
  readonly readOnlyRoot: boolean
  readonly tmpfs: readonly string[]
  readonly capDrop: readonly string[]
  readonly securityOpt: readonly string[]
  readonly shmBytes: number | null
  readonly gpus: readonly unknown[]
  readonly log: unknown
}

function ofRuntime(options: ContainerCreateOptions): Started {
  const { Cmd, Env, HostConfig, Image: _, ...others } = options
  const {
    PortBindings,
    Binds,
    ReadonlyRootfs,
    Tmpfs,
    CapDrop,
    SecurityOpt,
    ShmSize,
    DeviceRequests,
    LogConfig,
    ...more
  } = HostConfig ?? {}
  const unknown = Object.keys({ ...others, ...more }).filter((key) => !(key in MEANT.options))
  expect(unknown, 'compare these too, or say in MEANT why not').toEqual([])
  return {
    command: Cmd ?? null,
    env: Object.fromEntries((Env ?? []).map((line) => line.split(/=(.*)/s).slice(0, 2))),
    ports: Object.entries(PortBindings as Record<string, { HostIp: string; HostPort: string }[]>).flatMap(
      ([inside, bindings]) => bindings.map(({ HostIp, HostPort }) => `${HostIp}:${HostPort}:${inside}`),
    ),
    mounts: Binds ?? [],
    readOnlyRoot: ReadonlyRootfs ?? false,
    tmpfs: Object.entries(Tmpfs ?? {}).map(([path, how]) => (how === '' ? path : `${path}:${how}`)),
    capDrop: CapDrop ?? [],
    securityOpt: SecurityOpt ?? [],
    shmBytes: ShmSize ?? null,
    gpus: (DeviceRequests ?? []).map(({ Driver, Count, Capabilities }) => ({
      driver: Driver || null,
      count: Count === -1 ? 'all' : Count,
      capabilities: Capabilities?.[0],
    })),
    log: { driver: LogConfig?.Type, options: LogConfig?.Config },
  }
}

interface Port {
  readonly host_ip: string
  readonly published: string
  readonly target: number
  readonly protocol: string
}

interface Volume {
  readonly source: string
  readonly target: string
  readonly read_only?: boolean
}

interface Device {
  readonly driver?: string
  readonly count: string | number
  readonly capabilities: readonly string[]
}

/** Of a compose file, in the short forms that ours use, or as Compose prints it, in the long ones. */
interface Service {
  readonly image: string
  readonly command?: readonly string[] | null
  readonly environment?: Readonly<Record<string, string>>
  readonly ports?: readonly (string | Port)[]
  readonly volumes?: readonly (string | Volume)[]
  readonly read_only?: boolean
  readonly tmpfs?: readonly string[]
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly shm_size?: string
  readonly deploy?: { readonly resources: { readonly reservations: { readonly devices: readonly Device[] } } }
  readonly logging?: unknown
}

function ofCompose(service: Service): Started {
  const { command, environment, ports, volumes, read_only, tmpfs, cap_drop, security_opt, shm_size, deploy, logging } =
    service
  const unknown = Object.keys(service).filter((key) => !COMPARED.includes(key) && !(key in MEANT.service))
  expect(unknown, 'compare these too, or say in MEANT why not').toEqual([])
  return {
    command: command ?? null,
    env: environment ?? {},
    ports: (ports ?? []).map((port) =>
      typeof port === 'string' ? `${port}/tcp` : `${port.host_ip}:${port.published}:${port.target}/${port.protocol}`,
    ),
    mounts: (volumes ?? []).map((volume) =>
      typeof volume === 'string'
        ? volume.replace(/^\./, ROOT)
        : `${volume.source}:${volume.target}${volume.read_only ? ':ro' : ''}`,
    ),
    readOnlyRoot: read_only ?? false,
    tmpfs: tmpfs ?? [],
    capDrop: cap_drop ?? [],
    securityOpt: security_opt ?? [],
    shmBytes: shm_size === undefined ? null : (parseSizeBytes(shm_size.replace(/m$/, 'MiB')) ?? Number(shm_size)),
    gpus: (deploy?.resources.reservations.devices ?? []).map(({ driver, count, capabilities }) => ({
      driver: driver ?? null,
      count: count === -1 ? 'all' : count,
      capabilities,
    })),
    log: logging,
  }
}

const COMPARED =
  'command environment ports volumes read_only tmpfs cap_drop security_opt shm_size deploy logging'.split(' ')

const { scenario } = await loadScenario(join(ROOT, 'scenarios/flask-vs-triton.yaml'), NO_OVERRIDES)

/** What `dyno run scenarios/flask-vs-triton.yaml` starts, at the ports of the files. */
function containersFor(kind: 'gpu' | 'cpu'): Readonly<Record<string, ContainerCreateOptions>> {
  const { flask, triton } = scenario.servers
  if (flask?.kind !== 'flask' || triton?.kind !== 'triton') throw new Error('the scenario has other servers by now')
  const image = kind === 'gpu' ? GPU_IMAGE : 'inference-dyno/triton-cpu:0123456789ab'
  const place = { server: 'triton', image, ports: PORTS.triton, repository: MODELS, model: scenario.model.name }
  return {
    flask: containerOptions(flaskContainer(flask, { server: 'flask', image: 'x', ports: PORTS.flask }, null)),
    triton: containerOptions(tritonContainer(triton, { ...place, gpus: kind === 'gpu' ? 'all' : 'none' })),
  }
}

interface ComposeFile {
  readonly name: string
  readonly services: Readonly<Record<string, Service>>
}

function compose(args: readonly string[]): string {
  return execFileSync('docker', ['compose', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

const COMPOSE = dockerCompose()

describe.each(['gpu', 'cpu'] as const)('docker-compose.%s.yml', (kind) => {
  const file = `docker-compose.${kind}.yml`
  const expected = containersFor(kind)
  const text = readFileSync(join(ROOT, file), 'utf8')

  it('starts what the runtime starts', () => {
    const { name, services } = parse(text) as ComposeFile
    expect(name).toBe(`dyno-${kind}`)
    expect(Object.keys(services)).toEqual(Object.keys(expected))
    for (const [server, service] of Object.entries(services)) {
      expect(ofCompose(service), server).toEqual(ofRuntime(expected[server] ?? {}))
    }
  })

  it('publishes on this machine alone', () => {
    const { services } = parse(text) as ComposeFile
    const ports = Object.values(services).flatMap((service) => ofCompose(service).ports)
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([])
    expect(ports).toHaveLength(4)
  })

  it('takes NVIDIA’s pinned image with a GPU, and builds every other from a Dockerfile of this repository', () => {
    const { services } = parse(text) as { services: Record<string, { image: string; build?: { dockerfile: string } }> }
    expect(services.triton?.image === GPU_IMAGE).toBe(kind === 'gpu')
    for (const { image, build } of Object.values(services)) {
      if (image !== GPU_IMAGE) expect(readFileSync(join(ROOT, build?.dockerfile ?? ''), 'utf8')).toMatch(/^FROM /m)
    }
  })

  itWith(COMPOSE, 'is valid, and says the same to Compose', () => {
    const { services } = JSON.parse(compose(['--file', file, 'config', '--format', 'json'])) as ComposeFile
    for (const [server, service] of Object.entries(services)) {
      expect(ofCompose(service), server).toEqual(ofRuntime(expected[server] ?? {}))
    }
  })
})
