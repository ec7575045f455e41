/**
 * Characters that a reader sees. White space, controls, format characters and what Unicode lets a renderer ignore pad a
 * value without hiding anything of it, so masks do not count them. Results depend on the platform's Unicode data.
 */

const UNSEEN = String.raw`\s\p{Cc}\p{Cf}\p{Z}\p{Default_Ignorable_Code_Point}\u2800`
const ANY_UNSEEN = new RegExp(`[${UNSEEN}]`, 'u')
const ANY_SEEN = new RegExp(`[^${UNSEEN}]`, 'u')

/** Whether there is anything to see in the text. */
export function isVisible(text: string): boolean {
  return ANY_SEEN.test(text)
}

/**
 * How many characters (graphemes) of the text a reader sees.
 * @param starts as `graphemeStarts` gives them: undefined where every UTF-16 unit is one
 */
export function countVisible(text: string, starts: readonly number[] | undefined): number {
  const count = starts?.length ?? text.length
  if (!ANY_UNSEEN.test(text)) return count
  let visible = 0
  for (let at = 0; at < count; at++) {
    const from = starts === undefined ? at : starts[at]!
    const to = starts === undefined ? at + 1 : (starts[at + 1] ?? text.length)
    if (isVisible(text.slice(from, to))) visible++
  }
  return visible
}

/** Whether a byte is a character of ASCII that a reader sees, so neither space nor control; for byte kernels. */
export function isVisibleAscii(byte: number): boolean {
  // U+0021 to U+007E, in one comparison.
  return (byte - 0x21) >>> 0 < 0x5e
}
