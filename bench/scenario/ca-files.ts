// The PEM files that `tls.ca` names: read with the scenario, so that a wrong one is a problem of the file like any other.

import { X509Certificate } from 'node:crypto'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { messageOf } from '../core/errors.ts'
import { isUtf16 } from '../core/text-file.ts'
import type { Finding } from './explain-issue.ts'
import type { Parts } from './parts.ts'

export interface CaFiles {
  /** Certificates in PEM, by name of the server. */
  readonly pems: ReadonlyMap<string, string>
  readonly findings: readonly Finding[]
}

const LARGEST_FILE_BYTES = 4 * 1024 ** 2
/** Nothing else is taken along: such a file may hold a private key as well. */
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g

/** @param folders where a relative path is looked for, one after the other */
export async function readCaFiles(servers: Parts['servers'], folders: readonly string[]): Promise<CaFiles> {
  const pems = new Map<string, string>()
  const findings: Finding[] = []
  for (const [name, server] of servers) {
    const path = server?.kind === 'external' ? server.tls?.ca : undefined
    if (path === undefined) continue
    const found = await readCertificates(path, folders)
    if (typeof found === 'string') pems.set(name, found)
    else findings.push({ path: ['servers', name, 'tls', 'ca'], part: 'value', code: 'ca-file', ...found })
  }
  return { pems, findings }
}

type Problem = Pick<Finding, 'message' | 'hint'>

async function readCertificates(path: string, folders: readonly string[]): Promise<string | Problem> {
  const places = [...new Set(folders.map((folder) => resolve(folder, path)))]
  for (const place of places) {
    const text = await readText(place)
    if (text !== null) return typeof text === 'string' ? certificatesIn(text, path) : text
  }
  return { message: `there is no CA file ${path}`, hint: `correct the path; looked for: ${places.join(', ')}` }
}

/** `null` where there is no such file. */
async function readText(place: string): Promise<string | Problem | null> {
  try {
    // Non-blocking: opening a named pipe would wait for its writer.
    await using file = await open(place, constants.O_RDONLY | constants.O_NONBLOCK)
    const status = await file.stat()
    if (!status.isFile() || status.size > LARGEST_FILE_BYTES) {
      return {
        message: `the CA file ${place} is no file of at most 4 MiB`,
        hint: 'give a PEM file with the certificate of the CA',
      }
    }
    const bytes = await file.readFile()
    if (isUtf16(bytes)) return { message: `the CA file ${place} is UTF-16`, hint: 'save it as UTF-8' }
    return bytes.toString('latin1')
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    return { message: `the CA file ${place} cannot be read: ${messageOf(error)}`, hint: 'check its permissions' }
  }
}

function certificatesIn(text: string, path: string): string | Problem {
  const found = text.match(CERTIFICATE) ?? []
  if (found.length === 0) {
    return {
      message: `the CA file ${path} holds no certificate in PEM`,
      hint: 'PEM begins with -----BEGIN CERTIFICATE-----; of DER it is made by: openssl x509 -inform der -in FILE -out ca.pem',
    }
  }
  try {
    for (const pem of found) new X509Certificate(pem)
    return found.join('\n')
  } catch (error) {
    const message = `the CA file ${path} holds a certificate that cannot be read: ${messageOf(error)}`
    return { message, hint: `see what it holds: openssl x509 -in ${path} -text` }
  }
}
