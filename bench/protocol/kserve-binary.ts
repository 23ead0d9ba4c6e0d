// KServe v2 over HTTP with Triton's binary tensor extension: a JSON header, then the tensors' bytes one after the other.
import type { ModelSpec } from '../scenario/types.ts'
import { excerpt, isRecord, type Parsed, parseJson } from './json-answer.ts'
import { entryOf, inferPath, type OutputEntry, outputEntries, tensorHeader } from './kserve-json-outputs.ts'
import { tensorBytes, tensorFromBytes, tensorToBytes, valuesOf } from './tensors.ts'
import type { AnswerOutputs, Codec } from './types.ts'

const MAX_HEADER_BYTES = 64 * 1024

/** Where each of the model's outputs lies, counted from the end of the JSON header. */
interface Layout {
  readonly starts: readonly number[]
  readonly totalBytes: number
}

/** Only the outputs of the model are asked for, each in binary form; an answer as JSON has not the form. */
export function kserveBinaryCodec(model: ModelSpec, batchSize: number): Codec {
  const header = requestHeader(model, batchSize)
  let acceptedHeader: Uint8Array | null = null
  let acceptedBytes = 0
  return {
    path: inferPath(model),
    requestHeaders: {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': String(header.length),
    },
    encode: (inputs) =>
      Buffer.concat([
        header,
        ...model.inputs.map((tensor, index) =>
          tensorToBytes(valuesOf(inputs, index, { tensor, batchSize }), tensor.datatype),
        ),
      ]),
    hasForm(bytes, start, end, headerLength) {
      if (acceptedHeader !== null && headerLength === acceptedHeader.length && end - start === acceptedBytes) {
        if (startsWith(bytes, start, acceptedHeader)) return true
      }
      if (!readLayout({ model, batchSize }, bytes.subarray(start, end), headerLength).ok) return false
      acceptedHeader = bytes.slice(start, start + headerLength)
      acceptedBytes = end - start
      return true
    },
    decode(bytes, start, end, headerLength): AnswerOutputs {
      const answer = bytes.subarray(start, end)
      const layout = readLayout({ model, batchSize }, answer, headerLength)
      if (!layout.ok) return layout
      const outputs = model.outputs.map((tensor, index) => {
        const from = headerLength + (layout.value.starts[index] ?? 0)
        return tensorFromBytes(answer, from, from + tensorBytes(tensor, batchSize), tensor.datatype)
      })
      return { ok: true, outputs }
    },
  }
}

function requestHeader(model: ModelSpec, batchSize: number): Uint8Array {
  const inputs = model.inputs.map((tensor) => ({
    ...tensorHeader(tensor, batchSize),
    parameters: { binary_data_size: tensorBytes(tensor, batchSize) },
  }))
  const outputs = model.outputs.map(({ name }) => ({ name, parameters: { binary_data: true } }))
  return Buffer.from(JSON.stringify({ inputs, outputs }))
}

function startsWith(bytes: Uint8Array, start: number, prefix: Uint8Array): boolean {
  for (let index = 0; index < prefix.length; index++) {
    if (bytes[start + index] !== prefix[index]) return false
  }
  return true
}

type Asked = { readonly model: ModelSpec; readonly batchSize: number }

function readLayout(asked: Asked, answer: Uint8Array, headerLength: number): Parsed<Layout> {
  if (headerLength < 0)
    return { ok: false, reason: 'inference-header-content-length is missing: the answer is not binary' }
  if (headerLength > answer.length) {
    return { ok: false, reason: `the header should have ${headerLength} bytes, the whole answer has ${answer.length}` }
  }
  const document = parseJson(answer.subarray(0, headerLength), MAX_HEADER_BYTES)
  if (!document.ok) return document
  const entries = outputEntries(document.value)
  if (!entries.ok) return entries
  const layout = layoutOf(asked, entries.value)
  const present = answer.length - headerLength
  if (!layout.ok || layout.value.totalBytes === present) return layout
  return { ok: false, reason: `the tensors should have ${layout.value.totalBytes} bytes, there are ${present}` }
}

/** Binary tensors lie in the order of the header's outputs, which need not be the model's order. */
function layoutOf({ model, batchSize }: Asked, entries: readonly OutputEntry[]): Parsed<Layout> {
  const startByEntry = new Map<OutputEntry, number>()
  let totalBytes = 0
  for (const entry of entries) {
    startByEntry.set(entry, totalBytes)
    const size = binarySize(entry)
    if (size === null)
      return { ok: false, reason: `output ${excerpt(entry.name)} is not binary: binary_data_size is missing` }
    totalBytes += size
  }
  const starts: number[] = []
  for (const tensor of model.outputs) {
    const entry = entryOf(entries, tensor, batchSize)
    if (!entry.ok) return entry
    const size = binarySize(entry.value)
    const expected = tensorBytes(tensor, batchSize)
    if (size !== expected) return { ok: false, reason: `${tensor.name} has ${size} bytes, expected ${expected}` }
    starts.push(startByEntry.get(entry.value) ?? 0)
  }
  return { ok: true, value: { starts, totalBytes } }
}

function binarySize(entry: OutputEntry): number | null {
  const size = isRecord(entry.parameters) ? entry.parameters.binary_data_size : undefined
  return typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 ? size : null
}
