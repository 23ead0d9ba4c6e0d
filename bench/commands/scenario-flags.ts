// Flags that every command with a scenario shares, and how they become overrides.
import type { FlagTable, FlagValues } from '../cli/flags.ts'
import type { Overrides } from '../scenario/load-scenario.ts'

export const SCENARIO = { name: 'SCENARIO.yaml', description: 'A scenario file; some lie in scenarios/.' } as const

export const SCENARIO_FLAGS = {
  set: {
    kind: 'texts',
    placeholder: 'path=value',
    separator: null,
    description: 'Changes a field of the scenario, e.g. measure.duration=2s.',
  },
  only: { kind: 'texts', placeholder: 'TARGET', separator: ',', description: 'Leaves the other targets out.' },
  quick: { kind: 'switch', description: 'Short windows and two repetitions: a look, not a measurement.' },
  seed: { kind: 'whole', placeholder: 'N', description: 'Seeds trial order, inputs and arrivals.' },
} as const satisfies FlagTable

export function overridesOf(flags: FlagValues<typeof SCENARIO_FLAGS>): Overrides {
  return { set: flags.set, only: flags.only, quick: flags.quick, seed: flags.seed }
}

export const RUNTIME_FLAG = {
  kind: 'choice',
  choices: ['auto', 'docker', 'local'],
  default: 'auto',
  description:
    'Where servers run: docker starts them as containers, local as processes of this machine. auto takes docker for ' +
    'a GPU and for what only containers have, else local.',
} as const
