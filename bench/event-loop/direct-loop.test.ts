import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { nowNs } from '../core/clock.ts'
import { describeWith, itWith } from '../testing/requirement.ts'
import { ioUring, systemCalls } from '../testing/requirements.ts'
import type { Backend } from './backend.ts'
import { openBackend } from './create-event-loop.ts'
import { DirectLoop } from './direct-loop.ts'
import { EpollBackend } from './epoll-backend.ts'
import { KernelClock } from './kernel-clock.ts'
import { type Libc, loadLibc } from './libc.ts'
import type { EventLoop, ServerWire, Wire } from './types.ts'
import { UringBackend } from './uring-backend.ts'

const libc = loadLibc()

it.runIf(process.platform === 'linux' && process.arch === 'x64')('is to be had on this machine', () => {
  expect(libc).not.toBeNull()
})

describeWith(ioUring(), 'the event loop over io_uring', (machine) =>
  overBackend(machine, 'io_uring', (...values) => {
    const backend = UringBackend.open(...values)
    if (backend === null) throw new Error('io_uring is refused')
    return backend
  }),
)
describeWith(systemCalls(), 'the event loop over epoll', (machine) =>
  overBackend(machine, 'epoll', (...values) => new EpollBackend(...values)),
)

function overBackend(libc: Libc, name: Backend['name'], openItsBackend: typeof openBackend): void {
  /** It never sleeps, since the other side is on the same thread. */
  function startLoop(): DirectLoop {
    const loop = new DirectLoop(libc, openItsBackend, false)
    onTestFinished(() => loop.close())
    return loop
  }

  async function serve(onConnection: (socket: Socket) => void): Promise<number> {
    const server: Server = createServer(onConnection)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    return (server.address() as AddressInfo).port
  }

  interface Opened {
    readonly wire: Wire
    readonly events: string[]
    readonly bytes: () => Buffer
    readonly closed: Promise<void>
  }

  function open(loop: EventLoop, port: number, host = '127.0.0.1', onRead = () => {}): Opened {
    const chunks: Buffer[] = []
    const events: string[] = []
    const keep = (bytes: Buffer, start: number, end: number) => {
      chunks.push(Buffer.from(bytes.subarray(start, end)))
      onRead()
    }
    const wire = loop.connect({ host, port, onRead: keep })
    for (const event of ['connect', 'end'] as const) wire.on(event, () => events.push(event))
    wire.on('error', (error) => events.push(error.message))
    const closed = new Promise<void>((resolve) => wire.once('close', resolve))
    onTestFinished(async () => {
      wire.destroy()
      await closed
    })
    return { wire, events, bytes: () => Buffer.concat(chunks), closed }
  }

  it('carries more than the kernel takes at once, in both directions and in order', async () => {
    const sent = Buffer.from(Uint8Array.from({ length: 9_000_000 }, (_, index) => (index * 7) % 251))
    const port = await serve((socket) => socket.pipe(socket))
    const { wire, bytes, events } = open(startLoop(), port)
    wire.write(sent.subarray(0, 10))
    await once(wire as never, 'connect')
    for (let at = 10; at < sent.length; at += 1_000_000) wire.write(sent.subarray(at, at + 1_000_000))
    expect(wire.writableLength).toBeGreaterThan(0)
    while (bytes().length < sent.length) await new Promise(setImmediate)
    expect(bytes().equals(sent)).toBe(true)
    expect(wire.writableLength).toBe(0)
    expect(events).toEqual(['connect'])
  })

  it('keeps apart what many connections bring at once', async () => {
    const CONNECTIONS = 150
    const asked: [Socket, Buffer][] = []
    const port = await serve((socket) =>
      socket.on('data', (byte) => {
        asked.push([socket, byte])
        if (asked.length < CONNECTIONS) return
        for (const [each, fill] of asked) each.end(Buffer.alloc(300_000, fill))
      }),
    )
    const loop = startLoop()
    const opened = Array.from({ length: CONNECTIONS }, () => open(loop, port))
    for (const [index, { wire }] of opened.entries()) wire.write(Buffer.of(index))
    await Promise.all(opened.map(({ closed }) => closed))
    for (const [index, { bytes, events }] of opened.entries()) {
      expect(bytes().equals(Buffer.alloc(300_000, index))).toBe(true)
      expect(events).toEqual(['connect', 'end'])
    }
  })

  it('tells the other side at once when it leaves, and hears nothing of it any more', async () => {
    const ends: string[] = []
    const port = await serve((socket) => {
      socket.on('end', () => ends.push('end')).on('error', ({ message }) => ends.push(message))
      socket.write('hello')
    })
    const { wire, bytes, events } = open(startLoop(), port)
    while (bytes().length === 0) await new Promise(setImmediate)
    wire.destroy()
    while (ends.length === 0) await new Promise(setImmediate)
    expect(ends).toEqual(['end'])
    expect(events).toEqual(['connect'])
  })

  it('finds a name’s address that answers', async () => {
    const port = await serve((socket) => socket.end('hello'))
    const { bytes, events, closed, wire } = open(startLoop(), port, 'localhost')
    await closed
    expect(bytes().toString()).toBe('hello')
    expect(events).toEqual(['connect', 'end'])
    expect(wire.remoteAddress).toBe('127.0.0.1')
  })

  it('says why it is not connected, or not any more', async () => {
    const port = await serve((socket) => socket.once('data', () => socket.resetAndDestroy()))
    const reset = open(startLoop(), port)
    reset.wire.write(Buffer.from('x'))
    await reset.closed
    expect(reset.events).toEqual(['connect', 'read ECONNRESET'])
    const refused = open(startLoop(), 1)
    await refused.closed
    expect(refused.events).toEqual(['connect ECONNREFUSED 127.0.0.1:1'])
    const unknown = open(startLoop(), 1, 'no-such-host.invalid')
    await unknown.closed
    expect(unknown.events).toEqual([expect.stringContaining('no-such-host.invalid')])
  })

  it('knows when bytes came in, however late they are read', async () => {
    let writtenNs = Number.POSITIVE_INFINITY
    const LATE_NS = 60e6
    const port = await serve((socket) =>
      socket.on('data', () => {
        socket.write('answer')
        writtenNs = nowNs()
        while (nowNs() < writtenNs + LATE_NS);
      }),
    )
    const loop = startLoop()
    // Stamps begin a moment after they are first asked for on a machine.
    for (let round = 0; round < 3; round++) {
      const arrivals: number[] = []
      const { wire } = open(loop, port, '127.0.0.1', () => arrivals.push(loop.arrivedNs))
      wire.write(Buffer.from('question'))
      while (arrivals.length === 0) await new Promise(setImmediate)
      const [arrivedNs = 0] = arrivals
      expect(nowNs() - writtenNs).toBeGreaterThan(LATE_NS)
      expect(loop.arrivedNs).toBeNaN()
      if (round > 0) expect(Math.abs(arrivedNs - writtenNs)).toBeLessThan(LATE_NS / 3)
    }
  })

  it('calls what is due once, at the last instant that it was told', async () => {
    const loop = startLoop()
    const calls: number[] = []
    const startNs = nowNs()
    loop.at(startNs + 5e6, () => calls.push(1))
    loop.at(startNs + 20e6, () => calls.push(nowNs()))
    while (nowNs() < startNs + 60e6) await new Promise(setImmediate)
    expect(calls).toHaveLength(1)
    expect(calls[0]).toBeGreaterThanOrEqual(startNs + 20e6)
  })

  /** A loop over the machine's calls but for some, and how often each was made. */
  function startLoopWith(replaced: Partial<Libc>, sleeps: boolean) {
    const counts = new Map<string, number>()
    const counted = Object.entries({ ...libc, ...replaced }).map(([name, call]) => [
      name,
      (...values: never[]) => {
        counts.set(name, (counts.get(name) ?? 0) + 1)
        return (call as (...values: never[]) => unknown)(...values)
      },
    ])
    const loop = new DirectLoop(Object.fromEntries(counted) as Libc, openItsBackend, sleeps)
    onTestFinished(() => loop.close())
    return { loop, count: (name: keyof Libc) => counts.get(name) ?? 0 }
  }

  /** @returns after so many instants, each so long after the one before */
  async function passInstants(loop: EventLoop, instants: number, gapNs: number): Promise<void> {
    for (let instant = 0; instant < instants; instant++) {
      await new Promise<void>((resolve) => {
        const dueNs = nowNs() + gapNs
        const act = () => (nowNs() < dueNs ? loop.at(dueNs, act) : resolve())
        loop.at(dueNs, act)
      })
    }
  }

  it('rehearses what is due after a pause, and not what is due all the time', async () => {
    const { loop, count } = startLoopWith({}, true)
    const ENOUGH = 10
    let instants = 0
    // One is left out when the core is taken in the moment before, which is often where other tests run beside this.
    for (; count('send') < ENOUGH && instants < 50 * ENOUGH; instants++) await passInstants(loop, 1, 3e6)
    const rehearsed = count('send')
    expect(rehearsed).toBe(ENOUGH)
    expect(instants).toBeGreaterThanOrEqual(ENOUGH)
    if (name === 'epoll') expect(count('recvmsg')).toBe(rehearsed)
    await passInstants(loop, 100, 50e3)
    expect(count('send') - rehearsed).toBeLessThan(50)
    expect(loop.arrivedNs).toBeNaN()
  })

  it('does without a rehearsal on a machine that does not connect to itself', async () => {
    const { loop, count } = startLoopWith({ accept: () => -1 }, true)
    await passInstants(loop, 3, 1e6)
    expect(count('send')).toBe(0)
    expect(count('accept')).toBe(1)
  })

  it('goes before other threads where it may and sleeps at least half of the time', () => {
    const asked: (readonly [number, number])[] = []
    let answer = 0
    const setScheduler: Libc['setScheduler'] = (policy, [priority = -1]) => {
      asked.push([policy & 0xff, priority])
      return answer
    }
    let current = 0
    const { loop } = startLoopWith({ setScheduler, getScheduler: () => current }, true)
    expect(loop.goFirst(2600)).toBeNull()
    expect(asked).toEqual([])
    loop.goFirst(2400)?.()
    const [FIRST, NORMAL] = [1, 0]
    expect(asked).toEqual([
      [FIRST, 1],
      [NORMAL, 0],
    ])
    answer = -1
    expect(loop.goFirst(100)).toBeNull()
    answer = 0
    const stopPolling = loop.poll()
    expect(loop.goFirst(100)).toBeNull()
    stopPolling()
    expect(startLoopWith({ setScheduler }, false).loop.goFirst(100)).toBeNull()
    const BATCH = 3
    current = BATCH
    expect(loop.goFirst(100)).toBeNull()
    expect(asked).toHaveLength(3)
  })

  it('does nothing any more once it is closed, whatever was due', async () => {
    const loop = new DirectLoop(libc, openItsBackend, false)
    let calls = 0
    loop.at(nowNs() + 2e6, () => calls++)
    loop.close()
    loop.at(nowNs() + 2e6, () => calls++)
    const endNs = nowNs() + 10e6
    while (nowNs() < endNs) await new Promise(setImmediate)
    expect(calls).toBe(0)
  })

  it('serves connections, and resets one', async () => {
    const loop = startLoop()
    const wires: ServerWire[] = []
    const port = await loop.listen((wire) => {
      wires.push(wire)
      wire.on('error', () => wire.destroy())
      return (bytes) => (bytes.toString() === 'reset' ? wire.resetAndDestroy() : wire.write(Buffer.from(bytes)))
    })
    const socket = connect({ port, host: '127.0.0.1' })
    socket.write('echo')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toBe('echo')
    socket.write('reset')
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNRESET')
    expect(wires.map(({ destroyed }) => destroyed)).toEqual([true])
  })
}

