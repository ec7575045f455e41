/**
 * Normal forms of identifiers on lists: two spellings of one identifier have to meet. A list and the policy state the same
 * forms; docs/consent.md says what each is.
 */
import { normalizer } from '../../../transforms/hash/normalize.ts'
import { type CompileContext, Failure } from '../../../transforms/transform.ts'
import type { Sources } from '../context.ts'

export const NORMAL_FORMS = {
  none: 'the text as it is',
  trim: 'white space of ASCII off both ends',
  lower: 'trim, then A-Z to a-z',
  email: 'as `normalize: email` of hash.hmac: lower, `mailto:` off, an international domain in ASCII',
  phone:
    'as `normalize: phone` of hash.hmac: the digits with the country code, which must be written by + or 00',
  nfkc: 'Unicode NFKC',
  digits: 'the digits 0-9 alone',
  'last-10-digits': 'the last ten digits, or all where there are fewer',
  zip5: 'the first five digits',
  letters: 'lower case, without accents, and of that the letters and digits alone',
} as const

export type NormalForm = keyof typeof NORMAL_FORMS

export const NORMAL_FORM_NAMES = Object.keys(NORMAL_FORMS) as NormalForm[]

/**
 * The normal form of a text; empty where nothing is left of it, which is on no list. Undefined where it has none: then it is
 * not known whose identifier it is.
 */
export type ToNormal = (text: string) => string | undefined

/** `sources`: where it is noted what the form depends on. */
export function toNormalForm(form: NormalForm, sources: Pick<Sources, 'lists' | 'platform'>): ToNormal {
  switch (form) {
    case 'none':
      return (text) => text
    case 'trim':
    case 'email':
    case 'phone':
    case 'nfkc':
      return transformed(form, sources)
    case 'lower': {
      const trim = transformed('trim', sources)
      const lower = transformed('lower', sources)
      return (text) => {
        const trimmed = trim(text)
        return trimmed === undefined ? undefined : lower(trimmed)
      }
    }
    case 'digits':
      return digitsOf
    case 'last-10-digits':
      return (text) => digitsOf(text).slice(-10)
    case 'zip5':
      return (text) => digitsOf(text).slice(0, 5)
    case 'letters':
      sources.platform.add('unicode')
      return (text) =>
        text
          .normalize('NFD')
          .replace(/[^\p{L}\p{N}]/gu, '')
          .toLowerCase()
  }
}

const digitsOf = (text: string): string => text.replace(/[^0-9]/g, '')

function transformed(
  form: 'trim' | 'lower' | 'email' | 'phone' | 'nfkc',
  sources: Pick<Sources, 'lists' | 'platform'>,
): ToNormal {
  const context = {
    usesList: (name: string, digest: string) => void sources.lists.set(name, digest),
    usesPlatform: (part: 'unicode' | 'time-zones') => void sources.platform.add(part),
  } as unknown as CompileContext
  const normalize = normalizer({ normalize: form }, context)!
  return (text) => {
    if (/^[ \t-\r]*$/.test(text)) return ''
    const found = normalize(text)
    return found instanceof Failure ? undefined : found
  }
}
