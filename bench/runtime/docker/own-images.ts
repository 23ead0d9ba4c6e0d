// The images that dyno builds itself, each under a tag that is a hash of all that goes into it: never stale, built once.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { locate } from '../project-files.ts'
import { hashBuildContext, readBuildContext } from './build-context.ts'
import { type BuiltImage, buildFrom, type Waiting } from './build-image.ts'
import type { Engine } from './engine.ts'
import type { Environment } from './engine-address.ts'
import { ensureImage } from './ensure-image.ts'
import { type Image, identifyImage } from './identify-image.ts'

export const OWN_IMAGES = {
  flask: 'flask-app/Dockerfile',
  'triton-cpu': 'docker/triton-cpu/Dockerfile',
} as const

export type OwnImage = keyof typeof OWN_IMAGES

export interface OwnImageRequest extends Waiting {
  readonly projectDir: string
  readonly env: Environment
}

/** The image of the present sources: built where the engine does not have it. @throws BenchError, see `buildImage`, `pullImage` */
export async function ensureOwnImage(engine: Engine, which: OwnImage, request: OwnImageRequest): Promise<Image> {
  const sources = await readSources(engine, which, request)
  return (await identifyImage(engine, sources.tag)) ?? (await buildFrom(engine, sources.context, sources, request))
}

/** Builds it, from the cache where nothing has changed. @param tag null for the hash of its sources */
export async function buildOwnImage(
  engine: Engine,
  which: OwnImage,
  request: OwnImageRequest & { readonly tag: string | null },
): Promise<BuiltImage> {
  const sources = await readSources(engine, which, request)
  return buildFrom(engine, sources.context, { ...sources, tag: request.tag ?? sources.tag }, request)
}

async function readSources(engine: Engine, which: OwnImage, request: OwnImageRequest) {
  const dockerfile = OWN_IMAGES[which]
  const path = locate(request.projectDir, dockerfile)
  const contextDir = path.slice(0, -dockerfile.length)
  const context = readBuildContext(contextDir, dockerfile)
  const base = /^ARG BASE_IMAGE=(\S+)$/m.exec(readFileSync(join(contextDir, dockerfile), 'utf8'))?.[1]
  // Pulled before, with its own messages and logins; the build then finds it.
  const baseId = base === undefined ? '' : (await ensureImage(engine, base, request)).id
  const hash = createHash('sha256')
    .update(`${hashBuildContext(context)} ${baseId}`)
    .digest('hex')
  return { context, args: {}, tag: `inference-dyno/${which}:${hash.slice(0, 12)}` }
}
