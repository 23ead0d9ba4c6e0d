import { describe, expect, it } from 'vitest'
import { sleep } from '../core/clock.ts'
import { type Readiness, type Wait, waitUntilReady } from './readiness.ts'

const LOG = ['loading', 'error: creating server: version 1 is at UNAVAILABLE state: Internal: no such file']

function waitFor(look: () => Promise<Readiness>, change: Partial<Wait> = {}): Promise<readonly string[]> {
  const steps: string[] = []
  const server = { name: 'triton', death: () => null, ended: new Promise(() => {}), logTail: () => LOG }
  const wait: Wait = { server, model: 'm', timeoutMs: 5000, look, loadFailure: () => null, ...change }
  const { signal } = new AbortController()
  return waitUntilReady(wait, { signal, events: { step: (text) => steps.push(text) } }).then(() => steps)
}

function deadServer(endsAfterMs: number): Wait['server'] {
  let dead = false
  const ended = sleep(endsAfterMs).then(() => {
    dead = true
  })
  const death = () => (dead ? { reason: 'triton exited with code 1', logTail: LOG } : null)
  return { name: 'triton', death, ended, logTail: () => LOG }
}

describe('waiting for a server', () => {
  it('ends when it is ready, whatever went wrong before', async () => {
    let looks = 0
    await waitFor(() => {
      looks++
      if (looks === 1) return Promise.reject(new Error('ECONNREFUSED'))
      return Promise.resolve(looks < 4 ? { state: 'waiting', why: 'loading' } : { state: 'ready' })
    })
    expect(looks).toBe(4)
  })

  it('says what it waits for after a second', async () => {
    const startedMs = performance.now()
    const ready = () => performance.now() - startedMs > 1200
    const steps = await waitFor(() => Promise.resolve(ready() ? { state: 'ready' } : { state: 'waiting', why: '' }))
    expect(steps).toEqual(['waiting for triton to load m (1 s of at most 5 s)'])
  })

  it('ends when the server dies, though a look hangs', async () => {
    const waiting = waitFor(() => new Promise(() => {}), { server: deadServer(50) })
    await expect(waiting).rejects.toMatchObject({
      code: 'server-died',
      message: 'triton exited with code 1 before it was ready',
      evidence: LOG,
    })
  })

  it('tells the model’s fault where the log of the dead server shows one', async () => {
    const waiting = waitFor(() => new Promise(() => {}), { server: deadServer(10), loadFailure: () => 'no such file' })
    await expect(waiting).rejects.toMatchObject({
      code: 'model-not-loaded',
      message: 'triton cannot load the model m: no such file',
    })
  })

  it('ends when the server says that it will never be ready', async () => {
    const waiting = waitFor(() => Promise.resolve({ state: 'failed', why: 'wrong format' }))
    await expect(waiting).rejects.toMatchObject({
      code: 'model-not-loaded',
      message: expect.stringContaining('wrong format'),
    })
  })

  it('ends at the deadline with what was seen last, and where to set it', async () => {
    const waiting = waitFor(() => Promise.resolve({ state: 'waiting', why: 'the model is LOADING' }), {
      timeoutMs: 100,
    })
    await expect(waiting).rejects.toMatchObject({
      code: 'server-not-ready',
      message: 'triton was not ready within 100 ms: the model is LOADING',
      hint: expect.stringContaining('servers.triton.startTimeout'),
    })
  })

  it('ends at once when the run is interrupted, though a look hangs', async () => {
    const controller = new AbortController()
    const server = { name: 'x', death: () => null, ended: new Promise(() => {}), logTail: () => [] }
    const wait: Wait = {
      server,
      model: 'm',
      timeoutMs: 60_000,
      look: () => new Promise(() => {}),
      loadFailure: () => null,
    }
    const waiting = waitUntilReady(wait, { signal: controller.signal, events: { step() {} } })
    controller.abort(new Error('Ctrl-C'))
    await expect(waiting).rejects.toThrow('Ctrl-C')
  })
})
