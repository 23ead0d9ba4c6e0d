// A scenario's tensors against those of the model's own configuration, where dyno starts a server over that repository.
import type { Finding } from './explain-issue.ts'
import type { ConfigTensor, ModelConfig } from './model-config.ts'
import { measuredNames, type Parts } from './parts.ts'
import type { Path } from './schema-tree.ts'
import { finding } from './target-checks.ts'

type Tensor = NonNullable<Parts['model']>['inputs'][number]

export function checkModelConfig(parts: Parts, config: ModelConfig | null): Finding[] {
  const { model } = parts
  if (model === null || config === null || !servesRepository(parts)) return []
  return [
    ...(['inputs', 'outputs'] as const).flatMap((key) =>
      config[key].length === 0
        ? []
        : model[key].flatMap((tensor, index) => checkTensor(tensor, ['model', key, index], config)),
    ),
    ...missingInputs(model.inputs, config),
  ]
}

/** Servers of images and sources of the user's own may hold another model of the same name. */
function servesRepository(parts: Parts): boolean {
  return measuredNames(parts).some((name) => {
    const server = parts.servers.get(parts.targets.get(name)?.server ?? '')
    if (server?.kind === 'flask') return server.build === undefined && server.image === undefined
    return server?.kind === 'triton'
  })
}

function checkTensor(tensor: Tensor, path: Path, config: ModelConfig): Finding[] {
  const key = path[1] === 'inputs' ? 'inputs' : 'outputs'
  const all = config[key]
  const where = path.join('.')
  const known = all.find(({ name }) => name === tensor.name)
  if (known === undefined) {
    const names = all.map(({ name }) => name).join(', ')
    const message = `${where} is named ${tensor.name}, but ${placeOf(all[0], config)} names its ${key} ${names}`
    const hint = all.length === 1 ? `write name: ${names}` : `take one of ${names}`
    return [finding([...path, 'name'], 'model-config', message, `${hint}; or change the model’s configuration`)]
  }
  const found: Finding[] = []
  const { datatype } = known
  if (datatype !== null && datatype !== tensor.datatype) {
    const message = `${where} is ${tensor.datatype}, but ${placeOf(known, config)} says ${datatype}`
    const hint = `write datatype: ${datatype}; or change the model’s configuration`
    found.push(finding([...path, 'datatype'], 'model-config', message, hint))
  }
  const dims = shapeOf(known, config)
  if (dims !== null && !fits(tensor.shape, dims)) {
    const message = `${where} has the shape [${tensor.shape.join(', ')}], but ${placeOf(known, config)} says [${dims.join(', ')}] (without the batch dimension)`
    const hint = `write shape: [${dims.join(', ')}]; or change the model’s configuration`
    found.push(finding([...path, 'shape'], 'model-config', message, hint))
  }
  return found
}

function missingInputs(inputs: readonly Tensor[], config: ModelConfig): Finding[] {
  const named = new Set(inputs.map(({ name }) => name))
  // One that is misnamed is a problem of its own.
  if (inputs.some(({ name }) => config.inputs.every((tensor) => tensor.name !== name))) return []
  return config.inputs
    .filter(({ name, optional }) => !optional && !named.has(name))
    .map((tensor) => {
      const message = `model.inputs lacks ${tensor.name}, which ${placeOf(tensor, config)} asks for`
      return finding(['model', 'inputs'], 'model-config', message, `add { name: ${tensor.name}, … }`)
    })
}

/** Without the batch dimension, which dims hold where the model has no largest batch. */
function shapeOf({ dims }: ConfigTensor, { maxBatchSize }: ModelConfig): readonly number[] | null {
  if (dims === null || dims.some((dimension) => !Number.isInteger(dimension))) return null
  return maxBatchSize === null ? dims.slice(1) : dims
}

function fits(shape: readonly number[], dims: readonly number[]): boolean {
  return shape.length === dims.length && dims.every((dimension, at) => dimension === -1 || dimension === shape[at])
}

function placeOf(tensor: ConfigTensor | undefined, { path }: ModelConfig): string {
  return tensor === undefined ? path : `${path}:${tensor.line}`
}
