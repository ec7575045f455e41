/** The words of a name as the dictionary has them, also where they are written without separators. */
import { allWords, fullOf, hasWord, isWeakWord } from './lexicon.ts'
import { isAscii, wordsOf } from './words.ts'

/** Words so short that they stand inside other words by chance. */
const TOO_SHORT = 4
const SHORT_PARTS = new Set(['name', 'mail', 'zip', 'nom', 'nome', 'naam'])

/** Short words that end one: `birthdt`, `custnm`. */
const LAST_PARTS = new Set(['id', 'no', 'nr', 'by', 'nm', 'dt', 'num', 'nbr', 'addr', 'adr', 'tel', 'mob'])

/** No compound ends with these: `kinder` is not `kin` and `der`. */
const NEVER_LAST = new Set(
  'the and for all der die das des und van del dos les della rechnungs geschafts'.split(' '),
)

/** What German puts between the words of a compound: `Patientennummer`, `Adressatenname`. */
const JOINS = /^(?:[sn]|e[ns])$/

const mayBePart = (part: string, isLast: boolean, isFirst: boolean): boolean => {
  if (isLast && NEVER_LAST.has(part)) return false
  if (isLast && LAST_PARTS.has(part)) return true
  if (!hasWord(part)) return isFirst && part.length > 2 && fullOf(part) !== part
  if (part.length < 3) return isFirst && part === 'ip'
  return part.length > TOO_SHORT || !isWeakWord(part) || SHORT_PARTS.has(part)
}

/** A word that was written without separators, cut into known ones: `owneremail`, `Rechnungsadresse`. */
function cutLatin(word: string): string[] | undefined {
  const best: (string[] | undefined)[] = [[]]
  for (let end = 1; end <= word.length; end++)
    for (let start = 0; start < end; start++) {
      const before = best[start]
      if (before === undefined || before.length > 3) continue
      const part = word.slice(start, end)
      const joined = start > 0 && end < word.length && JOINS.test(part)
      if (!joined && !mayBePart(part, end === word.length, start === 0)) continue
      const now = joined ? before : [...before, part]
      if (now.length < (best[end]?.length ?? Number.POSITIVE_INFINITY)) best[end] = now
    }
  const parts = best[word.length]
  return parts !== undefined && parts.length > 1 ? parts : undefined
}

const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}]/u
let unspacedWords: readonly string[] | undefined

/** Chinese, Japanese, Korean and Thai write no spaces: the known words within, the longest at each place. */
function cutUnspaced(word: string): string[] | undefined {
  unspacedWords ??= [...allWords()].filter((word) => UNSPACED.test(word) && word.length > 1)
  const parts: string[] = []
  let at = 0
  let unknown = ''
  while (at < word.length) {
    let longest = ''
    for (const known of unspacedWords)
      if (known.length > longest.length && word.startsWith(known, at)) longest = known
    if (longest === '') unknown += word[at++]
    else {
      if (unknown !== '') parts.push(unknown)
      unknown = ''
      parts.push(longest)
      at += longest.length
    }
  }
  if (unknown !== '') parts.push(unknown)
  return parts.some((part) => hasWord(part)) ? parts : undefined
}

/** Whether every word of a name, however it is written, is one that the dictionary has. */
export function isOfKnownWords(name: string): boolean {
  const words = knownWords(name)
  return words.length > 0 && words.every(hasWord)
}

/** Whether any word of a name is one that the dictionary has. */
export function hasKnownWord(name: string): boolean {
  return knownWords(name).some((word) => hasWord(word))
}

const known = new Map<string, readonly string[]>()
const REMEMBERED = 10_000

function meant(word: string): readonly string[] {
  if (hasWord(word) || word.length > 64) return [word]
  if (!isAscii(word) && UNSPACED.test(word)) return cutUnspaced(word) ?? [word]
  // German without its marks.
  const bare = word.replace(/([aou])e/g, '$1')
  if (bare !== word && hasWord(bare)) return [bare]
  return cutLatin(word) ?? (bare === word ? undefined : cutLatin(bare)) ?? [word]
}

/** The words of `name` as the dictionary has them; digits are left out. */
export function knownWords(name: string): readonly string[] {
  let words = known.get(name)
  if (words === undefined) {
    words = wordsOf(name.slice(0, 256))
      .flatMap(meant)
      .filter((word) => !(isAscii(word) ? /^\d+$/ : /^\p{N}+$/u).test(word))
    if (known.size < REMEMBERED) known.set(name, words)
  }
  return words
}
