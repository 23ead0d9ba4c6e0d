// The environment's life with a Python of sh that pretends to install, so that every failure can be had in milliseconds.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ensurePythonEnv, type PackageSet, packageVersion } from './python-env.ts'
import { readEntries } from './register.ts'

const LOCKS = ['flask-app/requirements.txt', 'flask-app/requirements-dev.txt', 'docker/triton-cpu/requirements.txt']

let dir: string
let steps: string[]
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dyno-env-'))
  steps = []
  for (const lock of LOCKS) {
    mkdirSync(join(dir, lock, '..'), { recursive: true })
    writeFileSync(join(dir, lock), `# ${lock}\n`)
  }
  writeFileSync(join(dir, 'python'), FAKE_PYTHON)
  chmodSync(join(dir, 'python'), 0o755)
  vi.stubEnv('DYNO_PYTHON', join(dir, 'python'))
  vi.stubEnv('FAKE', dir)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(dir, { recursive: true, force: true })
})

/** Notes each call in `calls`; a file `pip-fails` holds what pip then prints; `pip-hangs` makes it never end. */
const FAKE_PYTHON = `#!/bin/sh
echo "$*" | head -c 40 | tr '\\n' ' ' >> "$FAKE/calls"; echo >> "$FAKE/calls"
case "$*" in
*sys.base_prefix*) echo '{"path":"'$FAKE'/python","version":"3.11.7","hasVenv":true,"folders":["'$FAKE'"]}' ;;
"-m venv "*)
  mkdir -p "$3/bin" "$3/lib/python3.11/site-packages"
  cp "$FAKE/python" "$3/bin/python" ;;
"-m pip "*)
  echo 'Collecting flask==3.1.3'
  [ -e "$FAKE/pip-hangs" ] && sleep 60
  [ -e "$FAKE/pip-fails" ] && { cat "$FAKE/pip-fails" >&2; exit 1; }
  triton=$(dirname "$0")/../lib/python3.11/site-packages/pytriton/tritonserver
  mkdir -p "$triton/../../Flask-3.1.3.dist-info" "$triton/backends/python" "$triton/python_backend_stubs/3.11"
  echo stub > "$triton/python_backend_stubs/3.11/triton_python_backend_stub" ;;
*import\\ flask*) [ ! -e "$FAKE/import-fails" ] || { echo 'Illegal instruction' >&2; exit 132; } ;;
esac
`

interface Options {
  readonly with?: PackageSet
  readonly signal?: AbortSignal
  readonly stateDir?: string
}

function ensure(options: Options = {}) {
  return ensurePythonEnv({
    projectDir: dir,
    stateDir: options.stateDir ?? join(dir, 'state'),
    environmentDir: join(dir, 'state'),
    with: options.with ?? 'serve',
    events: { step: (text) => void steps.push(text) },
    signal: options.signal ?? new AbortController().signal,
  })
}

const calls = (word: string) =>
  readFileSync(join(dir, 'calls'), 'utf8')
    .split('\n')
    .filter((line) => line.includes(word)).length

const environments = () => readdirSync(join(dir, 'state')).filter((name) => name.startsWith('python-'))

describe('the Python environment', () => {
  it('is made once, with Triton’s stub in place, and found again without starting Python', async () => {
    const env = await ensure()
    expect(readFileSync(join(env.tritonDir, 'backends/python/triton_python_backend_stub'), 'utf8')).toBe('stub\n')
    expect(packageVersion(env, 'flask')).toBe('3.1.3')
    expect(existsSync(join(env.dir, 'tmp'))).toBe(false)
    const before = readFileSync(join(dir, 'calls'), 'utf8')
    steps = []
    expect(await ensure()).toEqual(env)
    expect(readFileSync(join(dir, 'calls'), 'utf8')).toBe(before)
    expect(steps).toEqual([])
    expect(readdirSync(join(dir, 'state')).sort()).toEqual(['.gitignore', expect.stringMatching(/^python-/), 'running'])
  })

  it('is made once by two who need it at once', async () => {
    const [first, second] = await Promise.all([ensure(), ensure()])
    expect(second).toEqual(first)
    expect(calls('-m venv')).toBe(1)
  })

  it('is redone from nothing when it was not finished', async () => {
    const env = await ensure()
    rmSync(join(env.dir, 'complete.json'))
    writeFileSync(join(env.dir, 'half'), '')
    expect(await ensure()).toEqual(env)
    expect(existsSync(join(env.dir, 'half'))).toBe(false)
  })

  it('is redone when the Python that it was made from is gone', async () => {
    const env = await ensure()
    rmSync(env.python)
    await ensure()
    expect(calls('-m venv')).toBe(2)
  })

  it('replaces that of other locks', async () => {
    const old = await ensure()
    writeFileSync(join(dir, 'flask-app/requirements.txt'), '# another\n')
    const next = await ensure()
    expect(next.dir).not.toBe(old.dir)
    expect(environments()).toHaveLength(1)
  })

  it('leaves that of other locks where projects share the folder', async () => {
    await ensure()
    writeFileSync(join(dir, 'flask-app/requirements.txt'), '# another\n')
    await ensure({ stateDir: join(dir, 'project') })
    expect(environments()).toHaveLength(2)
  })

  it('grows in place when the packages for development are needed', async () => {
    const env = await ensure()
    expect(await ensure({ with: 'dev' })).toEqual(env)
    expect(await ensure()).toEqual(env)
    expect([calls('-m venv'), calls('-m pip')]).toEqual([1, 2])
  })

  it.each([
    ['ERROR: No matching distribution found for nvidia-pytriton==0.7.0', /glibc 2\.35/],
    ['ERROR: Could not install: [Errno 28] No space left on device', /disk space/],
    ['WARNING: Retrying after NewConnectionError\nERROR: Could not find a version', /network/],
    ['ERROR: Could not find a version that satisfies the requirement absl-py (from versions: none)', /network/],
    ['ERROR: something new', /last lines/],
  ])('says what pip said: %j', async (output, hint) => {
    writeFileSync(join(dir, 'pip-fails'), `${output}\n`)
    await expect(ensure()).rejects.toMatchObject({
      code: 'pip-failed',
      message: expect.stringContaining(output.split('ERROR: ')[1] ?? ''),
      hint: expect.stringMatching(hint),
      evidence: expect.arrayContaining(output.split('\n')),
    })
    rmSync(join(dir, 'pip-fails'))
    await ensure()
  })

  it('that cannot be imported is refused, and not taken for complete', async () => {
    writeFileSync(join(dir, 'import-fails'), '')
    await expect(ensure()).rejects.toMatchObject({ code: 'python-env-broken', evidence: ['Illegal instruction'] })
    rmSync(join(dir, 'import-fails'))
    await ensure()
    expect(calls('-m venv')).toBe(2)
  })

  it('leaves no pip and no lock when it is interrupted', async () => {
    writeFileSync(join(dir, 'pip-hangs'), '')
    const controller = new AbortController()
    const making = ensure({ signal: controller.signal })
    setTimeout(() => controller.abort(new Error('Ctrl-C')), 500)
    await expect(making).rejects.toThrow('Ctrl-C')
    expect(readEntries(join(dir, 'state'))).toEqual([])
    expect(existsSync(join(dir, 'state/python.lock'))).toBe(false)
  })
})