describeWith(systemCalls(), 'what a loop waits with', (libc) => {
  const descriptors = () => readdirSync('/proc/self/fd').length

  function backendWith(replaced: Partial<Libc>): Backend {
    const machine = { ...libc, ...replaced }
    const backend = openBackend(machine, new KernelClock(machine))
    onTestFinished(() => backend.close())
    return backend
  }

  it.each<[string, Partial<Libc>]>([
    ['io_uring is forbidden', { uringSetup: () => -1 }],
    ['its memory is not to be had', { map: () => null }],
    ['it does not take buffers', { uringRegister: () => -1 }],
  ])('is epoll where %s, and nothing is left open', (_, replaced) => {
    const before = descriptors()
    expect(backendWith(replaced).name).toBe('epoll')
    expect(descriptors()).toBe(before + 1)
  })

  itWith(ioUring(), 'leaves nothing behind when it is closed', (machine) => {
    const before = { descriptors: descriptors(), mapped: mappedRings() }
    for (let round = 0; round < 20; round++) openBackend(machine, new KernelClock(machine)).close()
    expect({ descriptors: descriptors(), mapped: mappedRings() }).toEqual(before)
  })
})

function mappedRings(): number {
  return readFileSync('/proc/self/maps', 'utf8').split('io_uring').length - 1
}
