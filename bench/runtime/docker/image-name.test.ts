// Image references: which are read, how, and which may be published.
import { describe, expect, it } from 'vitest'
import { formatImageName, parseImageName, requirePublishable } from './image-name.ts'

const DIGEST = `sha256:${'0'.repeat(64)}`

describe('the name of an image', () => {
  it.each([
    ['python', { registry: 'docker.io', repository: 'python', tag: null, digest: null }],
    ['user/flask:1.0', { registry: 'docker.io', repository: 'user/flask', tag: '1.0', digest: null }],
    ['localhost/flask', { registry: 'localhost', repository: 'localhost/flask', tag: null, digest: null }],
    [
      '127.0.0.1:5000/team/a/b:v1',
      { registry: '127.0.0.1:5000', repository: '127.0.0.1:5000/team/a/b', tag: 'v1', digest: null },
    ],
    [
      `nvcr.io/nvidia/tritonserver:23.10-py3@${DIGEST}`,
      { registry: 'nvcr.io', repository: 'nvcr.io/nvidia/tritonserver', tag: '23.10-py3', digest: DIGEST },
    ],
  ])('%s is read by Docker’s grammar, and written as it was', (text, name) => {
    expect(parseImageName(text)).toEqual(name)
    expect(formatImageName(parseImageName(text))).toBe(text)
  })

  it.each([
    ['User/Flask:1', 'small letters'],
    ['a b', 'a space'],
    ['flask:', 'of the form'],
    ['-flask', 'of the form'],
    ['flask@sha256:12', 'of the form'],
    ['https://host/flask:1', 'of the form'],
    [`${'a'.repeat(256)}`, 'of the form'],
  ])('%s is refused, and why is said', (text, why) => {
    expect(() => parseImageName(text)).toThrow(why)
  })

  it('is published as user/name:version only', () => {
    expect(requirePublishable('host:5000/team/flask:1', false).tag).toBe('1')
    expect(requirePublishable('team/flask:latest', true).tag).toBe('latest')
    for (const text of ['flask:1', 'host:5000/flask:1', 'team/flask', 'team/flask:latest', `team/flask@${DIGEST}`]) {
      expect(() => requirePublishable(text, false), text).toThrow('is not pushed')
    }
  })
})
