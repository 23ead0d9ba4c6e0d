// The Flask app and Triton as containers: image, command, ports and mounts. Pure, so that compose files can be compared.
import type { ContainerSpec, FlaskServer, TritonServer } from '../../scenario/types.ts'
import type { ServerContainer } from './container-options.ts'

/** What NVIDIA publishes; from 25.03 on its images have no TensorFlow backend. */
export const GPU_IMAGE = 'nvcr.io/nvidia/tritonserver:23.10-py3'

const FLASK_PORT = 5000
const TRITON_PORTS = { http: 8000, grpc: 8001, metrics: 8002 } as const
/** Triton's backends pass tensors through shared memory: the engine's 64 MiB can run out. */
const TRITON_SHM_BYTES = 256 * 1024 ** 2
const NO_LIMITS = { cpus: null, memoryBytes: null, cpuset: null, shmBytes: null } as const

interface Place {
  readonly server: string
  /** Reference or id of the image. */
  readonly image: string
  /** On this machine: of the host network to listen on, of the bridge to publish; null for any free one. */
  readonly ports: readonly (number | null)[]
}

/** @param model a folder of this machine to serve instead of the model in the image */
export function flaskContainer(spec: FlaskServer, place: Place, model: string | null): ServerContainer {
  const network = networkOf(spec)
  const [outside = null] = place.ports
  const inside = network === 'host' ? (outside ?? FLASK_PORT) : FLASK_PORT
  const host = network === 'host' ? '127.0.0.1' : '0.0.0.0'
  const listening =
    spec.mode === 'development'
      ? { HOST: host, PORT: String(inside) }
      : { BIND: `${host}:${inside}`, WORKERS: String(spec.workers), THREADS: String(spec.threads) }
  return {
    server: place.server,
    image: place.image,
    command: spec.mode === 'development' ? ['python3', 'app.py'] : null,
    env: { ...listening, ...(model === null ? {} : { MODEL_PATH: '/model' }), ...spec.env },
    network,
    ports: [{ inside, outside }],
    mounts: model === null ? [] : [{ from: model, to: '/model' }],
    limits: spec.limits ?? NO_LIMITS,
    gpus: 'none',
    readOnlyRoot: true,
  }
}

export interface TritonPlace extends Place {
  /** The folder that holds models. */
  readonly repository: string
  readonly model: string
  readonly gpus: 'all' | 'none' | number
}

export function tritonContainer(spec: TritonServer, place: TritonPlace): ServerContainer {
  const network = networkOf(spec)
  const limits = spec.limits ?? NO_LIMITS
  const ports = Object.entries(TRITON_PORTS).map(([api, usual], index) => {
    const outside = place.ports[index] ?? null
    return { api, outside, inside: network === 'host' ? (outside ?? usual) : usual }
  })
  // On the machine's own network nothing but these arguments keeps it off the other interfaces.
  const addresses = ports.flatMap(({ api, inside }) => [`--${api}-address=127.0.0.1`, `--${api}-port=${inside}`])
  return {
    server: place.server,
    image: place.image,
    command: [
      'tritonserver',
      '--model-repository=/models',
      // Only the scenario's model: others in the repository would cost memory, or fail to load.
      '--model-control-mode=explicit',
      `--load-model=${place.model}`,
      ...(network === 'host' ? addresses : []),
    ],
    env: spec.env,
    network,
    ports: ports.map(({ inside, outside }) => ({ inside, outside })),
    mounts: [{ from: place.repository, to: '/models' }],
    limits: { ...limits, shmBytes: limits.shmBytes ?? TRITON_SHM_BYTES },
    gpus: place.gpus,
    readOnlyRoot: !isNvidias(place.image),
  }
}

/** NVIDIA's images start through a script of theirs, which is not known to do without a writable root. */
export function isNvidias(image: string): boolean {
  return image.startsWith('nvcr.io/nvidia/tritonserver')
}

function networkOf({ network }: ContainerSpec): 'bridge' | 'host' {
  return network ?? 'bridge'
}
