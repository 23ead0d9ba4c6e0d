// HTTP/1.1 as lanes: every lane is one connection over a plain or TLS socket, every request one prebuilt buffer.

import { authorityOf } from '../core/authority.ts'
import type { Wire } from '../event-loop/types.ts'
import { DEFAULT_PARSER_LIMITS, type ParserLimits } from '../protocol/http1-parser.ts'
import { buildRequest } from '../protocol/http1-request.ts'
import { createConnector } from './connector.ts'
import { HttpLane, type HttpLaneContext } from './http-lane.ts'
import type { Transport, TransportOptions } from './transport.ts'

// More at once overflow the accept queue of small servers, and a dropped SYN costs a second.
const OPENED_AT_ONCE = 64

/**
 * @throws BenchError `bad-request-parts` when the path or a header cannot be written into a request
 * @throws RangeError when there are not as many connections as lanes (HTTP/1.1 carries one request at a time)
 */
export function createHttpTransport(options: TransportOptions, limits: ParserLimits = limitsOf(options)): Transport {
  const { lanes, connections, host, port, path, headers, sink, connectTimeoutMs } = options
  if (lanes !== connections) throw new RangeError(`HTTP/1.1 needs a connection a lane, got ${connections} for ${lanes}`)
  const authority = authorityOf({ host, port }, options.tls)
  const requests = options.bodies.map((body) => buildRequest({ path, authority, headers, body }))
  const sockets = new Set<Wire>()
  const context: HttpLaneContext = {
    port,
    connector: createConnector(options, host, 'http/1.1'),
    connectTimeoutMs,
    limits,
    sink,
    sockets,
  }
  const all = Array.from({ length: lanes }, (_, index) => new HttpLane(index, options.addressOf(index), context))
  return {
    lanes,
    async open() {
      for (let first = 0; first < lanes; first += OPENED_AT_ONCE) {
        await Promise.all(all.slice(first, first + OPENED_AT_ONCE).map((lane) => lane.open()))
      }
    },
    send(lane, request) {
      const bytes = requests[request]
      if (bytes === undefined) throw new RangeError(`there is no request ${request}`)
      all[lane]?.send(bytes)
    },
    abandon(lane, outcome) {
      all[lane]?.abandon(outcome)
    },
    async close() {
      for (const lane of all) lane.close()
      await Promise.all(Array.from(sockets, closed))
    },
  }
}

function limitsOf({ maxAnswerBytes = DEFAULT_PARSER_LIMITS.maxBodyBytes }: TransportOptions): ParserLimits {
  return { ...DEFAULT_PARSER_LIMITS, maxBodyBytes: maxAnswerBytes }
}

function closed(socket: Wire): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve())
    socket.destroy()
  })
}
