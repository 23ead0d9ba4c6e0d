// dyno image: builds dyno's images, and pushes and pulls images.
import { text } from 'node:stream/consumers'
import { type Context, defineCommand, takesEscapes } from '../cli/command.ts'
import type { FlagTable, FlagValues } from '../cli/flags.ts'
import { BenchError, EXIT } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import { formatBytes } from '../core/units.ts'
import { createProgress } from '../progress.ts'
import { projectDirOf } from '../project.ts'
import type { Waiting } from '../runtime/docker/build-image.ts'
import { type Credentials, findCredentials } from '../runtime/docker/credentials.ts'
import { type Engine, openEngine } from '../runtime/docker/engine.ts'
import { pullImage } from '../runtime/docker/ensure-image.ts'
import { parseImageName, requirePublishable } from '../runtime/docker/image-name.ts'
import { buildOwnImage, OWN_IMAGES, type OwnImage } from '../runtime/docker/own-images.ts'
import { pushImage } from '../runtime/docker/push-image.ts'

const FLAGS = {
  tag: {
    kind: 'text',
    placeholder: 'NAME:VERSION',
    description: 'build: the tag. Default: a hash of all that goes in.',
  },
  as: { kind: 'text', placeholder: 'USER/NAME:VERSION', description: 'push: the name to publish it under.' },
  force: { kind: 'switch', description: 'push: allows the tag latest.' },
  username: {
    kind: 'text',
    placeholder: 'NAME',
    description: 'push, pull: logs in for this once, see --password-stdin.',
  },
  'password-stdin': {
    kind: 'switch',
    description: 'push, pull: reads the password of --username from standard input.',
  },
  json: { kind: 'switch', description: 'Prints the outcome as JSON on stdout and everything else on stderr.' },
} as const satisfies FlagTable

type Flags = FlagValues<typeof FLAGS>

interface Task {
  readonly name: string | null
  readonly flags: Flags
  readonly engine: Engine
  readonly context: Context
  readonly waiting: Waiting
}

/** What is printed: one line for a person, one object for a program. */
interface Outcome {
  readonly line: string
  readonly facts: Readonly<Record<string, string | number | null>>
}

const ACTIONS: Readonly<Record<string, (task: Task) => Promise<readonly Outcome[]>>> = { build, push, pull }

export const imageCommand = defineCommand({
  name: 'image',
  summary: 'builds dyno’s images, pushes and pulls images',
  details:
    'build makes the images of the Flask app and of Triton for the CPU (both, unless NAME is flask or triton-cpu); a run\n' +
    'does it by itself. push publishes an image as user/name:version and prints its digest. pull gets one by tag or\n' +
    'digest. Logins are those of `docker login`, or --username with --password-stdin; a password is never an argument.',
  operands: [
    { name: 'build|push|pull', description: 'What to do.' },
    { name: '[NAME]', description: 'build: flask or triton-cpu. push, pull: an image.', optional: true },
  ],
  flags: FLAGS,
  examples: [
    'dyno image build flask',
    'dyno image push inference-dyno/flask:1.0.0 --as registry.example:5000/team/flask:1.0.0',
    'dyno image pull registry.example:5000/team/flask:1.0.0',
  ],
  async run({ operands: [action = '', name = null], flags }, context) {
    const act = ACTIONS[action]
    if (act === undefined)
      throw unknown('unknown-action', `dyno image cannot '${action}'`, action, Object.keys(ACTIONS))
    const progress = createProgress(context.stderr, takesEscapes(context.stderr, context.env) ? 'live' : 'plain')
    try {
      const waiting = { signal: context.signal, events: { step: (step: string) => progress.step(step) } }
      const engine = await openEngine(context.env)
      const outcomes = await act({ name, flags, engine, context, waiting })
      progress.close()
      if (flags.json)
        context.stdout.write(
          `${JSON.stringify(
            outcomes.map(({ facts }) => facts),
            null,
            2,
          )}\n`,
        )
      else for (const { line } of outcomes) context.stdout.write(`${line}\n`)
      return EXIT.ok
    } finally {
      progress.close()
    }
  },
})

async function build({ name, flags, engine, context, waiting }: Task): Promise<Outcome[]> {
  const known = Object.keys(OWN_IMAGES) as OwnImage[]
  const wanted = name === null ? known : known.filter((each) => each === name)
  if (wanted.length === 0) throw unknown('unknown-image', `dyno builds no image '${name}'`, name ?? '', known)
  if (flags.tag !== null && wanted.length > 1) {
    throw usage('image-name', '--tag needs one image', `write: dyno image build flask --tag ${flags.tag}`)
  }
  if (flags.tag !== null) parseImageName(flags.tag)
  const outcomes: Outcome[] = []
  // One after the other: the second takes the layers that it shares with the first from the cache.
  for (const which of wanted) {
    const request = { ...waiting, projectDir: projectDirOf(context), env: context.env, tag: flags.tag }
    const { reference, id, sizeBytes, steps, cached } = await buildOwnImage(engine, which, request)
    const line = `${reference}  ${formatBytes(sizeBytes)}  ${id}`
    outcomes.push({ line, facts: { reference, id, sizeBytes, steps, cached } })
  }
  return outcomes
}

async function push({ name, flags, engine, context, waiting }: Task): Promise<Outcome[]> {
  const source = required(name, 'push')
  const target = requirePublishable(flags.as ?? source, flags.force)
  const credentials = await credentialsFor(target.registry, flags, context)
  const { reference, digest } = await pushImage(engine, { ...waiting, source, target, credentials })
  return [{ line: `pushed ${reference}\ndigest ${digest}`, facts: { reference, digest } }]
}

async function pull({ name, flags, engine, context, waiting }: Task): Promise<Outcome[]> {
  const wanted = required(name, 'pull')
  const credentials = await credentialsFor(parseImageName(wanted).registry, flags, context)
  const { reference, id, digest, sizeBytes } = await pullImage(engine, wanted, { ...waiting, credentials })
  const line = `pulled ${reference}  ${formatBytes(sizeBytes)}\ndigest ${digest ?? 'unknown'}`
  return [{ line, facts: { reference, id, digest, sizeBytes } }]
}

async function credentialsFor(registry: string, flags: Flags, { env }: Context): Promise<Credentials | null> {
  const isGiven = flags['password-stdin']
  if ((flags.username !== null) !== isGiven) {
    throw usage(
      'flag-missing',
      '--username and --password-stdin belong together',
      'write: dyno image push … --username NAME --password-stdin < password-file',
    )
  }
  if (flags.username === null) return findCredentials(registry, env)
  const password = (await text(process.stdin)).replace(/\r?\n$/, '')
  return { username: flags.username, password, serveraddress: registry }
}

function required(name: string | null, action: string): string {
  if (name !== null) return name
  throw usage(
    'operand-missing',
    `dyno image ${action} needs the name of an image`,
    'see which there are: docker images',
  )
}

function unknown(code: string, message: string, given: string, known: readonly string[]): BenchError {
  const close = nearest(given, known)
  return usage(code, message, close === null ? `one of: ${known.join(', ')}` : `did you mean ${close}?`)
}

function usage(code: string, message: string, hint: string): BenchError {
  return new BenchError({ kind: 'usage', code, message, hint })
}
