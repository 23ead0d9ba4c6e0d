// A stack of disposers: whatever is started pushes how to stop it at once; they run in reverse order, all of them.
import { messageOf } from './errors.ts'

type Disposer = () => void | Promise<void>

/** Runs every disposer in reverse order; one that fails never keeps the others from running. */
export class CleanupStack {
  readonly #disposers: { readonly what: string; readonly dispose: Disposer }[] = []

  /** @param what named in the failure list, e.g. `server triton` */
  push(what: string, dispose: Disposer): void {
    this.#disposers.push({ what, dispose })
  }

  get isEmpty(): boolean {
    return this.#disposers.length === 0
  }

  /** Returns one line for each disposer that failed; a second call finds the stack empty. */
  async run(): Promise<string[]> {
    const failures: string[] = []
    for (let entry = this.#disposers.pop(); entry !== undefined; entry = this.#disposers.pop()) {
      try {
        await entry.dispose()
      } catch (error) {
        failures.push(`${entry.what}: ${messageOf(error)}`)
      }
    }
    return failures
  }
}
