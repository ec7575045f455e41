/** How each form in which collectors send consent is judged. */
import type { ConsentAnswer, ConsentForm } from './consent-answer.ts'
import { GppReader } from './gpp.ts'
import { TcfReader } from './tcf.ts'

/** What the texts of a value, or of the elements of a list, say; there is at least one. */
export type ConsentReader = (texts: readonly string[]) => ConsentAnswer

const answer = (allows: boolean): ConsentAnswer => (allows ? 'allow' : 'deny')

/**
 * Makes the reader of a form. `split`: what stands between the parts of a text.
 * @throws ConsentFormError where a package is missing, or the form names what does not exist
 */
export function readerOfForm(form: ConsentForm, split: string | undefined): ConsentReader {
  const partsOf = (texts: readonly string[]): readonly string[] =>
    split === undefined ? texts : texts.flatMap((text) => text.split(split)).map((part) => part.trim())
  switch (form.kind) {
    case 'is': {
      const values = new Set(form.values)
      return (texts) => answer(texts.every((text) => values.has(text)))
    }
    case 'lists':
      return (texts) => {
        const parts = partsOf(texts)
        return answer(form.names.every((name) => parts.includes(name)))
      }
    case 'lacks':
      return (texts) => {
        const parts = partsOf(texts)
        return answer(!form.names.some((name) => parts.includes(name)))
      }
    case 'tcf': {
      const reader = new TcfReader(form)
      return ([text]) => reader.read(text!)
    }
    case 'gpp': {
      const reader = new GppReader(form)
      return ([text]) => reader.read(text!)
    }
  }
}
