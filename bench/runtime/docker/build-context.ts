// What of a folder is sent to the engine for a build: the files that its ignore file lets in, by Docker's own rules.

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import dockerIgnore from '@balena/dockerignore'
import { BenchError } from '../../core/errors.ts'
import { decodeText } from '../../core/text-file.ts'
import { formatBytes } from '../../core/units.ts'

export interface BuildContext {
  readonly contextDir: string
  /** Relative to the folder. */
  readonly dockerfile: string
  /** Relative to the folder, sorted; the Dockerfile is among them. */
  readonly files: readonly string[]
}

const MAX_BYTES = 2 * 1024 ** 3

/** @throws BenchError `context-too-large` */
export function readBuildContext(contextDir: string, dockerfile: string): BuildContext {
  // The Dockerfile's own ignore file goes before the folder's, as in BuildKit.
  const ignoreFile = [`${dockerfile}.dockerignore`, '.dockerignore'].find((name) => existsSync(join(contextDir, name)))
  const rules =
    ignoreFile === undefined ? '' : decodeText(readFileSync(join(contextDir, ignoreFile)), join(contextDir, ignoreFile))
  const files = [...filesIn(contextDir, '', rulesOf(rules)), dockerfile]
  const context = { contextDir, dockerfile, files: [...new Set(files)].sort() }
  const bytes = context.files.reduce((sum, name) => sum + statSync(join(contextDir, name)).size, 0)
  if (bytes <= MAX_BYTES) return context
  throw new BenchError({
    kind: 'environment',
    code: 'context-too-large',
    message: `the build would send ${formatBytes(bytes)} to the engine`,
    place: contextDir,
    hint: `leave out what the image does not need: ${dockerfile}.dockerignore`,
  })
}

/** Over the path, the right to execute and the bytes of every file: what decides what is built. */
export function hashBuildContext({ contextDir, dockerfile, files }: BuildContext): string {
  const hash = createHash('sha256').update(`${dockerfile}\0`)
  for (const name of files) {
    const path = join(contextDir, name)
    const { mode, size } = statSync(path)
    hash.update(`${name}\0${mode & 0o111}\0${size}\0`).update(readFileSync(path))
  }
  return hash.digest('hex')
}

interface Rules {
  readonly letsIn: (path: string) => boolean
  /** Whether something below a folder that is left out may be let in again. */
  readonly looksInto: (folder: string) => boolean
}

function rulesOf(text: string): Rules {
  const ignore = dockerIgnore.default({ ignorecase: false }).add(text)
  const exceptions = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1).replace(/^\.?\//, ''))
  return {
    letsIn: (path) => !ignore.ignores(path),
    looksInto: (folder) => exceptions.some((path) => path.startsWith(`${folder}/`) || /[*?[]/.test(path)),
  }
}

function filesIn(contextDir: string, folder: string, rules: Rules): string[] {
  return readdirSync(join(contextDir, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) return rules.letsIn(path) || rules.looksInto(path) ? filesIn(contextDir, path, rules) : []
    return entry.isFile() && rules.letsIn(path) ? [path] : []
  })
}
