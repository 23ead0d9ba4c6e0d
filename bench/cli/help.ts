// Help for the terminal and docs/commands.md, both made from the commands' tables.
import type { Command } from './command.ts'
import type { FlagSpec } from './flags.ts'
import { VARIABLES } from './variables.ts'

export function renderOverview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => usageOf(command).length))
  return [
    'dyno puts inference servers on a dynamometer: it starts them, checks that they answer alike, loads them, and compares.',
    '',
    'Usage: dyno COMMAND …      (in the repository: npm run --silent dyno -- COMMAND …)',
    '',
    ...commands.map((command) => `  ${usageOf(command).padEnd(width)}  ${command.summary}`),
    '',
    'dyno COMMAND --help says more. Exit codes: 0 done · 1 gate failed · 2 wrong usage · 3 not trustworthy ·',
    '4 the environment cannot run it · 130, 143 interrupted.',
    `Environment variables (docs/commands.md): ${Object.keys(VARIABLES).join(', ')}.`,
    '',
  ].join('\n')
}

/** @param program what is typed before its arguments, such as `dyno run` */
export function renderHelp(program: string, command: Command): string {
  const rows = flagRows(command)
  const width = Math.max(...rows.map(([flag]) => flag.length))
  return [
    [program, ...command.operands.map(({ name }) => name), ...(rows.length > 0 ? ['[FLAGS]'] : [])].join(' '),
    '',
    command.details,
    '',
    ...command.operands.map((operand) => `  ${operand.name.padEnd(width)}  ${operand.description}`),
    ...rows.map(([flag, description]) => `  ${flag.padEnd(width)}  ${description}`),
    '',
    ...(command.examples.length > 0 ? ['Examples:', ...command.examples.map((example) => `  ${example}`), ''] : []),
  ].join('\n')
}

/** The page docs/commands.md. */
export function renderCommandsPage(commands: readonly Command[]): string {
  return [
    '# Commands',
    '',
    'Generated from the commands’ own tables by `npm run generate`. Inside the repository every command is',
    '`npm run --silent dyno -- COMMAND …`.',
    '',
    ...commands.flatMap((command) => [
      `## \`dyno ${usageOf(command)}\``,
      '',
      command.details,
      '',
      '| | |',
      '|---|---|',
      ...[...command.operands.map((operand) => [operand.name, operand.description] as const), ...flagRows(command)].map(
        ([name, description]) => `| \`${name.replaceAll('|', '\\|')}\` | ${description} |`,
      ),
      '',
      ...(command.examples.length > 0 ? ['```', ...command.examples, '```', ''] : []),
    ]),
    '## Environment variables',
    '',
    '| | |',
    '|---|---|',
    ...Object.entries(VARIABLES).map(([name, description]) => `| \`${name}\` | ${description} |`),
    '',
  ].join('\n')
}

function usageOf(command: Command): string {
  return [command.name, ...command.operands.map((operand) => operand.name)].join(' ')
}

function flagRows(command: Command): (readonly [string, string])[] {
  const rows = Object.entries(command.flags).map(
    ([name, spec]) => [`--${name}${shapeOf(spec)}`, describe(spec)] as const,
  )
  return [...rows, ['--help', 'This text.'] as const]
}

function shapeOf(spec: FlagSpec): string {
  switch (spec.kind) {
    case 'switch':
      return ''
    case 'choice':
      return ` ${spec.choices.join('|')}`
    case 'texts':
      return ` ${spec.placeholder}${spec.separator === null ? '' : `${spec.separator}…`}`
    case 'text':
    case 'whole':
      return ` ${spec.placeholder}`
  }
}

function describe(spec: FlagSpec): string {
  if (spec.kind === 'choice') return `${spec.description} Default: ${spec.default}.`
  return spec.kind === 'texts' && spec.separator === null ? `${spec.description} May be repeated.` : spec.description
}
