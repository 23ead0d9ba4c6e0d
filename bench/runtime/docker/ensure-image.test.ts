import { expect, it } from 'vitest'
import type { Engine } from './engine.ts'
import { registryError } from './ensure-image.ts'

// A port whose digits read as a status must not be taken for one.
const registry = '127.0.0.1:40179'
const reference = `${registry}/team/app:1.0.0`

it.each([
  [`manifest for ${reference} not found: manifest unknown: manifest unknown`, 'image-missing'],
  [`Head "http://${registry}/v2/team/app/manifests/1.0.0": no basic auth credentials`, 'registry-login'],
  [`login attempt to http://${registry}/v2/ failed with status: 401 Unauthorized`, 'registry-login'],
  [`Get "http://${registry}/v2/": dial tcp ${registry}: connect: connection refused`, 'registry-unreachable'],
  [`write /var/lib/docker/tmp/GetImageBlob1: no space left on device`, 'disk-full'],
])('tells from “%s” that it is %s', (message, code) => {
  const error = registryError(new Error(message), {} as Engine, { doing: 'pulled', reference, registry })
  expect(error).toMatchObject({ code, message: expect.stringContaining(`${reference} could not be pulled`) })
})
