// Where dyno itself lies: a checkout of its repository, or a package that npm installed.
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The nearest folder at or above `start` that holds `name`; `null` where none does. */
export function ancestorWith(start: string, name: string): string | null {
  for (let dir = start; ; dir = dirname(dir)) {
    if (existsSync(join(dir, name))) return dir
    if (dir === dirname(dir)) return null
  }
}

/** The repository, or the installed package: what dyno ships (scenarios, models, the Flask app) is read from here. */
export const PACKAGE_DIR = ancestorWith(dirname(fileURLToPath(import.meta.url)), 'package.json') ?? process.cwd()

/** A package's folder is npm's: the next `npm ci` empties it, and it may belong to root. Nothing is written into it. */
export function isInstalled(packageDir = PACKAGE_DIR): boolean {
  return packageDir.split(sep).includes('node_modules')
}

type Variables = Readonly<Record<string, string | undefined>>

/** dyno's folder in the user's own cache folder; a relative XDG_CACHE_HOME is none, as its specification says. */
export function userCacheDir({ XDG_CACHE_HOME = '', HOME }: Variables): string {
  return join(isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(HOME || homedir(), '.cache'), 'dyno')
}

/** Compiled code, which Node trusts: never in a shared folder, where it could be anybody's. */
export function compileCacheDir(env: Variables, packageDir = PACKAGE_DIR): string {
  if (isInstalled(packageDir)) return join(userCacheDir(env), 'compile-cache')
  return join(packageDir, 'node_modules', '.cache', 'dyno')
}
