// Where things lie: the user's project (with its model repository), dyno's own state, prepared environments, runs.
import { existsSync, lstatSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { Context } from './cli/command.ts'
import { ancestorWith, isInstalled, PACKAGE_DIR, userCacheDir } from './core/package-dir.ts'

export { PACKAGE_DIR } from './core/package-dir.ts'

type Place = Pick<Context, 'cwd' | 'env'>

/** The folder with `model_repository` at or above the working directory, else the working directory. */
export function projectDirOf(context: Pick<Context, 'cwd'>): string {
  return ancestorWith(context.cwd, 'model_repository') ?? context.cwd
}

/** The register of running servers; ignored by git. */
export function stateDirOf(context: Place): string {
  return chosenStateDir(context) ?? join(projectDirOf(context), '.dyno')
}

/**
 * Prepared Python environments, 2 GB each. An installed package keeps them in the user's cache folder, where its
 * projects share them; a checkout keeps them in its own ignored folder.
 */
export function environmentDirOf(context: Place, packageDir = PACKAGE_DIR): string {
  const ownDir = isInstalled(packageDir) ? userCacheDir(context.env) : join(packageDir, '.dyno')
  return chosenStateDir(context) ?? ownDir
}

/** Everything that a runtime has to know of this machine's folders. */
export function placeOf(context: Place) {
  return {
    projectDir: projectDirOf(context),
    stateDir: stateDirOf(context),
    environmentDir: environmentDirOf(context),
    env: context.env,
  }
}

function chosenStateDir({ cwd, env }: Place): string | null {
  return env.DYNO_STATE_DIR ? resolve(cwd, env.DYNO_STATE_DIR) : null
}

/** Where runs are kept unless --out names a folder. */
export function runsDirOf(context: Pick<Context, 'cwd'>): string {
  return join(projectDirOf(context), 'reports', 'runs')
}

/** A new folder under reports/runs, named by the time and the scenario; two runs in one second do not share one. */
export function newRunDir(context: Pick<Context, 'cwd'>, scenarioName: string): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')
  const base = join(runsDirOf(context), `${time}-${scenarioName}`)
  for (let attempt = 1; ; attempt++) {
    const dir = attempt === 1 ? base : `${base}-${attempt}`
    if (!existsSync(dir)) return dir
  }
}

/**
 * Lets `latest`, beside a finished run, name it. A link that stands there is replaced, never followed; a file or folder
 * of that name is the user's, and stays. Without the link nothing is lost, so no failure of it ends a run.
 */
export function linkLatest(runDir: string): void {
  const link = join(dirname(runDir), 'latest')
  // Renamed into place, so that two runs that end together leave one whole link.
  const temporary = `${link}.${basename(runDir)}.tmp`
  try {
    if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() === false) return
    symlinkSync(basename(runDir), temporary)
    renameSync(temporary, link)
  } catch {
    rmSync(temporary, { force: true })
  }
}
