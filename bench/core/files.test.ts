// Output files that the user names may be anything.
import { spawnSync } from 'node:child_process'
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BenchError } from './errors.ts'
import { writeFileAtomic } from './files.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dyno-files-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

describe('a file', () => {
  it('is written whole, keeps its mode, and leaves nothing beside it', () => {
    const path = join(dir, 'out.json')
    writeFileSync(path, 'old', { mode: 0o600 })
    writeFileAtomic(path, 'new')
    expect(readFileSync(path, 'utf8')).toBe('new')
    expect(lstatSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(dir)).toEqual(['out.json'])
  })

  it('behind a link is replaced, and the link stays', () => {
    writeFileSync(join(dir, 'target'), 'old')
    symlinkSync('target', join(dir, 'link'))
    writeFileAtomic(join(dir, 'link'), 'new')
    expect(lstatSync(join(dir, 'link')).isSymbolicLink()).toBe(true)
    expect(readFileSync(join(dir, 'target'), 'utf8')).toBe('new')
  })

  it('that is a named pipe is written through', () => {
    const path = join(dir, 'pipe')
    expect(spawnSync('mkfifo', [path]).status).toBe(0)
    // A reader that is there already, or opening the pipe would wait for one.
    const script = `timeout 10 cat "$1" > "$2" & pid=$!; sleep 0.2; "$3" --input-type=module -e "$4"; wait $pid`
    const write = `const { writeFileAtomic } = await import(${JSON.stringify(new URL('./files.ts', import.meta.url).href)});
      writeFileAtomic(${JSON.stringify(path)}, 'through')`
    spawnSync('bash', ['-c', script, 'bash', path, join(dir, 'read'), process.execPath, write])
    expect(readFileSync(join(dir, 'read'), 'utf8')).toBe('through')
    expect(lstatSync(path).isFIFO()).toBe(true)
  })

  it.each([
    ['no/such/file.xml', 'mkdir -p'],
    ['folder', 'name a file, not a folder'],
  ])('%s that cannot be written is the user’s to mend', (name, hint) => {
    mkdirSync(join(dir, 'folder'))
    const write = () => writeFileAtomic(join(dir, name), 'new')
    expect(write).toThrow(BenchError)
    try {
      write()
    } catch (error) {
      expect(error).toMatchObject({ code: 'not-written', exitCode: 4, hint: expect.stringContaining(hint) })
    }
    expect(readdirSync(dir)).toEqual(['folder'])
  })
})
