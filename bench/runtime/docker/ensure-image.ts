// An image that is to be run: the engine's own copy, else pulled, with the login that Docker knows.
import { BenchError } from '../../core/errors.ts'
import type { Waiting } from './build-image.ts'
import { type Credentials, findCredentials } from './credentials.ts'
import { type Engine, engineError, engineMessage } from './engine.ts'
import type { Environment } from './engine-address.ts'
import { type Image, identifyImage } from './identify-image.ts'
import { formatImageName, parseImageName } from './image-name.ts'
import { followTransfer } from './transfer.ts'

/** @throws BenchError, see `pullImage` */
export async function ensureImage(
  engine: Engine,
  reference: string,
  waiting: Waiting & { readonly env: Environment },
): Promise<Image> {
  const present = await identifyImage(engine, reference)
  if (present !== null) return present
  const credentials = await findCredentials(parseImageName(reference).registry, waiting.env)
  return pullImage(engine, reference, { ...waiting, credentials })
}

/** @throws BenchError `image-name`, `image-missing`, `registry-login`, `registry-unreachable`, `disk-full`; the signal's reason */
export async function pullImage(
  engine: Engine,
  reference: string,
  { signal, events, credentials }: Waiting & { readonly credentials: Credentials | null },
): Promise<Image> {
  const name = parseImageName(reference)
  // Without a tag the engine would pull every one there is.
  const wanted = formatImageName(name.tag === null && name.digest === null ? { ...name, tag: 'latest' } : name)
  events.step(`pulling ${wanted}`)
  try {
    const options = credentials === null ? {} : { authconfig: credentials }
    const answer = await engine.docker.pull(wanted, { ...options, abortSignal: signal })
    await followTransfer(engine, answer, { doing: `pulling ${wanted}`, events, signal })
  } catch (error) {
    signal.throwIfAborted()
    throw registryError(error, engine, { doing: 'pulled', reference: wanted, registry: name.registry })
  }
  const image = await identifyImage(engine, wanted)
  if (image !== null) return image
  throw new BenchError({
    kind: 'environment',
    code: 'image-missing',
    message: `${wanted} is not there after it was pulled`,
    hint: 'another program may remove images: docker events',
  })
}

export interface Exchange {
  readonly doing: 'pulled' | 'pushed'
  readonly reference: string
  readonly registry: string
}

/** What a registry, or the way to it, refuses. */
export function registryError(error: unknown, engine: Engine, { doing, reference, registry }: Exchange): BenchError {
  if (error instanceof BenchError) return error
  const message = engineMessage(error)
  const login = `docker login${registry === 'docker.io' ? '' : ` ${registry}`}`
  const problem = PROBLEMS.find(([pattern]) => pattern.test(message))
  if (problem === undefined) return engineError(error, engine.address, `${reference} could not be ${doing}: it`)
  const [, code, why, hint] = problem
  return new BenchError({
    kind: 'environment',
    code,
    message: `${reference} could not be ${doing}: ${why.replace('REGISTRY', registry)}`,
    hint: hint.replace('LOGIN', login),
    evidence: [message.slice(0, 500)],
    cause: error,
  })
}

/** The engine's words → code, why, what to type. The first that matches. */
const PROBLEMS: readonly (readonly [RegExp, string, string, string])[] = [
  [
    /no space left on device/i,
    'disk-full',
    'the disk is full',
    'see what takes the room: docker system df; free what is yours to free, e.g. dyno clean --images',
  ],
  [
    /no basic auth credentials|authentication required|pull access denied|denied: requested access|insufficient_scope/i,
    'registry-login',
    'REGISTRY wants a login, or has no such repository',
    'check the name; log in, then run again: LOGIN',
  ],
  [
    /unauthorized|incorrect username or password/i,
    'registry-login',
    'REGISTRY refuses the login',
    'log in with the right name and password: LOGIN',
  ],
  [
    /manifest unknown|manifest for .* not found|not found: manifest|name unknown|repository .* not found/i,
    'image-missing',
    'REGISTRY has no such image or tag',
    'check the name and the tag in the registry',
  ],
  [
    /no such host|dial tcp|connection refused|i\/o timeout|network is unreachable|Client\.Timeout|server gave HTTP response|x509|TLS handshake/i,
    'registry-unreachable',
    'REGISTRY cannot be reached',
    'check the network, the proxy of the engine and the registry’s name; or load the image from a file: docker load',
  ],
]
