// dyno clean on the real engine: what dyno made goes, and what only looks like it, or belongs to somebody, stays.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type CleanOptions, clean } from './runtime/clean.ts'
import type { Engine } from './runtime/docker/engine.ts'
import { ownerLabel } from './runtime/docker/labels.ts'
import { removeLeftoverContainers } from './runtime/docker/own-containers.ts'
import { describeWith } from './testing/requirement.ts'
import { BASE_IMAGE, dockerEngineWithBase } from './testing/requirements.ts'

/** On everything that is made here. Everything else of dyno's in the engine is hidden from what is tested. */
const TEST_LABEL = 'dyno-test.clean'
const BIG_BYTES = 1_000_000

const ENGINE = await dockerEngineWithBase()

const id = randomBytes(4).toString('hex')
const marked = (labels: Record<string, string>) => ({ ...labels, [TEST_LABEL]: id })
const GONE = ownerLabel().replace(/[^/]+$/, '1')
const UNSEEN = ownerLabel().replace(/\/pid:[^/]*/, '/pid:[1]')

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'dyno-docker-clean-'))
  writeFileSync(join(dir, 'big'), randomBytes(BIG_BYTES))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

describeWith(ENGINE, 'cleaning up a Docker engine', (engine) => {
  const { docker } = engine
  beforeEach(() => removeAll())
  afterAll(() => removeAll())

  it('removes containers of killed runs, and none of anybody else', async () => {
    const leftover = await start(
      'leftover',
      marked({ 'dyno.made': 'server', 'dyno.server': 'triton', 'dyno.owner': GONE }),
    )
    const stopped = await create('stopped', marked({ 'dyno.made': 'server', 'dyno.owner': UNSEEN }))
    const unseen = await start('unseen', marked({ 'dyno.made': 'server', 'dyno.owner': UNSEEN }))
    const bystanders = [
      await start('running', marked({})),
      await create('created', marked({})),
      await exited(
        'exited',
        marked({ 'dyno.made.by': 'server', 'xdyno.made': 'x', note: 'dyno.made=server', 'dyno.owner': GONE }),
      ),
    ]
    const { removed, kept } = await cleanHere({})
    expect(removed.map(({ what }) => what).sort()).toEqual([
      `a server (container ${stopped})`,
      expect.stringMatching(`^triton \\(container ${leftover}\\), left by run \\d+$`),
    ])
    expect(kept).toEqual([expect.stringContaining(unseen)])
    expect(await containers()).toEqual([unseen, ...bystanders].sort())
  })

  it('keeps what a user started from an image of dyno’s, and that image', async () => {
    const image = await build('flask', `FROM ${BASE_IMAGE}\nCOPY big /`, { 'dyno.made': 'image' })
    const users = [await start('of-user', marked({}), image), await create('of-user-too', marked({}), image)]
    const { removed, kept } = await cleanHere({ images: true })
    expect(removed).toEqual([])
    expect(kept).toEqual([expect.stringMatching(`^image ${image}: used by container`)])
    expect(await containers()).toEqual(users)
    expect(await images()).toContain(image)
  })

  it('refuses while a run goes on, and removes nothing', async () => {
    await start('leftover', marked({ 'dyno.made': 'server', 'dyno.owner': GONE }))
    const busy = await start(
      'busy',
      marked({ 'dyno.made': 'server', 'dyno.server': 'flask', 'dyno.owner': ownerLabel() }),
    )
    await expect(cleanHere({})).rejects.toMatchObject({
      code: 'still-running',
      message: `still running: flask (container ${busy})`,
    })
    expect(await containers()).toHaveLength(2)
  })

  it('lets the next run remove what a killed one left, but nothing of a run that goes on or cannot be seen', async () => {
    const leftover = await start(
      'leftover',
      marked({ 'dyno.made': 'server', 'dyno.server': 'triton', 'dyno.owner': GONE }),
    )
    const busy = await start('busy', marked({ 'dyno.made': 'server', 'dyno.owner': ownerLabel() }))
    const unseen = await exited('unseen', marked({ 'dyno.made': 'server', 'dyno.owner': UNSEEN }))
    const lines = await removeLeftoverContainers(scoped())
    expect(lines).toEqual([`triton (container ${leftover}), left by run ${process.pid}`])
    expect(await containers()).toEqual([busy, unseen])
    expect(await removeLeftoverContainers(scoped())).toEqual([])
  })

  it('takes nobody for gone on a remote engine, whose processes it cannot see', async () => {
    const leftover = await start('leftover', marked({ 'dyno.made': 'server', 'dyno.owner': GONE }))
    const here = scoped()
    const remote = { ...here, address: { ...here.address, isRemote: true } }
    expect(await removeLeftoverContainers(remote)).toEqual([])
    expect((await cleanHere({ engine: remote })).removed).toEqual([])
    expect(await containers()).toEqual([leftover])
  })

  it('removes images with all their names only where it is asked to, and says what that frees', async () => {
    const first = await build('flask', `FROM ${BASE_IMAGE}\nCOPY big /`, { 'dyno.made': 'image' })
    const second = await build('triton', `FROM ${BASE_IMAGE}\nCOPY big /\nCOPY big /more`, { 'dyno.made': 'image' })
    const elsewhere = await tag(first, `elsewhere-${id}`)
    const lookAlikes = [
      await build('of-user', `FROM ${BASE_IMAGE}\nCOPY big /other`, { 'dyno.made.by': 'me' }),
      await tag(BASE_IMAGE, `inference-dyno/${id}-base`),
    ]
    expect((await cleanHere({})).removed).toEqual([])
    const planned = await cleanHere({ images: true, dryRun: true })
    expect(await images()).toEqual([first, second, elsewhere, ...lookAlikes].sort())
    const { removed, kept } = await cleanHere({ images: true })
    expect(removed).toEqual(planned.removed)
    expect(kept).toEqual([])
    expect(removed.map(({ what }) => what).sort()).toEqual([`image ${first}, ${elsewhere}`, `image ${second}`])
    // Both begin with the base and the first copy: the base stays, the copy is freed once.
    expect(removed.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(2 * BIG_BYTES)
    expect(await images()).toEqual(lookAlikes.sort())
  })

  it('keeps what a user built upon an image of dyno’s, though the label was inherited', async () => {
    const own = await build('flask', `FROM ${BASE_IMAGE}\nCOPY big /`, { 'dyno.made': 'image' })
    const mine = await build('mine', `FROM ${own}\nENV X=1`, {}, `mine-${id}`)
    const { removed, kept } = await cleanHere({ images: true })
    expect(removed).toEqual([{ what: `image ${own}`, bytes: 0 }])
    expect(kept).toEqual([expect.stringMatching(`^image ${mine}: `)])
    expect((await cleanHere({ images: true })).removed).toEqual([])
    expect(await images()).toEqual([mine])
  })

  it('removes an image of dyno’s that lost its name, not the nameless one that the user built it upon', async () => {
    const base = await importNameless()
    const own = await build('flask', `FROM ${base}\nLABEL dyno.made=image\nCOPY big /\nENV A=1`, {
      'dyno.made': 'image',
    })
    const { Id } = await docker.getImage(own).inspect()
    await build('flask', `FROM ${base}\nLABEL dyno.made=image\nCOPY big /\nENV A=2`, { 'dyno.made': 'image' })
    const { removed } = await cleanHere({ images: true })
    expect(removed.map(({ what }) => what).sort()).toEqual([`image ${Id.slice(7, 19)}`, `image ${own}`])
    expect(removed.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(BIG_BYTES)
    await expect(docker.getImage(Id).inspect()).rejects.toMatchObject({ statusCode: 404 })
    expect((await docker.getImage(base).inspect()).Id).toBe(base)
    // Nor do the steps between stay, which nobody sees and which hold the layers.
    const all = await docker.listImages({ all: true })
    expect(all.filter(({ ParentId }) => ParentId === base)).toEqual([])
  })

  it('removes volumes and networks that nobody uses, volumes only where it is asked to', async () => {
    const made = marked({ 'dyno.made': 'x' })
    const [free, used, lookAlike] = [`${id}-free`, `${id}-used`, `${id}-look-alike`]
    for (const Name of [free, used]) await docker.createVolume({ Name, Labels: made })
    await docker.createVolume({ Name: lookAlike, Labels: marked({ 'dyno.maker': 'dyno.made' }) })
    for (const Name of [free, used]) await docker.createNetwork({ Name, Labels: made })
    await docker.createNetwork({ Name: lookAlike, Labels: marked({ 'dyno.made_': 'x' }) })
    const HostConfig = { Binds: [`${used}:/data`], NetworkMode: used }
    const user = await create('user', marked({}), BASE_IMAGE, HostConfig)
    expect((await cleanHere({})).removed).toEqual([{ what: `network ${free}`, bytes: 0 }])
    const { removed, kept } = await cleanHere({ volumes: true })
    expect(removed).toEqual([{ what: `volume ${free}`, bytes: expect.any(Number) }])
    expect(kept).toEqual([`network ${used}: used by container ${user}`, `volume ${used}: used by container ${user}`])
    const { Volumes } = await docker.listVolumes(OURS)
    expect(Volumes.map(({ Name }) => Name).sort()).toEqual([lookAlike, used])
    expect((await docker.listNetworks(OURS)).map(({ Name }) => Name).sort()).toEqual([lookAlike, used])
  })

  const OURS = { filters: { label: [`${TEST_LABEL}=${id}`] } }

  /** The real engine, without what others make with dyno in it at this moment. */
  function scoped(): Engine {
    const isVisible = ({ Labels }: { Labels?: Record<string, string> | null | undefined }) =>
      Labels?.['dyno.made'] === undefined || Labels[TEST_LABEL] === id
    const view = Object.create(docker) as typeof docker
    Object.assign(view, {
      listContainers: async (options: object) => (await docker.listContainers(options)).filter(isVisible),
      listImages: async (options: object) => (await docker.listImages(options)).filter(isVisible),
      listNetworks: async (options: object) => (await docker.listNetworks(options)).filter(isVisible),
      listVolumes: async (options: object) => {
        const { Volumes, Warnings } = await docker.listVolumes(options)
        return { Volumes: (Volumes ?? []).filter(isVisible), Warnings }
      },
    })
    return { ...engine, docker: view }
  }

  function cleanHere(options: Partial<CleanOptions>) {
    const stateDir = join(dir, 'state')
    return clean({ stateDirs: [stateDir], dryRun: false, engine: scoped(), images: false, volumes: false, ...options })
  }

  async function create(
    name: string,
    labels: Record<string, string>,
    image = BASE_IMAGE,
    hostConfig = {},
  ): Promise<string> {
    const full = `${id}-${name}`
    const HostConfig = { NetworkMode: 'none', ...hostConfig }
    await docker.createContainer({ name: full, Image: image, Cmd: ['sleep', '600'], Labels: labels, HostConfig })
    return full
  }

  async function start(...of: Parameters<typeof create>): Promise<string> {
    const name = await create(...of)
    await docker.getContainer(name).start()
    return name
  }

  async function exited(...of: Parameters<typeof create>): Promise<string> {
    const name = await start(...of)
    await docker.getContainer(name).kill()
    return name
  }

  async function build(name: string, dockerfile: string, labels: object, repository = `inference-dyno/${id}-${name}`) {
    writeFileSync(join(dir, 'Dockerfile'), `${dockerfile}\n`)
    const options = { t: `${repository}:1`, labels: { ...labels, [TEST_LABEL]: id }, forcerm: true }
    const stream = await docker.buildImage({ context: dir, src: ['Dockerfile', 'big'] }, options)
    const steps = await new Promise<{ error?: string }[]>((resolve, reject) =>
      docker.modem.followProgress(stream, (error, all) => (error ? reject(error) : resolve(all))),
    )
    expect(steps.at(-1)?.error).toBeUndefined()
    return `${repository}:1`
  }

  async function tag(image: string, repo: string): Promise<string> {
    await docker.getImage(image).tag({ repo, tag: '1' })
    return `${repo}:1`
  }

  /** An image of the user's that is known by its id alone. */
  async function importNameless(): Promise<string> {
    const { Id } = await (await docker.createContainer({ Image: BASE_IMAGE, Labels: marked({}) })).commit({
      comment: id,
      changes: 'ENV A=0',
    })
    return Id
  }

  async function containers(): Promise<readonly string[]> {
    const listed = await docker.listContainers({ all: true, ...OURS })
    return listed.map(({ Names }) => Names[0]?.slice(1) ?? '').sort()
  }

  async function images(): Promise<readonly string[]> {
    const listed = await docker.listImages()
    return listed
      .flatMap(({ RepoTags }) => RepoTags ?? [])
      .filter((name) => name.includes(id))
      .sort()
  }

  async function removeAll(): Promise<void> {
    for (const { Id } of await docker.listContainers({ all: true, ...OURS })) {
      await docker.getContainer(Id).remove({ force: true, v: true })
    }
    for (const name of await images()) await docker.getImage(name).remove()
    for (let left = -1, now = 0; left !== now; ) {
      const nameless = await docker.listImages(OURS)
      left = nameless.length
      for (const { Id } of nameless)
        await docker
          .getImage(Id)
          .remove()
          .catch(() => null)
      now = (await docker.listImages(OURS)).length
    }
    for (const { Id } of await docker.listNetworks(OURS)) await docker.getNetwork(Id).remove()
    for (const { Name } of (await docker.listVolumes(OURS)).Volumes ?? []) await docker.getVolume(Name).remove()
  }
})
