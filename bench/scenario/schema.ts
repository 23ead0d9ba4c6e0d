// A scenario file's schema, declared once: validation, defaults, types, JSON Schema and docs/scenario.md come from here.
import { z } from 'zod'
import { gateSchema } from './gate-schema.ts'
import { measureSchema } from './measure-schema.ts'
import { folderName, name, text, whole } from './scalars.ts'
import { serverSchema } from './server-schema.ts'

const shape = z
  .array(whole(1, 1_000_000, 4).describe('Length along this dimension.'))
  .min(1)
  .max(8)
  .meta({ title: 'list of whole numbers', examples: ['[4]'] })
  .describe('Lengths of the dimensions, without the batch dimension in front.')

const tensor = z
  .strictObject({
    name: text(256, 'keras_tensor').min(1).describe('Name of the tensor in the model’s configuration.'),
    datatype: z.enum(['FP32', 'FP64', 'INT32', 'INT64', 'UINT8']).describe('KServe v2 datatype.'),
    shape,
  })
  .describe('One tensor.')

const tensors = (what: string) =>
  z
    .array(tensor)
    .min(1)
    .max(16)
    .meta({ title: 'list of tensors', examples: [`[{ name: ${what}, datatype: FP32, shape: [4] }]`] })

export const modelSchema = z
  .strictObject({
    name: folderName('example_model').describe('Name of the model, and of its folder in `model_repository/`.'),
    version: folderName('1').optional().describe('Version, quoted: "1". Default: the server’s newest.'),
    inputs: tensors('keras_tensor').describe('What a request carries.'),
    outputs: tensors('output_0').describe('What an answer carries.'),
  })
  .meta({ examples: ['{ name: example_model, inputs: […], outputs: […] }'] })
  .describe('The model that every target serves.')

const engine = z
  .enum(['native', 'autocannon', 'grpc-js'])
  .describe('Load generator. native is the one to measure with; autocannon (HTTP) and grpc-js (gRPC) are references.')

export const engineSchema = engine.default('native')

const workersSchema = whole(1, 64, 1)
  .default(1)
  .describe(
    'Threads that share the load; no more than the cores that the servers leave free. Native engine and grpc-js.',
  )

const pollingSchema = z
  .enum(['auto', 'always', 'never'])
  .default('auto')
  .describe(
    'Whether idle load threads poll instead of sleeping: a core that sleeps wakes up tens to hundreds of microseconds ' +
      'late, which delays the next request, and counts as latency over TLS and off Linux. Each thread then takes a ' +
      'whole core. auto: where seven more are left.',
  )

export const targetSchema = z
  .strictObject({
    server: name('triton').describe('A key of `servers`.'),
    api: z
      .enum(['flask', 'kserve'])
      .describe('flask: the app’s JSON. kserve: the KServe v2 protocol, which Triton speaks.'),
    protocol: z.enum(['http', 'grpc']).describe('What the API travels over.'),
    tensors: z
      .enum(['json', 'binary'])
      .optional()
      .describe('Form of tensors over HTTP (kserve only). Default: json. Over gRPC it is always binary.'),
    streaming: z
      .boolean()
      .meta({ title: 'true or false', examples: [true] })
      .default(false)
      .describe('gRPC only: one ModelStreamInfer stream per request in flight, instead of a ModelInfer call each.'),
    engine: engine.optional().describe('Load generator of this target. Default: the scenario’s `engine`.'),
  })
  .meta({ examples: ['{ server: triton, api: kserve, protocol: grpc }'] })
  .describe('One way to ask one server for predictions.')

const connections = whole(1, 4096, 8).optional()

const closedLoad = z
  .strictObject({
    concurrency: whole(1, 4096, 8).describe('Requests in flight at any moment: the next is sent when one is answered.'),
    connections: connections.describe(
      'Connections. Default: concurrency. HTTP needs one per request in flight; gRPC may share fewer.',
    ),
  })
  .meta({ title: 'closed loop' })
  .describe('Closed loop: a fixed number of requests in flight.')

const rate = z
  .number()
  .min(0.1)
  .max(1_000_000)
  .meta({ title: 'number of requests per second', examples: [200] })

const rates = (example: string) =>
  z
    .array(rate.describe('Requests per second.'))
    .min(2)
    .max(64)
    .meta({ title: 'list of requests per second', examples: [example] })

const openFields = {
  distribution: z
    .enum(['constant', 'poisson'])
    .default('poisson')
    .describe('Gaps between due times: all equal, or exponential as from independent clients.'),
  maxInFlight: whole(1, 4096, 64)
    .default(64)
    .describe('Slots; a request that is due when none is free is dropped and counted.'),
  connections: connections.describe(
    'Connections. Default: maxInFlight. HTTP needs one per request in flight; gRPC may share fewer.',
  ),
}

