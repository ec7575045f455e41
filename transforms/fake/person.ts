import { z } from 'zod'
import type { Transform } from '../transform.ts'
import { digestOf, loadLocale } from './lists.ts'
import { namesOf } from './names.ts'
import { personaNames } from './persona.ts'
import { type Numbers, pick } from './pick.ts'
import { definePicked } from './picked.ts'

/** Locales of faker 10 with at least 20 first and 20 last names of their own (regions of English: of `en`). */
const LOCALES = [
  ...['af_ZA', 'ar', 'cs_CZ', 'da', 'de', 'de_AT', 'de_CH', 'dv', 'el', 'en', 'en_AU', 'en_CA', 'en_GB'],
  ...[
    'en_GH',
    'en_IE',
    'en_IN',
    'en_NG',
    'en_US',
    'en_ZA',
    'es',
    'es_MX',
    'fa',
    'fi',
    'fr',
    'fr_BE',
    'fr_CA',
  ],
  ...['fr_CH', 'fr_LU', 'fr_SN', 'he', 'hr', 'hu', 'hy', 'id_ID', 'it', 'ja', 'ka_GE', 'ko', 'ku_ckb', 'lv'],
  ...['mk', 'nb_NO', 'ne', 'nl', 'nl_BE', 'pl', 'pt_BR', 'pt_PT', 'ro', 'ro_MD', 'ru', 'sk', 'sl_SI'],
  ...['sr_RS_latin', 'sv', 'th', 'tr', 'uk', 'ur', 'uz_UZ_latin', 'vi', 'yo_NG', 'zh_CN', 'zh_TW', 'zu_ZA'],
] as const

const options = {
  part: z
    .enum(['full', 'first', 'last'])
    .default('full')
    .describe('What to write: a first and a last name in the order of the locale, or one of the two.'),
  locale: z
    .enum(LOCALES)
    .default('en')
    .describe('Whose names: a locale of @faker-js/faker. `en` has 3,186 first and 473 last names.'),
}

export const person: Transform = definePicked({
  name: 'fake.person',
  summary: 'Writes an invented name, the same for the same value, out of lists of common names.',
  options,
  formatKept: 'a name, of the locale of the rule; gender, length and script of the value are not kept',
  yields: 'text; never the value itself, compared without regard to case',
  doesNotStop:
    'Records of one person stay joined by the same invented name, so what else they hold may tell who it is. ' +
    'Two people may get one name: with `en` and `part: full` (1.5 million names) an even chance at about 1,450 ' +
    'people, with `part: last` (473) at about 26. It may, by chance, be the name of another person in the data.',
  examples: [
    { title: 'a full name', options: { domain: 'person' }, input: 'Ada Lovelace', output: 'Sheldon Howell' },
    {
      title: 'the same value in another domain',
      options: { domain: 'name' },
      input: 'Ada Lovelace',
      output: 'Alvera Shanahan',
    },
    {
      title: 'a last name',
      options: { domain: 'person', part: 'last', locale: 'de' },
      input: 'Müller',
      output: 'Mallmann',
    },
    {
      title: 'the family name comes first',
      options: { domain: 'person', locale: 'ja' },
      input: '山田太郎',
      output: '坂口 健一',
    },
    {
      title: 'of one person for each subject',
      options: { persona: 'customer' },
      input: 'Ada Lovelace',
      output: 'Shaun Koepp',
      subject: 'c-1001',
    },
  ],
  writer: ({ part, locale }, context) => {
    const names = namesOf(loadLocale(locale))
    context.usesList(`faker ${locale} names`, digestOf(names.lists))
    const write = {
      full: (n: Numbers) => {
        const index = n[0] % names.first.length
        return names.full(names.first[index]!, pick(names.lastFor[index]!, n[1]))
      },
      first: (n: Numbers) => pick(names.first, n[0]),
      last: (n: Numbers) => pick(names.last, n[0]),
    }[part]
    return { write }
  },
  inPersona: ({ part, locale }, context) => {
    const names = namesOf(loadLocale(locale))
    context.usesList(`faker ${locale} names`, digestOf(names.lists))
    return (draw) => {
      const { first, last } = personaNames(names, draw)
      return part === 'full' ? names.full(first, last) : part === 'first' ? first : last
    }
  },
})
