// `--set path=value`: changes fields of a scenario before it is validated.
import { parseDocument } from 'yaml'
import { BenchError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import { childOf, childValue, formOf, isMap, type Path, pathsOf, type SchemaNode } from './schema-tree.ts'

export interface Settings {
  /** The scenario's data with every setting that could be applied. */
  readonly value: unknown
  readonly problems: readonly BenchError[]
  /** The flag that set what stands at a path (or around it), `null` where the file did. */
  flagFor(path: Path): string | null
}

interface Setting {
  readonly flag: string
  readonly path: readonly string[]
}

/** Applies settings in order; the last one of a path wins. */
export function applySettings(value: unknown, settings: readonly string[], schema: SchemaNode): Settings {
  const problems: BenchError[] = []
  const applied: Setting[] = []
  let current = value
  for (const setting of settings) {
    const outcome = readSetting(setting, current, schema)
    if (outcome instanceof BenchError) {
      problems.push(outcome)
      continue
    }
    current = withValue(current, outcome.path, outcome.value, schema)
    applied.push(outcome)
  }
  const covers = (set: Setting, path: Path) => set.path.every((step, at) => step === String(path[at]))
  return {
    value: current,
    problems,
    flagFor: (path) => applied.findLast((set) => covers(set, path))?.flag ?? null,
  }
}

function readSetting(
  setting: string,
  current: unknown,
  schema: SchemaNode,
): BenchError | (Setting & { value: unknown }) {
  const flag = `--set ${setting}`
  const equals = setting.indexOf('=')
  if (equals < 1)
    return problem(flag, 'bad-set', 'a setting is path=value', 'write for example: --set measure.duration=2s')
  const typedPath = setting.slice(0, equals).trim()
  // `matrix.load[0]` and `matrix.load.0` are the same.
  const path = typedPath.replaceAll(/\[(\d+)\]/g, '.$1').split('.')
  const unknown = unknownPath(path, current, schema)
  if (unknown !== null) return problem(flag, 'unknown-path', `a scenario has no field '${typedPath}'`, unknown)
  const document = parseDocument(setting.slice(equals + 1), { prettyErrors: false, logLevel: 'error' })
  const fault = document.errors[0] ?? document.warnings[0]
  if (fault !== undefined) {
    return problem(flag, 'bad-set', `the value is not valid YAML: ${fault.message}`, 'quote it: --set \'name="a: b"\'')
  }
  return { flag, path, value: document.toJS({ maxAliasCount: 0 }) as unknown }
}

function problem(place: string, code: string, message: string, hint: string): BenchError {
  return new BenchError({ kind: 'scenario', code, message, hint, place })
}

/** A hint where no such path can be, else `null`. Names (of servers, of targets) must exist, unless one is added whole. */
function unknownPath(path: readonly string[], value: unknown, schema: SchemaNode): string | null {
  let node = schema
  let current = value
  for (const [at, step] of path.entries()) {
    const form = formOf(node, current)
    const child = childOf(form, step)
    const named = form.properties !== undefined && Object.hasOwn(form.properties, step)
    const length = Array.isArray(current) ? current.length : 0
    const listed = /^\d{1,3}$/.test(step) && Number(step) <= length
    const added = typeof form.additionalProperties === 'object' && (at === path.length - 1 || hasKey(current, step))
    if (step === '__proto__' || child === null || !(form.items === undefined ? named || added : listed)) {
      const close = nearestBelow(path.slice(at).join('.'), pathsOf(form, current))
      const right = path.slice(0, at)
      return close === null ? fieldsHere(right, form, current) : `did you mean '${[...right, close].join('.')}'?`
    }
    node = child
    current = childValue(current, step)
  }
  return null
}

/** A path that is spelt much like the wrong one, or that ends in it. */
function nearestBelow(wrong: string, paths: readonly string[]): string | null {
  return nearest(wrong, paths) ?? paths.find((path) => path.endsWith(`.${wrong}`)) ?? null
}

function fieldsHere(path: readonly string[], form: SchemaNode, current: unknown): string {
  const fields = Object.keys(form.properties ?? (isMap(current) ? current : {}))
  const where = path.length === 0 ? 'a scenario' : `'${path.join('.')}'`
  if (Array.isArray(current)) return `${where} is a list with the indexes 0 to ${current.length - 1}`
  return fields.length === 0 ? `${where} holds no fields` : `${where} has: ${fields.join(', ')}`
}

function hasKey(value: unknown, key: string): boolean {
  return isMap(value) && Object.hasOwn(value, key)
}

/** A copy with one value changed; what is missing on the way is made. */
function withValue(current: unknown, path: readonly string[], value: unknown, node: SchemaNode): unknown {
  const [step, ...rest] = path
  if (step === undefined) return value
  const form = formOf(node, current)
  const below = withValue(childValue(current, step), rest, value, childOf(form, step) ?? {})
  if (form.items === undefined) return { ...(isMap(current) ? current : {}), [step]: below }
  const copy: unknown[] = Array.isArray(current) ? [...current] : []
  copy[Number(step)] = below
  return copy
}
