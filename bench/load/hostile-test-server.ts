// For tests: servers that never stop talking, and what that costs a client. Nothing of what they send or read is kept.
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { Http2FrameReader } from '../protocol/http2-frame-reader.ts'
import { CLIENT_PREFACE, FLAG, FRAME, frame, settingsFrame } from '../protocol/http2-frames.ts'

const SAMPLE_EVERY_MS = 5
const SETTINGS_ACK = frame(FRAME.settings, FLAG.ack, 0, new Uint8Array(0))

/** Writes `piece` again and again, as fast as it is read, until so many bytes are written or the socket is closed. */
export function flood(socket: Socket, piece: Uint8Array, mostBytes: number): void {
  let leftBytes = mostBytes
  const more = () => {
    while (leftBytes > 0 && socket.writable) {
      leftBytes -= piece.length
      if (!socket.write(piece)) return
    }
  }
  socket.on('drain', more)
  more()
}

/** About 64 KiB of the same bytes. */
export function repeated(piece: Uint8Array | string): Buffer {
  const bytes = Buffer.from(piece as string, 'latin1')
  return Buffer.concat(new Array(Math.ceil(65_536 / bytes.length)).fill(bytes))
}

/** The most by which the process grew while `work` ran, whatever the memory was used for. */
export async function memoryGrowth(work: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage.rss()
  let most = before
  const sample = () => {
    most = Math.max(most, process.memoryUsage.rss())
  }
  const timer = setInterval(sample, SAMPLE_EVERY_MS)
  try {
    await work()
  } finally {
    clearInterval(timer)
  }
  sample()
  return most - before
}

export interface HostileServer {
  readonly port: number
  /** Every connection so far. */
  readonly sockets: readonly Socket[]
}

/** A port on which every connection is given to `onConnection`, with its number from 1. */
export async function tcpServer(onConnection: (socket: Socket, connection: number) => void): Promise<HostileServer> {
  const sockets: Socket[] = []
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    onConnection(socket, sockets.push(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, sockets }
}

export interface GrpcConduct {
  readonly greeting?: Uint8Array
  /** False: it never acknowledges SETTINGS, and keeps its header table. */
  readonly acknowledges?: boolean
  /** A request has arrived. */
  onRequest(socket: Socket, streamId: number, connection: number): void
}

/** A port that speaks HTTP/2 as far as it needs to, to know of the requests. */
export function grpcServer(conduct: GrpcConduct): Promise<HostileServer> {
  const { greeting = settingsFrame([]), acknowledges = true, onRequest } = conduct
  return tcpServer((socket, connection) => {
    socket.write(greeting)
    const reader = new Http2FrameReader({
      onFrame(type, flags, streamId) {
        if (acknowledges && type === FRAME.settings && (flags & FLAG.ack) === 0) socket.write(SETTINGS_ACK)
        if (type === FRAME.data && (flags & FLAG.endStream) !== 0) onRequest(socket, streamId, connection)
        return true
      },
      onOversizedFrame: () => socket.destroy(),
    })
    let prefaceBytes = CLIENT_PREFACE.length
    socket.on('data', (bytes) => {
      const skipped = Math.min(prefaceBytes, bytes.length)
      prefaceBytes -= skipped
      reader.push(bytes, skipped, bytes.length)
    })
  })
}
