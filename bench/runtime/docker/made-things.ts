// Everything in an engine that dyno made, told from everything that only looks like it, and its removal.
import type { ContainerInfo } from 'dockerode'
import { z } from 'zod'
import { type Engine, engineError, engineMessage, statusOf } from './engine.ts'
import { imageUsers, labelOf, ownImages, removeImage } from './labelled-images.ts'
import { MADE_LABEL } from './labels.ts'
import { describe, nameOf, type OwnContainer, ownContainers, removeContainer } from './own-containers.ts'

export interface MadeThing {
  readonly what: string
  /** What its removal frees on the engine's disk. */
  readonly bytes: number
  /** @throws what the engine says where it is used by now */
  remove(): Promise<unknown>
}

export interface MadeThings {
  /** Containers of runs that go on: nothing may be removed. */
  readonly inUse: readonly string[]
  /** In the order in which they can be removed. */
  readonly removable: readonly MadeThing[]
  /** One line for each thing of dyno's, or that carries its label, that stays, with the reason. */
  readonly kept: readonly string[]
}

export interface Wanted {
  readonly images: boolean
  readonly volumes: boolean
}

/** Changes nothing. @throws BenchError where the engine fails */
export async function findMadeThings(engine: Engine, wanted: Wanted): Promise<MadeThings> {
  try {
    const all = await engine.docker.listContainers({ all: true })
    const own = await ownContainers(engine)
    const removable = own.filter(({ owner, isRunning }) => owner === 'gone' || (owner === 'unknown' && !isRunning))
    const removed = new Set(removable.map(({ id }) => id))
    const staying = all.filter(({ Id }) => !removed.has(Id))
    const unknown = own.filter(({ id, owner }) => owner === 'unknown' && !removed.has(id))
    const found = [
      await networks(engine, staying),
      wanted.volumes ? await volumes(engine, staying) : NOTHING,
      wanted.images ? await images(engine, staying) : NOTHING,
    ]
    return {
      inUse: own.filter(({ owner }) => owner === 'running').map(({ server, name }) => `${server} (container ${name})`),
      removable: [
        ...removable.map((container) => containerThing(engine, container)),
        ...found.flatMap((part) => part.removable),
      ],
      kept: [...unknown.map(keptContainer), ...found.flatMap(({ kept }) => kept)],
    }
  } catch (error) {
    throw engineError(error, engine.address, 'listing what dyno made')
  }
}

/**
 * @returns why it stays, `null` where it is gone
 * @throws BenchError where the engine cannot be reached any more
 */
export async function removeThing(engine: Engine, thing: MadeThing): Promise<string | null> {
  try {
    await thing.remove()
    return null
  } catch (error) {
    const status = statusOf(error)
    if (status === 404) return null
    if (status !== null) return `${thing.what}: ${engineMessage(error)}`
    throw engineError(error, engine.address, `removing ${thing.what}`)
  }
}

type Part = Pick<MadeThings, 'removable' | 'kept'>
const NOTHING: Part = { removable: [], kept: [] }

function containerThing(engine: Engine, container: OwnContainer): MadeThing {
  const remove = () => removeContainer(engine, container)
  const what = container.owner === 'gone' ? describe(container) : `${container.server} (container ${container.name})`
  return { what, bytes: container.bytes, remove }
}

function keptContainer({ server, name }: OwnContainer): string {
  return `${server} (container ${name}): it runs, and whose it is cannot be seen from here; docker rm --force ${name}`
}

async function networks({ docker }: Engine, staying: readonly ContainerInfo[]): Promise<Part> {
  const own = await docker.listNetworks({ filters: { label: [MADE_LABEL] } })
  return split(own, {
    what: ({ Name }) => `network ${Name}`,
    user: ({ Id, Name }) => staying.find((container) => isIn(container, [Id, Name])),
    thing: ({ Id }) => ({ bytes: 0, remove: () => docker.getNetwork(Id).remove() }),
  })
}

/** A container that was never started knows its networks only as they were written. */
function isIn({ NetworkSettings }: ContainerInfo, network: readonly string[]): boolean {
  return Object.entries(NetworkSettings?.Networks ?? {}).some(
    ([name, { NetworkID }]) => network.includes(name) || network.includes(NetworkID),
  )
}

const usageSchema = z.object({
  Volumes: z.array(z.object({ Name: z.string(), UsageData: z.object({ Size: z.number() }).nullish() })).nullish(),
})

async function volumes({ docker }: Engine, staying: readonly ContainerInfo[]): Promise<Part> {
  const { Volumes } = await docker.listVolumes({ filters: { label: [MADE_LABEL] } })
  if (!Volumes?.length) return NOTHING
  // Only this adds volumes up; it takes the engine a while, so it is asked only where there are any.
  const usage = usageSchema.parse(await docker.df()).Volumes ?? []
  const bytesOf = new Map(usage.map(({ Name, UsageData }) => [Name, Math.max(0, UsageData?.Size ?? 0)]))
  return split(Volumes, {
    what: ({ Name }) => `volume ${Name}`,
    user: ({ Name }) => staying.find(({ Mounts }) => Mounts.some((mount) => mount.Name === Name)),
    thing: ({ Name }) => ({ bytes: bytesOf.get(Name) ?? 0, remove: () => docker.getVolume(Name).remove() }),
  })
}

async function images(engine: Engine, staying: readonly ContainerInfo[]): Promise<Part> {
  const users = imageUsers(staying)
  const { own, used, inherited } = await ownImages(engine, (id) => users.has(id))
  return {
    removable: own.map((image) => ({
      what: `image ${image.name}`,
      bytes: image.bytes,
      remove: () => removeImage(engine, image),
    })),
    kept: [
      ...used.map((info) => `image ${labelOf(info)}: used by container ${users.get(info.Id)}`),
      ...inherited.map(
        (info) => `image ${labelOf(info)}: none of dyno’s names, so it was built upon an image of dyno’s`,
      ),
    ],
  }
}

function split<T>(
  own: readonly T[],
  by: {
    readonly what: (made: T) => string
    readonly user: (made: T) => ContainerInfo | undefined
    readonly thing: (made: T) => Omit<MadeThing, 'what'>
  },
): Part {
  const used = own.flatMap((made) => {
    const user = by.user(made)
    return user === undefined ? [] : [{ made, line: `${by.what(made)}: used by container ${nameOf(user)}` }]
  })
  const isUsed = new Set(used.map(({ made }) => made))
  return {
    removable: own.filter((made) => !isUsed.has(made)).map((made) => ({ what: by.what(made), ...by.thing(made) })),
    kept: used.map(({ line }) => line),
  }
}
