// What the model repository says about a scenario's model: the largest batch that Triton takes.
import { open } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

const LARGEST_CONFIG_BYTES = 1024 ** 2

/**
 * `max_batch_size` of `model_repository/<model>/config.pbtxt`, looked for at and above each folder in turn.
 * @returns `null` where there is no such file or field, and for 0, by which Triton means "no batch dimension"
 */
export async function readMaxBatchSize(model: string, folders: readonly string[]): Promise<number | null> {
  for (const folder of folders) {
    for (let dir = resolve(folder); ; dir = dirname(dir)) {
      const config = await readConfig(join(dir, 'model_repository', model, 'config.pbtxt'))
      if (config !== null) return parseMaxBatchSize(config)
      if (dir === dirname(dir)) break
    }
  }
  return null
}

/** The top-level field of a protobuf text; `null` where it is absent, 0 or out of the format's range. */
export function parseMaxBatchSize(pbtxt: string): number | null {
  // Strings first: they may hold '#' and braces. Comments and strings then become a space.
  const bare = pbtxt.replaceAll(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|#[^\n]*/g, ' ')
  let depth = 0
  for (const [token, size] of bare.matchAll(/[{}<>[\]]|\bmax_batch_size\s*:\s*(\d{1,9})\b/g)) {
    if (size === undefined) depth += '{<['.includes(token) ? 1 : -1
    else if (depth === 0) return Number(size) === 0 ? null : Number(size)
  }
  return null
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
