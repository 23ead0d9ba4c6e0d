// What a KServe v2 JSON answer and the JSON header of a binary one share: the list of outputs, matched to the model's.
import type { ModelSpec, TensorSpec } from '../scenario/types.ts'
import { excerpt, isRecord, type Parsed } from './json-answer.ts'
import { batchedShape } from './tensors.ts'

export type OutputEntry = Readonly<Record<string, unknown>>

/** `/v2/models/<name>[/versions/<version>]/infer` */
export function inferPath(model: ModelSpec): string {
  const version = model.version === null ? '' : `/versions/${encodeURIComponent(model.version)}`
  return `/v2/models/${encodeURIComponent(model.name)}${version}/infer`
}

/** Name, datatype and batched shape: how a request describes an input. */
export function tensorHeader(tensor: TensorSpec, batchSize: number): Readonly<Record<string, unknown>> {
  return { name: tensor.name, shape: batchedShape(tensor, batchSize), datatype: tensor.datatype }
}

/** The answer's entries in the answer's order; one that is no object with a name, or a repeated name, is refused. */
export function outputEntries(document: unknown): Parsed<readonly OutputEntry[]> {
  if (!isRecord(document)) return { ok: false, reason: `the answer is ${excerpt(document)}, expected an object` }
  const { outputs } = document
  if (!Array.isArray(outputs)) {
    const error = document.error === undefined ? '' : `: the server says ${excerpt(document.error)}`
    return { ok: false, reason: `outputs is missing${error}` }
  }
  const names = new Set<string>()
  for (const [index, entry] of outputs.entries()) {
    if (!isRecord(entry) || typeof entry.name !== 'string')
      return { ok: false, reason: `outputs[${index}] has no name` }
    if (names.has(entry.name)) return { ok: false, reason: `output ${excerpt(entry.name)} is there twice` }
    names.add(entry.name)
  }
  return { ok: true, value: outputs }
}

/** The entry of a model's output, with the datatype and shape that were expected. */
export function entryOf(entries: readonly OutputEntry[], tensor: TensorSpec, batchSize: number): Parsed<OutputEntry> {
  const entry = entries.find(({ name }) => name === tensor.name)
  if (entry === undefined) {
    const present = entries.map(({ name }) => excerpt(name)).join(', ')
    return { ok: false, reason: `output ${tensor.name} is missing; there is ${present || 'none'}` }
  }
  if (entry.datatype !== tensor.datatype) {
    return { ok: false, reason: `${tensor.name} has datatype ${excerpt(entry.datatype)}, expected ${tensor.datatype}` }
  }
  const expected = batchedShape(tensor, batchSize)
  const { shape } = entry
  const equal = Array.isArray(shape) && shape.length === expected.length && expected.every((d, i) => d === shape[i])
  if (equal) return { ok: true, value: entry }
  const got = Array.isArray(shape) ? `[${shape.slice(0, 8).map(excerpt)}]` : excerpt(shape)
  return { ok: false, reason: `${tensor.name} has shape ${got}, expected [${expected}]` }
}
