// Bytes made wrong in a few places: changed, cut out, repeated, put in, or broken off.
import type { Random } from '../core/random.ts'

/** @param spices what is put in now and then: bytes that mean something to the parser */
export function mutated(whole: Uint8Array, random: Random, spices: readonly Uint8Array[] = []): Uint8Array {
  let bytes = whole
  for (let edits = 1 + random.below(4); edits > 0; edits--) bytes = edited(bytes, random, spices)
  return bytes
}

function edited(bytes: Uint8Array, random: Random, spices: readonly Uint8Array[]): Uint8Array {
  const at = random.below(bytes.length + 1)
  const length = random.below(12)
  switch (random.below(7)) {
    case 0:
      return bytes.subarray(0, at)
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)])
    case 2:
      return Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)])
    case 3: {
      const noise = Uint8Array.from({ length }, () => random.below(256))
      return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at + random.below(2) * length)])
    }
    case 4: {
      const spice = spices[random.below(spices.length)] ?? new Uint8Array(length)
      return Buffer.concat([bytes.subarray(0, at), spice, bytes.subarray(at + random.below(4))])
    }
    default:
      return changed(bytes, at, random.below(2) === 0 ? random.below(256) : (bytes[at] ?? 0) ^ (1 << random.below(8)))
  }
}

function changed(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  if (at < copy.length) copy[at] = value
  return copy
}

/**
 * Ascending places at which to cut `length` bytes: every byte, a few, or where something begins.
 * @param starts places that matter
 */
export function randomCuts(length: number, random: Random, starts: readonly number[] = []): number[] {
  const kind = random.below(8)
  if (kind === 0 && length < 2000) return Array.from({ length }, (_, index) => index)
  if (kind <= 3 && starts.length > 0) {
    const every = 1 + random.below(4)
    return starts.filter((start) => start <= length && random.below(every) === 0)
  }
  const count = kind === 4 ? 1 : random.below(12)
  return Array.from({ length: count }, () => random.below(length + 1)).sort((a, b) => a - b)
}
