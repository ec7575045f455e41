/** Words that stand before a number and say what it is: "tel. 600100200", "BSN: 123456782". */
import { asciiOf, isDigit, isLetter } from './bytes.ts'

export interface Words {
  readonly pattern: RegExp
}

/** The most bytes between the end of a word and a number, and the greatest length of the word. */
const BETWEEN = 12
const REACH = 40

/** UTF-8 read as Latin-1, as the bytes are. */
const asLatin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

/**
 * Words of any script; case counts where it is not ASCII. Between a word and the number at most 12 characters that are no digits.
 * No word holds a digit, and each ends with a letter or a byte above ASCII: `mayEndBefore` depends on it.
 */
export function wordsOf(...words: readonly string[]): Words {
  const any = words
    .map((word) =>
      asLatin1(word)
        .toLowerCase()
        .replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
    )
    .join('|')
  // The text is short, and nothing in the pattern repeats but the last part.
  return { pattern: new RegExp(`(?:^|[^a-z0-9])(?:${any})[^0-9]{0,${BETWEEN}}$`) }
}

export function hasWordBefore(bytes: Uint8Array, textStart: number, at: number, words: Words): boolean {
  if (!mayEndBefore(bytes, textStart, at)) return false
  const from = Math.max(textStart, at - REACH)
  return words.pattern.test(asciiOf(bytes, from, at).toLowerCase())
}

/**
 * Whether any word can end where the pattern looks for one. Most numbers stand behind another number or a sign, and the
 * pattern takes microseconds.
 */
function mayEndBefore(bytes: Uint8Array, textStart: number, at: number): boolean {
  const from = Math.max(textStart, at - BETWEEN - 1)
  for (let p = at - 1; p >= from; p--) {
    const byte = bytes[p]!
    if (isDigit(byte)) return false
    if (byte >= 0x80 || isLetter(byte)) return true
  }
  return false
}
