// The built-in server over gRPC, on raw HTTP/2 frames: every ModelInfer gets the same prebuilt answer.
import type { ServerWire } from '../event-loop/types.ts'
import type { CalibrationAnswer } from './answers.ts'
import type { Attendant } from './attendant.ts'
import { answerFrames, streamFrames } from './grpc-answer-frames.ts'
import { GrpcServerConnection } from './grpc-server-connection.ts'

const UNAVAILABLE = 14

/** What serves one connection. */
export function calibrationGrpcServer(
  answer: CalibrationAnswer,
  attendant: Attendant,
): (socket: ServerWire) => (bytes: Buffer) => void {
  const answers = {
    model: answer.model,
    good: answerFrames(answer.bytes, 0),
    first: streamFrames(answer.bytes, true),
    further: streamFrames(answer.bytes, false),
    failed: answerFrames(null, UNAVAILABLE, 'a fault, as was asked for'),
  }
  return (socket) => {
    const connection = new GrpcServerConnection(socket, attendant, answers)
    socket.on('error', () => socket.destroy())
    return (bytes) => connection.push(bytes)
  }
}
