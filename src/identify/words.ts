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

/** Most names are ASCII: for them, expressions without Unicode classes say the same in a tenth of the time. */
export const isAscii = (text: string): boolean => {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}

/**
 * Lower case, Latin and Greek letters without their marks (NFD, Unicode Standard Annex 15), the letters above written
 * out. Marks of other scripts stay: there they make another letter (`й`, `が`).
 */
export function fold(text: string): string {
  if (isAscii(text)) return text.toLowerCase()
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
  if (isAscii(name))
    return name
      .replace(/([a-z\d])([A-Z])/g, '$1 $2')
      .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
      .toLowerCase()
      .split(/[^a-z\d]+/)
      .filter((word) => word !== '')
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
  // As most are: the other expressions cost more than all else at the start of a run.
  if (/^[a-z_]+$/.test(name)) return name.split('_').filter((word) => word !== '')
  return splitName(name.replace(/ipv[46]/gi, 'ip')).flatMap((word) =>
    isAscii(word) ? (word.match(/\d+|\D+/g) ?? []) : (fold(word).match(/\p{N}+|[^\p{N}]+/gu) ?? []),
  )
}
