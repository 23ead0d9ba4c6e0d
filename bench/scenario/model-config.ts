// What the model repository says about a scenario's model: the largest batch that Triton takes, and its tensors.
import { open } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { parseProtobufText, type TextField, type TextMessage } from './protobuf-text.ts'

const LARGEST_CONFIG_BYTES = 1024 ** 2
/** Triton's own names, where they are not `TYPE_` and the datatype. */
const DATATYPES: Readonly<Record<string, string>> = { TYPE_STRING: 'BYTES' }

export interface ConfigTensor {
  readonly name: string
  /** As a scenario names it; `null` where it is left out. */
  readonly datatype: string | null
  /** Without the batch dimension if the model has a largest batch; −1 for any size; null if the config leaves it out. */
  readonly dims: readonly number[] | null
  readonly optional: boolean
  /** In the file, from 1. */
  readonly line: number
}

export interface ModelConfig {
  /** From the working directory, for messages. */
  readonly path: string
  /** `null` where there is none, and for 0, by which Triton means "no batch dimension". */
  readonly maxBatchSize: number | null
  readonly inputs: readonly ConfigTensor[]
  readonly outputs: readonly ConfigTensor[]
}

/**
 * `model_repository/<model>/config.pbtxt`, looked for at and above each folder in turn.
 * @returns `null` where there is no such file, or nothing in it that can be read
 */
export async function readModelConfig(model: string, folders: readonly string[]): Promise<ModelConfig | null> {
  for (const folder of folders) {
    for (let dir = resolve(folder); ; dir = dirname(dir)) {
      const path = join(dir, 'model_repository', model, 'config.pbtxt')
      const text = await readConfig(path)
      if (text !== null) return parseModelConfig(text, relative(process.cwd(), path) || path)
      if (dir === dirname(dir)) break
    }
  }
  return null
}

export function parseModelConfig(text: string, path: string): ModelConfig | null {
  const config = parseProtobufText(text)
  if (config === null) return null
  const size = wordOf(config, 'max_batch_size')
  return {
    path,
    maxBatchSize: size !== null && /^\d{1,9}$/.test(size) && Number(size) > 0 ? Number(size) : null,
    inputs: (config.get('input') ?? []).flatMap(tensorOf),
    outputs: (config.get('output') ?? []).flatMap(tensorOf),
  }
}

function tensorOf({ value, line }: TextField): ConfigTensor[] {
  if (typeof value === 'string') return []
  const name = wordOf(value, 'name')
  if (name === null) return []
  const type = wordOf(value, 'data_type')
  const dims = value.get('dims')?.map((dimension) => Number(dimension.value)) ?? null
  return [
    {
      name,
      datatype: type === null ? null : (DATATYPES[type] ?? type.replace(/^TYPE_/, '')),
      dims,
      optional: wordOf(value, 'optional') === 'true',
      line,
    },
  ]
}

function wordOf(message: TextMessage, name: string): string | null {
  const value = message.get(name)?.[0]?.value
  return typeof value === 'string' ? value : null
}

/** `null` where it cannot be read: a scenario may name a model that only an external server has. */
async function readConfig(path: string): Promise<string | null> {
  try {
    await using file = await open(path)
    const { size } = await file.stat()
    return size > LARGEST_CONFIG_BYTES ? null : await file.readFile('utf8')
  } catch {
    return null
  }
}
