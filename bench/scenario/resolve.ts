// A validated file → Scenario: defaults that depend on other fields, and the overrides that are no --set.
import type { ParsedRule } from './gate-schema.ts'
import type { ParsedMeasure } from './measure-schema.ts'
import type { ParsedLoad, ParsedScenario, ParsedServer, ParsedTarget } from './schema.ts'
import type {
  ContainerSpec,
  GateRule,
  ImageBuild,
  LoadModel,
  RateProfile,
  Scenario,
  ServerSpec,
  TargetSpec,
} from './types.ts'

type OpenLoad = Extract<LoadModel, { model: 'open' }>

/** What `--quick` allows at most: a look, not a measurement. */
const QUICK = { warmupMs: 200, durationMs: 500, repetitions: 2 } as const

export interface Choices {
  /** Names of targets; none: all of the matrix. */
  readonly only: readonly string[]
  readonly quick: boolean
  readonly seed: number | null
  readonly maxBatchSize: number | null
  /** Contents of the servers' `tls.ca`, by name of the server. */
  readonly caPems: ReadonlyMap<string, string>
  /** Absolute folders of the servers' `build.context`, by name of the server. */
  readonly contextDirs: ReadonlyMap<string, string>
}

/**
 * `only` leaves targets out together with the comparison and the gate rules that are about them, since nothing could
 * be said about these.
 */
export function resolve(parsed: ParsedScenario, choices: Choices): Scenario {
  const inMatrix = parsed.matrix.targets ?? Object.keys(parsed.targets)
  const kept = inMatrix.filter((name) => choices.only.length === 0 || choices.only.includes(name))
  const { compare, gate, measure, model } = parsed
  const rules = gate?.rules.filter(({ target }) => target === undefined || kept.includes(target)) ?? []
  return {
    name: parsed.name,
    description: parsed.description,
    model: { ...model, version: model.version ?? null, maxBatchSize: choices.maxBatchSize },
    servers: Object.fromEntries(
      Object.entries(parsed.servers).map(([name, server]) => [name, serverOf(name, server, choices)]),
    ),
    targets: Object.entries(parsed.targets).map(([name, target]) => targetOf(name, target, parsed)),
    matrix: { targets: kept, batchSizes: parsed.matrix.batchSize, loads: parsed.matrix.load.map(loadOf) },
    measure: measureOf(measure, choices),
    workers: parsed.workers,
    polling: parsed.polling,
    verify: verifyOf(parsed.verify),
    compare: compare !== undefined && kept.includes(compare.baseline) ? { baseline: compare.baseline } : null,
    gate:
      gate === undefined || rules.length === 0
        ? null
        : { alpha: gate.alpha, confirm: gate.confirm, rules: rules.map(ruleOf) },
  }
}

function measureOf(measure: ParsedMeasure, { quick, seed }: Choices): Scenario['measure'] {
  const { warmup, duration, auto, repetitions, timeout } = measure
  const atMost = (value: number, limit: number) => (quick ? Math.min(value, limit) : value)
  const { window, limit, ...widths } = auto
  const isAuto = duration === 'auto'
  return {
    warmupMs: atMost(warmup, QUICK.warmupMs),
    durationMs: atMost(isAuto ? window : duration, QUICK.durationMs),
    repetitions: atMost(repetitions, QUICK.repetitions),
    auto: isAuto && !quick ? { ...widths, limitMs: limit } : null,
    timeoutMs: timeout,
    seed: seed ?? measure.seed,
  }
}

const DEFAULT_TOLERANCE = 1e-5

function verifyOf(verify: ParsedScenario['verify']): Scenario['verify'] {
  if (verify === 'off') return null
  const { tolerance = DEFAULT_TOLERANCE, absolute = tolerance, relative = tolerance, every } = verify
  return { absolute, relative, every }
}

function serverOf(name: string, server: ParsedServer, { caPems, contextDirs }: Choices): ServerSpec {
  switch (server.kind) {
    case 'flask': {
      const { startTimeout, build, port = null, image = null, ...rest } = server
      return {
        ...rest,
        ...containerOf(server),
        port,
        image,
        build: build === undefined ? null : buildOf(build, contextDirs.get(name) ?? build.context),
        startTimeoutMs: startTimeout,
      }
    }
    case 'triton': {
      const { startTimeout, ports = null, image = null, ...rest } = server
      return { ...rest, ...containerOf(server), ports, image, startTimeoutMs: startTimeout }
    }
    case 'external': {
      const { startTimeout, ...rest } = server
      return {
        ...rest,
        startTimeoutMs: startTimeout,
        grpcUrl: server.grpcUrl ?? null,
        metricsUrl: server.metricsUrl ?? null,
        tls: usesTls(server)
          ? {
              caPem: caPems.get(name) ?? null,
              serverName: server.tls?.serverName ?? null,
              verify: server.tls?.verify ?? true,
            }
          : null,
      }
    }
  }
}

type Contained = Exclude<ParsedServer, { kind: 'external' }>

function containerOf({ containerName, network, limits }: Contained): ContainerSpec {
  return {
    containerName: containerName ?? null,
    network: network ?? null,
    limits:
      limits === undefined
        ? null
        : {
            cpus: limits.cpus ?? null,
            memoryBytes: limits.memory ?? null,
            cpuset: limits.cpuset ?? null,
            shmBytes: limits.shmSize ?? null,
          },
  }
}

function buildOf({ dockerfile, args }: ParsedBuild, contextDir: string): ImageBuild {
  return { contextDir, dockerfile, args }
}

type ParsedBuild = NonNullable<Extract<ParsedServer, { kind: 'flask' }>['build']>

/** Whether one of an external server's URLs is https. */
export function usesTls(server: Extract<ParsedServer, { kind: 'external' }>): boolean {
  return [server.url, server.grpcUrl, server.metricsUrl].some((url) => url?.startsWith('https:'))
}

function targetOf(name: string, target: ParsedTarget, { engine }: ParsedScenario): TargetSpec {
  const tensors = target.tensors ?? (target.protocol === 'grpc' ? 'binary' : 'json')
  return { ...target, name, tensors, engine: target.engine ?? engine }
}

function loadOf(load: ParsedLoad): LoadModel {
  if ('concurrency' in load) {
    const { concurrency, connections = concurrency } = load
    return { model: 'closed', concurrency, connections }
  }
  const { distribution, maxInFlight, connections = maxInFlight } = load
  return { model: 'open', ...ratesOf(load), distribution, maxInFlight, connections }
}

function ratesOf(load: Exclude<ParsedLoad, { concurrency: number }>): Pick<OpenLoad, 'requestRate' | 'profile'> {
  if ('requestRate' in load) return { requestRate: load.requestRate, profile: null }
  const profile: RateProfile =
    'ramp' in load ? { shape: 'ramp', requestRates: load.ramp } : { shape: 'steps', requestRates: load.steps }
  return { requestRate: meanRate(profile), profile }
}

/** Over the window: of a ramp's straight lines, or of steps of equal length. */
function meanRate({ shape, requestRates }: RateProfile): number {
  const pieces =
    shape === 'steps'
      ? requestRates
      : requestRates.slice(1).map((rate, index) => (rate + (requestRates[index] ?? rate)) / 2)
  return pieces.reduce((sum, rate) => sum + rate, 0) / pieces.length
}

/** Limits in the metric's unit; null for what the rule does not say. */
export function ruleOf({ metric, target, maxRegression, max, min }: ParsedRule): GateRule {
  return {
    metric,
    target: target ?? null,
    maxRegression: maxRegression ?? null,
    max: max ?? null,
    min: min ?? null,
  }
}
