// A scenario file's text → plain data, with the line and column of everything in it.
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from 'yaml'
import { BenchError, messageOf } from '../core/errors.ts'
import type { Path } from './schema-tree.ts'

export interface Source {
  /** Plain data; `null` for an empty file. */
  readonly value: unknown
  /** `file:line:col` of the value at a path (or of its key), else of the nearest map or list around it. */
  place(path: Path, part: 'key' | 'value'): string
}

export interface ParsedSource {
  /** `null` where the text is no YAML (JSON is YAML too). */
  readonly source: Source | null
  readonly problems: readonly BenchError[]
}

/** Reads YAML 1.2 or JSON. @param file path as the user typed it */
export function parseSource(text: string, file: string): ParsedSource {
  const lines = new LineCounter()
  const placeOf = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    // An empty file has no line at all.
    return `${file}:${Math.max(1, line)}:${Math.max(1, col)}`
  }
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' })
    const faults = [...document.errors, ...document.warnings]
    const problems = faults.map((fault) => {
      const place = placeOf(fault.pos[0])
      if (fault.code === 'DUPLICATE_KEY') return duplicateKey(keyAfter(document, fault.pos[0]), place)
      return syntaxError(fault.message, place)
    })
    problems.push(...unusableNodes(document, placeOf))
    const unreadable = problems.some((problem) => problem.code === 'scenario-syntax')
    if (unreadable) return { source: null, problems }
    const value: unknown = document.toJS({ maxAliasCount: 100 })
    return { source: { value, place: (path, part) => placeOf(offsetOf(document, path, part)) }, problems }
  } catch (error) {
    // Aliases that multiply, and nesting deeper than the stack.
    return { source: null, problems: [syntaxError(messageOf(error), `${file}:1:1`)] }
  }
}

function syntaxError(message: string, place: string): BenchError {
  return new BenchError({
    kind: 'scenario',
    code: 'scenario-syntax',
    message: `this is not valid YAML: ${message}`,
    hint: 'indent with spaces, one `key: value` a line; quote text that holds `: ` or begins with a special character',
    place,
  })
}

function duplicateKey(key: string, place: string): BenchError {
  return new BenchError({
    kind: 'scenario',
    code: 'duplicate-key',
    message: `'${key.slice(0, 60)}' is given twice`,
    hint: 'keep one of the two',
    place,
  })
}

/** The key that begins at an offset, or next after it: an error's own range holds one character of it, or white space. */
function keyAfter(document: Document, offset: number): string {
  let found: { readonly start: number; readonly key: string } | null = null
  visit(document, {
    Pair(_, { key }) {
      const start = (key as Node | null)?.range?.[0] ?? -1
      if (start >= offset && (found === null || start < found.start)) found = { start, key: String(key) }
    },
  })
  return (found as { readonly key: string } | null)?.key ?? 'a key'
}

/** Keys that are no text (`? [a]`) or that plain data cannot carry safely; aliases of nothing. */
function unusableNodes(document: Document, placeOf: (offset: number) => string): BenchError[] {
  const problems: BenchError[] = []
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined) return
      problems.push(syntaxError(`nothing is named &${alias.source}`, placeOf(alias.range?.[0] ?? 0)))
    },
    Pair(_, { key }) {
      if (isScalar(key) && key.value !== null && key.value !== '__proto__') return
      problems.push(
        new BenchError({
          kind: 'scenario',
          code: 'bad-key',
          message: 'a key must be plain text',
          hint: 'write `name: value`',
          place: placeOf((key as Node | null)?.range?.[0] ?? 0),
        }),
      )
    },
  })
  return problems
}

/** Where the deepest part of a path that exists begins. */
function offsetOf(document: Document, path: Path, part: 'key' | 'value'): number {
  let node: unknown = document.contents
  let offset = startOf(node) ?? 0
  for (const [at, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      const pair: Pair | undefined = node.items.findLast(
        ({ key }) => isScalar(key) && String(key.value) === String(step),
      )
      if (pair === undefined) return offset
      node = pair.value
      const wantsKey = part === 'key' && at === path.length - 1
      offset = (wantsKey ? null : startOf(node)) ?? startOf(pair.key) ?? offset
    } else if (isSeq(node)) {
      node = node.items[Number(step)]
      offset = startOf(node) ?? offset
    } else return offset
  }
  return offset
}

/** `null` for what is not written, such as the value of `matrix:` with nothing behind it. */
function startOf(node: unknown): number | null {
  const range = (node as Node | null | undefined)?.range
  return range === null || range === undefined || range[0] === range[1] ? null : range[0]
}
