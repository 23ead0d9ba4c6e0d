// One short HTTP request with a time limit and a bounded answer: for asking servers whether they are ready and who they are.
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { authorityOf } from './authority.ts'
import { TlsClient, type TlsSettings } from './tls.ts'

const TIMEOUT_MS = 2000
const MAX_BODY_BYTES = 1024 * 1024

export interface HttpAnswer {
  readonly status: number
  /** `Server` header, `null` where there is none. */
  readonly server: string | null
  readonly body: string
}

interface Question {
  readonly method?: 'GET' | 'POST'
  /** For https; null to check it as the settings' own defaults say. */
  readonly tls: TlsSettings | null
  /** Default: 2 s. */
  readonly timeoutMs?: number
  /** Default: 1 MiB. */
  readonly maxBytes?: number
}

const DEFAULT_TLS: TlsSettings = { caPem: null, serverName: null, verify: true }

/**
 * @throws TlsError when the server's certificate is refused or TLS fails otherwise; Error when there is no whole answer
 *   in time, or it is too large
 */
export function ask(
  url: string,
  { method = 'GET', tls, timeoutMs = TIMEOUT_MS, maxBytes = MAX_BODY_BYTES }: Question,
): Promise<HttpAnswer> {
  const client = url.startsWith('https:') ? new TlsClient(tls ?? DEFAULT_TLS, new URL(url).hostname, 'http/1.1') : null
  const send = client === null ? httpRequest : httpsRequest
  return new Promise((resolve, reject) => {
    const { hostname, port, protocol } = new URL(url)
    const address = { host: hostname, port: Number(port || (protocol === 'https:' ? 443 : 80)) }
    const headers = { host: authorityOf(address, client === null ? null : (tls ?? DEFAULT_TLS)) }
    const options = { method, headers, agent: false, signal: AbortSignal.timeout(timeoutMs), ...client?.options }
    const request = send(url, options, (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        bytes += chunk.length
        if (bytes > maxBytes) request.destroy(new Error(`the answer has more than ${maxBytes} bytes`))
      })
      response.on('error', reject)
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8')
        resolve({ status: response.statusCode ?? 0, server: response.headers.server?.toString() ?? null, body })
      })
    })
    request.on('error', (error) => {
      if (error.name === 'AbortError') reject(new Error(`no answer within ${timeoutMs / 1000} s`))
      else reject(client?.explain(error, request.socket) ?? error)
    })
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
