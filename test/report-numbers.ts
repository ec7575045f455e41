/** Whether each number on the page of a report stands in its document, however it is written. */
import { CONTROLS } from '../src/report/controls.ts'
import { count, percent, ratio } from '../src/report/page/page-words.ts'

/** Numbers of the page itself: the name of a digest. */
const OWN = ['256']

const wordsOf = (text: string): string[] =>
  [...text.matchAll(/[\p{L}\d_.,:%+-]+…?/gu)].map(([word]) => word.replace(/[.,:]+$/, ''))

const isNumber = (word: string): boolean => /^\d[\d,.]*$/.test(word)

/** The text that a reader sees, without style and tags. */
export function textOfPage(page: string): string {
  return page
    .replace(/<style>[\s\S]*?<\/style>/g, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replace(/&(lt|gt|quot|amp);/g, (_, name: string) => ({ lt: '<', gt: '>', quot: '"', amp: '&' })[name]!)
}

function leaves(value: unknown): readonly (string | number)[] {
  if (typeof value === 'string' || typeof value === 'number') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, one]) => [name, ...leaves(one)])
}

/** The numbers on the page, and those of them that the document does not have. */
export function strangers(
  page: string,
  document: unknown,
): { readonly numbers: number; readonly strange: readonly string[] } {
  const known = new Set(OWN)
  for (const one of [...leaves(document), ...leaves(CONTROLS)])
    for (const text of typeof one === 'string' ? [one] : [String(one), count(one), percent(one), ratio(one)])
      for (const word of wordsOf(text.replace(/[T-]/g, ' '))) known.add(word)
  for (const one of leaves(document))
    if (typeof one === 'string') for (const word of wordsOf(one)) known.add(word)
  const numbers = wordsOf(textOfPage(page).replace(/(\d{4})-(\d\d)-(\d\d)/g, '$1 $2 $3')).filter(isNumber)
  return { numbers: numbers.length, strange: [...new Set(numbers.filter((one) => !known.has(one)))] }
}
