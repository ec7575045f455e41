import { z } from 'zod'
import { digitsOf } from '../digits.ts'
import type { CompileContext, Transform } from '../transform.ts'
import { digestOf, foldText } from './lists.ts'
import { personaPlaces, placeOfPersona } from './persona.ts'
import { pick } from './pick.ts'
import { definePicked } from './picked.ts'

interface Range {
  /** International form up to the free digits, spaces where people put them. */
  readonly prefix: string
  /** How many digits follow, all of them free. */
  readonly free: number
}

const range = (free: number, ...prefixes: string[]): Range[] => prefixes.map((prefix) => ({ prefix, free }))

/** Geographic area codes of the United States that have been in service since 1947. */
const US_AREAS =
  '201 202 203 205 206 207 208 212 213 214 215 216 217 218 301 302 303 304 305 307 312 313 314 315 316 317 ' +
  '319 401 402 404 405 406 412 413 414 415 419 501 502 503 504 512 513 515 517 518 601 602 603 605 612 614 ' +
  '616 617 618 701 702 703 704 713 715 716 717 801 802 803 814 815 816 901 913 914 915 916'

/** Numbers that the regulators keep free for films and plays: they are given to no one, so they reach no one. */
const RANGES = {
  // North American Numbering Plan Administrator: 555-0100 to 555-0199 are kept for fiction in every area code.
  US: US_AREAS.split(' ').flatMap((area) => range(2, `+1 ${area} 555 01`)),
  // Ofcom, Telephone numbers for use in TV and radio drama programmes.
  GB: [
    ...range(3, '+44 113 496 0', '+44 114 496 0', '+44 115 496 0', '+44 116 496 0', '+44 117 496 0'),
    ...range(3, '+44 118 496 0', '+44 121 496 0', '+44 131 496 0', '+44 141 496 0', '+44 151 496 0'),
    ...range(3, '+44 161 496 0', '+44 191 498 0', '+44 20 7946 0', '+44 29 2018 0', '+44 1632 960'),
    ...range(3, '+44 7700 900'),
  ],
  // Arcep, decision 2018-0881 as amended by 2019-0954, 2.5.12: numbers for audiovisual works.
  FR: range(
    4,
    '+33 1 99 00 ',
    '+33 2 61 91 ',
    '+33 3 53 01 ',
    '+33 4 65 71 ',
    '+33 5 36 49 ',
    '+33 6 39 98 ',
  ),
  // Bundesnetzagentur, numbers for media productions (drama numbers).
  DE: range(3, '+49 30 23125 ', '+49 40 66969 ', '+49 69 90009 ', '+49 89 99998 ', '+49 221 4710 '),
  // ACMA, phone numbers for use in TV shows, films and creative works.
  AU: ['2', '3', '7', '8'].flatMap((area) => range(4, `+61 ${area} 5550 `, `+61 ${area} 7010 `)),
} as const satisfies Record<string, readonly Range[]>

const COUNTRIES = ['US', 'GB', 'FR', 'DE', 'AU'] as const

const options = {
  country: z
    .enum(COUNTRIES)
    .default('US')
    .describe('Whose numbers, and how many there are: US 7,400, GB 16,000, FR 60,000, DE 5,000, AU 80,000.'),
  format: z
    .enum(['e164', 'international'])
    .default('e164')
    .describe('`e164` writes +12125550123, `international` the same with spaces (ITU-T E.123).'),
}

export const phone: Transform = definePicked({
  name: 'fake.phone',
  summary:
    'Writes a phone number that is kept free for films and reaches no one, the same for the same value.',
  options,
  formatKept: 'a phone number; not the country, the area or the notation of the value',
  yields: 'text: a number in international form; never the number that the value is',
  doesNotStop:
    'Records of one number stay joined by the same invented one. Two numbers often get one: with US (7,400) an ' +
    'even chance at about 100 numbers, with AU (80,000) at about 330. One number in two notations gets two.',
  examples: [
    {
      title: 'a number of the United States',
      options: { domain: 'phone' },
      input: '+1 415 867 5309',
      output: '+14145550110',
    },
    {
      title: 'with spaces',
      options: { domain: 'phone', country: 'GB', format: 'international' },
      input: '020 7925 0918',
      output: '+44 7700 900236',
    },
    {
      title: 'of one person for each subject',
      options: { persona: 'customer', format: 'international' },
      input: '020 7925 0918',
      output: '+1 201 555 0142',
      subject: 'c-1001',
    },
  ],
  writer: ({ country, format }, context) => {
    const ranges = rangesOf(country, context)
    return {
      write: (n) => written(ranges[n[0] % ranges.length]!, n[1], country, format),
      fold: sameNumber(ranges[0]!.prefix),
    }
  },
  inPersona: ({ country, format }, context) => {
    const ranges = rangesOf(country, context)
    const places = personaPlaces(country, context)
    return (draw) => {
      const { where } = draw
      const prefix = places && placeOfPersona(places, draw).phone
      const range = ranges.find((one) => one.prefix === prefix) ?? pick(ranges, where[0])
      return written(range, where[4], country, format)
    }
  },
})

function rangesOf(country: (typeof COUNTRIES)[number], context: CompileContext): readonly Range[] {
  const ranges: readonly Range[] = RANGES[country]
  context.usesList(
    `fictional phone numbers ${country}`,
    digestOf({ ranges: ranges.map(({ prefix, free }) => prefix + 'x'.repeat(free)) }),
  )
  return ranges
}

function written(
  { prefix, free }: Range,
  number: number,
  country: string,
  format: 'e164' | 'international',
): string {
  const digits = String(number % 10 ** free).padStart(free, '0')
  if (format === 'e164') return prefix.replaceAll(' ', '') + digits
  return prefix + (free === 4 && country === 'FR' ? pairs(digits) : digits)
}

function pairs(digits: string): string {
  return `${digits.slice(0, 2)} ${digits.slice(2)}`
}

/** A number as it is dialled at home: digits only, without `+`, country code, trunk or international zeros. */
function sameNumber(example: string): (text: string) => string {
  const country = example.slice(1, example.indexOf(' '))
  return (text) => {
    const digits = digitsOf(foldText(text)).replace(/^0+/, '')
    return digits.startsWith(country) ? digits.slice(country.length).replace(/^0+/, '') : digits
  }
}
