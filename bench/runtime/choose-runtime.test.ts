// Which runtime a scenario gets: what asks for containers, and what does not.
import { describe, expect, it } from 'vitest'
import type { FlaskServer, ServerSpec, TritonServer } from '../scenario/types.ts'
import { chooseRuntime } from './choose-runtime.ts'

const PLAIN = { containerName: null, network: null, limits: null, image: null, env: {}, startTimeoutMs: 1 } as const
const FLASK: FlaskServer = {
  ...PLAIN,
  kind: 'flask',
  mode: 'production',
  workers: 1,
  threads: 1,
  port: null,
  build: null,
}
const TRITON: TritonServer = { ...PLAIN, kind: 'triton', gpus: 'auto', ports: null }
/** No engine answers there: `auto` finds no GPU. */
const NOWHERE = { DOCKER_HOST: 'unix:///nowhere/docker.sock' }

function choose(wanted: 'auto' | 'docker' | 'local', server: ServerSpec) {
  return chooseRuntime({
    wanted,
    servers: { one: server },
    projectDir: '/none',
    stateDir: '/none',
    environmentDir: '/none',
    env: NOWHERE,
  })
}

const ASKS: readonly (readonly [string, ServerSpec])[] = [
  ['image', { ...FLASK, image: 'team/flask:1' }],
  ['build', { ...FLASK, build: { contextDir: '/', dockerfile: 'Dockerfile', args: {} } }],
  ['network', { ...FLASK, network: 'host' }],
  ['limits', { ...TRITON, limits: { cpus: 1, memoryBytes: null, cpuset: null, shmBytes: null } }],
  ['gpus', { ...TRITON, gpus: 1 }],
  ['containerName', { ...TRITON, containerName: 'triton' }],
]

describe('the runtime', () => {
  it.each([
    ['Flask', FLASK],
    ['Triton without a GPU', TRITON],
    ['Triton with NVIDIA’s image named', { ...TRITON, image: 'nvcr.io/nvidia/tritonserver:23.10-py3' }],
  ] as const)('of %s is local unless containers are wanted', async (_, server) => {
    expect((await choose('auto', server)).name).toBe('local')
    expect((await choose('docker', server)).name).toBe('docker')
  })

  it.each(ASKS)('is docker where %s is asked for, and local refuses it', async (field, server) => {
    expect((await choose('auto', server)).name).toBe('docker')
    await expect(choose('local', server)).rejects.toMatchObject({
      code: 'needs-docker',
      message: expect.stringContaining(`servers.one.${field} needs containers`),
    })
  })
})
