import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SameBytes } from './same-bytes.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

describe('SameBytes', () => {
  it('agrees with comparing byte by byte, at every offset and length', () => {
    const input = fc.record({
      expected: fc.uint8Array({ min: 0, max: 2, maxLength: 24 }),
      found: fc.uint8Array({ min: 0, max: 2, maxLength: 40 }),
      start: fc.nat(16),
      from: fc.nat(24),
      length: fc.nat(24),
    })
    fc.assert(
      fc.property(input, ({ expected, found, start, from, length }) => {
        fc.pre(from + length <= expected.length && start + length <= found.length)
        const isSame = found.subarray(start, start + length).every((byte, index) => byte === expected[from + index])
        expect(new SameBytes(expected).liesAt(found, start, from, from + length)).toBe(isSame)
      }),
      { numRuns: 2000 },
    )
  })

  it('sees one bit of difference wherever it lies', () => {
    const expected = bytes('0123456789')
    for (let at = 0; at < expected.length; at++) {
      for (const bit of [1, 128]) {
        const found = Uint8Array.from(expected)
        found[at] = (found[at] as number) ^ bit
        expect(new SameBytes(expected).liesAt(found, 0, 0, 10)).toBe(false)
      }
    }
  })

  it('looks at what the expected bytes are at the time, and into whatever buffer it is given', () => {
    const expected = bytes('abcdefgh')
    const same = new SameBytes(expected)
    expect(same.liesAt(bytes('--abcdefgh'), 2, 0, 8)).toBe(true)
    expected[7] = 0x5a
    expect(same.liesAt(bytes('abcdefgh'), 0, 0, 8)).toBe(false)
    expect(same.liesAt(bytes('abcdefgZ').subarray(4), 0, 4, 8)).toBe(true)
  })
})
