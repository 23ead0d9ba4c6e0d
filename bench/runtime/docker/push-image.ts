// Publishes an image: under a name that says whose it is and which version, and tells the digest that it got.
import { BenchError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import type { Waiting } from './build-image.ts'
import type { Credentials } from './credentials.ts'
import { type Engine, engineError } from './engine.ts'
import { registryError } from './ensure-image.ts'
import { identifyImage } from './identify-image.ts'
import { formatImageName, type ImageName, parseImageName } from './image-name.ts'
import { followTransfer } from './transfer.ts'

export interface PushRequest extends Waiting {
  /** The image in the engine. */
  readonly source: string
  readonly target: ImageName
  readonly credentials: Credentials | null
}

export interface PushedImage {
  readonly reference: string
  /** `sha256:…` by which the registry knows it. */
  readonly digest: string
}

/** @throws BenchError `image-missing`, `registry-login`, `registry-unreachable`; the signal's reason */
export async function pushImage(engine: Engine, request: PushRequest): Promise<PushedImage> {
  const { source, target, credentials, signal, events } = request
  const image = await identifyImage(engine, source)
  if (image === null) throw await imageMissing(engine, source)
  const reference = formatImageName(target)
  events.step(`pushing ${reference}`)
  try {
    await engine.docker.getImage(image.id).tag({ repo: target.repository, tag: target.tag ?? 'latest' })
    const answer = await engine.docker.getImage(target.repository).push({
      tag: target.tag ?? 'latest',
      // The engine wants a login in every push, if only an empty one.
      authconfig: credentials ?? {},
      abortSignal: signal,
    })
    const digest = await followTransfer(engine, answer, { doing: `pushing ${reference}`, events, signal })
    if (digest === null) throw new Error('the registry told no digest')
    return { reference, digest }
  } catch (error) {
    signal.throwIfAborted()
    throw registryError(error, engine, { doing: 'pushed', reference, registry: target.registry })
  }
}

async function imageMissing(engine: Engine, source: string): Promise<BenchError> {
  const names = await engine.docker.listImages().then(
    (images) => images.flatMap(({ RepoTags }) => RepoTags ?? []),
    (error: unknown) => Promise.reject(engineError(error, engine.address, 'listing images')),
  )
  const { repository } = parseImageName(source)
  const close = nearest(source, names) ?? names.find((name) => name.startsWith(`${repository}:`))
  return new BenchError({
    kind: 'usage',
    code: 'image-missing',
    message: `the engine has no image ${source}`,
    hint:
      close === undefined
        ? 'build it first: dyno image build; see what there is: docker images'
        : `did you mean ${close}?`,
  })
}
