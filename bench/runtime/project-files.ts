// Finds what servers are started from: in the user's project, else in dyno's own package. And what a model consists of.
import { createHash } from 'node:crypto'
import { existsSync, globSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { BenchError } from '../core/errors.ts'
import { PACKAGE_DIR } from '../core/package-dir.ts'

/** A file or folder by its path in the repository. @throws BenchError `file-missing` */
export function locate(projectDir: string, path: string): string {
  const found = [projectDir, PACKAGE_DIR].map((dir) => join(dir, path)).find((candidate) => existsSync(candidate))
  if (found !== undefined) return found
  throw new BenchError({
    kind: 'environment',
    code: 'file-missing',
    message: `${path} is missing`,
    place: projectDir,
    hint: 'run inside a checkout of the project, or install dyno again',
  })
}

export interface StoredModel {
  /** The folder that holds models, as Triton wants it. */
  readonly repository: string
  /** The highest version. */
  readonly version: string
  /** `<repository>/<model>/<version>` */
  readonly versionDir: string
}

/** @throws BenchError `model-missing` */
export function findModel(projectDir: string, model: string): StoredModel {
  const repository = locate(projectDir, 'model_repository')
  const folder = join(repository, model)
  // A model is one folder in the repository: a name that leads elsewhere is none.
  const isName = dirname(folder) === repository && existsSync(folder)
  const names = isName ? readdirSync(folder).filter((name) => /^[1-9]\d*$/.test(name)) : []
  const version = names.sort((a, b) => Number(b) - Number(a))[0]
  if (version !== undefined) return { repository, version, versionDir: join(folder, version) }
  const known = existsSync(repository) ? readdirSync(repository).filter((name) => !name.startsWith('.')) : []
  throw new BenchError({
    kind: 'environment',
    code: 'model-missing',
    message: isName ? `model_repository/${model} has no version folder` : `model_repository has no model ${model}`,
    place: repository,
    hint: isName
      ? `put the model into model_repository/${model}/1`
      : known.length > 0
        ? `set model.name to one of: ${known.join(', ')}`
        : `put the model into model_repository/${model}/1`,
  })
}

/** The SavedModel of a version where there is one: the same for Flask and Triton. Else the whole version folder. */
export function modelFiles(versionDir: string): string {
  const saved = join(versionDir, 'model.savedmodel')
  return existsSync(saved) ? saved : versionDir
}

/** Over the path and the bytes of every file in a folder, in the order of their paths; caches of Python left out. */
export function hashFolder(folder: string): string {
  const hash = createHash('sha256')
  const files = globSync('**/*', { cwd: folder }).filter((path) => !path.split('/').includes('__pycache__'))
  for (const path of files.sort()) {
    const full = join(folder, path)
    if (!statSync(full).isFile()) continue
    const content = readFileSync(full)
    hash.update(`${path}\0${content.length}\0`).update(content)
  }
  return hash.digest('hex')
}
