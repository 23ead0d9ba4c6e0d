// The built-in server over gRPC, on raw HTTP/2 frames: every ModelInfer gets the same prebuilt answer.
import { createServer, type Server } from 'node:net'
import type { CalibrationAnswer } from './answers.ts'
import type { Attendant } from './attendant.ts'
import { answerFrames, streamFrames } from './grpc-answer-frames.ts'
import { GrpcServerConnection } from './grpc-server-connection.ts'

const UNAVAILABLE = 14

export function calibrationGrpcServer(answer: CalibrationAnswer, attendant: Attendant): Server {
  const answers = {
    model: answer.model,
    good: answerFrames(answer.bytes, 0),
    first: streamFrames(answer.bytes, true),
    further: streamFrames(answer.bytes, false),
    failed: answerFrames(null, UNAVAILABLE, 'a fault, as was asked for'),
  }
  return createServer({ noDelay: true }, (socket) => {
    const connection = new GrpcServerConnection(socket, attendant, answers)
    socket.on('data', (bytes: Buffer) => connection.push(bytes))
    socket.on('error', () => socket.destroy())
  })
}
