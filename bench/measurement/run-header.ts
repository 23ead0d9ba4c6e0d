// What a stored run needs beside its measurements to be analysed again: header.json, written at the start and at the end.
import { join } from 'node:path'
import { BenchError, messageOf } from '../core/errors.ts'
import { readStoredFile, writeFileAtomic } from '../core/files.ts'
import { plainReviver } from '../core/plain-text.ts'
import type { LoadThreadAbilities } from '../event-loop/types.ts'
import type { CellKey } from '../plan/types.ts'
import type { Identity } from '../runtime/types.ts'
import type { Scenario } from '../scenario/types.ts'
import type { HostFacts } from './host.ts'
import type { CacheAudit, ClientFloor, FirstAnswer, ParityResult } from './types.ts'

export interface RunHeader {
  readonly schemaVersion: 1
  readonly id: string
  readonly startedAt: string
  /** `null` in the header of a run that was killed. */
  readonly finishedAt: string | null
  readonly interrupted: boolean
  readonly scenario: Scenario
  readonly scenarioPath: string
  readonly scenarioSha256: string
  readonly seed: number
  readonly cells: readonly CellKey[]
  /** Of each cell, in the same order; null where none was measured. */
  readonly floors: readonly (ClientFloor | null)[]
  readonly parity: readonly ParityResult[]
  /** From its start until a server was ready, by name; none for external servers. */
  readonly readyMs: Readonly<Record<string, number>>
  readonly firstAnswers: readonly FirstAnswer[]
  readonly cacheAudits: readonly CacheAudit[]
  readonly environment: HostFacts & {
    readonly dyno: string
    /** `null` in runs that are older than this field. */
    readonly loadThreads: LoadThreadAbilities | null
    readonly stealFraction: number | null
    readonly servers: Readonly<Record<string, Identity>>
  }
}

const HEADER = 'header.json'
/** Many times the header of the largest plan. */
const MAX_HEADER_BYTES = 64 * 1024 ** 2

export function writeHeader(dir: string, header: RunHeader): void {
  writeFileAtomic(join(dir, HEADER), `${JSON.stringify(header, null, 2)}\n`)
}

/** @throws BenchError `run-unreadable`: no run directory, or one of another version */
export function readHeader(dir: string): RunHeader {
  try {
    const header = JSON.parse(readStoredFile(join(dir, HEADER), MAX_HEADER_BYTES), plainReviver) as RunHeader
    if (header.schemaVersion !== 1)
      throw new Error(`schemaVersion ${String(header.schemaVersion)} is not known to this version`)
    return withDefaults(header)
  } catch (error) {
    throw new BenchError({
      kind: 'usage',
      code: 'run-unreadable',
      message: `this is no run directory: ${messageOf(error)}`,
      place: dir,
      hint: 'name a folder that `dyno run` wrote, such as one of reports/runs/',
      cause: error,
    })
  }
}

/** What headers of earlier versions lack. */
function withDefaults(header: RunHeader): RunHeader {
  const { scenario, environment } = header
  const { measure } = scenario
  return {
    ...header,
    scenario: { ...scenario, measure: { ...measure, auto: measure.auto ?? null } },
    environment: { ...environment, loadThreads: withWait(environment.loadThreads ?? null) },
  }
}

/** Before it was recorded, the kernel's time came with epoll. */
function withWait(found: LoadThreadAbilities | null): LoadThreadAbilities | null {
  return found && { ...found, waitsWith: found.waitsWith ?? (found.answersTimedBy === 'kernel' ? 'epoll' : 'node') }
}
