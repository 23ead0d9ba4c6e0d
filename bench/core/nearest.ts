// The nearest right name to a misspelt one, for "did you mean …?".

const LONGEST_WORD = 100

/**
 * The candidate with the smallest edit distance, letter case aside; `null` when none is near enough to be meant:
 * more than a third of the word (at least one edit) would have to change.
 */
export function nearest(word: string, candidates: readonly string[]): string | null {
  if (word === '' || word.length > LONGEST_WORD) return null
  const wanted = word.toLowerCase()
  let best: string | null = null
  let bestDistance = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const allowed = Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3))
    if (Math.abs(word.length - candidate.length) > allowed) continue
    const distance = editDistance(wanted, candidate.toLowerCase())
    // A distance of the whole word is another word, however short both are.
    if (distance > allowed || distance >= candidate.length || distance >= bestDistance) continue
    best = candidate
    bestDistance = distance
  }
  return best
}

/**
 * Damerau and Levenshtein's distance in its optimal-string-alignment form: insertions, deletions, substitutions and
 * swaps of neighbours cost one each.
 */
function editDistance(from: string, to: string): number {
  let beforeLast: readonly number[] = []
  let last: readonly number[] = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const substitution = from[row - 1] === to[column - 1] ? 0 : 1
      let cost = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + substitution)
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      if (swapped) cost = Math.min(cost, at(beforeLast, column - 2) + 1)
      current.push(cost)
    }
    beforeLast = last
    last = current
  }
  return at(last, to.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}
