// Whether two runs were measured where their numbers can be compared.
import type { Environment } from './run-document.ts'

/** What has to be alike for two runs' numbers to be compared, each as `field: one against other`; empty when alike. */
export function unlikeEnvironment(one: Environment, other: Environment): string[] {
  const facts = (environment: Environment) => ({
    cpu: environment.cpu,
    cores: environment.cores,
    governor: environment.governor,
    gpu: environment.gpu,
    'node major': environment.node.replace(/^v/, '').split('.')[0] ?? null,
  })
  const right: Readonly<Record<string, string | number | null>> = facts(other)
  return Object.entries(facts(one))
    .filter(([field, value]) => value !== right[field])
    .map(([field, value]) => `${field}: ${value ?? 'unknown'} against ${right[field] ?? 'unknown'}`)
}
