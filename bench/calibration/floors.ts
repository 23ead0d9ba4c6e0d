// What the generator itself reaches and adds: every cell's load once more, against a server that answers at once.
import { quantile, sortedCopy } from '../core/quantile.ts'
import type { RequestColumns } from '../load/request-columns.ts'
import type { PhaseResult } from '../load/types.ts'
import type { ClientFloor } from '../measurement/types.ts'
import type { CellKey, LoadModel } from '../plan/types.ts'
import { variantsOf } from '../protocol/variants.ts'
import type { ModelSpec, TargetSpec } from '../scenario/types.ts'
import { calibrationAnswer } from './answers.ts'
import { type OpenSession, runBuiltIn } from './run-job.ts'
import { type CalibrationHost, startCalibrationHost } from './server.ts'

const WARMUP_MS = 50
/** Where client and server meet this kind of request for the first time: until their code is compiled. */
const FIRST_WARMUP_MS = 500
const WINDOW_MS = 150
/** With so few in a window its edges count. */
const FEW_REQUESTS = 200

export interface FloorSetting {
  readonly cells: readonly CellKey[]
  readonly targets: readonly TargetSpec[]
  readonly model: ModelSpec
  readonly seed: number
  readonly polls: boolean
  /** Core that the servers are pinned to; null for any. */
  readonly serverCpu: number | null
  readonly open: OpenSession
  readonly signal: AbortSignal
}

/** One per cell, in their order; `null` for what the signal cut off. */
export async function measureFloors(setting: FloorSetting): Promise<(ClientFloor | null)[]> {
  const host = await startCalibrationHost(setting.serverCpu)
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
  { targets, model, seed, polls, open }: FloorSetting,
  host: CalibrationHost,
  addresses: Map<string, Promise<string>>,
): Promise<ClientFloor | null> {
  const target = targets.find(({ name }) => name === cell.target)
  if (target === undefined) return null
  const { api, protocol, tensors, streaming } = target
  const key = JSON.stringify([api, protocol, tensors, streaming, cell.batchSize])
  const answer = () => calibrationAnswer(target, model, cell.batchSize)
  const isFirst = !addresses.has(key)
  const address =
    addresses.get(key) ??
    host.serve({ protocol, answer: answer(), behaviour: { kind: 'null' } }).then((server) => server.address)
  addresses.set(key, address)
  const { columns, result } = await runBuiltIn(
    {
      target,
      model,
      batchSize: cell.batchSize,
      load: closedLoadOf(cell.load),
      address: await address,
      seed,
      variants: variantsOf(targets, model, cell.batchSize),
      warmupMs: isFirst ? FIRST_WARMUP_MS : WARMUP_MS,
      windowMs: WINDOW_MS,
      polls,
    },
    open,
  )
  return floorFrom(columns, result, slotsOf(cell.load))
}

function floorFrom(
  { length, sentNs, receivedNs }: RequestColumns,
  { windowNs, client }: PhaseResult,
  slots: number,
): ClientFloor | null {
  if (length === 0) return null
  let totalNs = 0
  for (let row = 0; row < length; row++) totalNs += (receivedNs[row] ?? 0) - (sentNs[row] ?? 0)
  // Requests as long as a good part of the window are cut off at its end; their slots were never idle (Little's law).
  const perNs = length < FEW_REQUESTS ? Math.max(length / windowNs, (slots * length) / totalNs) : length / windowNs
  const latenciesNs = sortedCopy(receivedNs.map((ns, row) => ns - (sentNs[row] ?? 0)))
  return {
    requestsPerSec: perNs * 1e9,
    p50Ms: quantile(latenciesNs, 0.5) / 1e6,
    cpuUsPerRequest: client.polled ? null : (client.cpuMs * 1e3) / length,
  }
}

const slotsOf = (load: LoadModel) => (load.model === 'closed' ? load.concurrency : load.maxInFlight)

/** What is asked for is how much of the load is possible: an open loop becomes a closed one with as many slots. */
function closedLoadOf(load: LoadModel): LoadModel {
  if (load.model === 'closed') return load
  return { model: 'closed', concurrency: load.maxInFlight, connections: load.connections }
}
