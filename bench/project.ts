// Where things lie: the package itself, the user's project (with its model repository), and dyno's own state.
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Context } from './cli/command.ts'

/** The nearest folder above this file that holds a package.json: the repository, or the installed package. */
export const PACKAGE_DIR = ancestorWith(dirname(fileURLToPath(import.meta.url)), 'package.json') ?? process.cwd()

/** The folder with `model_repository`: at or above the working directory, else the package's own. */
export function projectDirOf(context: Pick<Context, 'cwd'>): string {
  return ancestorWith(context.cwd, 'model_repository') ?? PACKAGE_DIR
}

/** Prepared Python environments and the register of running servers; ignored by git. */
export function stateDirOf(context: Pick<Context, 'cwd' | 'env'>): string {
  return resolve(context.cwd, context.env.DYNO_STATE_DIR ?? join(projectDirOf(context), '.dyno'))
}

function ancestorWith(start: string, name: string): string | null {
  for (let dir = start; ; dir = dirname(dir)) {
    if (existsSync(join(dir, name))) return dir
    if (dir === dirname(dir)) return null
  }
}

/** A new folder under reports/runs, named by the time and the scenario; two runs in one second do not share one. */
export function newRunDir(context: Pick<Context, 'cwd'>, scenarioName: string): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')
  const base = join(projectDirOf(context), 'reports', 'runs', `${time}-${scenarioName}`)
  for (let attempt = 1; ; attempt++) {
    const dir = attempt === 1 ? base : `${base}-${attempt}`
    if (!existsSync(dir)) return dir
  }
}
