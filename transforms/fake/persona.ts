/**
 * Personas: one invented person for each data subject. What `fake.person`, `fake.email`, `fake.phone` and `fake.address` write
 * under one `persona:` follows from the subject and that name alone, so it belongs together in every field, run and process.
 */
import { z } from 'zod'
import { prefixedHmacSha256 } from '../keyed.ts'
import { type CompileContext, type CompiledTransform, fail, OptionError } from '../transform.ts'
import { digestOf } from './lists.ts'
import type { Names } from './names.ts'
import {
  PERSONA_COUNTRIES,
  PERSONA_PLACES,
  type PersonaCountry,
  type PersonaPlace,
} from './persona-places.ts'
import { type Numbers, numbersOf, pick } from './pick.ts'

export const personaOption: z.ZodOptional<z.ZodString> = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
  .optional()
  .describe(
    'Writes what belongs to one invented person for each data subject, in place of one result for each value: name, e-mail, phone and address under one persona agree, in every record of the subject. Needs `subject:`; takes the place of `domain`. All fields of a persona have one `locale`, and a `country` that fits.',
  )

/** What is drawn for a subject: numbers for who it is, and for where. */
export interface PersonaDraw {
  /** First name, last name, number in the address. */
  readonly who: Numbers
  /** Place, street, building, postcode, phone. */
  readonly where: Numbers
}

/**
 * The function that writes a part of the persona. Numbers are drawn by HMAC-SHA-256 under the field key of use `pick` and
 * domain `persona/<name>`, over `who:<subject>` and `where:<subject>` in UTF-8.
 */
export function ofPersona(
  name: string,
  context: CompileContext,
  write: (draw: PersonaDraw) => string,
): CompiledTransform['apply'] {
  const mac = prefixedHmacSha256(context.key('pick', `persona/${name}`).bytes)
  let last: string | undefined
  let written = ''
  return (_, { subject }) => {
    if (subject === undefined || subject === '') return fail('subject-missing')
    // Several fields and records in a row are of one subject.
    if (subject !== last)
      written = write({ who: numbersOf(mac('who:', subject)), where: numbersOf(mac('where:', subject)) })
    last = subject
    return written
  }
}

/** The names of a persona, which go together: in some languages a last name has a gender. */
export function personaNames(
  names: Names,
  { who }: PersonaDraw,
): { readonly first: string; readonly last: string } {
  const at = who[0] % names.first.length
  return { first: names.first[at]!, last: pick(names.lastFor[at]!, who[1]) }
}

/** The places of a locale, or of a country of `fake.phone`. Undefined where no city is known to go with a number. */
export function personaPlaces(country: string, context: CompileContext): readonly PersonaPlace[] | undefined {
  const places = PERSONA_PLACES[country as PersonaCountry] as readonly PersonaPlace[] | undefined
  if (places !== undefined)
    context.usesList(
      `persona places ${country}`,
      digestOf({
        places: places.map((one) => JSON.stringify([one.city, one.state, one.postcodes, one.phone])),
      }),
    )
  return places
}

/** The same for `fake.address`, which needs some. Throws `OptionError` where there are none. */
export function needPersonaPlaces(locale: string, context: CompileContext): readonly PersonaPlace[] {
  const places = personaPlaces(PERSONA_COUNTRIES[locale] ?? '', context)
  if (places !== undefined) return places
  throw new OptionError(
    `locale ${locale} has no cities whose postcodes are known, which a persona needs`,
    'locale',
    'write en, en_US, fr or de, or leave out persona',
  )
}

export function placeOfPersona(places: readonly PersonaPlace[], { where }: PersonaDraw): PersonaPlace {
  return pick(places, where[0])
}

/** A postcode of the persona's city. */
export function postcodeOfPersona({ postcodes }: PersonaPlace, { where }: PersonaDraw): string {
  let rest = Math.floor(where[3] / postcodes.length)
  return pick(postcodes, where[3]).replaceAll('#', () => {
    const digit = rest % 10
    rest = Math.floor(rest / 10)
    return String(digit)
  })
}
