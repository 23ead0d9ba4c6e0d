// Triton as a container: NVIDIA's image on GPUs, dyno's own small one without.
import type { TritonServer } from '../../scenario/types.ts'
import { watchGpus } from '../gpu-watch.ts'
import { loadFailureIn, lookAtKserve, readModelVersion, readServerMetadata } from '../kserve-answers.ts'
import { findModel, hashFolder, modelFiles } from '../project-files.ts'
import { waitUntilReady } from '../readiness.ts'
import type { RunningServer, StartRequest } from '../types.ts'
import { startContainer } from './container.ts'
import type { DockerPlace } from './docker.ts'
import { ensureImage } from './ensure-image.ts'
import { chooseGpus, type GpuChoice } from './gpus.ts'
import { withContainerPorts } from './host-ports.ts'
import type { Image } from './identify-image.ts'
import { ensureOwnImage } from './own-images.ts'
import { GPU_IMAGE, isNvidias, tritonContainer } from './server-containers.ts'

type TritonRequest = StartRequest & { readonly spec: TritonServer }

/** @throws BenchError `gpu-missing`, see `startContainer`, `waitUntilReady`, `ensureImage` */
export async function startTritonContainer(request: TritonRequest, place: DockerPlace): Promise<RunningServer> {
  const { spec, name } = request
  const { engine } = place
  const model = findModel(place.projectDir, request.model)
  const gpus = await chooseGpus(engine, spec.gpus, name)
  const image = await imageOf(request, place, gpus)
  const wanted = spec.ports === null ? null : [spec.ports.http, spec.ports.grpc, spec.ports.metrics]
  return withContainerPorts({ network: spec.network, wanted, count: 3 }, async (ports) => {
    const where = gpus.gpus === 'none' ? 'the CPU' : 'GPUs'
    request.events.step(`starting ${name} (Triton on ${where}, in a container)`)
    const { repository } = model
    const seat = { server: name, image: image.reference, ports, repository, model: request.model, gpus: gpus.gpus }
    const container = tritonContainer(spec, seat)
    const { containerName } = spec
    const started = await startContainer(engine, { container, containerName, logDir: request.logDir })
    const gpuWatch = gpus.gpus === 'none' ? null : watchGpus(place.env)
    try {
      const [http = 0, grpc = 0, metrics = 0] = container.ports.map(({ inside }) => started.port(inside))
      const endpoint = { url: `http://127.0.0.1:${http}`, tls: null }
      const readyMs = await waitUntilReady(
        {
          server: started,
          model: request.model,
          timeoutMs: spec.startTimeoutMs,
          look: () => lookAtKserve(endpoint, { name: request.model, version: request.modelVersion }),
          loadFailure: loadFailureIn,
        },
        request,
      )
      const metadata = await readServerMetadata(endpoint)
      return {
        name,
        identity: {
          kind: 'triton',
          runtime: 'docker',
          imageDigest: image.digest ?? image.id,
          serverName: metadata?.name ?? 'triton',
          serverVersion: metadata?.version ?? null,
          modelVersion: await readModelVersion(endpoint, request.model),
          modelSha256: hashFolder(modelFiles(model.versionDir)),
          device: gpus.gpus === 'none' ? 'cpu' : 'gpu',
          pid: started.pid,
          containerId: started.id,
          engine: `Docker ${engine.version}`,
          detail: `Triton on ${where}, image ${image.reference}, network ${container.network}`,
          notice: gpus.notice,
        },
        url: endpoint.url,
        readyMs,
        grpcAddress: `127.0.0.1:${grpc}`,
        metricsUrl: `http://127.0.0.1:${metrics}/metrics`,
        tls: null,
        death: started.death,
        pausedMs: started.pausedMs,
        resources: async () => {
          const reading = await started.resources()
          return reading === null ? null : { ...reading, gpu: gpuWatch?.latest() ?? null }
        },
        close: async () => {
          gpuWatch?.stop()
          await started.stop()
        },
      }
    } catch (error) {
      gpuWatch?.stop()
      await started.stop()
      throw error
    }
  })
}

/** NVIDIA's image is ten gigabytes of GPU libraries: where `auto` finds no GPU, the small one serves the same model. */
function imageOf(
  { spec, signal, events }: TritonRequest,
  place: DockerPlace,
  { gpus, notice }: GpuChoice,
): Promise<Image> {
  const { engine, projectDir, env } = place
  const image = spec.image ?? (gpus === 'none' ? null : GPU_IMAGE)
  const isReplaced = notice !== null && image !== null && isNvidias(image)
  if (image === null || isReplaced)
    return place.inTurn(() => ensureOwnImage(engine, 'triton-cpu', { projectDir, env, signal, events }))
  return ensureImage(engine, image, { signal, events, env })
}
