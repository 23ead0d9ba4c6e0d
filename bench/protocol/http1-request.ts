// A whole HTTP/1.1 request as one buffer, made once and sent many times.
import { BenchError } from '../core/errors.ts'

export interface RequestParts {
  /** Origin form, such as `/v2/models/m/infer`. */
  readonly path: string
  /** What `Host` says: a name, with a port where it is not the scheme's own. */
  readonly authority: string
  /** Extra headers; `content-length` and `transfer-encoding` are not theirs to set. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

// RFC 9110, 5.6.2: the characters of a header's name.
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
// RFC 9110, 5.5: visible ASCII, spaces and tabs; a CR or LF would begin another header.
const FIELD_VALUE = /^[\t\x20-\x7e]*$/
const TARGET = /^\/[\x21-\x7e]*$/
const AUTHORITY = /^[A-Za-z0-9._~%:[\]-]+$/
const FRAMING = new Set(['content-length', 'transfer-encoding', 'connection'])

/**
 * The bytes of a POST on a connection that is kept alive.
 * @throws BenchError `bad-request-parts` when the path, the host or a header cannot be written safely
 */
export function buildRequest({ path, authority, headers, body }: RequestParts): Buffer {
  if (!TARGET.test(path)) throw unsafe(`path ${JSON.stringify(path)}`)
  if (!AUTHORITY.test(authority)) throw unsafe(`host ${JSON.stringify(authority)}`)
  const fields = new Map<string, string>([
    ['host', authority],
    ['user-agent', 'dyno'],
    ['accept', '*/*'],
  ])
  for (const [name, value] of Object.entries(headers)) {
    const isSafe = TOKEN.test(name) && FIELD_VALUE.test(value) && !FRAMING.has(name.toLowerCase())
    if (!isSafe) throw unsafe(`header ${JSON.stringify(name)}: ${JSON.stringify(value)}`)
    fields.set(name.toLowerCase(), value)
  }
  fields.set('content-length', String(body.length))
  const lines = Array.from(fields, ([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'), body])
}

function unsafe(what: string): BenchError {
  return new BenchError({
    kind: 'scenario',
    code: 'bad-request-parts',
    message: `an HTTP request cannot carry the ${what}`,
    hint: 'use printable ASCII without line breaks, and leave the framing headers to dyno',
  })
}
