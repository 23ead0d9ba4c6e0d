import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findModel, hashFolder, locate, modelFiles } from './project-files.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dyno-files-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

function put(path: string, content = ''): void {
  mkdirSync(join(dir, path, '..'), { recursive: true })
  writeFileSync(join(dir, path), content)
}

describe('the files of a project', () => {
  it('are the project’s own, else those of dyno itself', () => {
    expect(locate(dir, 'flask-app/app.py')).toBe(resolve(import.meta.dirname, '../../flask-app/app.py'))
    put('flask-app/app.py')
    expect(locate(dir, 'flask-app/app.py')).toBe(join(dir, 'flask-app/app.py'))
    expect(() => locate(dir, 'no/such/file')).toThrow('no/such/file is missing')
  })

  it('hold the highest version of a model, by number and not by name', () => {
    for (const version of ['1', '9', '10', 'notes', '0']) put(`model_repository/m/${version}/file`)
    expect(findModel(dir, 'm')).toMatchObject({ version: '10', versionDir: join(dir, 'model_repository/m/10') })
  })

  it.each([
    ['other', 'model_repository has no model other', 'set model.name to one of: m'],
    ['../m', 'model_repository has no model ../m', 'set model.name to one of: m'],
    ['m', 'model_repository/m has no version folder', 'put the model into model_repository/m/1'],
  ])('lack the model %j: %j', (name, message, hint) => {
    put('model_repository/m/config.pbtxt')
    put('m/1/file')
    expect(() => findModel(dir, name)).toThrow(expect.objectContaining({ code: 'model-missing', message, hint }))
  })
})

describe('the hash of a model', () => {
  it('covers the SavedModel where there is one, whatever lies beside it', () => {
    put('1/model.py', 'a')
    expect(modelFiles(join(dir, '1'))).toBe(join(dir, '1'))
    put('1/model.savedmodel/saved_model.pb', 'b')
    expect(modelFiles(join(dir, '1'))).toBe(join(dir, '1/model.savedmodel'))
  })

  it('changes with a byte and with a name, not with Python’s caches', () => {
    put('m/variables/a', 'xy')
    const before = hashFolder(join(dir, 'm'))
    put('m/__pycache__/model.pyc', 'z')
    expect(hashFolder(join(dir, 'm'))).toBe(before)
    put('m/variables/a', 'xz')
    const changed = hashFolder(join(dir, 'm'))
    rmSync(join(dir, 'm/variables'), { recursive: true })
    put('m/variables/ax', 'z')
    expect(new Set([before, changed, hashFolder(join(dir, 'm'))]).size).toBe(3)
  })
})
