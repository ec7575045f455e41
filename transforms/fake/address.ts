import { z } from 'zod'
import type { Transform } from '../transform.ts'
import { digestOf, loadLocale } from './lists.ts'
import { needPersonaPlaces, placeOfPersona, postcodeOfPersona } from './persona.ts'
import { type Numbers, pick } from './pick.ts'
import { definePicked } from './picked.ts'
import { needStates, placesOf } from './places.ts'

/** Locales of faker 10 with cities, streets and postcode forms of their own country. */
const LOCALES = [
  ...[
    'ar',
    'az',
    'cs_CZ',
    'da',
    'de',
    'de_AT',
    'de_CH',
    'el',
    'en',
    'en_CA',
    'en_GH',
    'en_IN',
    'en_NG',
    'en_US',
  ],
  ...[
    'es',
    'es_MX',
    'fa',
    'fi',
    'fr',
    'fr_CH',
    'fr_SN',
    'he',
    'hr',
    'hu',
    'id_ID',
    'it',
    'ka_GE',
    'lv',
    'mk',
  ],
  ...['pl', 'pt_PT', 'ro', 'ro_MD', 'ru', 'sk', 'sl_SI', 'sr_RS_latin', 'tr', 'uk', 'uz_UZ_latin', 'zh_CN'],
] as const

const options = {
  part: z
    .enum(['full', 'street', 'city', 'postcode', 'state'])
    .default('full')
    .describe(
      'What to write: all in one line (street and number, city, postcode), the street with its number, the city, the postcode, or the state or region (not every locale has these).',
    ),
  locale: z
    .enum(LOCALES)
    .default('en')
    .describe('Where: a locale of @faker-js/faker. `en` has 927 cities and 749 listed streets.'),
}

export const address: Transform = definePicked({
  name: 'fake.address',
  summary: 'Writes an invented address or a part of one, the same for the same value.',
  options,
  formatKept: 'an address in one line, or the part; neither the place nor the notation of the value',
  yields: 'text; never the value itself, compared without regard to case',
  doesNotStop:
    'Records of one address stay joined by the same invented one. Two values may get one result: of a part with ' +
    'n possible texts, an even chance at about 1.2 times the square root of n (37 of the 927 cities of `en`). ' +
    'City, postcode and state belong together with `persona` only, and by chance the address may exist.',
  examples: [
    {
      title: 'one line',
      options: { domain: 'address' },
      input: '12 St James’s Square, London',
      output: '8758 Aaron Trail, Chesterfield 45309',
    },
    {
      title: 'a city',
      options: { domain: 'address', part: 'city', locale: 'fr' },
      input: 'Paris',
      output: 'La Seyne-sur-Mer',
    },
    {
      title: 'a postcode',
      options: { domain: 'address', part: 'postcode', locale: 'en_CA' },
      input: 'K1A 0B1',
      output: 'K3C 9B2',
    },
    {
      title: 'a street',
      options: { domain: 'address', part: 'street', locale: 'de' },
      input: 'Unter den Linden 77',
      output: 'Günther-Weisenborn-Str. 6',
    },
    {
      title: 'of one person for each subject',
      options: { persona: 'customer' },
      input: '12 St James’s Square, London',
      output: '121 Hilll Ways, Jersey City 07350',
      subject: 'c-1001',
    },
  ],
  writer: ({ part, locale }, context) => {
    const places = placesOf(loadLocale(locale))
    if (part === 'state') needStates(places, locale)
    context.usesList(`faker ${locale} places`, digestOf(places.lists))
    const street = (n: Numbers) => places.line(places.street(n[0]), places.buildingNumber(n[1]))
    const cityFirst = locale.startsWith('en')
    const full = (n: Numbers) => {
      const city = pick(places.cities, n[2])
      const postcode = places.postcode(n[3])
      return `${street(n)}, ${cityFirst ? `${city} ${postcode}` : `${postcode} ${city}`}`
    }
    const write = {
      full,
      street,
      city: (n: Numbers) => pick(places.cities, n[0]),
      postcode: (n: Numbers) => places.postcode(n[0]),
      state: (n: Numbers) => pick(places.states, n[0]),
    }[part]
    return { write }
  },
  inPersona: ({ part, locale }, context) => {
    const known = needPersonaPlaces(locale, context)
    const places = placesOf(loadLocale(locale))
    context.usesList(`faker ${locale} places`, digestOf(places.lists))
    return (draw) => {
      const place = placeOfPersona(known, draw)
      if (part === 'city' || part === 'state') return place[part]
      const postcode = postcodeOfPersona(place, draw)
      if (part === 'postcode') return postcode
      const street = places.line(places.street(draw.where[1]), places.buildingNumber(draw.where[2]))
      if (part === 'street') return street
      return `${street}, ${locale.startsWith('en') ? `${place.city} ${postcode}` : `${postcode} ${place.city}`}`
    }
  },
})