const openLoad = z
  .strictObject({
    requestRate: rate.describe('Requests per second, sent when they are due whether or not earlier ones are answered.'),
    ...openFields,
  })
  .meta({ title: 'open loop' })
  .describe('Open loop: a fixed request rate.')

const rampLoad = z
  .strictObject({
    ramp: rates('[50, 400]').describe('Requests per second: from one to the next in straight lines over the window.'),
    ...openFields,
  })
  .meta({ title: 'ramp' })
  .describe('Open loop: a request rate that rises or falls without a break.')

const stepsLoad = z
  .strictObject({
    steps: rates('[50, 100, 200, 400]').describe('Requests per second: each for an equal part of the window.'),
    ...openFields,
  })
  .meta({ title: 'steps' })
  .describe('Open loop: one request rate after the other.')

export const loadSchema = z
  .union([closedLoad, openLoad, rampLoad, stepsLoad])
  .meta({ examples: ['{ concurrency: 8 }'] })

export const matrixSchema = z
  .strictObject({
    targets: z
      .array(name('triton').describe('A key of `targets`.'))
      .min(1)
      .max(64)
      .meta({ title: 'list of names', examples: ['[flask, triton]'] })
      .optional()
      .describe('Keys of `targets` that are measured. Default: all.'),
    batchSize: z
      .array(whole(1, 1024, 8).describe('Rows per request.'))
      .min(1)
      .max(64)
      .meta({ title: 'list of whole numbers', examples: ['[1, 8]'] })
      .default([1])
      .describe('Rows per request.'),
    load: z
      .array(loadSchema)
      .min(1)
      .max(64)
      .meta({ title: 'list of loads', examples: ['[{ concurrency: 8 }]'] })
      .prefault([{ concurrency: 1 }])
      .describe('Loads; each is closed (concurrency) or open (requestRate, ramp or steps).'),
  })
  .prefault({})
  .describe('Every combination of target, batch size and load is a cell, and is measured.')

const tolerance = (what: string) =>
  z
    .number()
    .min(0)
    .max(1e6)
    .meta({ title: 'number', examples: [1e-5] })
    .optional()
    .describe(what)

const verifySchema = z
  .union([
    z.literal('off').meta({ title: 'word (off)', examples: ['off'] }),
    z
      .strictObject({
        tolerance: tolerance('Both of the next two at once. Default: 1e-5.'),
        absolute: tolerance(
          'Floats agree within absolute + relative × the expected value; whole numbers only if equal.',
        ),
        relative: tolerance('See absolute.'),
        every: whole(1, 1_000_000, 100)
          .default(100)
          .describe('During the load one answer in so many is compared, at random.'),
      })
      .describe('How outputs are compared.'),
  ])
  .meta({ title: 'off or a map', examples: ['{ tolerance: 1e-5, every: 100 }'] })
  .prefault({})
  .describe('All targets must answer the same inputs alike: checked before the load and during it.')

const compareSchema = z
  .strictObject({ baseline: name('flask').describe('The target that the others are compared with.') })
  .meta({ examples: ['{ baseline: flask }'] })
  .describe('Adds a comparison of every target with one of them.')

export const scenarioSchema = z
  .strictObject({
    name: folderName('flask-vs-triton').describe('Name of the scenario, and of its run directories.'),
    description: text(2000, 'Flask against Triton').default('').describe('What it is to find out, in a sentence.'),
    model: modelSchema,
    servers: z
      .record(name('triton'), serverSchema)
      .meta({ examples: ['{ triton: { kind: triton } }'] })
      .describe('The servers, by name.'),
    targets: z
      .record(name('triton-grpc'), targetSchema)
      .meta({ examples: ['{ triton-grpc: { server: triton, api: kserve, protocol: grpc } }'] })
      .describe('What is measured, by name.'),
    matrix: matrixSchema,
    engine: engineSchema,
    workers: workersSchema,
    polling: pollingSchema,
    measure: measureSchema,
    verify: verifySchema,
    compare: compareSchema.optional(),
    gate: gateSchema.optional(),
  })
  .meta({ title: 'dyno scenario' })
  .describe('What is measured, on which servers, under which loads, and what must hold.')

export type ParsedScenario = z.output<typeof scenarioSchema>
export type ParsedLoad = z.output<typeof loadSchema>
export type ParsedTarget = z.output<typeof targetSchema>
export type ParsedServer = z.output<typeof serverSchema>
