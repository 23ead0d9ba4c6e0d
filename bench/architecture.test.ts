// The import table of docs/architecture.md, held: a stage imports other stages' types only, and nothing imports the root.
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'

/** Stage → stages that it may import as code, and those that it may import as types. `core` is open to all. */
const TABLE: Readonly<Record<string, { readonly code: readonly string[]; readonly types: readonly string[] }>> = {
  core: { code: [], types: [] },
  scenario: { code: [], types: [] },
  plan: { code: [], types: ['scenario'] },
  runtime: { code: [], types: ['plan', 'scenario', 'event-loop'] },
  protocol: { code: [], types: ['scenario'] },
  'event-loop': { code: [], types: [] },
  load: { code: ['protocol', 'event-loop'], types: ['plan', 'scenario', 'runtime', 'measurement'] },
  calibration: { code: ['protocol', 'event-loop'], types: ['plan', 'scenario', 'load', 'measurement', 'analysis'] },
  measurement: { code: [], types: ['plan', 'scenario', 'event-loop', 'runtime', 'load'] },
  analysis: { code: [], types: ['plan', 'scenario', 'measurement', 'load'] },
  report: { code: [], types: ['plan', 'analysis'] },
  gate: { code: [], types: ['plan', 'scenario', 'analysis'] },
}

/** Files of a stage whose values are part of its boundary, so that they may be imported as code. */
const BOUNDARY = new Set([
  'bench/load/types.ts',
  'bench/load/request-columns.ts',
  'bench/analysis/metrics.ts',
  'bench/analysis/problems.ts',
  'bench/analysis/run-document.ts',
  'bench/analysis/environment-document.ts',
  'bench/analysis/unlike-environment.ts',
  'bench/analysis/load-text.ts',
])

/** Stages that must stay pure: the same input gives the same output, and nothing else happens. */
const PURE = new Set(['plan', 'analysis', 'gate'])

const MAX_FILE_LINES = 300

interface Import {
  readonly from: string
  readonly to: string
  readonly typeOnly: boolean
}

const sources = globSync('bench/**/*.ts').filter(
  (file) => !file.endsWith('.test.ts') && !file.startsWith('bench/testing/'),
)

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(/^(?:import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'/gm)].map(([, type, to = '']) => ({
    from: file,
    to: to.startsWith('.') ? normalize(join(dirname(file), to)) : to,
    typeOnly: type !== undefined,
  }))
}

function stageOf(file: string): string | null {
  const stage = /^bench\/([^/]+)\//.exec(file)?.[1]
  return stage !== undefined && stage in TABLE ? stage : null
}

function isAllowed({ from, to, typeOnly }: Import): boolean {
  const own = stageOf(from)
  if (own === null || !to.startsWith('bench/')) return true
  const other = stageOf(to)
  if (other === null) return false // A stage never imports the composition root.
  if (other === own || other === 'core') return true
  const row = TABLE[own]
  if (row?.code.includes(other)) return true
  return row?.types.includes(other) === true && (typeOnly || BOUNDARY.has(to))
}

describe('the architecture', () => {
  it('lets a stage import only what the table allows', () => {
    const broken = sources.flatMap(importsOf).filter((found) => !isAllowed(found))
    expect(broken.map(({ from, to }) => `${from} imports ${to}`)).toEqual([])
  })

  it('keeps plan, analysis and gate free of files, network and clock', () => {
    const impure = sources
      .filter((file) => PURE.has(stageOf(file) ?? '') && !file.endsWith('/coverage.ts'))
      .flatMap(importsOf)
      .filter(({ to }) => to.startsWith('node:') || to === 'bench/core/clock.ts' || to === 'bench/core/files.ts')
    expect(impure.map(({ from, to }) => `${from} imports ${to}`)).toEqual([])
  })

  it('opens every file with a line that says what it is', () => {
    const silent = sources.filter((file) => !/^(#!.*\n)?\/\/ /.test(readFileSync(file, 'utf8')))
    expect(silent).toEqual([])
  })

  it(`keeps every file within ${MAX_FILE_LINES} lines`, () => {
    const long = sources.filter((file) => readFileSync(file, 'utf8').split('\n').length > MAX_FILE_LINES + 1)
    expect(long).toEqual([])
  })

  it('finds the sources it judges', () => {
    expect(sources.length).toBeGreaterThan(50)
  })
})
