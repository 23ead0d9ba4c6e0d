// The `servers` of a scenario file: one form per kind.
import { z } from 'zod'
import {
  containerName,
  cpuSet,
  duration,
  environment,
  grpcUrl,
  hostName,
  image,
  pageUrl,
  port,
  serverUrl,
  size,
  text,
  whole,
} from './scalars.ts'

/** What only containers have; the local runtime refuses what is set of it. */
const container = {
  containerName: containerName.optional().describe('Name of the container. Default: dyno-<server>-<a random end>.'),
  network: z
    .enum(['bridge', 'host'])
    .optional()
    .describe(
      'bridge (the default): ports are published on 127.0.0.1. host: the machine’s own network, without what the ' +
        'bridge costs.',
    ),
  limits: z
    .strictObject({
      cpus: z
        .number()
        .min(0.01)
        .max(1024)
        .meta({ title: 'number of CPUs', examples: [1.5] })
        .optional()
        .describe('CPU time, in cores.'),
      memory: size('16MiB', '16TiB', '2GiB').optional().describe('Memory; a server that needs more is killed.'),
      cpuset: cpuSet.optional().describe('Cores that it may run on.'),
      shmSize: size('1MiB', '1TiB', '256MiB')
        .optional()
        .describe('Size of /dev/shm. Default: 64 MiB; Triton, whose backends pass tensors through it, 256 MiB.'),
    })
    .meta({ examples: ['{ cpus: 1, memory: 2GiB }'] })
    .optional()
    .describe('What the container may use.'),
}

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
    image: image('inference-dyno/flask:1.0.0')
      .optional()
      .describe('Container image by tag or digest. Default: built from flask-app/.'),
    build: z
      .strictObject({
        context: text(4096, '.').min(1).describe('Folder that is sent to the engine, looked for like `tls.ca`.'),
        dockerfile: text(4096, 'flask-app/Dockerfile').min(1).default('Dockerfile').describe('Path in the folder.'),
        args: environment.prefault({}).describe('Build arguments.'),
      })
      .meta({ examples: ['{ context: ., dockerfile: flask-app/Dockerfile }'] })
      .optional()
      .describe('Builds the container image from sources of your own instead.'),
    ...container,
    env: environment.prefault({}).describe('Environment variables of the server.'),
    startTimeout: duration('1s', '1h', '60s').prefault('60s').describe('Longest wait until it is ready.'),
  })
  .describe('The project’s Flask app, started by dyno.')

const triton = z
  .strictObject({
    kind: z.literal('triton').describe('NVIDIA Triton Inference Server over `model_repository/`.'),
    image: image('nvcr.io/nvidia/tritonserver:23.10-py3')
      .optional()
      .describe(
        'Container image by tag or digest. Default: nvcr.io/nvidia/tritonserver:23.10-py3 with GPUs; without, one ' +
          'that is built from docker/triton-cpu/ (also instead of an image of NVIDIA’s, where `gpus: auto` finds none).',
      ),
    ...container,
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
    startTimeout: duration('0s', '1h', '30s')
      .prefault('30s')
      .describe('Longest wait until it answers and has the model.'),
  })
  .describe('A server that dyno neither starts nor stops.')

export const serverSchema = z.discriminatedUnion('kind', [flask, triton, external])
