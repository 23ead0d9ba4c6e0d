// The `gate` of a scenario file: what must hold for a run to pass. The metric decides the unit of a rule's limits.
import { z } from 'zod'
import { duration, name, percentage } from './scalars.ts'

export const LATENCY_METRICS = ['p50', 'p90', 'p95', 'p99', 'p999', 'mean'] as const
export const RATE_METRICS = ['requestsPerSec', 'inferencesPerSec'] as const

/** Chance of a false alarm over all rules of a gate together. */
export const DEFAULT_ALPHA = 0.05

const common = {
  target: name('triton-grpc').optional().describe('A key of `targets`. Default: every target.'),
  maxRegression: percentage('10%')
    .optional()
    .describe('How much worse than a stored baseline it may be: `dyno gate RUN_DIR --baseline FILE`.'),
}

const latency = duration('0s', '1h', '25ms')
const latencyRule = z
  .strictObject({
    metric: z.enum(LATENCY_METRICS).describe('A quantile or the mean of the response time.'),
    ...common,
    max: latency.optional().describe('Highest value that passes.'),
    min: latency.optional().describe('Lowest value that passes.'),
  })
  .describe('A rule about response times.')

const rate = z
  .number()
  .min(0)
  .max(1e9)
  .meta({ title: 'number per second', examples: [500] })
const rateRule = z
  .strictObject({
    metric: z.enum(RATE_METRICS).describe('Throughput.'),
    ...common,
    max: rate.optional().describe('Highest value that passes.'),
    min: rate.optional().describe('Lowest value that passes.'),
  })
  .describe('A rule about throughput.')

const fraction = z
  .union([z.number().min(0).max(1), percentage('1%')])
  .meta({ title: 'fraction (0 to 1) or percentage', examples: ['1%'] })
const errorRule = z
  .strictObject({
    metric: z.literal('errorRate').describe('Failed requests / sent requests.'),
    ...common,
    max: fraction.optional().describe('Highest value that passes.'),
    min: fraction.optional().describe('Lowest value that passes.'),
  })
  .describe('A rule about failed requests.')

export const ruleSchema = z.discriminatedUnion('metric', [latencyRule, rateRule, errorRule])

export const gateSchema = z
  .strictObject({
    alpha: z
      .number()
      .min(1e-6)
      .max(0.5)
      .meta({ title: 'number', examples: [0.05] })
      .default(DEFAULT_ALPHA)
      .describe('Chance of a false alarm over all rules together (family-wise).'),
    confirm: z
      .boolean()
      .default(true)
      .describe(
        'Measures cells that would fail once more, with as many repetitions, and fails only if those say so too.',
      ),
    rules: z
      .array(ruleSchema)
      .min(1)
      .max(256)
      .meta({ title: 'list of rules', examples: ['[{ metric: errorRate, max: 0 }]'] })
      .describe('All must hold. Each needs at least one of maxRegression, max and min.'),
  })
  .meta({ examples: ['{ rules: [{ metric: errorRate, max: 0 }] }'] })
  .describe('What must hold for `dyno run` and `dyno gate` to pass.')

export type ParsedRule = z.output<typeof ruleSchema>
