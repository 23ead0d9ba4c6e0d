// Rules between targets, servers, engines and the model: what one field's schema cannot see.
import { nearest } from '../core/nearest.ts'
import type { Finding } from './explain-issue.ts'
import { measuredNames, type PartialTarget, type Parts } from './parts.ts'
import { usesTls } from './resolve.ts'
import type { ParsedServer } from './schema.ts'
import type { Path } from './schema-tree.ts'
import type { EngineName } from './types.ts'

/** A problem with a value at a path. */
export function finding(path: Path, code: string, message: string, hint: string): Finding {
  return { path, part: 'value', code, message, hint }
}

/** A name that is no key of a map, with the nearest key. */
export function unknownName(
  found: { readonly path: Path; readonly code: string; readonly name: string; readonly message: string },
  known: Iterable<string>,
): Finding {
  const names = [...known]
  const close = nearest(found.name, names)
  const all = names.length === 0 ? 'none is defined' : `there are: ${names.join(', ')}`
  return finding(found.path, found.code, found.message, close === null ? all : `did you mean '${close}'?`)
}

export function checkTargets(parts: Parts): Finding[] {
  const none = ['servers', 'targets'].filter((key) => parts[key as 'servers' | 'targets'].size === 0)
  return [
    ...none.map((key) => finding([key], 'empty', `${key} must name at least one`, `add one under ${key}:`)),
    ...[...parts.targets].flatMap(([name, target]) => checkTarget(name, target, parts)),
    ...checkPorts(parts),
    ...checkTls(parts),
    ...checkModel(parts),
  ]
}

function checkTarget(name: string, target: PartialTarget, parts: Parts): Finding[] {
  const path: Path = ['targets', name]
  const server = target.server === undefined ? null : parts.servers.get(target.server)
  const found: Finding[] = []
  if (server === undefined && target.server !== undefined) {
    const message = `target ${name} names the server '${target.server}', which is not defined`
    const unknown = { path: [...path, 'server'], code: 'unknown-server', name: target.server, message }
    found.push(unknownName(unknown, parts.servers.keys()))
  } else if (server !== null && server !== undefined) found.push(...checkServerFits(path, target, server))
  if (target.api === 'flask') found.push(...checkFlaskApi(path, target))
  if (target.protocol === 'grpc' && target.tensors === 'json') {
    const message = 'gRPC always carries binary tensors'
    found.push(finding([...path, 'tensors'], 'tensors-protocol', message, 'leave tensors out, or take protocol: http'))
  }
  if (target.streaming === true && target.protocol === 'http') {
    const message = 'streaming is a kind of gRPC call'
    found.push(
      finding([...path, 'streaming'], 'streaming-protocol', message, 'leave streaming out, or take protocol: grpc'),
    )
  }
  return [...found, ...checkEngine(path, target, parts)]
}

function checkServerFits(path: Path, target: PartialTarget, server: ParsedServer): Finding[] {
  const apiOfKind = { flask: 'flask', triton: 'kserve', external: target.api } as const
  const api = apiOfKind[server.kind]
  const found: Finding[] = []
  if (target.api !== undefined && target.api !== api) {
    const message = `a ${server.kind} server does not speak the ${target.api} API`
    found.push(finding([...path, 'api'], 'api-server', message, `write api: ${api}`))
  }
  if (server.kind === 'external' && target.protocol === 'grpc' && server.grpcUrl === undefined) {
    const message = `server ${target.server} has no grpcUrl, but this target speaks gRPC`
    const hint = `add under servers.${target.server}: grpcUrl: host:port`
    found.push(finding([...path, 'protocol'], 'grpc-url-missing', message, hint))
  }
  return found
}

function checkFlaskApi(path: Path, target: PartialTarget): Finding[] {
  const found: Finding[] = []
  if (target.protocol === 'grpc') {
    const message = 'the flask API travels over HTTP only'
    found.push(finding([...path, 'protocol'], 'flask-protocol', message, 'write protocol: http'))
  }
  if (target.tensors === 'binary') {
    const message = 'the flask API carries JSON only'
    found.push(finding([...path, 'tensors'], 'flask-tensors', message, 'leave tensors out'))
  }
  return found
}

