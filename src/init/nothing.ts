/** Words that exports write where nothing is: no values, and no evidence of any. */
const NOTHING = new Set([
  ...['', 'null', '(null)', '<null>', '\\n', 'nil', 'none', 'undefined', 'nan', '#n/a', 'n/a', 'na', 'n.a.'],
  ...['-', '--', '---', '?', '.', 'missing', 'empty', '(empty)', 'blank', '(blank)', 'not available', 'k.a.'],
])

/** What MySQL writes for no date. */
const ZERO_DATE = /^0000-00-00(?:[T ]00:00(?::00(?:\.0+)?)?)?$/

/** Whether a text only says that nothing is there: empty, `NULL`, `\N`, `N/A`, `-`, `0000-00-00`. */
export function isWordForNothing(text: string): boolean {
  return (text.length <= 16 && NOTHING.has(text.trim().toLowerCase())) || ZERO_DATE.test(text)
}

/** The words for nothing that a sample holds, as they are written, and how often; the most frequent first. */
export function wordsForNothing(
  records: readonly unknown[],
): readonly (readonly [word: string, count: number])[] {
  const counts = new Map<string, number>()
  const visit = (value: unknown): void => {
    if (typeof value === 'string') {
      // A policy takes none with a quote in it.
      if (value.trim() !== '' && isWordForNothing(value)) counts.set(value, (counts.get(value) ?? 0) + 1)
    } else if (typeof value === 'object' && value !== null) for (const one of Object.values(value)) visit(one)
  }
  for (const record of records) visit(record)
  return [...counts].sort((a, b) => b[1] - a[1])
}
