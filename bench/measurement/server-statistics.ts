// The server's own account: Triton's statistics extension, read before and after a window.
import { z } from 'zod'
import { ask, jsonOf } from '../core/http-request.ts'
import type { TlsSettings } from '../core/tls.ts'
import type { ServerStatistics } from './types.ts'

/** Cumulative since the server loaded the model. Times in ns. */
export interface ServerCounters {
  readonly success: number
  readonly failures: number
  readonly inferences: number
  readonly executions: number
  readonly queueNs: number
  readonly computeInputNs: number
  readonly computeInferNs: number
  readonly computeOutputNs: number
}

// Servers write a count of 0 as a missing field in some versions; numbers may come as strings (proto3 JSON, 64 bits).
const count = z.coerce.number().nonnegative().default(0)
const timed = z.object({ count, ns: count }).default({ count: 0, ns: 0 })

const answerSchema = z.object({
  model_stats: z
    .array(
      z.object({
        inference_count: count,
        execution_count: count,
        inference_stats: z.object({
          success: timed,
          fail: timed,
          queue: timed,
          compute_input: timed,
          compute_infer: timed,
          compute_output: timed,
        }),
      }),
    )
    .min(1),
})

/**
 * @param tls for https
 * @returns the counters summed over the model's versions, `null` where the server has no such page
 */
export async function readServerCounters(
  url: string,
  model: string,
  tls: TlsSettings | null = null,
): Promise<ServerCounters | null> {
  // Refused or too slow: the trial itself will show that the server is gone.
  const answer = await ask(`${url}/v2/models/${encodeURIComponent(model)}/stats`, { tls }).catch(() => null)
  if (answer?.status !== 200) return null
  const parsed = answerSchema.safeParse(jsonOf(answer))
  // Another kind of server, or one that tells something else there: then it tells nothing that we know.
  return parsed.success ? sumVersions(parsed.data) : null
}

function sumVersions(answer: z.infer<typeof answerSchema>): ServerCounters {
  const sum = (pick: (version: (typeof answer.model_stats)[number]) => number) =>
    answer.model_stats.reduce((total, version) => total + pick(version), 0)
  return {
    success: sum((version) => version.inference_stats.success.count),
    failures: sum((version) => version.inference_stats.fail.count),
    inferences: sum((version) => version.inference_count),
    executions: sum((version) => version.execution_count),
    queueNs: sum((version) => version.inference_stats.queue.ns),
    computeInputNs: sum((version) => version.inference_stats.compute_input.ns),
    computeInferNs: sum((version) => version.inference_stats.compute_infer.ns),
    computeOutputNs: sum((version) => version.inference_stats.compute_output.ns),
  }
}

/** What happened between two readings; means per successful request, `null` where there was none. */
export function statisticsBetween(before: ServerCounters, after: ServerCounters): ServerStatistics {
  const requests = after.success - before.success
  const executions = after.executions - before.executions
  const inferences = after.inferences - before.inferences
  const meanMs = (name: 'queueNs' | 'computeInputNs' | 'computeInferNs' | 'computeOutputNs') =>
    requests > 0 ? (after[name] - before[name]) / requests / 1e6 : null
  return {
    requests,
    failures: after.failures - before.failures,
    inferences,
    executions,
    queueMs: meanMs('queueNs'),
    computeInputMs: meanMs('computeInputNs'),
    computeInferMs: meanMs('computeInferNs'),
    computeOutputMs: meanMs('computeOutputNs'),
    meanExecutedBatch: executions > 0 ? inferences / executions : null,
  }
}
