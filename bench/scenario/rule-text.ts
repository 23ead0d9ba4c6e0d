// A gate rule as it is typed on a command line: `p99 <= 25ms`, `p99 regression <= 10% @triton-grpc`. Units are those of scenario files.
import { parse as parseYaml } from 'yaml'
import { BenchError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import { LATENCY_METRICS, RATE_METRICS, ruleSchema } from './gate-schema.ts'
import { ruleOf } from './resolve.ts'
import type { GateRule } from './types.ts'

const METRICS: readonly string[] = [...LATENCY_METRICS, ...RATE_METRICS, 'errorRate']

const FORM =
  /^\s*(?<metric>\w+)\s*(?<relative>regression\s*)?(?<bound><=|>=|≤|≥)\s*(?<limit>[^\s@]+)\s*(?:@\s*(?<target>[\w-]+)\s*)?$/

/** @throws BenchError `rule-invalid` with the form that a rule has */
export function parseRule(text: string): GateRule {
  const { metric = '', relative, bound = '', limit = '', target } = FORM.exec(text)?.groups ?? {}
  if (metric === '') throw refused(text, 'it is no rule', EXAMPLES)
  if (!METRICS.includes(metric)) throw refused(text, `there is no metric '${metric}'`, metricHint(metric))
  const isMost = bound === '<=' || bound === '≤'
  if (relative !== undefined && !isMost) throw refused(text, 'a regression has an upper limit only', 'write <=')
  const field = relative !== undefined ? 'maxRegression' : isMost ? 'max' : 'min'
  const result = ruleSchema.safeParse({
    metric,
    [field]: parseYaml(limit),
    ...(target === undefined ? {} : { target }),
  })
  if (result.success) return ruleOf(result.data)
  throw refused(text, `'${limit}' is no limit of ${relative === undefined ? metric : 'a regression'}`, EXAMPLES)
}

const EXAMPLES = `write for example 'p99 <= 25ms', 'requestsPerSec >= 500', 'errorRate <= 1%', 'p99 regression <= 10% @triton-grpc'`

function metricHint(metric: string): string {
  const close = nearest(metric, METRICS)
  return close === null ? `one of: ${METRICS.join(', ')}` : `did you mean '${close}'?`
}

function refused(text: string, why: string, hint: string): BenchError {
  return new BenchError({ kind: 'usage', code: 'rule-invalid', message: why, hint, place: `--rule '${text}'` })
}
