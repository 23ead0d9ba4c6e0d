import { describe, expect, it } from 'vitest'
import { BenchError } from '../core/errors.ts'
import { makeBaseline, parseBaseline } from './baseline.ts'
import { estimate, makeCell, makeRun } from './gate-fixture.ts'

const text = JSON.stringify(makeBaseline([makeRun()]))
const edited = (from: string, to: string) => {
  expect(text).toContain(from)
  return text.replace(from, to)
}

function errorOf(content: string): BenchError {
  try {
    parseBaseline(content, 'baseline.json')
  } catch (error) {
    if (error instanceof BenchError) return error
    throw error
  }
  throw new Error('was accepted')
}

it('reads back what was saved', () => {
  expect(parseBaseline(text, 'baseline.json')).toEqual(makeBaseline([makeRun()]))
})

describe('a baseline is refused with its place and the next thing to do', () => {
  it.each([
    ['an empty file', '', 'cut off or no JSON'],
    ['a truncated file', text.slice(0, text.length / 2), 'cut off or no JSON'],
    ['NaN', edited('"value":10,', '"value":NaN,'), 'NaN or Infinity'],
    ['a number that overflows', edited('"value":10,', '"value":1e999,'), 'runs.0.cells.0.latencyMs.p99.value'],
    ['a number as text', edited('"value":10,', '"value":"10",'), 'runs.0.cells.0.latencyMs.p99.value'],
    ['an interval that does not hold its value', edited('"value":10,', '"value":99,'), 'low ≤ value ≤ high'],
    [
      'a negative latency',
      JSON.stringify(makeBaseline([makeRun({ cells: [makeCell({ p99: estimate(-1, -2, 0) })] })])),
      'negative',
    ],
    ['a missing field', edited('"engine":"native",', ''), 'runs.0.cells.0.engine'],
    ['no cells', JSON.stringify(makeBaseline([makeRun({ cells: [] })])), 'has no cells'],
    ['a run.json', JSON.stringify(makeRun()), 'kind'],
    ['something else', '[]', 'not a baseline'],
    ['null', 'null', 'not a baseline'],
  ])('%s', (_, content, expected) => {
    const error = errorOf(content)
    expect(error).toMatchObject({ code: 'baseline-invalid', place: 'baseline.json', exitCode: 2 })
    expect(error.message).toContain(expected)
    expect(error.hint).toContain('dyno baseline')
  })

  it('another schema version', () => {
    const error = errorOf(edited('"schemaVersion":2', '"schemaVersion":1'))
    expect(error.code).toBe('baseline-version')
    expect(error.message).toContain('schemaVersion 1')
  })
})
