// The environment that a server is started with: little of the user's shell, so that what was measured is what the scenario says.
import { delimiter, join } from 'node:path'
import type { PythonEnv } from './python-env.ts'

const INHERITED = ['HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'] as const

/** One thread each: the model is small, and threads of a server compete with the load generator. */
const THREAD_LIMITS = { TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1', OMP_NUM_THREADS: '1' } as const

/** The scenario's values win over the defaults; `own` (ports, paths) wins over all. */
export function serverEnvironment(
  python: PythonEnv,
  wanted: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  const inherited = Object.fromEntries(INHERITED.flatMap((name) => pair(name, process.env[name])))
  return {
    ...inherited,
    ...THREAD_LIMITS,
    CUDA_VISIBLE_DEVICES: '-1',
    TF_CPP_MIN_LOG_LEVEL: '2',
    PYTHONUNBUFFERED: '1',
    // The app and the model lie in dyno's package, or are the user's: nothing is written beside them.
    PYTHONDONTWRITEBYTECODE: '1',
    ...wanted,
    ...own,
    // Triton's model process takes the first python3 on the PATH, and with it the environment's packages.
    PATH: joinPaths(join(python.dir, 'bin'), wanted.PATH ?? process.env.PATH),
    LD_LIBRARY_PATH: joinPaths(python.libraryDir, wanted.LD_LIBRARY_PATH ?? process.env.LD_LIBRARY_PATH),
  }
}

function joinPaths(first: string, rest: string | undefined): string {
  return rest ? `${first}${delimiter}${rest}` : first
}

function pair(name: string, value: string | undefined): readonly (readonly [string, string])[] {
  return value === undefined ? [] : [[name, value]]
}
