// HPACK against RFC 7541's own examples (appendix C), its rules for errors, and random blocks.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type HeaderBlock, HpackDecoder } from './hpack.ts'
import { requestBlocks, tableSizeUpdate } from './hpack-encoder.ts'
import { huffmanDecode, huffmanEncode } from './hpack-huffman.ts'
import { type HeaderField, STATIC_TABLE } from './hpack-static-table.ts'

const LIST_BYTES = 64 * 1024

function decode(decoder: HpackDecoder, hex: string): HeaderBlock {
  const bytes = Buffer.from(hex, 'hex')
  return decoder.decode(bytes, 0, bytes.length)
}

function fields(decoder: HpackDecoder, hex: string): string[] {
  const block = decode(decoder, hex)
  return block.ok ? block.fields.map(([name, value]) => `${name}: ${value}`) : [`error: ${block.reason}`]
}

const reason = (hex: string, listBytes = LIST_BYTES) => {
  const block = decode(new HpackDecoder(listBytes), hex)
  return block.ok ? 'no error' : block.reason
}

const REQUESTS = [
  [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'],
  [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com', 'cache-control: no-cache'],
  [':method: GET', ':scheme: https', ':path: /index.html', ':authority: www.example.com', 'custom-key: custom-value'],
]
const date = (second: number) => `date: Mon, 21 Oct 2013 20:13:${second} GMT`
const LOCATION = 'location: https://www.example.com'
const COOKIE = 'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'
const RESPONSES = [
  [':status: 302', 'cache-control: private', date(21), LOCATION],
  [':status: 307', 'cache-control: private', date(21), LOCATION],
  [':status: 200', 'cache-control: private', date(22), LOCATION, 'content-encoding: gzip', COOKIE],
]

describe('the examples of RFC 7541, appendix C', () => {
  it.each([
    [
      'C.2.1 literal with indexing',
      '400a637573746f6d2d6b65790d637573746f6d2d686561646572',
      ['custom-key: custom-header'],
    ],
    ['C.2.2 literal without indexing', '040c2f73616d706c652f70617468', [':path: /sample/path']],
    ['C.2.3 literal never indexed', '100870617373776f726406736563726574', ['password: secret']],
    ['C.2.4 indexed', '82', [':method: GET']],
  ])('%s', (_, hex, expected) => {
    expect(fields(new HpackDecoder(LIST_BYTES), hex)).toEqual(expected)
  })

  it.each([
    [
      'C.3 requests in plain text',
      [
        '828684410f7777772e6578616d706c652e636f6d',
        '828684be58086e6f2d6361636865',
        '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
      ],
    ],
    [
      'C.4 requests in Huffman code',
      [
        '828684418cf1e3c2e5f23a6ba0ab90f4ff',
        '828684be5886a8eb10649cbf',
        '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
      ],
    ],
  ])('%s share one table', (_, blocks) => {
    const decoder = new HpackDecoder(LIST_BYTES)
    expect(blocks.map((hex) => fields(decoder, hex))).toEqual(REQUESTS)
  })

  it.each([
    [
      'C.5 responses in plain text',
      [
        '4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d',
        '4803333037c1c0bf',
        '88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31',
      ],
    ],
    [
      'C.6 responses in Huffman code',
      [
        '488264025885aec3771a4b6196d07abe941054d444a820059504 0b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3'.replace(
          ' ',
          '',
        ),
        '4883640effc1c0bf',
        '88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
      ],
    ],
  ])('%s evict from a table of 256 bytes', (_, blocks) => {
    const decoder = new HpackDecoder(LIST_BYTES)
    decoder.allowTable(256)
    expect(blocks.map((hex) => fields(decoder, hex))).toEqual(RESPONSES)
  })
})

describe('HpackDecoder', () => {
  it.each([
    ['index 0', '80', 'no header field has index 0'],
    ['an index after the table', 'be', 'no header field has index 62'],
    ['an integer of endless bytes', `ff${'80'.repeat(12)}00`, 'an integer that is too large'],
    ['an integer over 2^32', 'ffffffffff7f', 'an integer that is too large'],
    ['an integer that is cut', 'ff', 'an integer that ends after the block'],
    ['a string that is cut', '400a6375', 'a string that ends after the block'],
    ['a size update over what is allowed', '3fe21f', 'a table larger than allowed'],
    ['a size update after a field', '8220', 'a table size update after a field'],
    ['a Huffman string padded with zeros', '0001618118', 'a wrong Huffman code'],
    ['a Huffman string with 8 bits of padding', '00016182 1fff'.replace(' ', ''), 'a wrong Huffman code'],
    ['a Huffman string with EOS', '00016184ffffffff', 'a wrong Huffman code'],
  ])('refuses %s', (_, hex, expected) => {
    expect(reason(hex)).toBe(expected)
  })

  it('refuses a list of headers over its limit', () => {
    expect(reason('828282', 3 * 42)).toBe('no error')
    expect(reason('82828282', 3 * 42)).toBe('headers of over 126 bytes')
  })

  it('keeps no field that is larger than the table, and loses all others by it', () => {
    const decoder = new HpackDecoder(LIST_BYTES)
    decoder.allowTable(64)
    fields(decoder, '4001610162')
    expect(fields(decoder, 'be')).toEqual(['a: b'])
    fields(decoder, `400161${(100).toString(16).padStart(2, '0')}${'62'.repeat(100)}`)
    expect(fields(decoder, 'be')).toEqual(['error: no header field has index 62'])
  })

  it('forgets the table when the size becomes 0, and has no state then', () => {
    const decoder = new HpackDecoder(LIST_BYTES)
    fields(decoder, '4001610162')
    expect(decoder.isStateless).toBe(false)
    decoder.allowTable(0)
    expect(decoder.isStateless).toBe(true)
    expect(fields(decoder, '4001610162')).toEqual(['a: b'])
    expect(fields(decoder, 'be')).toEqual(['error: no header field has index 62'])
  })

  it('never throws and always ends, whatever the bytes are', () => {
    const bytes = fc.uint8Array({ maxLength: 80 })
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 3 }), (blocks) => {
        const decoder = new HpackDecoder(4096)
        for (const block of blocks) expect(typeof decoder.decode(block, 0, block.length).ok).toBe('boolean')
      }),
      { numRuns: 6000, seed: 1 },
    )
  })
})

