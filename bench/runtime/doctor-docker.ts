// What the doctor says about Docker: the engine, the right to use it, where and how it runs, its disk, its images, its GPUs.
import { existsSync, readFileSync, statfsSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { delimiter, join } from 'node:path'
import { z } from 'zod'
import { sleep } from '../core/clock.ts'
import { BenchError, messageOf } from '../core/errors.ts'
import { formatBytes } from '../core/units.ts'
import { type Engine, openEngine } from './docker/engine.ts'
import { type EngineAddress, type Environment, findEngine } from './docker/engine-address.ts'
import { labelOf } from './docker/labelled-images.ts'
import { MADE_LABEL } from './docker/labels.ts'
import type { Diagnosis, Finding } from './doctor.ts'

const ANSWER_TIMEOUT_MS = 5000
/** The Flask image, Triton's CPU image, and as much again while they are built. */
const IMAGES_BYTES = 5 * 1024 ** 3
/** The first with what dyno asks of it: device requests, cgroup v2, `host-gateway`. */
const OLDEST_MAJOR = 20

const infoSchema = z.object({
  Driver: z.string(),
  DockerRootDir: z.string(),
  CgroupVersion: z.string().default('1'),
  CgroupDriver: z.string().default('cgroupfs'),
  SecurityOptions: z.array(z.string()).nullish(),
  Runtimes: z.record(z.string(), z.unknown()).nullish(),
  MemoryLimit: z.boolean().default(true),
  SwapLimit: z.boolean().default(true),
  CpuCfsQuota: z.boolean().default(true),
  CPUSet: z.boolean().default(true),
})

export type EngineInfo = z.infer<typeof infoSchema>

/** Findings about what cannot be asked are left out: where no engine answers, there is one finding. */
export async function dockerFindings(env: Environment, hasGpu: boolean): Promise<readonly Diagnosis[]> {
  let engine: Engine
  try {
    engine = await openEngine(env)
  } catch (error) {
    return [{ name: 'docker', ...noEngine(error, env) }]
  }
  const { address, version } = engine
  const found = [
    { name: 'docker', ...versionFinding(version, address) },
    { name: 'docker access', ...accessFinding(address) },
    { name: 'docker context', ...contextFinding(address, env) },
  ]
  try {
    const info = infoSchema.parse(await withinLimit(engine.docker.info()))
    const images = await withinLimit(engine.docker.listImages({ filters: { label: [MADE_LABEL] } }))
    const names = images.map((image) => `${labelOf(image)} (${formatBytes(image.Size)})`)
    return [
      ...found,
      { name: 'docker mode', ...modeFinding(address, info) },
      { name: 'docker limits', ...limitsFinding(info) },
      { name: 'docker storage', ...storageFinding(address, info) },
      { name: 'docker images', ...ok(names.join(', ') || 'none of dyno’s yet; the first run on Docker builds them') },
      { name: 'gpu runtime', ...gpuRuntimeFinding({ info, hasGpu, path: env.PATH ?? '' }) },
    ]
  } catch (error) {
    const remedy = 'see what it says itself: docker info'
    return [...found, { name: 'docker mode', ...warning(`the engine does not tell: ${messageOf(error)}`, remedy) }]
  }
}

function ok(detail: string): Finding {
  return { status: 'ok', detail, remedy: null }
}

function warning(detail: string, remedy: string | null): Finding {
  return { status: 'warning', detail, remedy }
}

/** An engine that answered once may still hang later. */
async function withinLimit<T>(answer: Promise<T>): Promise<T> {
  const answered = new AbortController()
  const limit = sleep(ANSWER_TIMEOUT_MS, answered.signal).then(() => Promise.reject(new Error('no answer')))
  try {
    return await Promise.race([answer, limit])
  } finally {
    answered.abort()
    limit.catch(() => {}) // It lost the race.
    answer.catch(() => {})
  }
}

function noEngine(error: unknown, env: Environment): Finding {
  if (!(error instanceof BenchError)) return warning(messageOf(error), null)
  if (error.code === 'docker-permission') return noPermission(findEngine(env))
  const detail = `${error.message}; the local runtime needs none`
  const isInstalled = onPath('dockerd', env.PATH ?? '') || env.DOCKER_HOST !== undefined
  if (error.code === 'docker-absent' && !isInstalled) return warning(detail, 'sudo apt install docker.io')
  return warning(detail, error.hint ?? null)
}

/** The right to use the socket comes from a group, which a session has only if it began after the user joined it. */
function noPermission({ host }: EngineAddress): Finding {
  const socket = describeSocket(host)
  const detail = `the engine’s socket is there, you may not use it${socket === null ? '' : ` (${socket.text})`}`
  if (socket?.group == null || socket.group === 'root') return warning(detail, 'sudo usermod -aG docker $USER')
  const { group, members } = socket
  if (members.includes(userInfo().username)) {
    return warning(
      `${detail}; you are in group ${group}, but not this session`,
      `log in again, or here: newgrp ${group}`,
    )
  }
  return warning(detail, `join its group, then log in again: sudo usermod -aG ${group} $USER`)
}

interface Socket {
  readonly text: string
  /** `null` where it has no name. */
  readonly group: string | null
  readonly members: readonly string[]
  readonly isForAll: boolean
}

function describeSocket(host: string): Socket | null {
  try {
    const { mode, uid, gid } = statSync(host.replace(/^unix:\/\//, ''))
    const groups = readFileSync('/etc/group', 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
    const [group = null, , , members = ''] = groups.find(([, , id]) => id === String(gid)) ?? []
    const bits = (mode & 0o777).toString(8).padStart(3, '0')
    const text = `user ${uid}, group ${group ?? gid}, mode ${bits}`
    return { text, group, members: members.split(','), isForAll: (mode & 0o002) !== 0 }
  } catch {
    return null // Its folder is closed to us, or there are no such files on this system.
  }
}

function versionFinding(version: string, { host, source }: EngineAddress): Finding {
  const detail = `engine ${version} at ${host} (${source})`
  if (Number.parseInt(version, 10) >= OLDEST_MAJOR) return ok(detail)
  return warning(`${detail} is older than 20.10`, 'update it: https://docs.docker.com/engine/install/')
}

function accessFinding({ host, tlsDir }: EngineAddress): Finding {
  if (host.startsWith('ssh://')) return ok('by ssh')
  if (!host.startsWith('unix://')) {
    if (tlsDir !== null) return ok(`by TLS with the keys in ${tlsDir}`)
    return warning(
      'without TLS: whoever reaches this port is root on that machine',
      'use ssh: export DOCKER_HOST=ssh://user@host',
    )
  }
  const socket = describeSocket(host)
  if (socket === null) return ok('you may use it')
  if (!socket.isForAll) return ok(`you may use it (${socket.text})`)
  const path = host.slice('unix://'.length)
  return warning(`everybody on this machine may use it, and so be root (${socket.text})`, `sudo chmod 660 ${path}`)
}

function contextFinding({ source }: EngineAddress, env: Environment): Finding {
  if (!env.DOCKER_HOST) return ok(source.startsWith('context ') ? source : 'the default')
  const hidden = sourceWithoutHost(env)
  if (!hidden.startsWith('context ')) return ok('DOCKER_HOST')
  return warning(`DOCKER_HOST hides ${hidden}`, 'unset DOCKER_HOST')
}

function sourceWithoutHost(env: Environment): string {
  try {
    return findEngine({ ...env, DOCKER_HOST: undefined }).source
  } catch {
    return '' // A context that does not exist hides nothing.
  }
}

/** Where it runs and with which rights. */
export function modeFinding({ isRemote, source }: EngineAddress, { SecurityOptions }: EngineInfo): Finding {
  if (isRemote) {
    return warning(
      'on another machine: images can be built, pushed and pulled there, but servers cannot be run: their ports and ' +
        'the model’s folder would be that machine’s',
      source === 'DOCKER_HOST'
        ? 'run dyno on that machine, or use the engine here: unset DOCKER_HOST'
        : 'run dyno on that machine, or use the engine here: docker context use default',
    )
  }
  if (!SecurityOptions?.includes('name=rootless')) return ok('on this machine, as root')
  return warning(
    'rootless: published ports pass one more process, which costs time; network: host is not this machine’s network',
    'for figures to publish use an engine that runs as root, or --runtime local',
  )
}

function limitsFinding(info: EngineInfo): Finding {
  const { CgroupVersion, CgroupDriver, MemoryLimit, SwapLimit, CpuCfsQuota, CPUSet } = info
  const detail = `cgroup v${CgroupVersion}, driver ${CgroupDriver}`
  const lacking = Object.entries({ memory: MemoryLimit, swap: SwapLimit, cpus: CpuCfsQuota, cpuset: CPUSet })
    .filter(([, works]) => !works)
    .map(([limit]) => limit)
  if (CgroupDriver !== 'none' && lacking.length === 0) return ok(detail)
  const ignored = CgroupDriver === 'none' ? 'all limits' : `limits of ${lacking.join(', ')}`
  const isRootless = info.SecurityOptions?.includes('name=rootless') === true
  return warning(
    `${detail}: ${ignored} are ignored`,
    isRootless
      ? 'let systemd delegate cpu, cpuset, io, memory and pids: https://rootlesscontaine.rs/getting-started/common/cgroup2/'
      : 'start the kernel with cgroup_enable=memory swapaccount=1, or set no such limits in the scenario',
  )
}

function storageFinding({ isRemote }: EngineAddress, { Driver, DockerRootDir }: EngineInfo): Finding {
  const freeBytes = isRemote ? null : freeAt(DockerRootDir)
  const detail = `${Driver} in ${DockerRootDir}${freeBytes === null ? '' : `, ${formatBytes(freeBytes)} free`}`
  if (freeBytes !== null && freeBytes < IMAGES_BYTES) {
    return warning(
      detail,
      `have ${formatBytes(IMAGES_BYTES)} free for images; see what takes the room: docker system df`,
    )
  }
  if (Driver !== 'vfs') return ok(detail)
  return warning(`${detail}: it copies every layer as a whole`, 'set "storage-driver": "overlay2" in daemon.json')
}

/** `null` where the folder cannot be seen, e.g. in the virtual machine of Docker Desktop. */
function freeAt(dir: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(dir)
    return bavail * bsize
  } catch {
    return null
  }
}

/** A GPU gets into a container by NVIDIA's runtime, or by its hook where the engine finds it on its path. */
export function gpuRuntimeFinding(about: {
  readonly info: EngineInfo
  readonly hasGpu: boolean
  readonly path: string
}): Finding {
  const { info, hasGpu, path } = about
  const hasRuntime = info.Runtimes?.nvidia !== undefined
  if (!hasGpu) return ok(hasRuntime ? 'nvidia, but no GPU' : 'not needed without a GPU')
  if (hasRuntime) return ok('nvidia')
  if (onPath('nvidia-container-runtime-hook', path)) return ok('nvidia’s hook')
  const configure = 'sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker'
  if (onPath('nvidia-ctk', path)) return warning('the toolkit is installed, the engine does not know it', configure)
  return warning(
    'containers cannot use the GPU: the NVIDIA Container Toolkit is not installed',
    `https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/, then ${configure}`,
  )
}

/** @param path as the variable PATH */
export function onPath(program: string, path: string): boolean {
  return path.split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, program)))
}
