// What a connection is given, and what it tells the channel that owns it.
import type { Connector } from './connector.ts'
import type { GrpcConnection } from './grpc-connection.ts'
import type { GrpcRequests } from './grpc-requests.ts'
import type { Outcome } from './request-columns.ts'
import type { LaneSink } from './transport.ts'

export interface ConnectionOptions {
  /** A name or an address, the latter without brackets. */
  readonly host: string
  readonly port: number
  readonly connectTimeoutMs: number
  readonly requests: GrpcRequests
  readonly sink: LaneSink
  /** Highest stream id before a new connection is needed. */
  readonly lastStreamId: number
  readonly connector: Connector
}

export interface ConnectionOwner {
  /** The server's SETTINGS came: requests can be sent. */
  onReady(): void
  /** A stream ended, or the server allows more of them. */
  onCapacity(connection: GrpcConnection): void
  /** It takes no new requests; open ones go on. */
  onDraining(connection: GrpcConnection): void
  /** It is over. Its open requests are reported after this call. */
  onClosed(connection: GrpcConnection, outcome: Outcome, text: string): void
}