const text = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 60,
})

describe('Huffman code', () => {
  it('gives back every text of bytes', () => {
    fc.assert(
      fc.property(text, (original) => {
        const coded = huffmanEncode(original)
        expect(huffmanDecode(coded, 0, coded.length)).toBe(original)
      }),
      { seed: 2 },
    )
  })

  it.each([
    ['\u0000', '1ff8'],
    ['\u00ff', '3ffffee'],
    ['\n', '3ffffffc'],
    ['\u00dc', 'ffffffd'],
    ['~', '1ffd'],
  ])('has the code of appendix B for %j', (symbol, code) => {
    const coded = Buffer.from(huffmanEncode(symbol)).toString('hex')
    const bits = BigInt(`0x${coded}`)
      .toString(2)
      .padStart(4 * coded.length, '0')
    const expected = BigInt(`0x${code}`).toString(2)
    expect(bits.replace(/^0*/, '').startsWith(expected)).toBe(true)
  })
})

describe('requestBlocks', () => {
  const name = fc.string({ unit: fc.constantFrom(...'abcxyz-'), minLength: 1, maxLength: 12 })
  const field = fc.oneof(fc.constantFrom(...STATIC_TABLE.slice(1)), fc.tuple(name, text)) as fc.Arbitrary<HeaderField>

  it('says the same in all three forms, as long as the table holds', () => {
    fc.assert(
      fc.property(fc.array(field, { maxLength: 8 }), (headers) => {
        const { filling, indexed, literal } = requestBlocks(headers)
        const decoder = new HpackDecoder(LIST_BYTES)
        for (const block of [literal, filling, indexed, literal, indexed]) {
          expect(decoder.decode(block, 0, block.length)).toEqual({ ok: true, fields: headers })
        }
      }),
      { seed: 3 },
    )
  })

  it('needs no table for the literal form', () => {
    const { literal } = requestBlocks([
      [':path', '/x'],
      ['te', 'trailers'],
    ])
    const decoder = new HpackDecoder(LIST_BYTES)
    decoder.allowTable(0)
    const block = Buffer.concat([tableSizeUpdate(0), literal])
    expect(decoder.decode(block, 0, block.length).ok).toBe(true)
  })
})
