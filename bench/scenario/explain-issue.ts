// What the schema refuses → sentences with the value, and the next thing to type.

import { parse as parseYaml } from 'yaml'
import type { z } from 'zod'
import { nearest } from '../core/nearest.ts'
import type { IssueDetails } from './scalars.ts'
import {
  childOf,
  childValue,
  formOf,
  isMap,
  mapForms,
  nodeAt,
  type Path,
  pathText,
  type SchemaNode,
} from './schema-tree.ts'

/** A problem at a path of the scenario; where that is on the user's side is the caller's knowledge. */
export interface Finding {
  readonly path: Path
  /** Whether the key itself is wrong, or what stands behind it. */
  readonly part: 'key' | 'value'
  readonly code: string
  readonly message: string
  readonly hint: string
  /** The key that is missing, or that an unknown key was meant to be. */
  readonly meant?: string
}

type Issue = z.core.$ZodIssue

interface Scope {
  readonly schema: SchemaNode
  /** The whole scenario as it was given. */
  readonly value: unknown
}

/** The schema's issues as findings; a misspelt key is one problem, not a second one of the key that is missing. */
export function explainIssues(issues: readonly Issue[], scope: Scope): readonly Finding[] {
  const findings = issues.flatMap((issue) => explainAt(issue, issue.path as Path, scope))
  const misspelt = new Set(
    findings.flatMap(({ code, path, meant }) =>
      code === 'unknown-key' && meant !== undefined ? [keyAt(path.slice(0, -1), meant)] : [],
    ),
  )
  return findings.filter(({ code, path, meant = '' }) => code !== 'missing-key' || !misspelt.has(keyAt(path, meant)))
}

function keyAt(path: Path, key: string): string {
  return JSON.stringify([...path, key])
}

function explainAt(issue: Issue, path: Path, scope: Scope): readonly Finding[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey([...path, key], scope))
  const value = valueAt(scope.value, path)
  if (value === undefined) return [missing(path, scope)]
  const node = nodeAt(scope.schema, path, scope.value)
  if (issue.code === 'invalid_union' && issue.errors.length > 0 && isMap(value) && node !== null) {
    return explainForm(issue.errors, path, { scope, node, value })
  }
  return [{ path, part: issue.code === 'invalid_key' ? 'key' : 'value', ...describe(issue, path, { node, value }) }]
}

/** A union of maps: only the form that was meant is explained. */
function explainForm(
  errors: readonly (readonly Issue[])[],
  path: Path,
  { scope, node, value }: { scope: Scope; node: SchemaNode; value: unknown },
): readonly Finding[] {
  const meant = (node.anyOf ?? node.oneOf ?? []).indexOf(formOf(node, value))
  return (errors[meant] ?? errors[0] ?? []).flatMap((issue) =>
    explainAt(issue, [...path, ...(issue.path as Path)], scope),
  )
}

function unknownKey(path: Path, scope: Scope): Finding {
  const key = String(path.at(-1))
  const parent = path.slice(0, -1)
  const parentValue = valueAt(scope.value, parent)
  const node = nodeAt(scope.schema, parent, scope.value) ?? {}
  const form = formOf(node, parentValue)
  const fields = Object.keys(form.properties ?? {})
  const owner = mapForms(node).find((other) => other !== form && Object.hasOwn(other.properties ?? {}, key))
  const where = parent.length === 0 ? 'a scenario' : pathText(parent)
  const found = { path, part: 'key', code: 'unknown-key' } as const
  if (owner !== undefined) {
    return {
      ...found,
      message: `'${key}' does not fit ${nameOf(form)}: ${where} is one`,
      hint: `leave it out, or make it ${nameOf(owner)}`,
    }
  }
  const close = nearest(key, fields)
  return {
    ...found,
    message: `${where} has no field '${shorten(key)}'`,
    hint: close === null ? `fields here: ${fields.join(', ')}` : `did you mean '${close}'?`,
    ...(close === null ? {} : { meant: close }),
  }
}

/** `a closed loop`, `kind: flask` */
function nameOf(form: SchemaNode): string {
  if (form.title !== undefined) return withArticle(form.title)
  const [key, node] =
    Object.entries(form.properties ?? {}).find(([, { const: fixed, enum: words }]) => fixed ?? words) ?? []
  return `${key}: ${node?.const ?? node?.enum?.join(' | ')}`
}

function missing(path: Path, scope: Scope): Finding {
  const key = String(path.at(-1) ?? '')
  const parent = path.slice(0, -1)
  const parentNode = nodeAt(scope.schema, parent, scope.value) ?? {}
  const parentForm = formOf(parentNode, valueAt(scope.value, parent))
  // A missing `kind` or `metric`: no form is known yet, so take the words of all.
  const words = mapForms(parentNode).flatMap((form) => wordsOf(form.properties?.[key]))
  const node = childOf(parentForm, key)
  const where = parent.length === 0 ? 'a scenario' : pathText(parent)
  return {
    path: parent,
    part: 'value',
    code: 'missing-key',
    meant: key,
    message: `${where} needs '${key}'`,
    hint: words.length > 0 ? `add ${key}: one of ${words.join(', ')}` : `add ${example(key, node)}`,
  }
}

