// The fast path never accepts what the full parse refuses: primed and fresh readers agree on mutated answers.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Datatype, ModelSpec } from '../scenario/types.ts'
import { flaskJsonCodec } from './flask-json.ts'
import { learnTemplate, matchesTemplate } from './json-template.ts'
import { kserveBinaryCodec } from './kserve-binary.ts'
import { kserveJsonCodec } from './kserve-json.ts'
import type { Codec } from './types.ts'

const MODEL: ModelSpec = {
  name: 'm',
  version: null,
  maxBatchSize: null,
  inputs: [{ name: 'x', datatype: 'FP32', shape: [4] }],
  outputs: [
    { name: 'output_0', datatype: 'FP32', shape: [2] },
    { name: 'label', datatype: 'UINT8', shape: [1] },
  ],
}
const FLASK_MODEL: ModelSpec = { ...MODEL, outputs: [{ name: 'y', datatype: 'FP32', shape: [1] }] }

/** A way to make answers, mostly good ones, that only a number's value or spelling tells apart. */
interface Case {
  readonly codec: () => Codec
  readonly answer: fc.Arbitrary<string>
  readonly accepted: string
}

const reals = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.constantFrom(
    '0',
    '-0',
    '1',
    '0.5',
    '1e5',
    '1e99',
    '1e999',
    '-1e400',
    '01',
    '1.',
    'null',
    '"1"',
    'NaN',
    ' 2',
    'true',
  ),
)
const labels = fc.oneof(fc.integer({ min: -2, max: 300 }).map(String), fc.constantFrom('0.0', '1.5', '1e2', '-0', '00'))

const CASES: Readonly<Record<string, Case>> = {
  'flask, one row': {
    codec: () => flaskJsonCodec(FLASK_MODEL, 1),
    accepted: flask('1', '0.75', '0.75'),
    answer: fc.tuple(labels, reals, reals).map((values) => flask(...values)),
  },
  'flask, two rows': {
    codec: () => flaskJsonCodec(FLASK_MODEL, 2),
    accepted: flask('[0,1]', '[0.5,1]', '[0.5,1]'),
    answer: fc
      .tuple(labels, labels, reals, reals)
      .map(([first, second, a, b]) => flask(`[${first},${second}]`, `[${a},1]`, `[0.5,${b}]`)),
  },
  'kserve json': {
    codec: () => kserveJsonCodec(MODEL, 1),
    accepted: kserve('[1,2]', '0.25,-3', '7'),
    answer: fc
      .tuple(fc.constantFrom('[1,2]', '[1, 2]', '[1.0,2]', '[2,1]', '[1,3]'), reals, reals, labels)
      .map(([shape, a, b, label]) => kserve(shape, `${a},${b}`, label)),
  },
}

function flask(prediction: string, confidence: string, raw: string): string {
  return `{"prediction": ${prediction}, "confidence": ${confidence}, "raw_output": ${raw}, "took_ms": 1.25}`
}

function kserve(shape: string, data: string, label: string): string {
  const first = `{"name":"output_0","datatype":"FP32","shape":${shape},"data":[${data}]}`
  const second = `{"name":"label","datatype":"UINT8","shape":[1,1],"data":[${label}]}`
  return `{"model_name":"m","model_version":"1","outputs":[${first},${second}]}`
}

/** Cuts, repeats, overwrites or moves a few bytes, mostly to characters that mean something in JSON. */
function mutated(text: string): fc.Arbitrary<Uint8Array> {
  const byte = fc.oneof(
    fc.constantFrom(...Buffer.from('0123456789-+.eE,:"[]{} \\\ntfn')),
    fc.integer({ min: 0, max: 255 }),
  )
  const edit = fc.record({
    at: fc.nat({ max: text.length }),
    removed: fc.nat({ max: 3 }),
    added: fc.array(byte, { maxLength: 3 }),
  })
  return fc.array(edit, { minLength: 0, maxLength: 2 }).map((edits) => {
    const bytes = [...Buffer.from(text)]
    for (const { at, removed, added } of edits) bytes.splice(at, removed, ...added)
    return Uint8Array.from(bytes)
  })
}

