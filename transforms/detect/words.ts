/** Words that stand before a number and say what it is: "tel. 600100200", "BSN: 123456782". */
import { asciiOf } from './bytes.ts'

export interface Words {
  readonly pattern: RegExp
}

/** So far before a number a word may end, and so long it may be. */
const BETWEEN = 12
const REACH = 40

/** UTF-8 read as Latin-1, as the bytes are. */
const asLatin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

/** Words of any script; case counts where it is not ASCII. Between a word and the number at most 12 characters that are no digits. */
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
  if (at === textStart) return false
  const from = Math.max(textStart, at - REACH)
  return words.pattern.test(asciiOf(bytes, from, at).toLowerCase())
}
