// What the generator itself reaches and adds: every cell's load once more, against a server that answers at once.
import { joinColumns, type RequestColumns } from '../load/request-columns.ts'
import type { LoadJob, LoadSession } from '../load/types.ts'
import type { ClientFloor } from '../measurement/types.ts'
import type { CellKey, LoadModel } from '../plan/types.ts'
import type { ModelSpec, TargetSpec } from '../scenario/types.ts'
import { calibrationAnswer } from './answers.ts'
import { type CalibrationHost, startCalibrationHost } from './server.ts'

const WARMUP_MS = 50
const WINDOW_MS = 150
const TIMEOUT_MS = 2000

export interface FloorSetting {
  readonly cells: readonly CellKey[]
  readonly targets: readonly TargetSpec[]
  readonly model: ModelSpec
  readonly seed: number
  readonly open: (job: LoadJob) => Promise<LoadSession>
  readonly signal: AbortSignal
}

/** One per cell, in their order; `null` for what the signal cut off. */
export async function measureFloors(setting: FloorSetting): Promise<(ClientFloor | null)[]> {
  const host = await startCalibrationHost(null)
  const addresses = new Map<string, Promise<string>>()
  try {
    const floors: (ClientFloor | null)[] = []
    for (const cell of setting.cells) {
      floors.push(setting.signal.aborted ? null : await floorOf(cell, setting, host, addresses))
    }
    return floors
  } finally {
    await host.close()
  }
}

async function floorOf(
  cell: CellKey,
  { targets, model, seed, open }: FloorSetting,
  host: CalibrationHost,
  addresses: Map<string, Promise<string>>,
): Promise<ClientFloor | null> {
  const target = targets.find(({ name }) => name === cell.target)
  if (target === undefined) return null
  const { api, protocol, tensors } = target
  const key = JSON.stringify([api, protocol, tensors, cell.batchSize])
  const answer = () => calibrationAnswer(target, model, cell.batchSize)
  const address =
    addresses.get(key) ??
    host.serve({ protocol, answer: answer(), behaviour: { kind: 'null' } }).then((server) => server.address)
  addresses.set(key, address)
  return measureFloor({ cell, target, model, seed, address: await address }, open)
}

interface FloorPlace {
  readonly cell: CellKey
  readonly target: TargetSpec
  readonly model: ModelSpec
  readonly seed: number
  readonly address: string
}

/** Runs a cell's load as a closed loop, since what is asked for is how much of it is possible. */
async function measureFloor(place: FloorPlace, open: FloorSetting['open']): Promise<ClientFloor | null> {
  const session = await open(jobOf(place))
  const records: RequestColumns[] = []
  const phase = (name: 'warmup' | 'measure', durationMs: number, onRecords: (chunk: RequestColumns) => void) =>
    session.run({ name, durationMs, startsAtNs: null }, { onProgress() {}, onRecords })
  try {
    await phase('warmup', WARMUP_MS, () => {})
    const { windowNs, client } = await phase('measure', WINDOW_MS, (chunk) => records.push(chunk))
    const { length, sentNs, receivedNs } = joinColumns(records)
    if (length === 0) return null
    const latenciesNs = receivedNs.map((ns, row) => ns - (sentNs[row] ?? 0)).sort()
    return {
      requestsPerSec: length / (windowNs / 1e9),
      p50Ms: (latenciesNs[length >> 1] ?? 0) / 1e6,
      cpuUsPerRequest: (client.cpuMs * 1e3) / length,
    }
  } finally {
    await session.close()
  }
}

function jobOf({ cell, target, model, seed, address }: FloorPlace): LoadJob {
  return {
    trial: {
      id: 'floor',
      ...cell,
      load: closedLoadOf(cell.load),
      warmupMs: WARMUP_MS,
      durationMs: WINDOW_MS,
      timeoutMs: TIMEOUT_MS,
      repetition: 1,
    },
    target,
    model,
    address,
    seed,
    verify: { tolerance: 0, every: 1 },
    expected: null,
    share: { index: 0, of: 1 },
  }
}

function closedLoadOf(load: LoadModel): LoadModel {
  if (load.model === 'closed') return load
  return { model: 'closed', concurrency: load.maxInFlight, connections: load.connections }
}
