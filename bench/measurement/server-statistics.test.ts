import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { readServerCounters, statisticsBetween } from './server-statistics.ts'

let server: Server | undefined
afterEach(() => new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve()))))

async function answering(status: number, body: string): Promise<string> {
  server = createServer((_request, response) => response.writeHead(status, { connection: 'close' }).end(body))
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** As tritonserver 2.51 writes it, shortened. */
const version = (requests: number) => ({
  name: 'm',
  version: '1',
  inference_count: requests * 4,
  execution_count: requests / 2,
  inference_stats: {
    success: { count: requests, ns: requests * 3e6 },
    fail: { count: 1, ns: 5 },
    queue: { count: requests, ns: requests * 1e6 },
    compute_input: { count: requests, ns: requests * 2e5 },
    compute_infer: { count: requests, ns: requests * 5e5 },
    compute_output: { count: requests, ns: requests * 1e5 },
    cache_hit: { count: 0, ns: 0 },
  },
  batch_stats: [],
})

describe('a server’s counters', () => {
  it('are summed over the versions of a model', async () => {
    const url = await answering(200, JSON.stringify({ model_stats: [version(10), version(6)] }))
    expect(await readServerCounters(url, 'm')).toEqual({
      success: 16,
      failures: 2,
      inferences: 64,
      executions: 8,
      queueNs: 16e6,
      computeInputNs: 3.2e6,
      computeInferNs: 8e6,
      computeOutputNs: 1.6e6,
    })
  })

  it.each([
    ['has no such page', 404, '{}'],
    ['answers no JSON', 200, '<html>'],
    ['answers another shape', 200, '{"model_stats":[]}'],
    ['answers a negative count', 200, JSON.stringify({ model_stats: [{ ...version(1), inference_count: -1 }] })],
    ['answers without end', 200, ' '.repeat(2 * 1024 ** 2)],
  ])('are null when the server %s', async (_what, status, body) => {
    expect(await readServerCounters(await answering(status, body), 'm')).toBeNull()
  })

  it('are null when nobody listens', async () => {
    expect(await readServerCounters('http://127.0.0.1:9', 'm')).toBeNull()
  })
})

describe('statistics of a window', () => {
  const zero = {
    success: 100,
    failures: 0,
    inferences: 0,
    executions: 0,
    queueNs: 0,
    computeInputNs: 0,
    computeInferNs: 0,
    computeOutputNs: 0,
  }

  it('are means per request of the difference, and the mean executed batch', () => {
    const after = { ...zero, success: 110, inferences: 40, executions: 5, queueNs: 10e6, computeInferNs: 5e6 }
    expect(statisticsBetween(zero, after)).toEqual({
      requests: 10,
      failures: 0,
      inferences: 40,
      executions: 5,
      queueMs: 1,
      computeInputMs: 0,
      computeInferMs: 0.5,
      computeOutputMs: 0,
      meanExecutedBatch: 8,
    })
  })

  it('are null, not zero, when nothing was executed', () => {
    expect(statisticsBetween(zero, zero)).toMatchObject({ requests: 0, queueMs: null, meanExecutedBatch: null })
  })
})
