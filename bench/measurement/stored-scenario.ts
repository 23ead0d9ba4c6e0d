// A scenario as a run keeps it: the values of environment variables and build arguments may be secrets, and stay out.
import type { Scenario, ServerSpec } from '../scenario/types.ts'

const NOT_STORED = '(not stored)'

/** With the variables' names, without their values. */
export function storedScenario(scenario: Scenario): Scenario {
  const servers = Object.entries(scenario.servers).map(([name, spec]) => [name, storedServer(spec)])
  return { ...scenario, servers: Object.fromEntries(servers) }
}

function storedServer(spec: ServerSpec): ServerSpec {
  if (spec.kind === 'external') return spec
  if (spec.kind === 'triton' || spec.build === null) return { ...spec, env: namesOf(spec.env) }
  return { ...spec, env: namesOf(spec.env), build: { ...spec.build, args: namesOf(spec.build.args) } }
}

function namesOf(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.keys(values).map((name) => [name, NOT_STORED]))
}
