// Suites and tests that need what not every machine has. Where it is missing they are counted as skipped, and what is
// missing is named with its reason and how to get it, once a file; the reporter repeats it at the end of all.
import { describe, it } from 'vitest'
import { SKIPPED } from './summary-reporter.ts'

/** Something that a test needs: there, or the reason why it is not, with the way to get it. */
export type Requirement<Thing> =
  | { readonly name: string; readonly thing: Thing }
  | { readonly name: string; readonly missing: string; readonly remedy: string }

const told = new Set<string>()

/** A suite that is skipped where the requirement is not met: nothing in it runs, and nothing else is tested instead. */
export function describeWith<Thing>(
  requirement: Requirement<Thing>,
  title: string,
  body: (thing: Thing) => void,
): void {
  if ('thing' in requirement) {
    describe(title, () => body(requirement.thing))
    return
  }
  tell(requirement)
  // The body runs all the same, since only so its tests can be counted: with a stand-in, which none of them will see.
  describe.skip(title, () => body(STAND_IN as Thing))
}

/** Like `describeWith`, for a single test. */
export function itWith<Thing>(
  requirement: Requirement<Thing>,
  title: string,
  body: (thing: Thing) => void | Promise<void>,
  timeoutMs?: number,
): void {
  if ('thing' in requirement) {
    it(title, () => body(requirement.thing), timeoutMs)
    return
  }
  tell(requirement)
  it.skip(title, () => {})
}

/** Either half of a requirement whose thing is only needed to be there. */
export function requirementOf(name: string, isThere: boolean, otherwise: Lack): Requirement<true> {
  return isThere ? { name, thing: true } : { name, ...otherwise }
}

export interface Lack {
  readonly missing: string
  readonly remedy: string
}

function tell({ name, missing, remedy }: { readonly name: string } & Lack): void {
  const line = `${SKIPPED}${name} (${missing}) → ${remedy}`
  if (!told.has(line)) console.warn(line)
  told.add(line)
}

/** Whatever is read of it or called is itself again. */
const STAND_IN: unknown = new Proxy(() => {}, {
  get: (_, name) => (name === Symbol.toPrimitive ? () => 'what is missing' : STAND_IN),
  apply: () => STAND_IN,
})
