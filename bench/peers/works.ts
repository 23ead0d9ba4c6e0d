// The kinds of load under which the clients are compared: the same for every one of them.

export const WORK_NAMES = ['http', 'grpc-16x1', 'grpc-1x16'] as const
export type WorkName = (typeof WORK_NAMES)[number]

export interface Work {
  readonly name: WorkName
  readonly title: string
  readonly protocol: 'http' | 'grpc'
  readonly connections: number
  /** Requests in flight on each connection. */
  readonly streams: number
}

export const WORKS: readonly Work[] = [
  { name: 'http', title: 'HTTP/1.1 POST, 16 connections', protocol: 'http', connections: 16, streams: 1 },
  {
    name: 'grpc-16x1',
    title: 'gRPC unary, 16 connections × 1 stream',
    protocol: 'grpc',
    connections: 16,
    streams: 1,
  },
  {
    name: 'grpc-1x16',
    title: 'gRPC unary, 1 connection × 16 streams',
    protocol: 'grpc',
    connections: 1,
    streams: 16,
  },
]

export const GRPC_WORKS: readonly WorkName[] = WORKS.filter(({ protocol }) => protocol === 'grpc').map(
  ({ name }) => name,
)

export function inFlight({ connections, streams }: Work): number {
  return connections * streams
}
