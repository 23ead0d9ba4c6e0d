// The built-in server over HTTP/1.1, on raw sockets: every POST gets the same prebuilt answer.
import type { ServerWire } from '../event-loop/types.ts'
import type { CalibrationAnswer } from './answers.ts'
import type { Attendant, Exchange } from './attendant.ts'
import { HttpRequests } from './http-requests.ts'
import { httpPage } from './metadata.ts'

/** What serves one connection. */
export function calibrationHttpServer(
  answer: CalibrationAnswer,
  attendant: Attendant,
): (socket: ServerWire) => (bytes: Buffer) => void {
  const closes = attendant.behaviour.kind === 'known' && attendant.behaviour.closes
  const good = response('200 OK', answer.bytes, closes, answer.headerBytes)
  const failed = response('503 Service Unavailable', Buffer.from('{"error":"a fault, as was asked for"}'), closes)
  const kept = keptAlive(good)
  return (socket) => {
    let answer200 = good
    const send = (bytes: Buffer) => {
      socket.write(bytes)
      if (closes) socket.destroySoon()
    }
    const exchange: Exchange = {
      answer: () => send(answer200),
      status: () => send(failed),
      reset: () => socket.resetAndDestroy(),
    }
    const requests = new HttpRequests({
      onPost: postHandler(attendant, exchange),
      onOldClient: () => {
        if (!closes) answer200 = kept
      },
      onGet: (path) => sendPage(socket, path, answer),
      onNonsense: () => socket.destroy(),
    })
    socket.on('error', () => socket.destroy())
    return (bytes) => requests.push(bytes)
  }
}

/** What HTTP/1.0 needs to keep a connection, and with the capitals that ab looks for. */
function keptAlive(answer: Buffer): Buffer {
  const text = answer.toString('latin1')
  return Buffer.from(text.replace('\r\ncontent-length:', '\r\nConnection: keep-alive\r\nContent-Length:'), 'latin1')
}

function postHandler(attendant: Attendant, exchange: Exchange): () => void {
  const { behaviour } = attendant
  if (behaviour.kind === 'known') return () => attendant.serve(behaviour, exchange)
  return () => {
    attendant.answered++
    exchange.answer()
  }
}

function sendPage(socket: ServerWire, path: string, { model }: CalibrationAnswer): void {
  const page = httpPage(path, model)
  if (page === null) socket.write(response('404 Not Found', Buffer.from('{"error":"there is nothing here"}'), false))
  else socket.write(response('200 OK', Buffer.from(Object.keys(page).length === 0 ? '' : JSON.stringify(page)), false))
}

function response(status: string, body: Uint8Array, closes: boolean, headerBytes: number | null = null): Buffer {
  const head = [
    `HTTP/1.1 ${status}`,
    `content-type: application/${headerBytes === null ? 'json' : 'octet-stream'}`,
    ...(headerBytes === null ? [] : [`inference-header-content-length: ${headerBytes}`]),
    ...(closes ? ['connection: close'] : []),
    `content-length: ${body.length}`,
  ]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), body])
}
