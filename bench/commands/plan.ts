// dyno plan: every trial of a scenario in order, and how long they take; starts nothing.
import { defineCommand } from '../cli/command.ts'
import { EXIT } from '../core/errors.ts'
import { describePlan } from '../plan/describe.ts'
import { expand } from '../plan/expand.ts'
import { loadScenario } from '../scenario/load-scenario.ts'
import { overridesOf, SCENARIO, SCENARIO_FLAGS } from './scenario-flags.ts'

export const planCommand = defineCommand({
  name: 'plan',
  summary: 'prints every trial in order, with the expected duration; starts nothing',
  details: 'Validates a scenario and prints every trial in the order in which `dyno run` would measure it.',
  operands: [SCENARIO],
  flags: { ...SCENARIO_FLAGS, json: { kind: 'switch', description: 'Prints the plan as JSON.' } },
  examples: ['dyno plan scenarios/flask-vs-triton.yaml', 'dyno plan scenarios/smoke.yaml --json'],
  async run({ operands: [path = ''], flags }, { stdout }) {
    const plan = expand(await loadScenario(path, overridesOf(flags)))
    stdout.write(flags.json ? `${JSON.stringify(plan, null, 2)}\n` : describePlan(plan))
    return EXIT.ok
  },
})
