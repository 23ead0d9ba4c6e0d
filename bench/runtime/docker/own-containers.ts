// Containers that dyno made: those that a killed run left behind are removed by the next one, and by dyno clean.
import type { ContainerInfo } from 'dockerode'
import type { Engine } from './engine.ts'
import { engineError, statusOf } from './engine.ts'
import { MADE_LABEL, OWNER_LABEL, type Owner, ownerOf, SERVER_LABEL } from './labels.ts'

export interface OwnContainer {
  readonly id: string
  readonly name: string
  /** In its scenario. */
  readonly server: string
  /** `unknown` also on a remote engine: its processes cannot be seen from here. */
  readonly owner: Owner
  readonly ownerPid: string
  readonly isRunning: boolean
  /** What it wrote into its own layer. */
  readonly bytes: number
}

const RUNNING_STATES = new Set(['running', 'paused', 'restarting'])

/** @throws BenchError where the engine fails */
export async function ownContainers(engine: Engine): Promise<readonly OwnContainer[]> {
  try {
    const filters = { label: [MADE_LABEL] }
    const listed = await engine.docker.listContainers({ all: true, size: true, filters })
    const own = await Promise.all(listed.map(async (info) => ((await isInherited(engine, info)) ? [] : [info])))
    return own.flat().map((info) => ({
      id: info.Id,
      name: nameOf(info),
      server: info.Labels[SERVER_LABEL] ?? 'a server',
      owner: engine.address.isRemote ? 'unknown' : ownerOf(info.Labels),
      ownerPid: info.Labels[OWNER_LABEL]?.split('/')[2] ?? '?',
      isRunning: RUNNING_STATES.has(info.State),
      bytes: (info as ContainerInfo & { readonly SizeRw?: number }).SizeRw ?? 0,
    }))
  } catch (error) {
    throw engineError(error, engine.address, 'listing dyno’s containers')
  }
}

export function nameOf({ Names, Id }: ContainerInfo): string {
  return Names[0]?.replace(/^\//, '') ?? Id.slice(0, 12)
}

/** A container has its image's labels: what a user starts from an image of dyno's is the user's. */
async function isInherited({ docker }: Engine, { Labels, ImageID }: ContainerInfo): Promise<boolean> {
  try {
    const { Config } = await docker.getImage(ImageID).inspect()
    const ofImage = Config.Labels ?? {}
    return [MADE_LABEL, OWNER_LABEL].every((label) => ofImage[label] === Labels[label])
  } catch (error) {
    if (statusOf(error) !== 404) throw error
    // Its image was removed by force: only what also names an owner is surely no image's label.
    return Labels[OWNER_LABEL] === undefined
  }
}

/**
 * Removes the containers of runs that are gone. Never one whose owner runs, nor one whose owner cannot be seen from
 * here: it may be in use.
 * @returns one line for each that was removed
 * @throws BenchError where the engine fails
 */
export async function removeLeftoverContainers(engine: Engine): Promise<readonly string[]> {
  const orphans = (await ownContainers(engine)).filter(({ owner }) => owner === 'gone')
  const lines = await Promise.all(
    orphans.map(async (container) => ((await removeContainer(engine, container)) ? [describe(container)] : [])),
  )
  return lines.flat()
}

export function describe({ server, name, ownerPid }: OwnContainer): string {
  return `${server} (container ${name}), left by run ${ownerPid}`
}

/**
 * Ends and removes it with the unnamed volumes that it made. No grace: nobody waits for its answers.
 * @returns false where somebody else was quicker
 */
export async function removeContainer({ docker, address }: Engine, { id, name }: OwnContainer): Promise<boolean> {
  try {
    await docker.getContainer(id).remove({ force: true, v: true })
    return true
  } catch (error) {
    if (statusOf(error) === 404 || statusOf(error) === 409) return false // 409: its removal goes on already.
    throw engineError(error, address, `removing container ${name}`)
  }
}
