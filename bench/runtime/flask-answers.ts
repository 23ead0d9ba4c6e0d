// What the Flask app says of itself at /health, whatever runs it.
import { z } from 'zod'
import { ask, jsonOf } from '../core/http-request.ts'
import type { FlaskServer } from '../scenario/types.ts'
import type { Readiness } from './readiness.ts'

const healthSchema = z.object({ model_loaded: z.boolean() })

/** @param countReady workers that wait for connections; `null` where they cannot be seen */
export async function lookAtFlask(url: string, spec: FlaskServer, countReady: () => number | null): Promise<Readiness> {
  const answer = await ask(`${url}/health`, { tls: null })
  const health = healthSchema.safeParse(jsonOf(answer)).data
  // The app loads its model before it answers at all, and only once.
  if (health?.model_loaded === false) return { state: 'failed', why: 'it says so at /health; its log says why' }
  if (answer.status !== 200 || health === undefined) {
    return { state: 'waiting', why: `GET /health is answered by status ${answer.status}` }
  }
  if (spec.mode === 'development' || spec.workers === 1) return { state: 'ready' }
  const ready = countReady()
  if (ready === null || ready >= spec.workers) return { state: 'ready' }
  return { state: 'waiting', why: `${ready} of ${spec.workers} workers are ready` }
}

/** e.g. `gunicorn gthread, 1 worker × 4 threads` */
export function describeFlask({ mode, workers, threads }: FlaskServer): string {
  if (mode === 'development') return 'Flask’s development server'
  return `gunicorn gthread, ${workers} worker${workers === 1 ? '' : 's'} × ${threads} thread${threads === 1 ? '' : 's'}`
}