interface Place {
  readonly node: SchemaNode | null
  readonly value: unknown
}

/** The refused value in a sentence. */
function describe(issue: Issue, path: Path, { node, value }: Place): Pick<Finding, 'code' | 'message' | 'hint'> {
  const where = path.length === 0 ? 'a scenario' : pathText(path)
  const key = String(path.at(-1) ?? '')
  const hint =
    value === null
      ? 'fill it in, or leave it out'
      : (quoted(key, value, node) ?? `write for example ${example(key, node)}`)
  switch (issue.code) {
    case 'custom': {
      const details = issue.params as IssueDetails | undefined
      return { code: details?.code ?? 'bad-value', message: `${where} ${issue.message}`, hint: details?.hint ?? hint }
    }
    case 'too_small':
    case 'too_big': {
      const limit = issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`
      const message =
        typeof value === 'number'
          ? `${where} must be ${limit}, but is ${value}`
          : `${where} must have ${limit} ${unitOf(issue, value)}, but has ${sizeOf(value)}`
      return { code: 'out-of-range', message, hint }
    }
    case 'invalid_value':
      return outOfWords(where, value, issue.values.map(String))
    case 'invalid_union':
      if (issue.errors.length === 0) return outOfWords(where, value, optionsOf(issue))
      break
    case 'invalid_key':
      return {
        code: 'bad-name',
        message: `'${shorten(String(path.at(-1)))}' cannot be a name here`,
        hint: 'a name has letters, digits, - and _, and begins with a letter',
      }
  }
  const code = issue.code === 'invalid_format' ? 'bad-value' : 'wrong-type'
  return {
    code,
    message: `${where} must be ${withArticle(nounOf(node))}, but is ${shown(value)}`,
    hint,
  }
}

function outOfWords(where: string, value: unknown, words: readonly string[]) {
  const close = typeof value === 'string' ? nearest(value, words) : null
  return {
    code: 'bad-value',
    message: `${where} must be one of ${words.join(', ')}, but is ${shown(value)}`,
    hint: close === null ? `one of: ${words.join(', ')}` : `did you mean '${close}'?`,
  }
}

function optionsOf(issue: Extract<Issue, { code: 'invalid_union' }>): string[] {
  return 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : []
}

function wordsOf(node: SchemaNode | undefined): string[] {
  return (node?.enum ?? (node?.const === undefined ? [] : [node.const])).map(String)
}

/** `duration: 5s` */
function example(key: string, node: SchemaNode | null): string {
  const [first] = node?.examples ?? wordsOf(node ?? undefined)
  return first === undefined ? `${key}: …` : `${labelOf(key)}${asYaml(first)}`
}

/** Entries of a list have no key to write. */
const labelOf = (key: string) => (/^\d*$/.test(key) ? '' : `${key}: `)

/** Text that YAML would read as a number or as true, false or null is quoted. */
function asYaml(value: unknown): string {
  return typeof value === 'string' && typeof parseYaml(value) !== 'string' && !/^[[{]/.test(value)
    ? JSON.stringify(value)
    : String(value)
}

/** `version: 1` was meant as text and lacks its quotes only; null where quotes would not make it valid. */
function quoted(key: string, value: unknown, node: SchemaNode | null): string | null {
  if (typeof value !== 'number' && typeof value !== 'boolean') return null
  if (node?.type !== 'string' || !new RegExp(node.pattern ?? '').test(String(value))) return null
  return `write ${labelOf(key)}"${value}"`
}

function nounOf(node: SchemaNode | null): string {
  // Its limits, behind a comma, are another problem than its form.
  if (node?.title !== undefined) return node.title.replace(/, \d.*/, '')
  return node?.type === 'array'
    ? 'list'
    : node?.type === 'object' || node === null || mapForms(node).length > 0
      ? 'map'
      : `${node.type}`
}

function withArticle(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`
}

function unitOf(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>, value: unknown): string {
  const one = (issue.code === 'too_small' ? issue.minimum : issue.maximum) === 1
  return Array.isArray(value) ? (one ? 'entry' : 'entries') : one ? 'character' : 'characters'
}

function sizeOf(value: unknown): number {
  return Array.isArray(value) || typeof value === 'string' ? value.length : 0
}

function shown(value: unknown): string {
  if (value === null) return 'empty'
  if (typeof value === 'string') return `"${shorten(value)}"`
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'a map' : String(value)
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce(childValue, value)
}