/** Effective engine: the target's, else the scenario's. The problem is placed where the engine is written. */
function checkEngine(path: Path, target: PartialTarget, parts: Parts): Finding[] {
  const engine = target.engine ?? parts.engine
  const at: Path = target.engine === undefined ? ['engine'] : [...path, 'engine']
  const server = target.server === undefined ? null : parts.servers.get(target.server)
  const why = engine === null ? null : unfit(engine, target, server ?? null)
  const hint = target.engine === undefined ? `add under ${path.join('.')}: engine: native` : 'write engine: native'
  return why === null ? [] : [finding(at, 'engine-target', `${path.join('.')}: ${why}`, hint)]
}

function unfit(engine: EngineName, target: PartialTarget, server: ParsedServer | null): string | null {
  if (engine === 'autocannon' && target.protocol === 'grpc') return 'autocannon speaks HTTP only'
  if (engine === 'grpc-js' && target.protocol === 'http') return 'grpc-js speaks gRPC only'
  if (engine === 'grpc-js' && target.streaming === true) return 'grpc-js makes unary calls only'
  if (engine === 'autocannon' && target.tensors === 'binary') {
    return 'autocannon decodes answers as UTF-8, so binary tensors could not be verified'
  }
  if (engine === 'autocannon' && server?.kind === 'external' && server.url.startsWith('https:')) {
    return 'autocannon accepts any certificate, so it is not used over https'
  }
  return null
}

/** Fixed ports of servers that run at the same time. */
function checkPorts(parts: Parts): Finding[] {
  const owners = new Map<number, string>()
  const found: Finding[] = []
  for (const [name, server] of parts.servers) {
    for (const [path, port] of portsOf(name, server)) {
      const owner = owners.get(port)
      if (owner === undefined) owners.set(port, path.join('.'))
      else found.push(finding(path, 'duplicate-port', `port ${port} is ${owner}’s`, 'take another, or leave ports out'))
    }
  }
  return found
}

/** Settings without effect hide a forgotten s in a URL. */
function checkTls({ servers }: Parts): Finding[] {
  return [...servers].flatMap(([name, server]) => {
    if (server?.kind !== 'external' || server.tls === undefined || usesTls(server)) return []
    const message = `servers.${name} has tls settings, but none of its URLs is https`
    return [finding(['servers', name, 'tls'], 'tls-unused', message, 'write https:// in its URL, or leave tls out')]
  })
}

function portsOf(name: string, server: ParsedServer | null): (readonly [Path, number])[] {
  if (server?.kind === 'flask') return server.port === undefined ? [] : [[['servers', name, 'port'], server.port]]
  if (server?.kind !== 'triton' || server.ports === undefined) return []
  return Object.entries(server.ports).map(([key, port]) => [['servers', name, 'ports', key], port] as const)
}

function checkModel({ model, targets }: Parts): Finding[] {
  if (model === null) return []
  const found = (['inputs', 'outputs'] as const).flatMap((key) => {
    const names = model[key].map((tensor) => tensor.name)
    return names.flatMap((name, index) =>
      names.indexOf(name) === index
        ? []
        : [
            finding(
              ['model', key, index, 'name'],
              'duplicate-tensor',
              `'${name}' is there twice`,
              'name each tensor once',
            ),
          ],
    )
  })
  const [input] = model.inputs
  const flask = [...targets].find(([, target]) => target.api === 'flask')?.[0]
  if (flask !== undefined && (model.inputs.length !== 1 || input?.shape.length !== 1)) {
    const message = `the flask API carries one row of features, so target ${flask} needs one input of one dimension`
    found.push(
      finding(['model', 'inputs'], 'flask-inputs', message, 'for example shape: [4]; or leave the flask target out'),
    )
  }
  const [output] = model.outputs
  const numbers = output?.shape.reduce((product, dimension) => product * dimension, 1)
  if (flask !== undefined && (model.outputs.length !== 1 || numbers !== 1)) {
    const message = `the flask API answers one number a row, so target ${flask} needs one output of one element`
    found.push(
      finding(['model', 'outputs'], 'flask-outputs', message, 'write shape: [1]; or leave the flask target out'),
    )
  }
  return found
}

/** Measured targets that exist. */
export function measuredTargets(parts: Parts): readonly (readonly [string, PartialTarget])[] {
  return measuredNames(parts).flatMap((name) => {
    const target = parts.targets.get(name)
    return target === undefined ? [] : [[name, target] as const]
  })
}
