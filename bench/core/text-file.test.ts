// Text files as Windows writes them.
import { describe, expect, it } from 'vitest'
import { BenchError } from './errors.ts'
import { decodeText } from './text-file.ts'

function errorOf(bytes: Uint8Array): BenchError {
  try {
    decodeText(bytes, 'my.yaml')
  } catch (error) {
    if (error instanceof BenchError) return error
  }
  throw new Error('it was accepted')
}

describe('a text file', () => {
  it('is read without its byte order mark', () => {
    expect(decodeText(Buffer.from('\uFEFFname: é'), 'my.yaml')).toBe('name: é')
  })

  it.each([
    ['little endian, marked', Buffer.from('\uFEFFname: p', 'utf16le')],
    ['big endian, marked', Buffer.from('\uFEFFname: p', 'utf16le').swap16()],
    ['little endian, unmarked', Buffer.from('name: p\n', 'utf16le')],
  ])('in UTF-16 is refused with what to do: %s', (_, bytes) => {
    const error = errorOf(bytes)
    expect(error.message).toBe('this file is UTF-16')
    expect(error.hint).toContain('save it as UTF-8')
    expect(error.place).toBe('my.yaml')
    expect(error.exitCode).toBe(2)
  })

  it('with bytes of another encoding is refused', () => {
    expect(errorOf(Buffer.from('name: caf\xe9', 'latin1')).message).toContain('not UTF-8')
  })

  it('may be empty or hold a zero character', () => {
    expect(decodeText(Buffer.alloc(0), 'my.yaml')).toBe('')
    expect(decodeText(Buffer.from('a long enough line with one \0 in it'), 'my.yaml')).toContain('\0')
  })
})
