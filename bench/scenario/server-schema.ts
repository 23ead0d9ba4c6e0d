// The `servers` of a scenario file: one form per kind.
import { z } from 'zod'
import { duration, environment, grpcUrl, hostName, image, pageUrl, port, serverUrl, text, whole } from './scalars.ts'

const DEFAULT_TRITON_IMAGE = 'nvcr.io/nvidia/tritonserver:23.10-py3'

const flask = z
  .strictObject({
    kind: z.literal('flask').describe('The project’s Flask app.'),
    mode: z
      .enum(['production', 'development'])
      .default('production')
      .describe(
        'production: gunicorn with keep-alive. development: Flask’s own server, which closes after each answer.',
      ),
    workers: whole(1, 256, 1).default(1).describe('Worker processes (production only).'),
    threads: whole(1, 1024, 4).default(4).describe('Threads per worker (production only).'),
    port: port.optional().describe('Port on 127.0.0.1. Default: any free one.'),
    image: image('inference-dyno/flask:latest').optional().describe('Container image. Default: built from flask-app/.'),
    env: environment.prefault({}).describe('Environment variables of the server.'),
    startTimeout: duration('1s', '1h', '60s').prefault('60s').describe('Longest wait until it is ready.'),
  })
  .describe('The project’s Flask app, started by dyno.')

const triton = z
  .strictObject({
    kind: z.literal('triton').describe('NVIDIA Triton Inference Server over `model_repository/`.'),
    image: image(DEFAULT_TRITON_IMAGE)
      .default(DEFAULT_TRITON_IMAGE)
      .describe('Container image, where containers run it.'),
    gpus: z
      .union([z.enum(['auto', 'all', 'none']), z.int().min(1).max(64)])
      .meta({ title: 'word (auto, all, none) or a number of GPUs', examples: ['auto'] })
      .default('auto')
      .describe('GPUs that it may use; auto takes what there is.'),
    ports: z
      .strictObject({
        http: port.describe('HTTP port.'),
        grpc: port.describe('gRPC port.'),
        metrics: port.describe('Metrics port.'),
      })
      .meta({ examples: ['{ http: 8000, grpc: 8001, metrics: 8002 }'] })
      .optional()
      .describe('Ports on 127.0.0.1. Default: any free ones.'),
    env: environment.prefault({}).describe('Environment variables of the server.'),
    startTimeout: duration('1s', '1h', '120s').prefault('120s').describe('Longest wait until it is ready.'),
  })
  .describe('Triton, started by dyno.')

const tls = z
  .strictObject({
    ca: text(4096, 'ca.pem')
      .min(1)
      .optional()
      .describe(
        'PEM file with the certificates of the only CAs to trust, looked for beside this file, then in the working ' +
          'directory. Default: the CAs of Node and of the system.',
      ),
    serverName: hostName
      .optional()
      .describe('Name that is asked for and that the certificate must bear. Default: the host of each URL.'),
    verify: z
      .boolean()
      .meta({ title: 'true or false', examples: [true] })
      .default(true)
      .describe('Whether its certificate is checked.'),
  })
  .meta({ examples: ['{ ca: ca.pem }'] })
  .describe('How a server with https URLs is recognised.')

const external = z
  .strictObject({
    kind: z.literal('external').describe('A server that runs already, here or elsewhere.'),
    url: serverUrl.describe('Base URL of its HTTP API.'),
    grpcUrl: grpcUrl
      .optional()
      .describe('Address of its gRPC API, with TLS if it begins with https://; gRPC targets need it.'),
    metricsUrl: pageUrl.optional().describe('Its Prometheus page, for the server’s own account of the load.'),
    tls: tls.optional(),
  })
  .describe('A server that dyno neither starts nor stops.')

export const serverSchema = z.discriminatedUnion('kind', [flask, triton, external])
