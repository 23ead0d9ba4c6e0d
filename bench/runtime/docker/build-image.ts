// Builds an image in the engine, tells step by step how far it is, and shows the step that failed.
import { z } from 'zod'
import { nowNs } from '../../core/clock.ts'
import { BenchError } from '../../core/errors.ts'
import { formatMs } from '../../core/units.ts'
import { printable } from '../log-tail.ts'
import type { RuntimeEvents } from '../types.ts'
import { type BuildContext, readBuildContext } from './build-context.ts'
import { type Engine, engineError } from './engine.ts'
import { type Image, identifyImage } from './identify-image.ts'
import { MADE_LABEL } from './labels.ts'

export interface ImageBuildRequest {
  readonly contextDir: string
  /** Relative to the folder. */
  readonly dockerfile: string
  readonly args: Readonly<Record<string, string>>
  readonly tag: string
}

export interface Waiting {
  readonly signal: AbortSignal
  readonly events: RuntimeEvents
}

export interface BuiltImage extends Image {
  readonly steps: number
  /** Steps that were taken from the cache. */
  readonly cached: number
  readonly tookMs: number
}

const KEPT_LINES = 20
const MAX_LINE_CHARS = 500

/** One line of the engine's stream; it may hold anything that a program in the build prints. */
const lineSchema = z.object({
  stream: z.string().optional(),
  status: z.string().optional(),
  error: z.string().optional(),
})

/** @throws BenchError `image-build-failed` with the failing step's last lines; see `engineError`; the signal's reason */
export async function buildImage(engine: Engine, request: ImageBuildRequest, waiting: Waiting): Promise<BuiltImage> {
  waiting.events.step(`building ${request.tag}`)
  return buildFrom(engine, readBuildContext(request.contextDir, request.dockerfile), request, waiting)
}

/** Builds from a context that is known already. */
export async function buildFrom(
  engine: Engine,
  context: BuildContext,
  { tag, args }: Pick<ImageBuildRequest, 'tag' | 'args'>,
  { signal, events }: Waiting,
): Promise<BuiltImage> {
  const startedNs = nowNs()
  const steps = new BuildSteps(tag, events)
  try {
    const archive = { context: context.contextDir, src: [...context.files] }
    const answer = await engine.docker.buildImage(archive, {
      t: tag,
      dockerfile: context.dockerfile,
      buildargs: { ...args },
      labels: { [MADE_LABEL]: 'image' },
      // The classic builder: one readable line for each step, on every engine.
      version: '1',
      // Else a failed build leaves its container behind.
      forcerm: true,
      abortSignal: signal,
    })
    await new Promise<void>((resolve, reject) => {
      const onEnd = (error: Error | null) => (error === null ? resolve() : reject(error))
      engine.docker.modem.followProgress(answer, onEnd, (line: unknown) => steps.read(line))
    })
  } catch (error) {
    signal.throwIfAborted()
    // The stream's own error is the failed step's, which is told better below.
    if (steps.error === null) throw engineError(error, engine.address, `building ${tag}`)
  }
  signal.throwIfAborted()
  if (steps.error !== null) throw buildFailed(tag, steps)
  const image = await identifyImage(engine, tag)
  if (image === null) throw buildFailed(tag, steps)
  const tookMs = (nowNs() - startedNs) / 1e6
  events.step(`built ${tag} in ${formatMs(tookMs)}: ${steps.count} steps, ${steps.cached} from the cache`)
  return { ...image, steps: steps.count, cached: steps.cached, tookMs }
}

/** Reads the classic builder's lines: `Step 4/12 : RUN …`, ` ---> Using cache`, whatever a step prints, and an error. */
class BuildSteps {
  count = 0
  cached = 0
  current = ''
  error: string | null = null
  /** What the present step printed last. */
  lines: string[] = []
  readonly #tag: string
  readonly #events: RuntimeEvents

  constructor(tag: string, events: RuntimeEvents) {
    this.#tag = tag
    this.#events = events
  }

  read(line: unknown): void {
    const parsed = lineSchema.safeParse(line).data
    if (parsed === undefined) return
    if (parsed.error !== undefined) this.error = printable(parsed.error).slice(0, 2000)
    for (const text of (parsed.stream ?? parsed.status ?? '').split('\n')) this.#readText(printable(text).trimEnd())
  }

  #readText(text: string): void {
    if (text === '') return
    const step = /^Step (\d+)\/(\d+) : (.+)$/.exec(text)
    if (step !== null) {
      const [, number = '', total = '', what = ''] = step
      this.count = Number(total)
      this.lines = []
      this.current = `step ${number}/${total}: ${what.replaceAll(/\s+/g, ' ').slice(0, MAX_LINE_CHARS)}`
      this.#events.step(`building ${this.#tag}, ${shorten(this.current)}`)
      return
    }
    if (/^ ---> Using cache/.test(text)) this.cached++
    if (/^ ---> |^Removing intermediate container/.test(text)) return
    this.lines.push(text.slice(0, MAX_LINE_CHARS))
    if (this.lines.length > KEPT_LINES) this.lines.shift()
  }
}

function shorten(text: string): string {
  return text.length > 100 ? `${text.slice(0, 99)}…` : text
}

function buildFailed(tag: string, { current, error, lines }: BuildSteps): BenchError {
  const full = /no space left on device/i.test([error, ...lines].join('\n'))
  const offline = /pull access denied|manifest unknown|dial tcp|no such host|Client\.Timeout/i.test(error ?? '')
  return new BenchError({
    kind: 'environment',
    code: full ? 'disk-full' : 'image-build-failed',
    message: `the image ${tag} could not be built${current === '' ? '' : `: ${shorten(current)} failed`}: ${error ?? 'the engine gave no reason'}`,
    hint: full
      ? 'see what takes the room: docker system df; free what is yours to free, e.g. dyno clean --images'
      : offline
        ? 'its base image cannot be pulled: check the network and the name after FROM, or pull it first: docker pull'
        : 'the last lines of that step, below, say why; mend the Dockerfile or what it copies, then run again',
    evidence: lines,
  })
}
