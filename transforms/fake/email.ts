import { z } from 'zod'
import type { Transform } from '../transform.ts'
import { digestOf, loadLocale, needAtLeast, texts } from './lists.ts'
import { namesOf } from './names.ts'
import { personaNames } from './persona.ts'
import { pick } from './pick.ts'
import { definePicked } from './picked.ts'

/** Locales of faker 10 whose names can be written in ASCII letters. */
const LOCALES = [
  ...[
    'af_ZA',
    'cs_CZ',
    'da',
    'de',
    'de_AT',
    'de_CH',
    'en',
    'en_AU',
    'en_CA',
    'en_GB',
    'en_GH',
    'en_IE',
    'en_IN',
  ],
  ...[
    'en_NG',
    'en_US',
    'en_ZA',
    'es',
    'es_MX',
    'fi',
    'fr',
    'fr_BE',
    'fr_CA',
    'fr_CH',
    'fr_LU',
    'fr_SN',
    'hr',
  ],
  ...[
    'hu',
    'id_ID',
    'it',
    'lv',
    'nb_NO',
    'nl',
    'nl_BE',
    'pl',
    'pt_BR',
    'pt_PT',
    'ro',
    'ro_MD',
    'sk',
    'sl_SI',
  ],
  ...['sr_RS_latin', 'sv', 'tr', 'uz_UZ_latin', 'vi', 'yo_NG', 'zu_ZA'],
] as const

const LEAST_NAMES = 20
/** Four digits, so that few addresses meet. */
const NUMBERS = 10_000

/** Letters that compatibility decomposition leaves whole. */
const LATIN: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
}

const options = {
  host: z
    .string()
    .max(200)
    .regex(
      /^(?:(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*example\.(?:com|net|org)|(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:example|invalid|test))$/,
      'the host must lie under a reserved domain: example.com, example.net, example.org, or end in .example, .invalid or .test',
    )
    .default('example.com')
    .describe(
      'What follows the @, in lower case: under a domain that cannot be owned (RFC 2606): example.com, example.net, example.org, or below .example, .invalid, .test.',
    ),
  locale: z
    .enum(LOCALES)
    .default('en')
    .describe('Whose names stand before the @: a locale of @faker-js/faker.'),
}

export const email: Transform = definePicked({
  name: 'fake.email',
  summary: 'Writes an invented email address that can reach no one, the same for the same value.',
  options,
  formatKept: 'an email address of ASCII letters, digits and dots',
  yields: 'text: first.last0000@host; never the value itself, compared without regard to case',
  doesNotStop:
    'Records of one address stay joined by the same invented one. Two addresses may get one: with `en` (15 ' +
    'thousand million) an even chance at about 145,000. Addresses that differ in case or in spaces get two.',
  examples: [
    {
      title: 'an address',
      options: { domain: 'email' },
      input: 'ada@lovelace.example',
      output: 'emelia.graham5466@example.com',
    },
    {
      title: 'other names, another host',
      options: { domain: 'email', locale: 'pl', host: 'mail.test' },
      input: 'ada@lovelace.example',
      output: 'berta.gora5466@mail.test',
    },
    {
      title: 'of one person for each subject',
      options: { persona: 'customer' },
      input: 'ada@lovelace.example',
      output: 'shaun.koepp3343@example.com',
      subject: 'c-1001',
    },
  ],
  writer: ({ host, locale }, context) => {
    const names = namesOf(loadLocale(locale))
    const first = asciiNames(names.first)
    const last = asciiNames(names.last)
    needAtLeast(LEAST_NAMES, first.length, 'first names in ASCII letters', locale)
    needAtLeast(LEAST_NAMES, last.length, 'last names in ASCII letters', locale)
    context.usesList(`faker ${locale} names in ASCII`, digestOf({ first, last }))
    return {
      plain: true,
      write: (n) => {
        const number = String(n[2] % NUMBERS).padStart(4, '0')
        return `${pick(first, n[0])}.${pick(last, n[1])}${number}@${host}`
      },
    }
  },
  inPersona: ({ host, locale }, context) => {
    const names = namesOf(loadLocale(locale))
    context.usesList(`faker ${locale} names`, digestOf(names.lists))
    context.usesPlatform('unicode')
    // A few names have a letter that is left out.
    const ascii = (name: string) => plainName(name).replace(/[^a-z]/g, '')
    return (draw) => {
      const { first, last } = personaNames(names, draw)
      const number = String(draw.who[2] % NUMBERS).padStart(4, '0')
      return `${ascii(first)}.${ascii(last)}${number}@${host}`
    }
  },
})

/** A name in lower case without accents, spaces, hyphens and apostrophes; what is no ASCII letter then, stays. */
function plainName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[ßæœøłđðþı]/g, (letter) => LATIN[letter]!)
    .normalize('NFKD')
    .replace(/[\p{M}\s'’ʻʼ‘.-]/gu, '')
}

/** Names in lower-case ASCII letters: accents, spaces, hyphens and apostrophes go; a name of other signs is left out. */
function asciiNames(names: readonly string[]): string[] {
  return texts(names.map(plainName).filter((name) => /^[a-z]+$/.test(name)))
}
