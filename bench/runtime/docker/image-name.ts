// Image references by Docker's grammar: [host[:port]/]path[:tag][@sha256:digest].
import { BenchError } from '../../core/errors.ts'

export interface ImageName {
  /** `docker.io` where none is written. */
  readonly registry: string
  /** As the engine takes it, without tag and digest, e.g. `127.0.0.1:5000/team/flask`. */
  readonly repository: string
  /** `null` where none is written. */
  readonly tag: string | null
  /** `sha256:…` */
  readonly digest: string | null
}

/** github.com/distribution/reference, regexp.go: the form of each part. */
const DOMAIN =
  '(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\\[[a-fA-F0-9:]+\\])(?::\\d+)?'
const PART = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const REFERENCE = new RegExp(
  `^(${DOMAIN})/(${PART}(?:/${PART})*)(?::([\\w][\\w.-]{0,127}))?(?:@(sha256:[a-f0-9]{64}))?$`,
)
const MAX_CHARS = 255
const HUB = 'docker.io'

/** @throws BenchError `image-name` that says which part is wrong */
export function parseImageName(text: string): ImageName {
  const match = text.length <= MAX_CHARS ? REFERENCE.exec(withHost(text)) : null
  if (match === null) throw wrongName(text)
  const [, host = HUB, path = '', tag = null, digest = null] = match
  return { registry: host, repository: host === HUB ? path : `${host}/${path}`, tag, digest }
}

/** A first part with a dot or a port is a host, and so is localhost; any other belongs to the path. */
function withHost(text: string): string {
  const first = text.split('/')[0] ?? ''
  return text.includes('/') && (/[.:[]/.test(first) || first === 'localhost') ? text : `${HUB}/${text}`
}

/** For the engine: the repository with its tag or digest. */
export function formatImageName({ repository, tag, digest }: ImageName): string {
  return `${repository}${tag === null ? '' : `:${tag}`}${digest === null ? '' : `@${digest}`}`
}

/**
 * The rule for what is published: `user/name:version`, so that it says whose it is and never changes its meaning.
 * @throws BenchError `image-name`
 */
export function requirePublishable(text: string, allowLatest: boolean): ImageName {
  const name = parseImageName(text)
  const path = name.registry === HUB ? name.repository : name.repository.slice(name.registry.length + 1)
  if (name.digest !== null) throw refused(text, 'a digest cannot be pushed', 'name a tag: user/name:version')
  if (!path.includes('/')) throw refused(text, 'it names no user', `write user/${path}:${name.tag ?? '1.0.0'}`)
  if (name.tag === null) throw refused(text, 'it has no version', `write ${text}:1.0.0`)
  if (name.tag === 'latest' && !allowLatest) {
    throw refused(
      text,
      'the tag latest says nothing of what is in it',
      `write ${name.repository}:1.0.0, or add --force`,
    )
  }
  return name
}

function refused(text: string, why: string, hint: string): BenchError {
  return new BenchError({ kind: 'usage', code: 'image-name', message: `'${text}' is not pushed: ${why}`, hint })
}

function wrongName(text: string): BenchError {
  const why = /[A-Z]/.test(text.replace(/[:@].*$/, ''))
    ? 'names are written in small letters'
    : /\s/.test(text)
      ? 'there is a space in it'
      : 'it is not of the form [host/]user/name:version'
  return new BenchError({
    kind: 'usage',
    code: 'image-name',
    message: `'${text.slice(0, MAX_CHARS)}' is not the name of an image: ${why}`,
    hint: 'write it like inference-dyno/flask:1.0.0 or registry.example:5000/team/flask:1.0.0',
  })
}
