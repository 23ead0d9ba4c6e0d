// Random HTTP/1 answers as bytes: every framing there is, right ones and such as lie about themselves.
import { type Random, seededRandom } from '../core/random.ts'
import { mutated } from './mutate.ts'

export interface Http1Script {
  readonly bytes: Uint8Array
  /** The server closes its side after the last byte. */
  readonly closes: boolean
}

interface Answer {
  /** Interim answers, the status line and all headers, to the empty line. */
  readonly head: string
  readonly isChunked: boolean
  readonly bodyBytes: number
}

const STATUS_LINES = [
  'HTTP/1.1 200 OK',
  'HTTP/1.1 200 OK',
  'HTTP/1.1 200 OK',
  'HTTP/1.1 200',
  'HTTP/1.0 200 OK',
  'HTTP/1.1 204 No Content',
  'HTTP/1.1 304 Not Modified',
  'HTTP/1.1 503 Service Unavailable',
  'HTTP/1.1 404 Nicht gefunden \xe4',
  'HTTP/1.1 999 ',
]
const HEADERS = [
  'Server: some/1.0 (x)',
  'Date: Mon, 21 Oct 2013 20:13:21 GMT',
  'Content-Type:application/json',
  'connection: keep-alive',
  'Connection: close',
  'CONNECTION: x ,\tKeep-Alive, y',
  'X-Empty:',
  "x!#$%&'*+-.^_`|~9: \t odd name \t ",
  'Inference-Header-Content-Length: 12',
  'x-latin: \xfc\x80',
  `X-Long: ${'abcdefghij'.repeat(15)}`,
]
const WRONG_LINES = [
  'Content-Length: -1',
  'Content-Length: 7, 7',
  'Content-Length: 0x10',
  'Content-Length: 99999999999999999999',
  'Content-Length: 3',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding:',
  ' folded: line',
  'no colon',
  'space : before',
  ': no name',
  'Inference-Header-Content-Length: x',
  'Upgrade: h2c',
]
const INTERIM = [
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n',
  'HTTP/1.1 101 Up\r\n\r\n',
]
const EXTENSIONS = ['', '', '', ';a=b', ' ;q="x;y"', ';', '\t']
export const SPICES = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  ':',
  ' ',
  '0',
  '9',
  'f',
  '-',
  ';',
  '\0',
  '\xff',
  'Content-Length: 7\r\n',
  'chunked',
].map((text) => Buffer.from(text, 'latin1'))
/** A body is shorter than one of these. */
const BODY_SIZES = [30, 30, 30, 30, 30, 30, 300, 300, 300, 12_000]

/** The answers of one connection, the same for the same seed and number. Most repeat the head of the one before. */
export function http1Case(seed: number, number: number): Http1Script[] {
  const random = seededRandom(seed, `http1 ${number}`)
  const scripts: Http1Script[] = []
  let answer = newAnswer(random)
  for (let count = 1 + random.below(4); count > 0; count--) {
    const whole = Buffer.from(answerText(answer, random), 'latin1')
    scripts.push({
      bytes: random.below(3) === 0 ? mutated(whole, random, SPICES) : whole,
      closes: random.below(4) > 0,
    })
    if (random.below(4) === 0) answer = newAnswer(random)
  }
  return scripts
}

function newAnswer(random: Random): Answer {
  let interim = ''
  while (random.below(8) === 0) interim += oneOf(random, INTERIM)
  const lines = [oneOf(random, STATUS_LINES)]
  for (let count = random.below(5); count > 0; count--) lines.push(oneOf(random, HEADERS))
  if (random.below(12) === 0) lines.push(oneOf(random, WRONG_LINES))
  const bodyBytes = random.below(BODY_SIZES[random.below(random.below(4) === 0 ? 10 : 9)] ?? 1)
  const framing = random.below(8)
  const isChunked = framing >= 3 && framing < 6
  if (framing < 3) lines.push(`Content-Length: ${bodyBytes}`)
  else if (isChunked) lines.push(random.below(2) === 0 ? 'Transfer-Encoding: chunked' : 'transfer-encoding: CHUNKED ')
  else if (framing === 6) lines.push(`content-length:${bodyBytes + random.below(5) - 2}`)
  return { head: `${interim}${lines.join('\r\n')}\r\n\r\n`, isChunked, bodyBytes }
}

function answerText({ head, isChunked, bodyBytes }: Answer, random: Random): string {
  const body = bodyText(bodyBytes, random)
  const tail = random.below(10) === 0 ? oneOf(random, INTERIM) : ''
  return `${head}${isChunked ? chunked(body, random) : body}${tail}`
}

function bodyText(length: number, random: Random): string {
  let text = ''
  while (text.length < length)
    text += String.fromCharCode(random.below(256)) + '{"a":[0.25,-1e3]}\r\n0\r\n'.slice(random.below(21))
  return text.slice(0, length)
}

function chunked(body: string, random: Random): string {
  let text = ''
  for (let at = 0; at < body.length; ) {
    const size = Math.min(body.length - at, 1 + random.below(random.below(2) === 0 ? 4 : 200))
    const digits = size.toString(16)
    const written = random.below(2) === 0 ? digits.toUpperCase() : digits.padStart(random.below(8), '0')
    text += `${written}${oneOf(random, EXTENSIONS)}\r\n${body.slice(at, at + size)}\r\n`
    at += size
  }
  text += `${'0'.repeat(1 + random.below(3))}${oneOf(random, EXTENSIONS)}\r\n`
  while (random.below(5) === 0) text += `${oneOf(random, HEADERS)}\r\n`
  return `${text}\r\n`
}

function oneOf(random: Random, texts: readonly string[]): string {
  return texts[random.below(texts.length)] ?? ''
}
