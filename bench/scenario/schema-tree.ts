// The scenario schema as a tree of JSON Schema nodes: for did-you-mean, for paths of --set, for the reference page.
import { z } from 'zod'
import { nearest } from '../core/nearest.ts'
import { scenarioSchema } from './schema.ts'

export type Path = readonly (string | number)[]

/** The part of JSON Schema (draft 2020-12) that zod writes for the scenario schema. */
export interface SchemaNode {
  readonly type?: string
  readonly pattern?: string
  readonly title?: string
  readonly description?: string
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[]
  readonly additionalProperties?: SchemaNode | boolean
  readonly items?: SchemaNode
  readonly anyOf?: readonly SchemaNode[]
  readonly oneOf?: readonly SchemaNode[]
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
}

/** The JSON Schema of a scenario file as it is written: durations are text, fields with a default are optional. */
export function scenarioJsonSchema(): SchemaNode {
  return z.toJSONSchema(scenarioSchema, {
    io: 'input',
    target: 'draft-2020-12',
    // zod drops the examples of whatever holds a transformation, since it takes them for outputs; ours are inputs.
    override({ zodSchema, jsonSchema }) {
      const { examples } = z.globalRegistry.get(zodSchema) ?? {}
      if (Array.isArray(examples)) jsonSchema.examples = examples
    },
  }) as SchemaNode
}

/** The alternatives of a union that are maps; the node itself where it is one; else none. */
export function mapForms(node: SchemaNode): readonly SchemaNode[] {
  return (node.anyOf ?? node.oneOf ?? [node]).filter((form) => form.properties !== undefined)
}

/** Which alternative of a union of maps a value is meant to be: by its `kind` or `metric`, then by its keys. */
export function formOf(node: SchemaNode, value: unknown): SchemaNode {
  const forms = mapForms(node)
  const scores = forms.map((form) => likeness(form, value))
  return forms[scores.indexOf(Math.max(...scores))] ?? node
}

function likeness(form: SchemaNode, value: unknown): number {
  const properties = form.properties ?? {}
  let score = 0
  for (const [key, given] of Object.entries(isMap(value) ? value : {})) {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined
    if (property === undefined) score += nearest(key, Object.keys(properties)) === null ? 0 : 1
    else score += tells(property, given) ? 100 : 2
  }
  return score
}

/** A discriminator: a constant, or one of some words, that is met. */
function tells(property: SchemaNode, given: unknown): boolean {
  return property.const === given || (property.enum?.includes(given) ?? false)
}

/** The schema of what stands at a path, `null` where the schema knows no such path. */
export function nodeAt(root: SchemaNode, path: Path, value: unknown): SchemaNode | null {
  let node: SchemaNode | null = root
  let current = value
  for (const step of path) {
    if (node === null) return null
    node = childOf(formOf(node, current), step)
    current = childValue(current, step)
  }
  return node
}

/** The schema of one key or index. */
export function childOf(form: SchemaNode, step: string | number): SchemaNode | null {
  if (form.items !== undefined) return form.items
  if (form.properties !== undefined && Object.hasOwn(form.properties, step)) return form.properties[step] ?? null
  return typeof form.additionalProperties === 'object' ? form.additionalProperties : null
}

export function childValue(value: unknown, step: string | number): unknown {
  if (Array.isArray(value)) return value[Number(step)]
  return isMap(value) && Object.hasOwn(value, step) ? value[step] : undefined
}

/** Every path that a file could have, given the names that it uses: what a misspelt path of --set may have meant. */
export function pathsOf(node: SchemaNode, value: unknown): string[] {
  const form = formOf(node, value)
  const steps = [
    ...Object.keys(form.properties ?? {}),
    ...(form.items !== undefined && Array.isArray(value) ? value.map((_, index) => String(index)) : []),
    ...(typeof form.additionalProperties === 'object' && isMap(value) ? Object.keys(value) : []),
  ]
  return steps.flatMap((step) => {
    const child = childOf(form, step)
    const below = child === null ? [] : pathsOf(child, childValue(value, step))
    return [step, ...below.map((path) => `${step}.${path}`)]
  })
}

/** `matrix.batchSize[0]` */
export function pathText(path: Path): string {
  return path.map((step, at) => (typeof step === 'number' ? `[${step}]` : at === 0 ? step : `.${step}`)).join('')
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
