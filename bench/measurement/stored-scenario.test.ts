import { expect, it } from 'vitest'
import { loaded } from '../plan/plan-fixture.ts'
import { storedScenario } from './stored-scenario.ts'

it('keeps the names of environment variables and build arguments, and none of their values', () => {
  const { scenario } = loaded()
  const flask = {
    kind: 'flask',
    env: { API_TOKEN: 's3cret-token', THREADS: '4' },
    build: { contextDir: '.', dockerfile: 'Dockerfile', args: { NPM_TOKEN: 's3cret-argument' } },
  }
  const stored = storedScenario({ ...scenario, servers: { ...scenario.servers, flask: flask as never } })
  const text = JSON.stringify(stored)
  expect(text).not.toContain('s3cret')
  for (const name of ['API_TOKEN', 'THREADS', 'NPM_TOKEN']) expect(text).toContain(name)
})
