// Exit codes are a contract: what happens to the output or inside of dyno never looks like a failed gate, nor hides one.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'

const EDGE = new URL('./process-edge.ts', import.meta.url).href

interface Ended {
  readonly code: number | null
  readonly stderr: string
}

/** @param act body of an async function of `edge`; @param shell how the process is started, `"$@"` being itself */
function start(act: string, shell = '"$@"'): ChildProcess {
  const script = `import { runAsProcess } from '${EDGE}'; runAsProcess(async (edge) => { ${act} })`
  return spawn('bash', ['-c', shell, 'bash', process.execPath, '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function ended(child: ChildProcess): Promise<Ended> {
  let stderr = ''
  child.stderr?.on('data', (text) => {
    stderr += text
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stderr }
}

const PRINTS = `for (let n = 0; n < 2000; n++) { edge.stdout.write('x'.repeat(100) + '\\n'); edge.stderr.write('y\\n') }
  await new Promise((resolve) => setTimeout(resolve, 50)); edge.stdout.write('end\\n')`

describe.concurrent('the exit code of a process', () => {
  it.each([
    ['nobody reads stdout', 'set -o pipefail; "$@" 2>/dev/null | true'],
    ['nobody reads stderr', 'set -o pipefail; "$@" 2>&1 >/dev/null | true'],
    ['the disk is full', '"$@" >/dev/full 2>/dev/full'],
    ['stdout is closed', '"$@" >&- 2>/dev/null'],
  ])('is the command’s own where %s', async (_, shell) => {
    for (const code of [0, 1, 3]) expect((await ended(start(`${PRINTS}; return ${code}`, shell))).code).toBe(code)
  })

  it.each([
    ['throws', "throw new Error('broken')", 'broken'],
    ['throws in a callback', "setTimeout(() => { throw new Error('broken') }); await new Promise(() => {})", 'broken'],
    ['forgets a promise', "Promise.reject(new Error('broken')); return 0", 'broken'],
    ['waits for what never comes', 'await new Promise(() => {})', 'ended before its command did'],
  ])('is 4 where dyno itself %s', async (_, act, message) => {
    const { code, stderr } = await ended(start(act))
    expect(code).toBe(4)
    expect(stderr).toContain('this is a bug in dyno')
    expect(stderr).toContain(message)
  })

  it('of a bug is 4, and what was started is told to stop', async () => {
    const act = `edge.signal.addEventListener('abort', () => edge.stderr.write('stopped'))
      setTimeout(() => { throw new Error('broken') }); await new Promise((resolve) => setTimeout(resolve, 200)); return 0`
    const { code, stderr } = await ended(start(act))
    expect(code).toBe(4)
    expect(stderr).toContain('stopped')
  })
})

describe.concurrent('a signal', () => {
  const waits = `const timer = setInterval(() => {}, 1000); edge.stdout.write('up\\n')
    await new Promise((resolve) => edge.signal.addEventListener('abort', resolve)); clearInterval(timer)
    edge.stderr.write(String(edge.signal.reason)); return 0`

  it.each(['SIGHUP', 'SIGINT', 'SIGTERM'] as const)('%s reaches the command by its name', async (name) => {
    const child = start(waits, 'exec "$@"')
    const end = ended(child)
    await once(child.stdout as NodeJS.ReadableStream, 'data')
    child.kill(name)
    expect((await end).stderr).toBe(name)
  })

  it('that comes again a second later ends the process at once, with its own code', async () => {
    const child = start(
      "edge.stdout.write('up\\n'); setInterval(() => {}, 1000); await new Promise(() => {})",
      'exec "$@"',
    )
    const end = ended(child)
    await once(child.stdout as NodeJS.ReadableStream, 'data')
    child.kill('SIGHUP')
    await new Promise((resolve) => setTimeout(resolve, 1100))
    child.kill('SIGHUP')
    expect((await end).code).toBe(129)
  })
})
