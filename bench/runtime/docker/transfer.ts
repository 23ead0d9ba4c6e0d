// Follows a pull or a push: layers go at once, a person sees one sum.
import { z } from 'zod'
import { nowNs } from '../../core/clock.ts'
import { formatBytes } from '../../core/units.ts'
import { printable } from '../log-tail.ts'
import type { RuntimeEvents } from '../types.ts'
import type { Engine } from './engine.ts'

export interface Transfer {
  /** e.g. `pulling team/flask:1.0.0` */
  readonly doing: string
  readonly events: RuntimeEvents
  readonly signal: AbortSignal
}

const TELL_EVERY_NS = 1e9

const lineSchema = z.object({
  id: z.string().optional(),
  status: z.string().optional(),
  progressDetail: z.object({ current: z.number().optional(), total: z.number().optional() }).optional(),
  error: z.string().optional(),
  aux: z.object({ Digest: z.string().optional() }).optional(),
})

/** Statuses of a layer that travels; unpacking counts the same bytes again. */
const TRAVELS = new Set(['Downloading', 'Pushing'])
const IS_THERE = /^(Download complete|Pull complete|Already exists|Pushed|Layer already exists|Mounted from)/

/**
 * @returns the digest that the registry gave, `null` where it told none
 * @throws Error with the engine's message
 */
export async function followTransfer(
  engine: Engine,
  answer: NodeJS.ReadableStream,
  { doing, events, signal }: Transfer,
): Promise<string | null> {
  const layers = new Map<string, { readonly doneBytes: number; readonly totalBytes: number }>()
  let digest: string | null = null
  let failure: string | null = null
  let toldNs = nowNs()
  const read = (line: unknown) => {
    const parsed = lineSchema.safeParse(line).data
    if (parsed === undefined) return
    const { id, status = '', progressDetail, error, aux } = parsed
    if (error !== undefined) failure = printable(error)
    digest = aux?.Digest ?? /^Digest: (sha256:[a-f0-9]{64})$/.exec(status)?.[1] ?? digest
    const before = id === undefined ? undefined : layers.get(id)
    if (id !== undefined && TRAVELS.has(status) && progressDetail?.total !== undefined) {
      layers.set(id, { doneBytes: progressDetail.current ?? 0, totalBytes: progressDetail.total })
    } else if (id !== undefined && before !== undefined && IS_THERE.test(status)) {
      layers.set(id, { ...before, doneBytes: before.totalBytes })
    }
    if (layers.size === 0 || nowNs() - toldNs < TELL_EVERY_NS) return
    toldNs = nowNs()
    const sum = (of: 'doneBytes' | 'totalBytes') => [...layers.values()].reduce((total, layer) => total + layer[of], 0)
    events.step(`${doing}: ${formatBytes(sum('doneBytes'))} of ${formatBytes(sum('totalBytes'))}`)
  }
  await new Promise<void>((resolve, reject) => {
    const stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    const onEnd = (error: Error | null) => {
      signal.removeEventListener('abort', stop)
      if (error === null) resolve()
      else reject(error)
    }
    engine.docker.modem.followProgress(answer, onEnd, read)
  })
  if (failure !== null) throw new Error(failure)
  return digest
}