it.each(Object.entries(CASES))(
  'agrees with the full parse on every mutated answer: %s',
  (_, { codec, answer, accepted }) => {
    const good = Buffer.from(accepted)
    const primed = codec()
    expect(primed.hasForm(good, 0, good.length, -1)).toBe(true)
    fc.assert(
      fc.property(fc.oneof(answer, fc.constant(accepted)).chain(mutated), fc.nat({ max: 5 }), (bytes, shift) => {
        const placed = Buffer.concat([Buffer.alloc(shift, '1'), bytes, Buffer.from('1]}')])
        const expected = primed.decode(placed, shift, shift + bytes.length, -1).ok
        expect(primed.hasForm(placed, shift, shift + bytes.length, -1)).toBe(expected)
        // Whatever it learnt just now, the next property run starts from the plain template again half of the time.
        if (shift < 3) primed.hasForm(good, 0, good.length, -1)
      }),
      { numRuns: 4000 },
    )
  },
)

it('agrees with the full parse on mutated binary answers', () => {
  const header =
    '{"outputs":[{"name":"output_0","datatype":"FP32","shape":[1,2],"parameters":{"binary_data_size":8}},{"name":"label","datatype":"UINT8","shape":[1,1],"parameters":{"binary_data_size":1}}]}'
  const codec = kserveBinaryCodec(MODEL, 1)
  fc.assert(
    fc.property(
      mutated(header),
      fc.integer({ min: -1, max: 1 }),
      fc.integer({ min: 8, max: 10 }),
      (head, skew, tail) => {
        const good = Buffer.concat([Buffer.from(header), Buffer.alloc(9)])
        expect(codec.hasForm(good, 0, good.length, header.length)).toBe(true)
        const answer = Buffer.concat([head, Buffer.alloc(tail)])
        const headerLength = head.length + skew
        const { ok } = codec.decode(answer, 0, answer.length, headerLength)
        expect(codec.hasForm(answer, 0, answer.length, headerLength)).toBe(ok)
      },
    ),
    { numRuns: 3000 },
  )
})

it('frees only the numbers it was told to, wherever digits stand', () => {
  const json = Buffer.from('{"a\\"1":[1,{"b2":[2.5,"3\\\\",-4e1]}],"c":5}')
  const paths: string[] = []
  const template = learnTemplate(json, (path) => {
    paths.push(path.join('/'))
    return path[0] === 'c' ? 'same' : 'real'
  })
  expect(paths).toEqual(['a"1/0', 'a"1/1/b2/0', 'a"1/1/b2/2', 'c'])
  const matches = (text: string) => matchesTemplate(template, Buffer.from(text), 0, Buffer.byteLength(text))
  expect(matches('{"a\\"1":[-0.5,{"b2":[7,"3\\\\",8]}],"c":5}')).toBe(true)
  expect(matches('{"a\\"1":[1,{"b2":[2.5,"3\\\\",-4e1]}],"c":6}')).toBe(false)
  expect(matches('{"a\\"1":[1,{"b2":[2.5,"4\\\\",-4e1]}],"c":5}')).toBe(false)
  expect(matches('{"a\\"1":[1,{"b2":[2.5,"3\\\\",-4e1]}],"c":5} ')).toBe(false)
})

it.each<[Datatype, string, boolean]>([
  ['INT32', '3', true],
  ['INT32', '3.5', false],
  ['INT64', '9007199254740993', true],
  ['UINT8', '256', false],
  ['FP64', '1e-300', true],
])('a primed reader judges a %s of %s as a fresh one does', (datatype, literal, expected) => {
  const codec = kserveJsonCodec({ ...MODEL, outputs: [{ name: 'y', datatype, shape: [] }] }, 1)
  for (const value of ['1', literal]) {
    const bytes = Buffer.from(`{"outputs":[{"name":"y","datatype":"${datatype}","shape":[1],"data":[${value}]}]}`)
    expect(codec.hasForm(bytes, 0, bytes.length, -1)).toBe(value === '1' || expected)
  }
})

it('does not let a hostile depth or length through, nor fall over it', () => {
  const codec = flaskJsonCodec(FLASK_MODEL, 1)
  const deep = Buffer.from(
    `{"prediction":1,"confidence":1,"raw_output":1,"x":${'['.repeat(20_000)}1${']'.repeat(20_000)}}`,
  )
  expect(codec.hasForm(deep, 0, deep.length, -1)).toBe(true)
  const long = Buffer.from(flask('1', '1', `0.${'5'.repeat(70_000)}`))
  expect(codec.hasForm(long, 0, long.length, -1)).toBe(false)
  const short = Buffer.from(flask('1', '1', '0.5'))
  expect(codec.hasForm(short, 0, short.length, -1)).toBe(true)
  expect(codec.hasForm(long, 0, long.length, -1)).toBe(false)
})
