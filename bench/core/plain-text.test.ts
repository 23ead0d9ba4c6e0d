import { expect, it } from 'vitest'
import { plainData, plainText } from './plain-text.ts'

it.each([
  ['an escape sequence', '\x1b[2Jclear', '·[2Jclear'],
  ['an operating system command', '\x1b]0;title\x07', '·]0;title·'],
  ['a C1 control', '\u009b31m', '·31m'],
  ['an override of direction', 'abc\u202egpj.exe', 'abc·gpj.exe'],
  ['an isolate', '\u2066x\u2069', '·x·'],
  ['zero-width characters', 'pay\u200bpal\ufeff', 'pay·pal·'],
  ['a carriage return', 'fine\rworse', 'fine·worse'],
])('%s is shown as dots', (_, text, plain) => {
  expect(plainText(text)).toBe(plain)
})

it('leaves letters of every script, line feeds and tabs alone', () => {
  const text = 'Größe 模型 مرحبا\n\tx – “y” ±5 %'
  expect(plainText(text)).toBe(text)
})

it('reaches every text of a document', () => {
  expect(plainData({ a: ['\x1b'], b: { c: 'x\u202e' }, n: 1, z: null })).toEqual({
    a: ['·'],
    b: { c: 'x·' },
    n: 1,
    z: null,
  })
})
