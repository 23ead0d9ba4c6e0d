// Flags and operands, declared once per command: the table feeds the parser, the types, the help and docs/commands.md.
import { parseArgs } from 'node:util'
import { BenchError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'

interface Described {
  readonly description: string
}

export type FlagSpec =
  | (Described & { readonly kind: 'switch' })
  | (Described & { readonly kind: 'text'; readonly placeholder: string })
  /** May be given several times; a value may hold several, separated by `separator`. */
  | (Described & { readonly kind: 'texts'; readonly placeholder: string; readonly separator: string | null })
  | (Described & {
      readonly kind: 'whole'
      readonly placeholder: string
      readonly least?: number
      readonly largest?: number
    })
  | (Described & { readonly kind: 'choice'; readonly choices: readonly string[]; readonly default: string })

export interface OperandSpec extends Described {
  readonly name: string
  /** After all that are not. */
  readonly optional?: true
  /** The last one only: takes all that follow, too. */
  readonly repeated?: true
}

export type FlagTable = Readonly<Record<string, FlagSpec>>

type FlagValue<Spec extends FlagSpec> = Spec extends { kind: 'switch' }
  ? boolean
  : Spec extends { kind: 'texts' }
    ? readonly string[]
    : Spec extends { kind: 'whole' }
      ? number | null
      : Spec extends { kind: 'choice'; choices: readonly (infer Choice)[] }
        ? Choice
        : string | null

export type FlagValues<Table extends FlagTable> = { readonly [Name in keyof Table]: FlagValue<Table[Name]> }

export interface Parsed {
  readonly help: boolean
  readonly operands: readonly string[]
  readonly flags: Readonly<Record<string, unknown>>
}

/**
 * Reads a command's arguments.
 * @param program what is typed before them, such as `dyno run`
 * @throws BenchError kind `usage` that names the nearest right flag or value
 */
export function parseArguments(
  program: string,
  args: readonly string[],
  table: FlagTable,
  operands: readonly OperandSpec[],
): Parsed {
  const options = Object.fromEntries(
    Object.entries(table).map(([name, spec]) => [
      name,
      { type: spec.kind === 'switch' ? ('boolean' as const) : ('string' as const), multiple: true },
    ]),
  )
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options: { ...options, help: { type: 'boolean', short: 'h' } },
    strict: false,
    tokens: true,
    allowPositionals: true,
  })
  if (tokens.some((token) => token.kind === 'option' && token.name === 'help')) {
    return { help: true, operands: [], flags: {} }
  }
  const given = new Map<string, string[]>()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const spec = table[token.name]
    if (spec === undefined) throw unknownFlag(program, token.rawName, table)
    given.set(token.name, [...(given.get(token.name) ?? []), textOf(program, token.name, spec, token.value)])
  }
  return {
    help: false,
    operands: checkOperands(program, positionals, operands),
    flags: Object.fromEntries(
      Object.entries(table).map(([name, spec]) => [name, resolve(name, spec, given.get(name) ?? [])]),
    ),
  }
}

function unknownFlag(program: string, rawName: string, table: FlagTable): BenchError {
  const close = nearest(rawName.replace(/^-+/, ''), [...Object.keys(table), 'help'])
  return usage(
    'unknown-flag',
    `${program} has no flag ${rawName}`,
    close === null ? `see: ${program} --help` : `did you mean --${close}?`,
  )
}

function textOf(program: string, name: string, spec: FlagSpec, value: string | undefined): string {
  if (spec.kind === 'switch') {
    if (value === undefined) return 'true'
    throw usage('flag-value', `--${name} takes no value, but got '${value}'`, `see: ${program} --help`)
  }
  if (value === undefined || value === '') {
    const shape = spec.kind === 'choice' ? spec.choices.join('|') : spec.placeholder
    throw usage('flag-value', `--${name} needs a value`, `write: --${name} ${shape}`)
  }
  return value
}

function resolve(name: string, spec: FlagSpec, values: readonly string[]): unknown {
  const last = values.at(-1)
  switch (spec.kind) {
    case 'switch':
      return last !== undefined
    case 'text':
      return last ?? null
    case 'texts':
      return spec.separator === null ? values : values.flatMap((value) => value.split(spec.separator ?? ','))
    case 'whole':
      if (last === undefined) return null
      return wholeNumber(last, name, spec)
    case 'choice': {
      const value = last ?? spec.default
      if (spec.choices.includes(value)) return value
      const close = nearest(value, spec.choices)
      const hint = close === null ? `one of: ${spec.choices.join(', ')}` : `did you mean --${name} ${close}?`
      throw usage('flag-value', `--${name} cannot be '${value}'`, hint)
    }
  }
}

function wholeNumber(
  text: string,
  name: string,
  { least = 0, largest = Number.MAX_SAFE_INTEGER }: { readonly least?: number; readonly largest?: number },
): number {
  const value = Number(text)
  if (/^\d{1,16}$/.test(text) && value >= least && value <= largest) return value
  const range = largest === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${largest}`
  throw usage('flag-value', `--${name} cannot be '${text}'`, `write a whole number ${range}`)
}

function checkOperands(program: string, given: readonly string[], wanted: readonly OperandSpec[]): readonly string[] {
  const missing = wanted[given.length]
  if (missing !== undefined && !missing.optional) {
    throw usage('operand-missing', `${program} needs ${missing.name}: ${missing.description}`, `see: ${program} --help`)
  }
  const extra = given[wanted.length]
  if (extra !== undefined && !wanted.at(-1)?.repeated) {
    throw usage('operand-extra', `${program} does not know what to do with '${extra}'`, `see: ${program} --help`)
  }
  return given
}

function usage(code: string, message: string, hint: string): BenchError {
  return new BenchError({ kind: 'usage', code, message, hint })
}
