// TLS towards the servers under test: whose certificates are taken, and what to do about those that are not.
import { isIP, type Socket } from 'node:net'
import {
  type ConnectionOptions,
  connect,
  createSecureContext,
  getCACertificates,
  type SecureContext,
  TLSSocket,
} from 'node:tls'

/** How a server is recognised. Plain data: it travels to load threads. */
export interface TlsSettings {
  /** Certificates of the only CAs to trust, PEM; null for those of Node and of the system. */
  readonly caPem: string | null
  /** The name that is asked for (SNI) and that the certificate must bear; null for the host of the address. */
  readonly serverName: string | null
  /** Whether the certificate is checked at all. */
  readonly verify: boolean
}

/** Why TLS failed, and what to change. */
export class TlsError extends Error {
  override readonly name = 'TlsError'
  readonly remedy: string

  constructor(message: string, remedy: string, cause?: unknown) {
    super(message, { cause })
    this.remedy = remedy
  }

  get text(): string {
    return `${this.message}; ${this.remedy}`
  }
}

const PROTOCOL_NAMES = { 'http/1.1': 'HTTP/1.1', h2: 'HTTP/2' } as const
const LONGEST_REASON = 200

/** A client of one server: what its connections have in common. */
export class TlsClient {
  readonly #protocol: keyof typeof PROTOCOL_NAMES
  /** For `tls.connect` and `https.request`. The certificates are read once, here. */
  readonly options: {
    readonly secureContext: SecureContext
    readonly rejectUnauthorized: boolean
    /** Absent for an address. */
    readonly servername?: string
  }

  /** @param host of the URL; an IPv6 address in brackets or without */
  constructor(settings: TlsSettings, host: string, protocol: keyof typeof PROTOCOL_NAMES) {
    this.#protocol = protocol
    const name = settings.serverName ?? host
    this.options = {
      secureContext: contextOf(settings),
      rejectUnauthorized: settings.verify,
      // SNI has no addresses (RFC 6066, section 3): an address is looked for in the certificate alone.
      ...(isIP(name.replace(/^\[(.*)\]$/, '$1')) === 0 ? { servername: name } : {}),
    }
  }

  /** The socket emits `secureConnect` once the certificate is accepted; what failed is an `error`, see `explain`. */
  connect(options: ConnectionOptions): TLSSocket {
    const socket = connect({ ...options, ...this.options, ALPNProtocols: [this.#protocol] })
    // The option of net.connect does not reach the socket below.
    socket.once('connect', () => socket.setNoDelay(true))
    return socket
  }

  /** What is wrong with a socket that is connected; null if nothing is. Servers without ALPN speak HTTP/1.1. */
  refusalOf(socket: Socket): TlsError | null {
    const isChosen = socket instanceof TLSSocket && socket.alpnProtocol === this.#protocol
    return isChosen || this.#protocol === 'http/1.1' ? null : this.#otherProtocol()
  }

  /** What a socket's error says about TLS; `null` where it is about something else, such as a refused connection. */
  explain(error: NodeJS.ErrnoException, socket: Socket | null): TlsError | null {
    const { code = '' } = error
    if (socket instanceof TLSSocket && String(socket.authorizationError) === code) return refusedCertificate(error)
    if (!('library' in error) && !code.startsWith('ERR_SSL_')) return null
    const reason = 'reason' in error ? String(error.reason) : error.message
    if (reason.includes('no application protocol')) return this.#otherProtocol(error)
    if (/wrong version number|packet length too long|http request/.test(reason)) {
      return new TlsError('the port does not speak TLS', 'write its address without https', error)
    }
    return new TlsError(`TLS failed: ${printable(reason)}`, 'see which TLS the server is set up for', error)
  }

  #otherProtocol(cause?: unknown): TlsError {
    const message = `the server does not speak ${PROTOCOL_NAMES[this.#protocol]} over TLS (ALPN)`
    return new TlsError(message, 'correct the address', cause)
  }
}

/** Reading the certificates of Node and the system takes a tenth of a second: done once a thread. */
let systemContext: SecureContext | null = null

function contextOf({ caPem, verify }: TlsSettings): SecureContext {
  if (!verify) return createSecureContext()
  // A CA below the root will do, as for curl: whoever names it trusts it.
  if (caPem !== null) return createSecureContext({ ca: caPem, allowPartialTrustChain: true })
  systemContext ??= createSecureContext({
    ca: [...new Set([...getCACertificates('default'), ...getCACertificates('system')])],
  })
  return systemContext
}

function refusedCertificate(error: NodeJS.ErrnoException): TlsError {
  const reason = printable(error.message)
  switch (error.code) {
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return new TlsError(
        `the server’s certificate bears another name: ${reason}`,
        'give a name that it bears as tls.serverName, or set tls.verify: false',
        error,
      )
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return new TlsError(
        `the server’s certificate is out of date: ${reason}`,
        'renew it, or set tls.verify: false',
        error,
      )
    default:
      return new TlsError(
        `the server’s certificate is not trusted: ${reason}`,
        'give the file of its CA as tls.ca, or set tls.verify: false',
        error,
      )
  }
}

/** It may hold what the server's certificate says, and Node's own advice, which does not fit a load generator. */
function printable(reason: string): string {
  const said = reason.replace(/; if the root CA is installed locally.*/, '')
  return said.slice(0, LONGEST_REASON).replace(/[^\x20-\x7e]/g, '.')
}
