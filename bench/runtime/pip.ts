// Installs locked packages with pip, tells how far it is, and explains what goes wrong.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { nowNs } from '../core/clock.ts'
import { BenchError } from '../core/errors.ts'
import { formatMs } from '../core/units.ts'
import { capture } from './capture.ts'
import { printable } from './log-tail.ts'
import { listFolder } from './register.ts'
import type { StartRequest } from './types.ts'

export interface PipInstall {
  readonly python: string
  readonly sitePackages: string
  readonly locks: readonly string[]
  /** Beside the user's own; TMPDIR on the disk that the packages go to, because /tmp may be small. */
  readonly env: Readonly<Record<string, string>>
}

const TELL_EVERY_MS = 2000
const KEPT_LINES = 20

/** Why pip failed → what to do. The first that matches its output. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  [/No space left on device/, 'free some disk space, then run again'],
  [
    /DO NOT MATCH THE HASHES/,
    'the download differs from what was locked: clear the cache (pip cache purge) and run again',
  ],
  [
    /No matching distribution found for nvidia-pytriton/,
    'Triton’s wheel needs Linux with glibc 2.35 or newer (Debian 12, Ubuntu 22.04): use --runtime docker here',
  ],
  [
    // Without retries pip says no more of an index that does not answer than that it has no version of anything.
    /from versions: none|NewConnectionError|ConnectionError|Connection refused|timed out|name resolution|SSLError|ProxyError|Could not fetch/,
    'pip cannot reach its package index: check the network, the proxy and `pip config list`, then run again',
  ],
]

/** @throws BenchError `pip-failed` with pip's last lines; the signal's reason */
export async function pipInstall(install: PipInstall, request: Pick<StartRequest, 'signal' | 'events'>): Promise<void> {
  const startedNs = nowNs()
  const total = await countPackages(install)
  const before = new Set(installedPackages(install.sitePackages))
  let collected = 0
  let now = 'starting pip'
  let order: readonly string[] = []
  const tell = () => {
    const done = installedPackages(install.sitePackages).filter((name) => !before.has(name)).length
    const state =
      order.length === 0
        ? `${now}, ${collected} of ${total}`
        : `installing ${order[Math.max(0, done - 1)]}, ${done} of ${order.length}`
    request.events.step(`Python packages, once: ${state} (${formatMs((nowNs() - startedNs) / 1e6)})`)
  }
  const lines: string[] = []
  request.signal.throwIfAborted()
  const timer = setInterval(tell, TELL_EVERY_MS)
  tell()
  try {
    const code = await runPip(install, request.signal, (line) => {
      lines.push(line)
      if (lines.length > KEPT_LINES) lines.shift()
      const collecting = /^Collecting (\S+)/.exec(line)?.[1]
      const download = /^\s+Downloading (\S+?)-\S+ \((.+)\)/.exec(line)
      const installing = /^Installing collected packages: (.+)/.exec(line)?.[1]
      if (collecting !== undefined) [now, collected] = [`getting ${collecting}`, collected + 1]
      else if (download !== null) now = `getting ${download[1]} (${download[2]})`
      else if (installing !== undefined) order = installing.split(', ')
    })
    request.signal.throwIfAborted()
    if (code !== 0) throw failure(lines)
  } finally {
    clearInterval(timer)
  }
}

/** pip's exit code; `null` when a signal ended it. */
function runPip(install: PipInstall, signal: AbortSignal, onLine: (line: string) => void): Promise<number | null> {
  const args = ['-m', 'pip', 'install', '--no-deps', '--require-hashes', '--disable-pip-version-check', '--no-input']
  const child = spawn(
    install.python,
    [...args, '--progress-bar', 'off', ...install.locks.flatMap((lock) => ['--requirement', lock])],
    { env: pipEnvironment(install.env), stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  )
  // Its group, at once: it has nothing worth saving, and what it started would keep its pipes open.
  const stop = () => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, 'SIGKILL')
  }
  signal.addEventListener('abort', stop, { once: true })
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => onLine(printable(line).slice(0, 2000)))
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      signal.removeEventListener('abort', stop)
      resolve(code)
    })
  })
}

/** The user's own settings (index, proxy, certificates) hold, except those that would install somewhere else. */
function pipEnvironment(own: PipInstall['env']): NodeJS.ProcessEnv {
  const { PIP_TARGET, PIP_PREFIX, PIP_USER, PIP_REQUIRE_VIRTUALENV, PYTHONHOME, PYTHONPATH, ...kept } = process.env
  return { ...kept, ...own, PYTHONUNBUFFERED: '1' }
}

/** Only those whose markers hold for this Python and machine; pip itself carries the code that decides it. */
const COUNT = `
import re, sys
from pip._vendor.packaging.requirements import Requirement
names = set()
for path in sys.argv[1:]:
  for line in open(path, encoding="utf-8"):
    if re.match(r"[A-Za-z0-9]", line):
      requirement = Requirement(line.split("--hash")[0].strip().rstrip("\\\\").strip())
      if requirement.marker is None or requirement.marker.evaluate(): names.add(requirement.name.lower())
print(len(names))`

async function countPackages(install: PipInstall): Promise<number | '?'> {
  const run = await capture(install.python, ['-c', COUNT, ...install.locks], { timeoutMs: 10_000 })
  return Number.parseInt(run.stdout, 10) || '?'
}

/** A package's `.dist-info` appears when its files are in place; compiling them comes after that. */
function installedPackages(sitePackages: string): string[] {
  return listFolder(sitePackages).filter((name) => name.endsWith('.dist-info'))
}

function failure(lines: readonly string[]): BenchError {
  const text = lines.join('\n')
  const error = lines.findLast((line) => /^\s*ERROR:/i.test(line)) ?? lines.at(-1) ?? 'it printed nothing'
  return new BenchError({
    kind: 'environment',
    code: 'pip-failed',
    message: `pip cannot install the Python packages: ${error.replace(/^\s*ERROR:\s*/i, '')}`,
    hint: HINTS.find(([pattern]) => pattern.test(text))?.[1] ?? 'see pip’s last lines below',
    evidence: lines,
  })
}
