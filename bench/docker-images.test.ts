// Images on the real engine and a real registry with a password: built, pushed, pulled, and no password ever shown.
import { spawn, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { PACKAGE_DIR } from './project.ts'
import { readBuildContext } from './runtime/docker/build-context.ts'
import { type BuiltImage, buildImage } from './runtime/docker/build-image.ts'
import { describeWith, itWith, requirementOf } from './testing/requirement.ts'
import { BASE_IMAGE, dockerEngine, dockerEngineWithBase } from './testing/requirements.ts'

const MAIN = join(PACKAGE_DIR, 'bench', 'main.ts')
const { DYNO_TEST_REGISTRY, DYNO_TEST_REGISTRY_USER = '', DYNO_TEST_REGISTRY_PASSWORD = '' } = process.env
const TEST_MS = 60_000

const ENGINE = await dockerEngine()
const BASE = await dockerEngineWithBase()
const REGISTRY = requirementOf('a registry with a password', DYNO_TEST_REGISTRY !== undefined, {
  missing: 'DYNO_TEST_REGISTRY is not set',
  remedy: '.ci/run starts one, see .ci/docker.sh',
})

/** On everything that is made here, so that it can be removed, and so that no two runs of this file share a layer. */
const MARK = randomBytes(4).toString('hex')

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'dyno-images-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

describe('what of a folder is sent to a build', () => {
  it('is what the ignore file of the Dockerfile lets in, and the Dockerfile', () => {
    const context = mkdtempSync(join(dir, 'context-'))
    mkdirSync(join(context, 'app', 'deep'), { recursive: true })
    for (const name of ['secret.pem', 'app/server.py', 'app/deep/model', 'app/deep/notes']) {
      writeFileSync(join(context, name), name)
    }
    writeFileSync(join(context, 'Dockerfile'), 'FROM scratch')
    expect(readBuildContext(context, 'Dockerfile').files).toHaveLength(5)
    writeFileSync(join(context, '.dockerignore'), '*.pem\n')
    expect(readBuildContext(context, 'Dockerfile').files).not.toContain('secret.pem')
    writeFileSync(join(context, 'Dockerfile.dockerignore'), '*\n!app/deep/model\n')
    expect(readBuildContext(context, 'Dockerfile').files).toEqual(['Dockerfile', 'app/deep/model'])
  })
})

describeWith(ENGINE, 'an image', (engine) => {
  const { docker } = engine
  let context: string
  let made: string[]
  beforeEach(() => {
    context = mkdtempSync(join(dir, 'build-'))
    made = []
  })

  async function build(dockerfile: string, tag: string, signal = new AbortController().signal) {
    writeFileSync(join(context, 'Dockerfile'), dockerfile)
    const steps: string[] = []
    const request = { contextDir: context, dockerfile: 'Dockerfile', args: {}, tag }
    const image = await buildImage(engine, request, { signal, events: { step: (step) => steps.push(step) } })
    made.push(tag)
    return { image, steps }
  }
  const tiny = () => `FROM scratch\nLABEL mark=${MARK}\nCOPY Dockerfile /\n`
  const removeMade = async () => {
    for (const tag of new Set(made)) await docker.getImage(tag).remove({ force: true })
  }

  it('is built step by step, and the second time from the cache', async () => {
    const tag = `inference-dyno/test-${MARK}:1`
    const first = await build(tiny(), tag)
    expect(first.steps.some((step) => step.includes('step 2/4: LABEL'))).toBe(true)
    const second = (await build(tiny(), tag)).image
    expect(second).toMatchObject({ id: first.image.id, steps: 4, cached: 3 } satisfies Partial<BuiltImage>)
    await removeMade()
  })

  itWith(BASE, 'that is given up leaves no tag', async () => {
    const tag = `inference-dyno/test-${MARK}:aborted`
    const aborting = AbortSignal.timeout(100)
    await expect(build(`FROM ${BASE_IMAGE}\nRUN sleep 30 # ${MARK}\n`, tag, aborting)).rejects.toThrow()
    expect(await docker.listImages({ filters: { reference: [tag] } })).toEqual([])
  })

  describeWith(REGISTRY, 'and a registry with a password', () => {
    const registry = DYNO_TEST_REGISTRY ?? ''
    const source = `inference-dyno/test-${MARK}:source`
    const published = `${registry}/team/test-${MARK}:1.0.0`
    const auth = (password: string) => Buffer.from(`${DYNO_TEST_REGISTRY_USER}:${password}`).toString('base64')
    const configOf = (password: string) => ({ auths: { [registry]: { auth: auth(password) } } })
    beforeAll(async () => {
      context = mkdtempSync(join(dir, 'push-'))
      made = []
      await build(tiny(), source)
    })
    afterAll(async () => {
      for (const name of [source, published])
        await docker
          .getImage(name)
          .remove({ force: true })
          .catch(() => {})
    })

    /** Runs `dyno image …` with Docker's settings as given; whatever it says must not hold the password. */
    async function image(config: object, args: readonly string[], options: { stdin?: string; path?: string } = {}) {
      const settings = mkdtempSync(join(dir, 'config-'))
      writeFileSync(join(settings, 'config.json'), JSON.stringify(config))
      const PATH = [...(options.path === undefined ? [] : [options.path]), process.env.PATH].join(delimiter)
      const env = { ...process.env, DOCKER_CONFIG: settings, PATH }
      const child = spawn(process.execPath, [MAIN, 'image', ...args], { cwd: PACKAGE_DIR, env })
      child.stdin.end(options.stdin ?? '')
      const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
      expect(stdout + stderr).not.toContain(DYNO_TEST_REGISTRY_PASSWORD)
      expect(stdout + stderr).not.toContain(auth(DYNO_TEST_REGISTRY_PASSWORD))
      return { code: child.exitCode, stdout, stderr }
    }

    it(
      'is pushed, and its digest is the registry’s own; pulled by that digest it is the same image',
      async () => {
        const config = configOf(DYNO_TEST_REGISTRY_PASSWORD)
        const { code, stdout, stderr } = await image(config, ['push', source, '--as', published, '--json'])
        expect(code, stderr).toBe(0)
        const [{ digest }] = JSON.parse(stdout)
        const url = `http://${registry}/v2/team/test-${MARK}/manifests/1.0.0`
        const accept = 'application/vnd.docker.distribution.manifest.v2+json'
        const headers = { authorization: `Basic ${auth(DYNO_TEST_REGISTRY_PASSWORD)}`, accept }
        const manifest = Buffer.from(await (await fetch(url, { headers })).arrayBuffer())
        expect(digest).toBe(`sha256:${createHash('sha256').update(manifest).digest('hex')}`)
        const { Id } = await docker.getImage(source).inspect()
        await docker.getImage(published).remove()
        const pulled = await image(config, ['pull', `${published.replace(':1.0.0', '')}@${digest}`, '--json'])
        expect(pulled.code, pulled.stderr).toBe(0)
        expect(JSON.parse(pulled.stdout)).toEqual([expect.objectContaining({ id: Id, digest })])
      },
      TEST_MS,
    )

    it(
      'takes the login of a credential helper, or of standard input',
      async () => {
        const path = mkdtempSync(join(dir, 'helper-'))
        const answer = JSON.stringify({ Username: DYNO_TEST_REGISTRY_USER, Secret: DYNO_TEST_REGISTRY_PASSWORD })
        const helper = join(path, 'docker-credential-test')
        writeFileSync(helper, `#!/bin/sh\n[ "$1" = get ] && [ "$(cat)" = '${registry}' ] && echo '${answer}'\n`)
        chmodSync(helper, 0o755)
        const byHelper = await image({ credsStore: 'test' }, ['push', source, '--as', published], { path })
        expect(byHelper.code, byHelper.stderr).toBe(0)
        const user = ['--username', DYNO_TEST_REGISTRY_USER, '--password-stdin']
        const byStdin = await image({}, ['pull', published, ...user], { stdin: `${DYNO_TEST_REGISTRY_PASSWORD}\n` })
        expect(byStdin.code, byStdin.stderr).toBe(0)
        expect(byStdin.stdout).toMatch(/^digest sha256:/m)
      },
      TEST_MS,
    )

    it.each([
      ['nobody is logged in', () => ({}), published, 'registry-login', 'docker login'],
      ['the password is wrong', () => configOf('wrong'), published, 'registry-login', 'docker login'],
      [
        'there is no such tag',
        () => configOf(DYNO_TEST_REGISTRY_PASSWORD),
        `${published}.9`,
        'image-missing',
        'the tag',
      ],
    ] as const)(
      'says what to do where %s',
      async (_, config, name, code, hint) => {
        const pulled = await image(config(), ['pull', name])
        expect(pulled.code).toBe(4)
        expect(pulled.stderr).toContain(`[${code}]`)
        expect(pulled.stderr).toContain(hint)
      },
      TEST_MS,
    )

    it(
      'is not pushed as latest, unless that is wanted',
      async () => {
        const config = configOf(DYNO_TEST_REGISTRY_PASSWORD)
        const latest = published.replace('1.0.0', 'latest')
        const refused = await image(config, ['push', source, '--as', latest])
        expect(refused.code).toBe(2)
        expect(refused.stderr).toContain('says nothing of what is in it')
        const forced = await image(config, ['push', source, '--as', latest, '--force'])
        expect(forced.code, forced.stderr).toBe(0)
        await docker.getImage(latest).remove()
      },
      TEST_MS,
    )
  })

  it('is built by the command, which knows near names', () => {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, 'image', 'build', 'flaks'], { encoding: 'utf8' })
    expect(status).toBe(2)
    expect(stderr).toContain('did you mean flask?')
  })
})
