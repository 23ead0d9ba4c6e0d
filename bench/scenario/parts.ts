// A scenario's parts, each read by its own schema: what lets the cross-checks run while another part is still wrong.
import type { z } from 'zod'
import { type ParsedRule, ruleSchema } from './gate-schema.ts'
import { measureSchema, type ParsedMeasure } from './measure-schema.ts'
import {
  engineSchema,
  loadSchema,
  modelSchema,
  type ParsedLoad,
  type ParsedServer,
  type ParsedTarget,
  targetSchema,
} from './schema.ts'
import { childValue, isMap, type Path } from './schema-tree.ts'
import { serverSchema } from './server-schema.ts'
import type { EngineName } from './types.ts'

export type PartialTarget = { readonly [Key in keyof ParsedTarget]?: ParsedTarget[Key] | undefined }

/** `null` stands for a part that is there and that its schema refuses. */
export interface Parts {
  readonly servers: ReadonlyMap<string, ParsedServer | null>
  /** With those of their fields that their schemas accept. */
  readonly targets: ReadonlyMap<string, PartialTarget>
  readonly engine: EngineName | null
  /** Names in matrix.targets as they are written; null if none are, so that all targets are measured. */
  readonly matrixTargets: readonly unknown[] | null
  readonly batchSizes: readonly unknown[]
  readonly loads: readonly (ParsedLoad | null)[]
  readonly baseline: unknown
  readonly rules: readonly (ParsedRule | null)[]
  /** Of each rule, as it is written. */
  readonly ruleTargets: readonly unknown[]
  readonly model: z.output<typeof modelSchema> | null
  readonly measure: ParsedMeasure | null
  /** Keys of `measure.auto` as they are written; null if it is left out. */
  readonly autoKeys: readonly string[] | null
}

export function partsOf(value: unknown): Parts {
  const at = (...path: Path) => path.reduce(childValue, value)
  const written = at('matrix', 'targets')
  return {
    servers: new Map(Object.entries(asMap(at('servers'))).map(([name, server]) => [name, read(serverSchema, server)])),
    targets: new Map(Object.entries(asMap(at('targets'))).map(([name, target]) => [name, partialTarget(target)])),
    engine: read(engineSchema, at('engine')),
    matrixTargets: Array.isArray(written) ? written : null,
    batchSizes: list(at('matrix', 'batchSize')),
    loads: list(at('matrix', 'load')).map((load) => read(loadSchema, load)),
    baseline: at('compare', 'baseline'),
    rules: list(at('gate', 'rules')).map((rule) => read(ruleSchema, rule)),
    ruleTargets: list(at('gate', 'rules')).map((rule) => childValue(rule, 'target')),
    model: read(modelSchema, at('model')),
    measure: read(measureSchema, at('measure')),
    autoKeys: at('measure', 'auto') === undefined ? null : Object.keys(asMap(at('measure', 'auto'))),
  }
}

function asMap(value: unknown): Readonly<Record<string, unknown>> {
  return isMap(value) ? value : {}
}

function partialTarget(value: unknown): PartialTarget {
  const { server, api, protocol, tensors, streaming, engine } = targetSchema.shape
  return {
    server: read(server, childValue(value, 'server')) ?? undefined,
    api: read(api, childValue(value, 'api')) ?? undefined,
    protocol: read(protocol, childValue(value, 'protocol')) ?? undefined,
    tensors: read(tensors, childValue(value, 'tensors')) ?? undefined,
    streaming: read(streaming, childValue(value, 'streaming')) ?? undefined,
    engine: read(engine, childValue(value, 'engine')) ?? undefined,
  }
}

function read<T>(schema: z.ZodType<T>, value: unknown): T | null {
  const result = schema.safeParse(value)
  return result.success ? result.data : null
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** Names of the targets that are measured. */
export function measuredNames(parts: Parts): readonly string[] {
  return parts.matrixTargets?.filter((name) => typeof name === 'string') ?? [...parts.targets.keys()]
}
