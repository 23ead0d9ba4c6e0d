// One container: created, started, logged, watched, and removed whatever happens to it.
import { randomBytes } from 'node:crypto'
import { createWriteStream, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import type Docker from 'dockerode'
import type { ContainerInspectInfo } from 'dockerode'
import { BenchError } from '../../core/errors.ts'
import { readLogTail } from '../log-tail.ts'
import type { ResourceReading, RunningServer } from '../types.ts'
import { containerOptions, type ServerContainer } from './container-options.ts'
import { type Engine, engineError, engineMessage, statusOf } from './engine.ts'
import { type ContainerEvents, watchContainer } from './engine-events.ts'
import { OWNER_LABEL, ownerLabel } from './labels.ts'
import { watchResources } from './stats.ts'

export interface StartedContainer {
  /** The server's name. */
  readonly name: string
  readonly id: string
  /** Of its first process, as this machine counts; 0 where the engine does not tell. */
  readonly pid: number
  /** The port of 127.0.0.1 behind which the server's own port is. */
  port(inside: number): number
  readonly death: RunningServer['death']
  /** Settles when it has ended, or when the engine has. */
  readonly ended: Promise<unknown>
  readonly pausedMs: RunningServer['pausedMs']
  resources(): Promise<ResourceReading | null>
  logTail(lines: number): readonly string[]
  /** Ends and removes it at once: nothing in it is worth a grace. */
  stop(): Promise<void>
}

export interface ContainerRequest {
  readonly container: ServerContainer
  /** null for one of its own. */
  readonly containerName: string | null
  readonly logDir: string
}

const TAIL_LINES = 20

/** @throws BenchError `name-taken`, `port-taken`, `gpu-missing`, `container-not-startable`, see `engineError` */
export async function startContainer(engine: Engine, request: ContainerRequest): Promise<StartedContainer> {
  const { server } = request.container
  const container = await create(engine, request)
  const stop = once(() => remove(container, engine, server))
  try {
    await container.start()
    const logPath = join(request.logDir, `${server}.log`)
    const { written } = await followLog(container, { logDir: request.logDir, logPath })
    const info = await container.inspect()
    const events = await watchContainer(engine, info.Id)
    let end: string | null = null
    const ended = waitForEnd(container, server, events).then(async (reason) => {
      // Its last words are in the log before its death is told.
      await written.catch(() => {})
      end = reason
      events.stop()
    })
    return {
      name: server,
      id: info.Id,
      pid: info.State.Pid,
      port: (inside) => publishedPort(request.container, info, inside),
      death: () => (end === null ? null : { reason: end, logTail: readLogTail(logPath, TAIL_LINES) }),
      ended,
      pausedMs: events.pausedMs,
      resources: watchResources(container, info.State.Pid),
      logTail: (lines) => readLogTail(logPath, lines),
      stop,
    }
  } catch (error) {
    await stop().catch(() => {}) // The failure to start is the one to show.
    throw startError(error, engine, request.container)
  }
}

async function create({ docker, address }: Engine, request: ContainerRequest): Promise<Docker.Container> {
  const { container, containerName } = request
  const name = containerName ?? `dyno-${container.server}-${randomBytes(4).toString('hex')}`
  const options = containerOptions(container)
  try {
    return await docker.createContainer({
      ...options,
      name,
      Labels: { ...options.Labels, [OWNER_LABEL]: ownerLabel() },
    })
  } catch (error) {
    if (statusOf(error) !== 409) throw engineError(error, address, `creating the container of ${container.server}`)
    throw new BenchError({
      kind: 'environment',
      code: 'name-taken',
      message: `a container named ${name} exists already`,
      place: `server ${container.server}`,
      hint: `remove it, if it is yours to remove: docker rm --force ${name}; or leave containerName out`,
      cause: error,
    })
  }
}

function startError(error: unknown, { address }: Engine, { server, gpus, ports }: ServerContainer): BenchError {
  if (error instanceof BenchError) return error
  const message = engineMessage(error)
  const found = { kind: 'environment', place: `server ${server}`, cause: error } as const
  if (/port is already allocated|address already in use/.test(message)) {
    const wanted = ports.flatMap(({ outside }) => outside ?? [])
    return new BenchError({
      ...found,
      code: 'port-taken',
      message: `a port of ${wanted.join(', ')} is taken: ${message}`,
      hint: 'stop what uses it (docker ps shows containers), or leave the port out of the scenario: then a free one is taken',
    })
  }
  if (/could not select device driver/.test(message)) {
    return new BenchError({ ...found, ...gpuMissing(gpus), evidence: [message] })
  }
  if (statusOf(error) === 400 || /exec|OCI runtime|executable file not found/i.test(message)) {
    return new BenchError({
      ...found,
      code: 'container-not-startable',
      message: `the container of ${server} cannot be started: ${message}`,
      hint: 'the image may not be one of this server: check servers.<name>.image in the scenario',
    })
  }
  return engineError(error, address, `starting the container of ${server}`)
}

export function gpuMissing(
  gpus: ServerContainer['gpus'],
): Pick<BenchError, 'code' | 'message'> & { readonly hint: string } {
  return {
    code: 'gpu-missing',
    message: `gpus: ${gpus} was asked for, but the engine has no NVIDIA runtime`,
    hint:
      'with an NVIDIA driver installed, install the NVIDIA Container Toolkit (apt install nvidia-container-toolkit; ' +
      'nvidia-ctk runtime configure --runtime=docker; restart docker); or use gpus: auto',
  }
}

/** Both streams, as they come, into one file. `written` settles when the log has ended and the file is whole. */
async function followLog(
  container: Docker.Container,
  { logDir, logPath }: { readonly logDir: string; readonly logPath: string },
): Promise<{ readonly written: Promise<void> }> {
  mkdirSync(logDir, { recursive: true })
  const file = createWriteStream(logPath)
  const stream = await container.logs({ follow: true, stdout: true, stderr: true })
  container.modem.demuxStream(stream, file, file)
  stream.once('end', () => file.end())
  stream.on('error', () => file.end())
  return { written: finished(file) }
}

/** How it ended, in one sentence. */
async function waitForEnd(container: Docker.Container, server: string, events: ContainerEvents): Promise<string> {
  try {
    // Waiting alone would last for ever: dockerode does not tell of an answer that breaks off.
    await Promise.race([container.wait(), events.engineLost])
    return await describeEnd(container, server)
  } catch (error) {
    if (statusOf(error) === 404) return `${server} is gone: its container was removed`
    return `${server} is out of reach: the Docker engine went away (${engineMessage(error)})`
  }
}

async function describeEnd(container: Docker.Container, server: string): Promise<string> {
  const { State } = await container.inspect()
  if (State.Running) return `${server} is out of sight: the Docker engine broke off the connection`
  if (State.OOMKilled) return `${server} was killed: it needed more memory than its limit (limits.memory)`
  if (State.ExitCode === 137) return `${server} was killed by SIGKILL`
  if (State.ExitCode === 143) return `${server} was ended by SIGTERM`
  return `${server} exited with code ${State.ExitCode}${State.Error ? ` (${State.Error})` : ''}`
}

function publishedPort({ server, network }: ServerContainer, info: ContainerInspectInfo, inside: number): number {
  if (network === 'host') return inside
  const port = Number(info.NetworkSettings.Ports[`${inside}/tcp`]?.[0]?.HostPort)
  if (port > 0) return port
  throw new BenchError({
    kind: 'environment',
    code: 'port-not-published',
    message: `the engine published no port for ${inside} of ${server}`,
    hint: 'see what it says of its ports: docker ps; without a working bridge use network: host',
  })
}

async function remove(container: Docker.Container, { address }: Engine, server: string): Promise<void> {
  try {
    await container.remove({ force: true, v: true })
  } catch (error) {
    if (statusOf(error) === 404) return
    // Somebody else removes it at this moment.
    if (statusOf(error) !== 409) {
      const doing = `removing the container of ${server} (the next run tries again)`
      throw engineError(error, address, doing)
    }
    await container.wait({ condition: 'removed' }).catch(() => {})
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null
  return () => {
    running ??= work()
    return running
  }
}
