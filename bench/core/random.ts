// Seeded random numbers: the same seed gives the same trial order, inputs and arrivals on every machine.

export interface Random {
  /** Uniform in [0, 1), 32 bits of resolution. */
  uniform(): number
  /** Uniform whole number in [0, bound). */
  below(bound: number): number
  /** Standard normal. */
  normal(): number
  /** Exponential with mean 1. */
  exponential(): number
}

/** A generator named by a seed and a purpose, so that two uses of one seed do not share a stream. */
export function seededRandom(seed: number, purpose: string): Random {
  const next = sfc32(seed >>> 0, hash(purpose), Math.floor(seed / 2 ** 32) >>> 0)
  const uniform = () => next() / 2 ** 32
  return {
    uniform,
    below: (bound) => Math.floor(uniform() * bound),
    // Box and Muller (1958); 1 − u keeps the logarithm away from zero.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    exponential: () => -Math.log(1 - uniform()),
  }
}

/** A new array in random order (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const result = [...items]
  for (let last = result.length - 1; last > 0; last--) {
    const chosen = random.below(last + 1)
    const kept = result[last] as T
    result[last] = result[chosen] as T
    result[chosen] = kept
  }
  return result
}

/** Chris Doty-Humphrey's sfc32 (PractRand): 128 bits of state, passes BigCrush. */
function sfc32(seedA: number, seedB: number, seedC: number): () => number {
  let a = seedA
  let b = seedB
  let c = seedC
  let counter = 1
  const next = () => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return sum >>> 0
  }
  for (let round = 0; round < 15; round++) next()
  return next
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  return value >>> 0
}
