/** Did you mean: the nearest of the names that would have been right. */

/**
 * Optimal string alignment: the least number of insertions, deletions, substitutions and swaps of neighbours,
 * no part edited twice. Counts UTF-16 code units.
 */
export function editDistance(a: string, b: string): number {
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min(row[j - 1]! + 1, previous[j]! + 1, previous[j - 1]! + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, before[j - 2]! + 1)
      row.push(cost)
    }
    before = previous
    previous = row
  }
  return previous[b.length]!
}

/** The nearest of `names`, where one is near enough to be a slip: a third of its length, at most three edits. */
export function nearest(text: string, names: Iterable<string>): string | undefined {
  if (text.length > 100) return undefined
  let best: string | undefined
  let least = Number.POSITIVE_INFINITY
  for (const name of names) {
    const limit = name.length < 3 ? 0 : Math.min(3, Math.floor(name.length / 3))
    if (Math.abs(name.length - text.length) > limit) continue
    const distance = editDistance(text.toLowerCase(), name.toLowerCase())
    if (distance <= limit && distance < least) {
      least = distance
      best = name
    }
  }
  return best
}

/** The nearest name as a suggestion, else the whole list where it is short. */
export function suggestion(text: string, names: Iterable<string>): string | undefined {
  const all = [...names]
  const near = nearest(text, all)
  if (near !== undefined) return `did you mean \`${near}\`?`
  return all.length > 0 && all.length <= 12 ? `one of: ${all.join(', ')}` : undefined
}
