/**
 * "Did you mean": the known word nearest to the one that was typed.
 * @module
 */

/** Words longer than this are not compared: nobody mistypes one of ours at such length. */
const WORD_LENGTH_MAX = 40

/**
 * The candidate with the smallest edit distance (insert, delete, replace, swap two neighbors; capitals do not count), the
 * first one on a tie. Undefined when even that one differs in more than a third of its letters, or in all of them.
 */
export function nearestWord(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length === 0 || word.length > WORD_LENGTH_MAX) return undefined
  let best: string | undefined
  let bestDistance = Infinity
  for (const candidate of candidates) {
    if (candidate.length > WORD_LENGTH_MAX) continue
    const bound = Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3))
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    const isClose = distance <= bound && distance < Math.min(word.length, candidate.length)
    if (isClose && distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best
}

/** Optimal string alignment distance: Levenshtein's, where swapping two neighbors counts once. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      let least = Math.min(replaced, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, (beforeLast[j - 2] ?? 0) + 1)
      }
      row.push(least)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}
