// One short HTTP request with a time limit and a bounded answer: for asking servers whether they are ready and who they are.
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'

const TIMEOUT_MS = 2000
const MAX_BODY_BYTES = 1024 * 1024

export interface HttpAnswer {
  readonly status: number
  /** `Server` header, `null` where there is none. */
  readonly server: string | null
  readonly body: string
}

/** @throws Error when there is no whole answer within 2 s, or it has more than 1 MiB */
export function ask(url: string, method: 'GET' | 'POST' = 'GET'): Promise<HttpAnswer> {
  const send = url.startsWith('https:') ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const request = send(url, { method, agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) }, (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        bytes += chunk.length
        if (bytes > MAX_BODY_BYTES) request.destroy(new Error(`the answer has more than ${MAX_BODY_BYTES} bytes`))
      })
      response.on('error', reject)
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8')
        resolve({ status: response.statusCode ?? 0, server: response.headers.server?.toString() ?? null, body })
      })
    })
    request.on('error', (error) =>
      reject(error.name === 'AbortError' ? new Error(`no answer within ${TIMEOUT_MS / 1000} s`) : error),
    )
    request.end()
  })
}

/** JSON of an answer, `null` where it is none: a server may say anything. */
export function jsonOf(answer: HttpAnswer): unknown {
  try {
    return JSON.parse(answer.body)
  } catch {
    return null
  }
}
