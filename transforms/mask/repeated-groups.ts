/**
 * Whether a capturing group of an RE2 pattern stands under a repetition (`(\d)+`, `(?:(\d)-?){3}`). Such a
 * group holds its last repetition only, so hiding "what the group holds" would leave the others readable.
 * @param source a pattern that RE2 has compiled: brackets and parentheses are known to match
 */
export function repeatsGroup(source: string): boolean {
  /** For each open parenthesis, whether it captures or holds one that does. */
  const open: boolean[] = []
  let at = 0
  while (at < source.length) {
    const sign = source[at]!
    if (source.startsWith('\\Q', at)) at = endOf(source, '\\E', at + 2)
    else if (sign === '\\') at += 2
    else if (sign === '[') at = afterClass(source, at)
    else if (sign === '(') {
      const plain = source[at + 1] !== '?'
      const named = /^\(\?P?</.test(source.slice(at, at + 4))
      // `(?i)` opens nothing that can capture, and its closing parenthesis closes it.
      open.push(plain || named)
      at++
    } else if (sign === ')') {
      const captures = open.pop() === true
      if (captures && /^(?:[*+]|\{\d)/.test(source.slice(at + 1, at + 3))) return true
      if (captures && open.length > 0) open[open.length - 1] = true
      at++
    } else at++
  }
  return false
}

function endOf(source: string, mark: string, from: number): number {
  const found = source.indexOf(mark, from)
  return found < 0 ? source.length : found + mark.length
}

/** The position after a character class that opens at `at`; a `]` right after `[` or `[^` is itself. */
function afterClass(source: string, at: number): number {
  let i = source[at + 1] === '^' ? at + 2 : at + 1
  if (source[i] === ']') i++
  while (i < source.length && source[i] !== ']') {
    if (source.startsWith('[:', i)) i = endOf(source, ':]', i + 2)
    else i += source[i] === '\\' ? 2 : 1
  }
  return i + 1
}
