// Images that dyno made, what the engine's disk gains by removing them, and their removal. Images share layers, so the
// gain is less than the sum of their sizes.
import type { ContainerInfo, ImageInfo } from 'dockerode'
import { type Engine, statusOf } from './engine.ts'
import { MADE_LABEL } from './labels.ts'
import { nameOf } from './own-containers.ts'

/** All names that dyno gives to images of its own start with it. */
const OWN_NAMES = 'inference-dyno/'
const NO_NAME = '<none>:<none>'

export interface OwnImage {
  readonly id: string
  /** Its names in one line, or the begin of its id. */
  readonly name: string
  /** All names, dyno's own last; none of a stage of a build, or of an image that was built anew. */
  readonly tags: readonly string[]
  /** What its removal frees, after that of the ones before it. */
  readonly bytes: number
}

interface Layered {
  readonly info: ImageInfo
  readonly layers: readonly string[]
  /** Oldest first. */
  readonly history: readonly Step[]
}

interface Step {
  readonly what: string
  readonly bytes: number
}

export interface OwnImages {
  /** To remove. */
  readonly own: readonly OwnImage[]
  readonly used: readonly ImageInfo[]
  /** They carry the label but are not dyno's: what is built upon an image has its labels. */
  readonly inherited: readonly ImageInfo[]
}

/** @param isUsed by a container that stays */
export async function ownImages(engine: Engine, isUsed: (id: string) => boolean): Promise<OwnImages> {
  const labelled = await engine.docker.listImages({ filters: { label: [MADE_LABEL] } })
  if (labelled.length === 0) return { own: [], used: [], inherited: [] }
  const listed = await engine.docker.listImages()
  const layered = (await Promise.all(listed.map((info) => withLayers(engine, info)))).flat()
  const isLabelled = new Set(labelled.map(({ Id }) => Id))
  const candidates = layered.filter(({ info }) => isLabelled.has(info.Id))
  const named = candidates.filter(({ info }) => tagsOf(info).some((tag) => tag.startsWith(OWN_NAMES)))
  const own = candidates.filter((image) => named.includes(image) || isOwnNameless(image, named))
  const removable = own
    .filter(({ info }) => !isUsed(info.Id))
    .toSorted((a, b) => labelOf(a.info).localeCompare(labelOf(b.info)))
  const inherited = candidates.filter((image) => !own.includes(image) && tagsOf(image.info).length > 0)
  return {
    own: withBytes(removable, layered),
    used: own.map(({ info }) => info).filter(({ Id }) => isUsed(Id)),
    inherited: inherited.map(({ info }) => info),
  }
}

/** None where the image was removed at this moment. */
async function withLayers({ docker }: Engine, info: ImageInfo): Promise<readonly Layered[]> {
  try {
    const image = docker.getImage(info.Id)
    const [{ RootFS }, history] = await Promise.all([
      image.inspect(),
      image.history() as Promise<readonly HistoryEntry[]>,
    ])
    const steps = history.map((step) => ({ what: `${step.Created} ${step.CreatedBy}`, bytes: step.Size }))
    return [{ info, layers: RootFS.Layers ?? [], history: steps.reverse() }]
  } catch (error) {
    if (statusOf(error) === 404) return []
    throw error
  }
}

interface HistoryEntry {
  readonly Created: number
  readonly CreatedBy: string
  readonly Size: number
}

/** Dyno's own names last. */
function tagsOf({ RepoTags }: ImageInfo): readonly string[] {
  const isOwn = (tag: string) => Number(tag.startsWith(OWN_NAMES))
  return (RepoTags ?? []).filter((tag) => tag !== NO_NAME).toSorted((a, b) => isOwn(a) - isOwn(b))
}

export function labelOf(info: ImageInfo): string {
  return tagsOf(info).toReversed().join(', ') || info.Id.slice('sha256:'.length).slice(0, 12)
}

/** A stage or an older build of dyno's; what a user built upon an image of dyno's is none. */
function isOwnNameless({ info, history }: Layered, named: readonly Layered[]): boolean {
  if (tagsOf(info).length > 0 || (info.RepoDigests ?? []).some((digest) => !digest.startsWith('<none>'))) return false
  return !named.some((base) => base.info.Id !== info.Id && commonSteps(base.history, history) === base.history.length)
}

function commonSteps(a: readonly Step[], b: readonly Step[]): number {
  const differs = a.findIndex((step, index) => step.what !== b[index]?.what)
  return differs === -1 ? a.length : differs
}

function withBytes(removable: readonly Layered[], all: readonly Layered[]): readonly OwnImage[] {
  const staying = all.filter((image) => !removable.includes(image))
  return removable.map((image, index) => {
    const others = [...staying, ...removable.slice(0, index)]
    const sharedBytes = Math.max(0, ...others.map((other) => commonBytes(image, other)))
    return {
      id: image.info.Id,
      name: labelOf(image.info),
      tags: tagsOf(image.info),
      bytes: Math.max(0, image.info.Size - sharedBytes),
    }
  })
}

/**
 * Bytes of the layers that both begin with. The engine tells sizes by step of the history only, where steps without a
 * layer have none: so the sizes that both begin with are added up, for at most as many steps as there are common layers.
 */
function commonBytes(a: Layered, b: Layered): number {
  const differs = a.layers.findIndex((layer, index) => layer !== b.layers[index])
  const commonLayers = differs === -1 ? a.layers.length : differs
  const [ofA, ofB] = [a, b].map(({ history }) => history.map(({ bytes }) => bytes).filter((bytes) => bytes > 0))
  let sum = 0
  for (let step = 0; step < commonLayers && ofA?.[step] !== undefined && ofA[step] === ofB?.[step]; step++) {
    sum += ofA[step] ?? 0
  }
  return sum
}

/**
 * Removes an image name by name, never by force, and then the nameless steps of its build. Not by the engine's own
 * pruning: that would also take an image without a name that the user had it built upon. What carries the label is a
 * step, so the Dockerfiles set it first.
 * @throws what the engine says, e.g. 409 where it is used by now
 */
export async function removeImage({ docker }: Engine, { id, tags }: OwnImage): Promise<void> {
  let { Parent: parent } = await docker.getImage(id).inspect()
  for (const name of tags.length > 0 ? tags : [id]) await docker.getImage(name).remove({ noprune: true })
  try {
    while (parent) {
      const { Parent, RepoTags, Config } = await docker.getImage(parent).inspect()
      if (RepoTags.length > 0 || Config?.Labels?.[MADE_LABEL] === undefined) return
      await docker.getImage(parent).remove({ noprune: true })
      parent = Parent
    }
  } catch (error) {
    const status = statusOf(error)
    if (status !== 404 && status !== 409) throw error // Another image or a container needs it.
  }
}

/** Image → a container that was made of it. */
export function imageUsers(containers: readonly ContainerInfo[]): ReadonlyMap<string, string> {
  return new Map(containers.map((container) => [container.ImageID, nameOf(container)]))
}
