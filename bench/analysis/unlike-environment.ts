// Whether two runs were measured where their numbers can be compared.
import type { Environment } from './run-document.ts'

type Facts = Readonly<Record<string, string | number | null>>

/**
 * What has to be alike for two runs' numbers to be compared, each as `field: one against other`; empty when alike.
 *
 * Images, models and versions of servers are left out: they are what runs are compared for. Where a server ran (in a
 * container or not, on a GPU or not) is not.
 */
export function unlikeEnvironment(one: Environment, other: Environment): string[] {
  const right = factsOf(other, one)
  return Object.entries(factsOf(one, other))
    .filter(([field, value]) => value !== right[field])
    .map(([field, value]) => `${field}: ${value ?? 'unknown'} against ${right[field] ?? 'unknown'}`)
}

function factsOf(environment: Environment, other: Environment): Facts {
  const shared = Object.entries(environment.servers).filter(([name]) => name in other.servers)
  return {
    cpu: environment.cpu,
    cores: environment.cores,
    // The kernel keeps a little for itself, and never the same.
    'memory (GiB)': Math.round(environment.memoryBytes / 1024 ** 3),
    kernel: firstParts(environment.kernel, 2),
    governor: environment.governor,
    gpu: environment.gpu,
    'node major': firstParts(environment.node.replace(/^v/, ''), 1),
    dyno: firstParts(environment.dyno, 2),
    // Not the priority: it tells in the tails of open loops only, and one of two who share a baseline may lack it.
    ...(environment.loadThreads !== null && other.loadThreads !== null
      ? { 'answers timed by': environment.loadThreads.answersTimedBy }
      : {}),
    ...Object.fromEntries(
      shared.flatMap(([name, { runtime, device }]) => [
        [`${name} runs`, runtime],
        [`${name} computes on`, device],
      ]),
    ),
  }
}

/** `6.8.0-45-generic`, 2 → `6.8`: patches come every few days and change no figure. */
function firstParts(version: string, count: number): string {
  return version.split('.').slice(0, count).join('.')
}
