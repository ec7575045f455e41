/** Words that exports write where nothing is: no values, and no evidence of any. */
const NOTHING = new Set([
  ...['', 'null', '(null)', '<null>', '\\n', 'nil', 'none', 'undefined', 'nan', '#n/a', 'n/a', 'na', 'n.a.'],
  ...['-', '--', '---', '?', '.', 'missing', 'empty', '(empty)', 'blank', '(blank)', 'not available', 'k.a.'],
])

/** Whether a text only says that nothing is there: empty, `NULL`, `\N`, `N/A`, `-`. */
export function isWordForNothing(text: string): boolean {
  return text.length <= 16 && NOTHING.has(text.trim().toLowerCase())
}
