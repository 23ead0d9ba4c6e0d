// For tests: a server that speaks HTTP/2 by script, so that it can do what no real one does.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { Http2FrameReader } from '../protocol/http2-frame-reader.ts'
import { CLIENT_PREFACE, FLAG, FRAME, frame, settingsFrame } from '../protocol/http2-frames.ts'

export interface ClientFrame {
  readonly type: number
  readonly flags: number
  readonly streamId: number
  readonly payload: Buffer
}

export interface Script {
  /** Sent when a connection opens; an empty SETTINGS by default. */
  readonly greeting?: Uint8Array
  onFrame(received: ClientFrame, socket: Socket, connection: number): void
}

export interface ScriptedServer {
  readonly port: number
  readonly frames: ClientFrame[]
  connections(): number
  close(): Promise<void>
}

export const GREETING = settingsFrame([])

export async function scriptedServer(script: Script): Promise<ScriptedServer> {
  const frames: ClientFrame[] = []
  const sockets: Socket[] = []
  const server: Server = createServer({ noDelay: true }, (socket) => {
    const connection = sockets.push(socket)
    socket.on('error', () => socket.destroy())
    socket.write(script.greeting ?? GREETING)
    const reader = new Http2FrameReader({
      onFrame(type, flags, streamId, payload, start, end) {
        const received = { type, flags, streamId, payload: Buffer.from(payload.subarray(start, end)) }
        frames.push(received)
        if (type === FRAME.settings && flags === 0) socket.write(frame(FRAME.settings, FLAG.ack, 0, Buffer.alloc(0)))
        script.onFrame(received, socket, connection)
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
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    frames,
    connections: () => sockets.length,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** `:status: 200`, `content-type: application/grpc` */
export const HEADERS_BLOCK = Buffer.concat([Buffer.of(0x88, 0x5f, 16), Buffer.from('application/grpc')])
/** `grpc-status: N` as a literal. */
export const statusBlock = (code: number | string) =>
  Buffer.concat([Buffer.of(0, 11), Buffer.from('grpc-status'), Buffer.of(`${code}`.length), Buffer.from(`${code}`)])

export function grpcData(text: string): Buffer {
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(text.length, 1)
  return Buffer.concat([prefix, Buffer.from(text, 'latin1')])
}

export const headers = (streamId: number, block: Uint8Array = HEADERS_BLOCK, flags: number = FLAG.endHeaders) =>
  frame(FRAME.headers, flags, streamId, block)
export const data = (streamId: number, payload: Uint8Array, flags = 0) => frame(FRAME.data, flags, streamId, payload)
export const trailers = (streamId: number, code: number | string = 0) =>
  headers(streamId, statusBlock(code), FLAG.endHeaders | FLAG.endStream)

/** A whole good answer. */
export function answer(streamId: number, text = 'answer'): Buffer {
  return Buffer.concat([headers(streamId), data(streamId, grpcData(text)), trailers(streamId)])
}

export const isRequestEnd = ({ type, flags }: ClientFrame) => type === FRAME.data && (flags & FLAG.endStream) !== 0
