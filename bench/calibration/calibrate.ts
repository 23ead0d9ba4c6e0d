// The whole calibration: floors of every protocol and batch size, then every accuracy experiment, one after the other.

import { loadThreadAbilities } from '../event-loop/create-event-loop.ts'
import type { LoadThreadAbilities } from '../event-loop/types.ts'
import type { ClientFloor } from '../measurement/types.ts'
import type { LoadModel } from '../plan/types.ts'
import { variantsOf } from '../protocol/variants.ts'
import type { ModelSpec, TargetSpec } from '../scenario/types.ts'
import { type Finding, findingsOf } from './accuracy.ts'
import { calibrationAnswer } from './answers.ts'
import { knownLatency } from './behaviour.ts'
import { EXPERIMENTS, type Experiment } from './experiments.ts'
import { measureFloors } from './floors.ts'
import { type OpenSession, runBuiltIn } from './run-job.ts'
import { startCalibrationHost } from './server.ts'

export interface FloorRow {
  readonly protocol: string
  readonly batchSize: number
  readonly load: LoadModel
  readonly floor: ClientFloor | null
}

export interface AccuracyRow {
  readonly experiment: string
  readonly windowMs: number
  /** Of the load thread, 1 = one core. */
  readonly cpuFraction: number
  readonly findings: readonly Finding[]
}

export interface Calibration {
  /** Core that the built-in servers were pinned to; null for none. */
  readonly serverCpu: number | null
  readonly loadThreads: LoadThreadAbilities
  readonly floors: readonly FloorRow[]
  readonly accuracy: readonly AccuracyRow[]
}

export interface CalibrationSetting {
  readonly serverCpu: number | null
  readonly windowMs: number
  /** Whether load threads poll, as in a run. */
  readonly polls: boolean
  readonly open: OpenSession
  readonly signal: AbortSignal
  readonly onStep: (text: string) => void
}

const MODEL: ModelSpec = {
  name: 'example_model',
  version: null,
  inputs: [{ name: 'keras_tensor', datatype: 'FP32', shape: [4] }],
  outputs: [{ name: 'output_0', datatype: 'FP32', shape: [1] }],
  maxBatchSize: null,
}
const BATCH_SIZES = [1, 2, 4, 8]
const SEED = 42
const WARMUP_MS = 2000
/**
 * Before each experiment the server's process answers as fast as it can: what runs a few hundred times a second is not
 * compiled within a warm-up, and the latency that is to be the truth would be longer at first than its record says.
 */
const AT_ONCE = knownLatency({ kind: 'fixed', ms: 0 })
const EXERCISE = {
  load: { model: 'closed', concurrency: 16, connections: 16 },
  warmupMs: 0,
  windowMs: 1000,
  polls: false,
} as const

const target = (
  name: string,
  rest: Pick<TargetSpec, 'api' | 'protocol' | 'tensors'> & { readonly streaming?: true },
): TargetSpec => ({
  name,
  server: 'built-in',
  engine: 'native',
  streaming: false,
  ...rest,
})
const HTTP_JSON = target('KServe JSON', { api: 'kserve', protocol: 'http', tensors: 'json' })
const GRPC = target('gRPC', { api: 'kserve', protocol: 'grpc', tensors: 'binary' })
const TARGETS: readonly TargetSpec[] = [
  target('Flask JSON', { api: 'flask', protocol: 'http', tensors: 'json' }),
  HTTP_JSON,
  target('KServe binary', { api: 'kserve', protocol: 'http', tensors: 'binary' }),
  GRPC,
  target('gRPC stream', { api: 'kserve', protocol: 'grpc', tensors: 'binary', streaming: true }),
]
const LOADS: readonly LoadModel[] = [
  { model: 'closed', concurrency: 1, connections: 1 },
  { model: 'closed', concurrency: 16, connections: 16 },
]

/** Ends early, with what there is, when the signal aborts. */
export async function calibrate(setting: CalibrationSetting): Promise<Calibration> {
  const { serverCpu, open, signal, onStep } = setting
  // First, since it refuses a loop that this machine does not have.
  const loadThreads = loadThreadAbilities()
  onStep('what the generator itself costs, against a server that answers at once')
  const cells = TARGETS.flatMap(({ name }) =>
    BATCH_SIZES.flatMap((batchSize) => LOADS.map((load) => ({ target: name, batchSize, load }))),
  )
  const floors = await measureFloors({
    cells,
    targets: TARGETS,
    model: MODEL,
    seed: SEED,
    polls: false,
    serverCpu,
    open,
    signal,
  })
  const accuracy: AccuracyRow[] = []
  for (const experiment of EXPERIMENTS) {
    if (signal.aborted) break
    onStep(experiment.name)
    accuracy.push(await tryOut(experiment, setting))
  }
  const rows = cells.map((cell, index) => ({
    protocol: cell.target,
    batchSize: cell.batchSize,
    load: cell.load,
    floor: floors[index] ?? null,
  }))
  return { serverCpu, loadThreads, floors: rows, accuracy }
}

async function tryOut(
  experiment: Experiment,
  { serverCpu, open, windowMs, polls }: CalibrationSetting,
): Promise<AccuracyRow> {
  const { name, protocol, load, behaviour } = experiment
  const target = protocol === 'http' ? HTTP_JSON : GRPC
  const host = await startCalibrationHost(serverCpu)
  try {
    const answer = calibrationAnswer(target, MODEL, 1)
    const exercise = await host.serve({ protocol, behaviour: AT_ONCE, answer })
    const common = { target, model: MODEL, batchSize: 1, seed: SEED, variants: variantsOf([target], MODEL, 1) }
    await runBuiltIn({ ...common, ...EXERCISE, address: exercise.address }, open)
    const server = await host.serve({ protocol, behaviour, answer })
    const job = { ...common, load, address: server.address }
    const timed = { ...job, warmupMs: WARMUP_MS, windowMs, polls }
    const { columns, result } = await runBuiltIn(timed, open, () => server.takeRecord())
    const findings = findingsOf(experiment, { columns, result, record: await server.takeRecord() })
    return { experiment: name, windowMs, cpuFraction: result.client.cpuFraction, findings }
  } finally {
    await host.close()
  }
}
