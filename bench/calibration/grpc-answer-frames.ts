// One gRPC answer prebuilt as HTTP/2 frames: sending it is a copy and the stream's id in each frame.
import { requestBlocks } from '../protocol/hpack-encoder.ts'
import type { HeaderField } from '../protocol/hpack-static-table.ts'
import { FLAG, FRAME, frame, MAX_FRAME_PAYLOAD_BYTES, writeUint32 } from '../protocol/http2-frames.ts'

const PREFIX_BYTES = 5
const STREAM_ID_OFFSET = 5

export interface AnswerFrames {
  readonly bytes: Uint8Array
  /** Where each frame's stream id lies. */
  readonly idOffsets: readonly number[]
  /** What flow control counts. */
  readonly dataBytes: number
}

const HEAD: readonly HeaderField[] = [
  [':status', '200'],
  ['content-type', 'application/grpc'],
]

/** @param message null for an answer of trailers only */
export function answerFrames(message: Uint8Array | null, status: number, text: string | null = null): AnswerFrames {
  const trailers: HeaderField[] = [['grpc-status', String(status)]]
  if (text !== null) trailers.push(['grpc-message', text])
  if (message === null) return joined([headersFrame([...HEAD, ...trailers], FLAG.endStream)], 0)
  const data = prefixed(message)
  return joined([headersFrame(HEAD, 0), ...dataFrames(data), headersFrame(trailers, FLAG.endStream)], data.length)
}

/** An answer on a stream that goes on. */
export function streamFrames(message: Uint8Array, withHeaders: boolean): AnswerFrames {
  const data = prefixed(message)
  return joined([...(withHeaders ? [headersFrame(HEAD, 0)] : []), ...dataFrames(data)], data.length)
}

function headersFrame(fields: readonly HeaderField[], endStream: number): Uint8Array {
  // Literal: equal blocks on every connection, whatever table the client allows.
  return frame(FRAME.headers, FLAG.endHeaders | endStream, 0, requestBlocks(fields).literal)
}

/** @returns the offset after the answer */
export function writeAnswer(target: Uint8Array, offset: number, answer: AnswerFrames, streamId: number): number {
  target.set(answer.bytes, offset)
  for (let index = 0; index < answer.idOffsets.length; index++) {
    writeUint32(target, offset + (answer.idOffsets[index] ?? 0), streamId)
  }
  return offset + answer.bytes.length
}

function prefixed(message: Uint8Array): Uint8Array {
  const prefix = new Uint8Array(PREFIX_BYTES)
  writeUint32(prefix, 1, message.length)
  return Buffer.concat([prefix, message])
}

function dataFrames(data: Uint8Array): Uint8Array[] {
  const count = Math.ceil(data.length / MAX_FRAME_PAYLOAD_BYTES)
  return Array.from({ length: count }, (_, index) =>
    frame(FRAME.data, 0, 0, data.subarray(index * MAX_FRAME_PAYLOAD_BYTES, (index + 1) * MAX_FRAME_PAYLOAD_BYTES)),
  )
}

function joined(frames: readonly Uint8Array[], dataBytes: number): AnswerFrames {
  let offset = 0
  const idOffsets = frames.map((bytes) => {
    const at = offset + STREAM_ID_OFFSET
    offset += bytes.length
    return at
  })
  return { bytes: Buffer.concat(frames), idOffsets, dataBytes }
}
