// Writes the files that are made from code (`npm run generate`), or with --check says which are stale, which options
// lack a description, and which shipped scenarios do not validate.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { z } from 'zod'
import { runSchema } from './analysis/run-document.ts'
import { renderCommandsPage } from './cli/help.ts'
import { COMMANDS } from './commands/all.ts'
import { BenchError, BenchErrors } from './core/errors.ts'
import { writeFileAtomic } from './core/files.ts'
import { expand } from './plan/expand.ts'
import { PACKAGE_DIR } from './project.ts'
import { loadScenario, NO_OVERRIDES } from './scenario/load-scenario.ts'
import { renderScenarioPage, undescribed } from './scenario/reference-page.ts'
import { scenarioJsonSchema } from './scenario/schema-tree.ts'

interface GeneratedFile {
  /** Relative to the package. */
  readonly path: string
  readonly content: () => string
}

/** Every generated file, one entry each. */
const GENERATED: readonly GeneratedFile[] = [
  { path: 'scenarios/scenario.schema.json', content: () => json(scenarioJsonSchema()) },
  { path: 'docs/scenario.md', content: () => renderScenarioPage(scenarioJsonSchema()) },
  { path: 'docs/commands.md', content: () => renderCommandsPage(COMMANDS) },
  { path: 'docs/run.schema.json', content: () => json(z.toJSONSchema(runSchema, { target: 'draft-2020-12' })) },
]

/** What is wrong with the checked-in state; empty where all is well. */
export async function problems(packageDir: string): Promise<string[]> {
  const stale = GENERATED.filter(({ path, content }) => read(join(packageDir, path)) !== content())
  return [
    ...stale.map(({ path }) => `${path} is stale: run \`npm run generate\``),
    ...undescribed(scenarioJsonSchema()).map((field) => `the scenario's field ${field} has no description`),
    ...(await invalidScenarios(join(packageDir, 'scenarios'))),
  ]
}

/** Writes what is stale, and returns its paths. */
export function generate(packageDir: string): string[] {
  const stale = GENERATED.filter(({ path, content }) => read(join(packageDir, path)) !== content())
  for (const { path, content } of stale) writeFileAtomic(join(packageDir, path), content())
  return stale.map(({ path }) => path)
}

/** Each line of every problem in the folder's scenarios. */
async function invalidScenarios(folder: string): Promise<string[]> {
  const names = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name))
  const found = await Promise.all(
    names.map(async (name) => {
      try {
        expand(await loadScenario(relative(process.cwd(), join(folder, name)), NO_OVERRIDES))
        return []
      } catch (error) {
        if (error instanceof BenchErrors) return error.problems.map(line)
        if (error instanceof BenchError) return [line(error)]
        throw error
      }
    }),
  )
  return found.flat()
}

function line({ place, message, hint }: BenchError): string {
  return `${place ?? ''}: ${message}${hint === undefined ? '' : ` (${hint})`}`
}

function read(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8') : null
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

if (import.meta.main) {
  if (process.argv.includes('--check')) {
    const found = await problems(PACKAGE_DIR)
    for (const problem of found) process.stderr.write(`${problem}\n`)
    process.exitCode = found.length === 0 ? 0 : 1
  } else for (const path of generate(PACKAGE_DIR)) process.stdout.write(`wrote ${path}\n`)
}
