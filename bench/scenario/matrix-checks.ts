// Rules between the matrix, the comparison and the gate: names that must exist, loads that a target can carry.
import type { Finding } from './explain-issue.ts'
import { measuredNames, type Parts } from './parts.ts'
import type { ParsedLoad } from './schema.ts'
import type { Path } from './schema-tree.ts'
import { finding, measuredTargets, unknownName } from './target-checks.ts'

export function checkMatrix(parts: Parts): Finding[] {
  const { matrixTargets, targets, batchSizes, loads, baseline, rules } = parts
  const found: Finding[] = []
  for (const [index, name] of (matrixTargets ?? []).entries()) {
    if (typeof name !== 'string' || targets.has(name)) continue
    const message = `matrix.targets names '${name}', which is no target`
    found.push(
      unknownName({ path: ['matrix', 'targets', index], code: 'unknown-target', name, message }, targets.keys()),
    )
  }
  found.push(
    ...duplicates(matrixTargets ?? [], ['matrix', 'targets'], 'duplicate-target'),
    ...duplicates(batchSizes, ['matrix', 'batchSize'], 'duplicate-batch-size'),
    ...duplicates(loads.map(loadText), ['matrix', 'load'], 'duplicate-load'),
    ...loads.flatMap((load, index) => (load === null ? [] : checkLoad(load, ['matrix', 'load', index], parts))),
    ...checkMeasured(baseline, ['compare', 'baseline'], parts),
    ...rules.flatMap((rule, index) => {
      const path = ['gate', 'rules', index]
      const measured = checkMeasured(parts.ruleTargets[index], [...path, 'target'], parts)
      const { maxRegression, max, min } = rule ?? { max: 0 }
      if (maxRegression === undefined && max === undefined && min === undefined) {
        const hint = 'add maxRegression: 10% (needs a baseline), or max, or min'
        return [...measured, finding(path, 'empty-rule', 'this rule limits nothing', hint)]
      }
      if (max === undefined || min === undefined || min <= max) return measured
      const message = 'min is above max, so nothing can pass'
      return [...measured, finding([...path, 'min'], 'empty-rule', message, 'swap the two')]
    }),
  )
  return found
}

/** A target that the comparison or the gate looks at must be measured. */
function checkMeasured(name: unknown, path: Path, parts: Parts): Finding[] {
  const measured = measuredNames(parts)
  if (typeof name !== 'string' || measured.includes(name)) return []
  if (parts.targets.has(name)) {
    const message = `target '${name}' is not measured, because matrix.targets leaves it out`
    return [finding(path, 'target-not-measured', message, `add ${name} to matrix.targets`)]
  }
  const known = new Set(measured.filter((other) => parts.targets.has(other)))
  return [unknownName({ path, code: 'unknown-target', name, message: `there is no target '${name}'` }, known)]
}

function duplicates(entries: readonly unknown[], path: Path, code: string): Finding[] {
  return entries.flatMap((entry, index) => {
    if (entry === null || entries.indexOf(entry) === index) return []
    return [
      finding(
        [...path, index],
        code,
        `${path.join('.')} has this entry twice: ${String(entry)}`,
        'keep one of the two',
      ),
    ]
  })
}

/** Equal for loads that are the same once defaults are filled in. */
function loadText(load: ParsedLoad | null): string | null {
  if (load === null) return null
  const connections = load.connections ?? slotsOf(load)
  return 'concurrency' in load
    ? `concurrency ${load.concurrency} over ${connections} connections`
    : `${ratesText(load)} requests/s, ${load.distribution}, ${load.maxInFlight} in flight over ${connections} connections`
}

function ratesText(load: Exclude<ParsedLoad, { concurrency: number }>): string {
  if ('requestRate' in load) return String(load.requestRate)
  return 'ramp' in load ? `a ramp of ${load.ramp}` : `steps of ${load.steps}`
}

/** Requests that may be in flight. */
export function slotsOf(load: ParsedLoad): number {
  return 'concurrency' in load ? load.concurrency : load.maxInFlight
}

/** The field that makes a load an open one. */
function rateField(load: Exclude<ParsedLoad, { concurrency: number }>): string {
  if ('requestRate' in load) return 'requestRate'
  return 'ramp' in load ? 'ramp' : 'steps'
}

function checkLoad(load: ParsedLoad, path: Path, parts: Parts): Finding[] {
  const targets = measuredTargets(parts)
  const slots = slotsOf(load)
  const field = 'concurrency' in load ? 'concurrency' : 'maxInFlight'
  const at = [...path, 'connections']
  const http = targets.find(([, target]) => target.protocol === 'http')?.[0]
  const found: Finding[] = []
  if (load.connections !== undefined && load.connections > slots) {
    const message = `${load.connections} connections for at most ${slots} requests in flight: the others would stay idle`
    found.push(finding(at, 'connections', message, `write connections: ${slots}, or leave it out`))
  } else if (load.connections !== undefined && load.connections < slots && http !== undefined) {
    const message =
      `HTTP carries one request per connection, so target ${http} needs connections = ${field} (${slots}), ` +
      `not ${load.connections}`
    const hint = 'leave connections out, or measure gRPC targets only: their streams share connections'
    found.push(finding(at, 'connections', message, hint))
  }
  const engineOf = (engine: string | undefined) => engine ?? parts.engine ?? 'native'
  const reference = targets.find(([, target]) => engineOf(target.engine) !== 'native')
  if (!('concurrency' in load) && reference !== undefined) {
    const [name, target] = reference
    const message = `${engineOf(target.engine)} cannot hold a request rate (target ${name}); only the native engine can`
    found.push(
      finding(
        [...path, rateField(load)],
        'engine-load',
        message,
        'take a closed load (concurrency), or engine: native',
      ),
    )
  }
  return found
}
