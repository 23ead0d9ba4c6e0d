// One lane's request on its way: what was sent and received of it. One object a lane, reused by every request.
import type { GrpcConnection } from './grpc-connection.ts'
import { GrpcMessage } from './grpc-message.ts'

export class GrpcStream {
  readonly lane: number
  readonly message: GrpcMessage
  /** `null` while nothing is in flight, and while it waits for a connection. */
  connection: GrpcConnection | null = null
  isWaiting = false
  /** Number of the prebuilt request. */
  request = 0
  id = 0
  bytesSent = 0
  bytesReceived = 0
  /** How many more bytes of DATA the peer takes on this stream; negative after a smaller SETTINGS_INITIAL_WINDOW_SIZE. */
  sendWindowBytes = 0
  /** Bytes of DATA payload handed to the connection. */
  dataSentBytes = 0
  isSent = false
  /** Bytes of DATA received since the last WINDOW_UPDATE. */
  unreturnedBytes = 0
  hasHeaders = false

  constructor(lane: number, maxMessageBytes: number) {
    this.lane = lane
    this.message = new GrpcMessage(maxMessageBytes)
  }

  /** Forgets the last request of the lane. */
  prepare(request: number): void {
    this.request = request
    this.bytesSent = 0
    this.bytesReceived = 0
  }

  begin(connection: GrpcConnection, id: number, sendWindowBytes: number): void {
    this.connection = connection
    this.id = id
    this.sendWindowBytes = sendWindowBytes
    this.dataSentBytes = 0
    this.isSent = false
    this.unreturnedBytes = 0
    this.hasHeaders = false
    this.message.reset()
  }
}
