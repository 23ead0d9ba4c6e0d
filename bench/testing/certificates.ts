// Certificates for tests of TLS, made by openssl: a CA, a server's certificate by it, and a CA that has nothing to do with it.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Certificates {
  readonly caPem: string
  /** Of the server, for `localhost`, `dyno.test`, 127.0.0.1 and ::1. */
  readonly certPem: string
  readonly keyPem: string
  readonly otherCaPem: string
  /** The server's certificate in DER. */
  readonly certDer: Buffer
}

export function makeCertificates(): Certificates {
  const dir = mkdtempSync(join(tmpdir(), 'dyno-certificates-'))
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] })
  const make = (name: string, subject: string, ...more: string[]) => {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`]
    openssl('req', '-x509', ...key, '-out', `${name}.pem`, '-days', '2', '-subj', `/CN=${subject}`, ...more)
  }
  try {
    make('ca', 'a CA for tests')
    make('other', 'another CA')
    const names = ['-addext', 'subjectAltName=DNS:localhost,DNS:dyno.test,IP:127.0.0.1,IP:::1']
    const leaf = ['-addext', 'basicConstraints=critical,CA:FALSE']
    make('server', 'a server', '-CA', 'ca.pem', '-CAkey', 'ca.key', ...names, ...leaf)
    openssl('x509', '-in', 'server.pem', '-outform', 'der', '-out', 'server.der')
    const read = (file: string) => readFileSync(join(dir, file), 'utf8')
    return {
      caPem: read('ca.pem'),
      certPem: read('server.pem'),
      keyPem: read('server.key'),
      otherCaPem: read('other.pem'),
      certDer: readFileSync(join(dir, 'server.der')),
    }
  } finally {
    rmSync(dir, { recursive: true })
  }
}
