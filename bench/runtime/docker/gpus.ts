// Which GPUs a container gets: what was asked for, held against what the engine can give.
import { z } from 'zod'
import { BenchError } from '../../core/errors.ts'
import type { TritonServer } from '../../scenario/types.ts'
import { gpuMissing } from './container.ts'
import { type Engine, engineError } from './engine.ts'

export interface GpuChoice {
  readonly gpus: 'all' | 'none' | number
  /** Where `auto` found none: what runs instead, in one sentence. */
  readonly notice: string | null
}

const infoSchema = z.object({ Runtimes: z.record(z.string(), z.unknown()).nullish() })

/** @throws BenchError `gpu-missing` where GPUs are asked for and the engine has no runtime for them */
export async function chooseGpus(engine: Engine, wanted: TritonServer['gpus'], server: string): Promise<GpuChoice> {
  if (wanted === 'none') return { gpus: 'none', notice: null }
  if (await hasNvidiaRuntime(engine)) return { gpus: wanted === 'auto' ? 'all' : wanted, notice: null }
  if (wanted !== 'auto') throw new BenchError({ kind: 'environment', place: `server ${server}`, ...gpuMissing(wanted) })
  return {
    gpus: 'none',
    notice: `${server} runs on the CPU, in dyno’s own image: the Docker engine has no NVIDIA runtime`,
  }
}

export async function hasNvidiaRuntime({ docker, address }: Engine): Promise<boolean> {
  try {
    const { Runtimes } = infoSchema.parse(await docker.info())
    return Runtimes?.nvidia !== undefined
  } catch (error) {
    throw engineError(error, address, 'asking the Docker engine for its runtimes')
  }
}
