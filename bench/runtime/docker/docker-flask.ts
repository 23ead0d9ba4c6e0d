// The Flask app as a container: from its image, one of the user's, or sources of the user's.
import type { FlaskServer } from '../../scenario/types.ts'
import { describeFlask, lookAtFlask } from '../flask-answers.ts'
import { countPollingWorkers } from '../polling-workers.ts'
import { findModel, hashFolder, modelFiles } from '../project-files.ts'
import { waitUntilReady } from '../readiness.ts'
import type { RunningServer, StartRequest } from '../types.ts'
import { buildImage } from './build-image.ts'
import { startContainer } from './container.ts'
import type { DockerPlace } from './docker.ts'
import { ensureImage } from './ensure-image.ts'
import { withContainerPorts } from './host-ports.ts'
import type { Image } from './identify-image.ts'
import { ensureOwnImage } from './own-images.ts'
import { flaskContainer } from './server-containers.ts'

type FlaskRequest = StartRequest & { readonly spec: FlaskServer }

/** The model that dyno's own image holds. */
const MODEL_IN_IMAGE = 'example_model'

/** @throws BenchError, see `startContainer`, `waitUntilReady`, `ensureImage`, `buildImage` */
export async function startFlaskContainer(request: FlaskRequest, place: DockerPlace): Promise<RunningServer> {
  const { spec, name } = request
  const { engine } = place
  const image = await imageOf(request, place)
  const model = modelOf(request, place)
  const wanted = spec.port === null ? null : [spec.port]
  return withContainerPorts({ network: spec.network, wanted, count: 1 }, async (ports) => {
    request.events.step(`starting ${name} (${describeFlask(spec)}, in a container)`)
    const where = { server: name, image: image.reference, ports }
    const container = flaskContainer(spec, where, model.mounted)
    const { containerName } = spec
    const started = await startContainer(engine, { container, containerName, logDir: request.logDir })
    try {
      const inside = container.ports[0]?.inside ?? 0
      const port = started.port(inside)
      const url = `http://127.0.0.1:${port}`
      const countWorkers = () => countPollingWorkers(started.pid, inside)
      const readyMs = await waitUntilReady(
        {
          server: started,
          model: request.model,
          timeoutMs: spec.startTimeoutMs,
          look: () => lookAtFlask(url, spec, countWorkers),
          loadFailure: () => null,
        },
        request,
      )
      return {
        name,
        identity: {
          kind: 'flask',
          runtime: 'docker',
          imageDigest: image.digest ?? image.id,
          serverName: spec.mode === 'production' ? 'gunicorn' : 'werkzeug',
          serverVersion: null,
          modelVersion: null,
          modelSha256: model.sha256,
          device: 'cpu',
          pid: started.pid,
          containerId: started.id,
          engine: `Docker ${engine.version}`,
          detail: `${describeFlask(spec)}, image ${image.reference}, network ${container.network}`,
          notice: null,
        },
        url,
        readyMs,
        grpcAddress: null,
        metricsUrl: null,
        tls: null,
        death: started.death,
        pausedMs: started.pausedMs,
        resources: started.resources,
        close: started.stop,
      }
    } catch (error) {
      await started.stop()
      throw error
    }
  })
}

function imageOf({ spec, name, signal, events }: FlaskRequest, place: DockerPlace): Promise<Image> {
  const { engine, projectDir, env } = place
  if (spec.build !== null) {
    const tag = spec.image ?? `inference-dyno/${name.toLowerCase()}:built`
    return buildImage(engine, { ...spec.build, tag }, { signal, events })
  }
  if (spec.image !== null) return ensureImage(engine, spec.image, { signal, events, env })
  return place.inTurn(() => ensureOwnImage(engine, 'flask', { projectDir, env, signal, events }))
}

interface ServedModel {
  /** null for the image's own. */
  readonly mounted: string | null
  /** `null` where only the image knows. */
  readonly sha256: string | null
}

/** An image of the user's, and a path of the user's in it, are taken as they are. */
function modelOf({ spec, model }: FlaskRequest, { projectDir }: DockerPlace): ServedModel {
  if (spec.image !== null || spec.build !== null || spec.env.MODEL_PATH !== undefined) {
    return { mounted: null, sha256: null }
  }
  const files = modelFiles(findModel(projectDir, model).versionDir)
  return { mounted: model === MODEL_IN_IMAGE ? null : files, sha256: hashFolder(files) }
}
