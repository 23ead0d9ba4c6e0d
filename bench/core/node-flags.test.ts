import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { NODE_FLAGS } from './node-flags.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

it.each([
  ['bin/dyno.js', read('bin/dyno.js')],
  ['ci/gate.sh', read('ci/gate.sh')],
  ['npm run bench', scripts().bench],
  ['npm run dyno', scripts().dyno],
  ['npm run bench:gate', scripts()['bench:gate']],
] as const)('%s starts Node with the flags of the load path', (_what, text) => {
  for (const flag of NODE_FLAGS) expect(text).toContain(flag)
})

function scripts(): Readonly<Record<string, string>> {
  return (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts
}
