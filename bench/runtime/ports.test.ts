import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { BenchError } from '../core/errors.ts'
import { checkPortFree, freePorts, holderOf, withPorts } from './ports.ts'

const held: Server[] = []
afterEach(() => {
  for (const server of held.splice(0)) server.close()
})

async function holdPort(host: string): Promise<number> {
  const server = createServer().listen(0, host)
  held.push(server)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const taken = (port: number) =>
  new BenchError({
    kind: 'environment',
    code: 'server-died',
    message: 'it died',
    evidence: [`[Errno 98] Address already in use: ('127.0.0.1', ${port})`],
  })

describe('ports', () => {
  it('are free and different', async () => {
    const ports = await freePorts(20)
    expect(new Set(ports).size).toBe(20)
    for (const port of ports) await checkPortFree(port)
  })

  it.each(['127.0.0.1', '0.0.0.0', '::'])('taken on %s are told with the process that holds them', async (host) => {
    const port = await holdPort(host)
    await expect(checkPortFree(port)).rejects.toMatchObject({
      code: 'port-taken',
      message: expect.stringContaining(`port ${port} is taken by process ${process.pid} (`),
      hint: expect.stringContaining(`kill ${process.pid}`),
    })
  })

  it('have no holder when nothing listens', async () => {
    const [port = 0] = await freePorts(1)
    expect(holderOf(port)).toBeNull()
  })

  it('are chosen anew when another program was faster', async () => {
    const tried: number[] = []
    const used = await withPorts(null, 1, ([port = 0]) => {
      tried.push(port)
      return tried.length < 3 ? Promise.reject(taken(port)) : Promise.resolve(port)
    })
    expect(tried).toHaveLength(3)
    expect(used).toBe(tried[2])
  })

  it('are not chosen anew for another error, nor for ever', async () => {
    let starts = 0
    const failing = (error: Error) => () => {
      starts++
      return Promise.reject(error)
    }
    await expect(withPorts(null, 1, failing(new Error('no model')))).rejects.toThrow('no model')
    expect(starts).toBe(1)
    await expect(withPorts(null, 1, failing(taken(1)))).rejects.toThrow('it died')
    expect(starts).toBe(4)
  })

  it('that the user wants are checked before the start', async () => {
    const port = await holdPort('127.0.0.1')
    await expect(withPorts([port], 1, () => expect.unreachable())).rejects.toMatchObject({ code: 'port-taken' })
  })
})
