// The folders that `build.context` names: found with the scenario, so that a wrong one is a problem of the file like any other.
import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Finding } from './explain-issue.ts'
import type { Parts } from './parts.ts'

export interface BuildFolders {
  /** Absolute, by name of the server. */
  readonly dirs: ReadonlyMap<string, string>
  readonly findings: readonly Finding[]
}

/** @param folders where a relative path is looked for, one after the other */
export async function findBuildFolders(servers: Parts['servers'], folders: readonly string[]): Promise<BuildFolders> {
  const dirs = new Map<string, string>()
  const findings: Finding[] = []
  for (const [name, server] of servers) {
    const build = server?.kind === 'flask' ? server.build : undefined
    if (build === undefined) continue
    const path = ['servers', name, 'build']
    const places = [...new Set(folders.map((folder) => resolve(folder, build.context)))]
    const dir = await firstFolder(places)
    if (dir === null) {
      const hint = `correct the path; looked for: ${places.join(', ')}`
      const message = `there is no folder ${build.context} to build from`
      findings.push({ path: [...path, 'context'], part: 'value', code: 'build-folder', message, hint })
      continue
    }
    if (!(await isFile(join(dir, build.dockerfile)))) {
      const hint = 'name it by servers.<name>.build.dockerfile, relative to the folder'
      const message = `there is no ${build.dockerfile} in ${dir}`
      findings.push({ path, part: 'value', code: 'build-file', message, hint })
    }
    dirs.set(name, dir)
  }
  return { dirs, findings }
}

async function firstFolder(places: readonly string[]): Promise<string | null> {
  for (const place of places) {
    const found = await stat(place).catch(() => null)
    if (found?.isDirectory()) return place
  }
  return null
}

async function isFile(place: string): Promise<boolean> {
  return (await stat(place).catch(() => null))?.isFile() === true
}
