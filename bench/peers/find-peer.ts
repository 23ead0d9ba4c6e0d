// Looks for a load generator on PATH and asks it for its version.
import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { delimiter, dirname, isAbsolute, join } from 'node:path'
import { PACKAGE_DIR } from '../project.ts'
import { capture } from '../runtime/capture.ts'
import type { Peer } from './peer.ts'

export interface FoundPeer {
  readonly peer: Peer
  /** Absolute path. */
  readonly binary: string
  /** null if it does not tell. */
  readonly version: string | null
}

const VERSION_TIMEOUT_MS = 20_000
const ANY_VERSION = /\bv?(\d+\.\d+\S*)/
/** What Go's linker puts into a program: the module's path and its version, one line of its build information. */
const GO_MODULE_LINE = '\nmod\t'
const GO_MODULE = /^\nmod\t[^\t\n]{1,200}\tv([^\t\n]{1,100})[\t\n]/
const GO_MODULE_BYTES = 400

/** The environment of every client: this Node first, so that a script for `node` runs on the one that dyno runs on. */
export function peerEnvironment(): NodeJS.ProcessEnv {
  const path = [dirname(process.execPath), process.env.PATH ?? '', join(PACKAGE_DIR, 'node_modules', '.bin')]
  return { ...process.env, PATH: path.filter((part) => part !== '').join(delimiter) }
}

/** null if it is not on PATH. */
export async function findPeer(peer: Peer): Promise<FoundPeer | null> {
  const binary = findBinary(peer.binary)
  return binary === null ? null : { peer, binary, version: await readVersion(peer, binary) }
}

export function findBinary(name: string): string | null {
  if (isAbsolute(name)) return isProgram(name) ? name : null
  const folders = (peerEnvironment().PATH ?? '').split(delimiter).filter(isAbsolute)
  return folders.map((folder) => join(folder, name)).find(isProgram) ?? null
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

async function readVersion({ versionArgs, versionPattern }: Peer, binary: string): Promise<string | null> {
  if (versionArgs !== null) {
    const { stdout, stderr } = await capture(binary, versionArgs, {
      timeoutMs: VERSION_TIMEOUT_MS,
      env: { ...peerEnvironment(), NODE_PATH: join(PACKAGE_DIR, 'node_modules') },
    })
    const told = (versionPattern ?? ANY_VERSION).exec(`${stdout}\n${stderr}`)?.[1]
    if (told !== undefined) return told
  }
  return goModuleVersion(readFileSync(binary))
}

/** Programs installed by `go install` seldom know their version, but carry that of the module they were built from. */
export function goModuleVersion(program: Buffer): string | null {
  for (let at = program.indexOf(GO_MODULE_LINE); at !== -1; at = program.indexOf(GO_MODULE_LINE, at + 1)) {
    const version = GO_MODULE.exec(program.toString('latin1', at, at + GO_MODULE_BYTES))?.[1]
    if (version !== undefined) return version
  }
  return null
}
