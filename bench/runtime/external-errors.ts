// What is wrong with a server that somebody else runs, each with the next thing to do.
import { BenchError, messageOf } from '../core/errors.ts'
import { TlsError } from '../core/tls.ts'
import type { Endpoint } from './kserve-answers.ts'

export function unreachable(name: string, address: string, cause: unknown): BenchError {
  const found = { kind: 'environment', place: `server ${name}`, cause } as const
  if (cause instanceof TlsError) {
    const message = `${name} cannot be used at ${address}: ${cause.message}`
    return new BenchError({ ...found, code: 'tls-failed', message, hint: cause.remedy })
  }
  // Refused at each of a name's addresses: the message is empty then, the code is not.
  const why = messageOf(cause) || (cause as NodeJS.ErrnoException).code || 'no answer'
  return new BenchError({
    ...found,
    code: 'server-unreachable',
    message: `${name} does not answer at ${address}: ${why}`,
    hint: `start it, correct the address in the scenario, or wait longer: servers.${name}.startTimeout`,
  })
}

export function modelNotLoaded(
  { name, model }: { readonly name: string; readonly model: string },
  { url }: Endpoint,
  why: string,
): BenchError {
  return new BenchError({
    kind: 'environment',
    code: 'model-not-loaded',
    message: `${name} at ${url} does not serve the model ${model}: ${why}`,
    place: `server ${name}`,
    hint: `see what it serves: curl -X POST ${url}/v2/repository/index`,
  })
}
