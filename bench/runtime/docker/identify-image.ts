// What exactly an image is: the engine's id, and the registry's digest where it came from or went to one.
import { type Engine, engineError, statusOf } from './engine.ts'

export interface Image {
  /** As it was asked for. */
  readonly reference: string
  /** `sha256:…` of its configuration: the same image has the same one on every machine. */
  readonly id: string
  /** `sha256:…` of its manifest in the registry; `null` where no registry knows it. */
  readonly digest: string | null
  readonly sizeBytes: number
}

/** `null` where the engine has no such image. */
export async function identifyImage({ docker, address }: Engine, reference: string): Promise<Image | null> {
  try {
    const { Id, RepoDigests, Size } = await docker.getImage(reference).inspect()
    return { reference, id: Id, digest: digestFor(reference, RepoDigests ?? []), sizeBytes: Size }
  } catch (error) {
    if (statusOf(error) === 404) return null
    throw engineError(error, address, `looking for the image ${reference}`)
  }
}

/** The digest under the name that was asked for; an image may have others in other registries. */
function digestFor(reference: string, digests: readonly string[]): string | null {
  const repository = reference.replace(/@.*$/, '').replace(/:[\w][\w.-]*$/, '')
  const found = digests.find((entry) => entry.startsWith(`${repository}@`)) ?? digests[0]
  return found?.split('@')[1] ?? null
}
