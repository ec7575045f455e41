/**
 * Text whose normal form takes time linear in its length: at most 30 combining marks in a row, as the Stream-Safe Text
 * Format says (UAX #15, section 13). No writing system needs more. Putting a longer run into canonical order takes time
 * that grows with its square.
 */

/**
 * 31 in a row of what canonical order may move: marks, and the two half-width sound marks of Japanese, which become
 * marks. That counts some marks which order does not move, too.
 */
const TOO_MANY_MARKS = /[\p{M}\uff9e\uff9f]{31}/u

export function isStreamSafe(text: string): boolean {
  return !TOO_MANY_MARKS.test(text)
}
