/** The words of a name, folded so that one spelling in the dictionary meets them all. */

/** Letters that canonical decomposition leaves whole. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  ł: 'l',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  æ: 'ae',
  œ: 'oe',
  ı: 'i',
}

/**
 * Lower case, Latin and Greek letters without their marks (NFD, Unicode Standard Annex 15), the letters above written
 * out. Marks of other scripts stay: there they make another letter (`й`, `が`).
 */
export function fold(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .normalize('NFD')
    .replace(/(?<=[\p{sc=Latin}\p{sc=Greek}]\p{M}*)\p{M}/gu, '')
    .normalize('NFC')
    .replace(/[ßłøđðþæœı]/g, (letter) => LETTERS[letter]!)
}

/** `firstName`, `first-name`, `FIRST_NAME`: all `first name`, in lower case. */
export function splitName(name: string): string[] {
  return name
    .normalize('NFC')
    .replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((word) => word !== '')
}

/** The words of a name for the dictionary: folded, digits apart from letters (`address1` is `address 1`). */
export function wordsOf(name: string): string[] {
  return splitName(name.replace(/ipv[46]/gi, 'ip')).flatMap(
    (word) => fold(word).match(/\p{N}+|[^\p{N}]+/gu) ?? [],
  )
}
