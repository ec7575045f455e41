/**
 * Normalisations: what is done to a text before it is hashed, so that two spellings of one value give one
 * token. They are part of the token format (`config/vectors/README.md`): a job in Python or SQL repeats
 * them, so they are defined over code points and never by locale.
 *
 * - `none`: nothing.
 * - `trim`: U+0020 and U+0009 to U+000D go from both ends. No other white space does (not U+00A0).
 * - `lower`: `A` to `Z` become `a` to `z`. Every other character stays, `Ä` too.
 * - `email`: `trim`, then `lower`. Dots and `+tags` of the local part stay. Where there is an `@`: `mailto:` goes, a domain
 *   beyond ASCII becomes its A-labels (IDNA), and what is more than one address is refused; see mail-address.ts.
 * - `phone`: `trim`; then `tel:` in any case goes from the start; then every character must be a digit `0`-`9`, a space, a
 *   tab, one of `( ) - . /`, or a `+` at the very start. The digits, in order, are kept. If there was a `+`, they are the
 *   number. Else, if they start with `00`, the number is what follows these two. Else a rule that states no country code
 *   refuses the value. Else, if they start with `0`, this one goes and the country code is put before. Else, if they start
 *   with the country code and are 7 or more, they may be the number with its country code or without: `bareCountryCode`
 *   says whether the value is refused (the default), or they are the number (`join`), or the country code is put before
 *   (`national`). Else the country code is put before. The number has 7 to 15 digits (ITU-T E.164 allows 15). `+49 (0)30 …`
 *   keeps its `0`: it is not guessed away.
 * - `nfkc`: Unicode Normalization Form KC (UAX #15), of the Unicode version that the platform carries. A text with more
 *   than 30 combining marks in a row, which is not in Stream-Safe Text Format, is refused (`not-well-formed`).
 *
 * A text that nothing is left of cannot be hashed (`unparsable`).
 */
import { hash } from 'node:crypto'
import { z } from 'zod'
import { digitsOf } from '../digits.ts'
import { isStreamSafe } from '../stream-safe.ts'
import { type CompileContext, type Failure, fail, OptionError } from '../transform.ts'
import { mailAddress } from './mail-address.ts'

const NORMALIZATIONS = ['none', 'trim', 'lower', 'email', 'phone', 'nfkc'] as const
export type Normalization = (typeof NORMALIZATIONS)[number]

/** What becomes of digits that start with the country code, and say neither `+` nor `00` nor `0`. */
const BARE = ['refuse', 'join', 'national'] as const
export type BareCountryCode = (typeof BARE)[number]

/** The options that every transform of this family has. */
export const normalizeOptions: {
  normalize: z.ZodDefault<z.ZodEnum<{ [Name in Normalization]: Name }>>
  countryCode: z.ZodOptional<z.ZodUnion<readonly [z.ZodInt, z.ZodString]>>
  bareCountryCode: z.ZodOptional<z.ZodEnum<{ [Name in BareCountryCode]: Name }>>
} = {
  normalize: z
    .enum(NORMALIZATIONS)
    .default('none')
    .describe(
      'What is done to the text before it is hashed. none; trim: ASCII white space off both ends; lower: A-Z to a-z; ' +
        'email: trim, then lower, mailto: off the start, an international domain in ASCII; display names and lists fail; phone: digits with country code; nfkc: Unicode NFKC. ' +
        'Fields join only if they normalize alike.',
    ),
  countryCode: z
    .union([z.int().min(1).max(999), z.string().regex(/^[1-9][0-9]{0,2}$/)])
    .optional()
    .describe(
      'Country calling code, e.g. 49, for phone numbers written without one (1 to 3 digits, no +). ' +
        'Only with normalize: phone; without it such numbers fail.',
    ),
  bareCountryCode: z
    .enum(BARE)
    .optional()
    .describe(
      'What becomes of a number that starts with the digits of countryCode, without + or 00 before them: with ' +
        'countryCode 48, 48600100200 may be +48 600100200 or a number of Poland that starts with 48. refuse (the default) ' +
        'fails, join takes it for the first, national for the second.',
    ),
}

/** Of a phone number with its country code. */
export const LEAST_DIGITS = 7
export const MOST_DIGITS = 15

/** SHA-256 of what changed for some phone numbers since 0.1.0: how those are read that start with the country code. */
const PHONES = hash('sha256', 'tel:, and a bare country code by bareCountryCode', 'hex')

/** The same for some e-mail addresses. */
const ADDRESSES = hash('sha256', 'one address, mailto:, domains in A-labels', 'hex')

/** SHA-256 of `Stream-Safe Text Format, UAX #15`: which texts `nfkc` takes. */
const STREAM_SAFE = hash('sha256', 'Stream-Safe Text Format, UAX #15', 'hex')

export interface NormalizeOptions {
  readonly normalize: Normalization
  readonly countryCode?: number | string | undefined
  readonly bareCountryCode?: BareCountryCode | undefined
}

/** What the catalogue says of the failures that normalising brings. */
export const normalizeFailures: { readonly unparsable: string; readonly 'not-well-formed': string } = {
  unparsable:
    'normalize leaves nothing of the value; or normalize: email finds an @ and more than one address: a display name, a ' +
    'list, quotes, or a domain that IDNA does not take; or normalize: phone finds another character than digits, spaces, ' +
    '( ) - . / and a leading +, fewer than 7 or more than 15 digits, no country code, or one without + or 00 before it under bareCountryCode: refuse',
  'not-well-formed':
    'the value holds half of a surrogate pair, so it has no UTF-8 form; or, with normalize: nfkc, more than 30 ' +
    'combining marks in a row',
}

/** Takes well-formed text, gives the normalised text (never empty) or `unparsable`. */
export type Normalize = (text: string) => string | Failure

/**
 * The function for a rule's options; undefined for `none`, where the text stays as it is.
 * @throws OptionError for a `countryCode` without `normalize: phone`, a `bareCountryCode` without a `countryCode`
 */
export function normalizer(options: NormalizeOptions, context: CompileContext): Normalize | undefined {
  if (options.countryCode !== undefined && options.normalize !== 'phone') {
    throw new OptionError(
      'countryCode is used by normalize: phone only',
      'countryCode',
      'add normalize: phone or remove countryCode',
    )
  }
  if (options.bareCountryCode !== undefined && options.countryCode === undefined) {
    throw new OptionError(
      'bareCountryCode is used beside countryCode only',
      'bareCountryCode',
      'add countryCode or remove bareCountryCode',
    )
  }
  switch (options.normalize) {
    case 'none':
      return undefined
    case 'trim':
      return trimmed
    case 'lower':
      return lower
    case 'email':
      // Not in the version of the transforms: policies without `normalize: email` keep their fingerprint.
      context.usesList('addresses that normalize takes', ADDRESSES)
      // It decides which international domains are refused, and nothing else.
      context.usesPlatform('unicode')
      return (text) => mailAddress(lower(trim(text))) || fail('unparsable')
    case 'phone': {
      const countryCode = options.countryCode === undefined ? undefined : String(options.countryCode)
      const bare = options.bareCountryCode ?? 'refuse'
      // Not in the version of the transforms: policies without `normalize: phone` keep their fingerprint.
      context.usesList('phone numbers that normalize takes', PHONES)
      return (text) => phone(text, countryCode, bare) ?? fail('unparsable')
    }
    case 'nfkc':
      context.usesPlatform('unicode')
      // Not in the version of the transforms: policies without `normalize: nfkc` keep their fingerprint.
      context.usesList('text that nfkc takes', STREAM_SAFE)
      return (text) =>
        isStreamSafe(text) ? text.normalize('NFKC') || fail('unparsable') : fail('not-well-formed')
  }
}

function isSpace(unit: number): boolean {
  return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d)
}

/** `trim` as a normalisation. */
function trimmed(text: string): string | Failure {
  return trim(text) || fail('unparsable')
}

function trim(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && isSpace(text.charCodeAt(from))) from++
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--
  return from === 0 && to === text.length ? text : text.slice(from, to)
}

function lower(text: string): string {
  // Of ASCII alone the platform's lower case is exact, and faster.
  if (!/[^\0-\x7f]/.test(text)) return text.toLowerCase()
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

function phone(text: string, countryCode: string | undefined, bare: BareCountryCode): string | undefined {
  const trimmed = trim(text)
  // RFC 3966.
  const written = /^tel:/i.test(trimmed) ? trimmed.slice(4) : trimmed
  if (!/^\+?[0-9 \t()\-./]*$/.test(written)) return undefined
  const digits = digitsOf(written)
  const number = written.startsWith('+') ? digits : international(digits, countryCode, bare)
  return number !== undefined && number.length >= LEAST_DIGITS && number.length <= MOST_DIGITS
    ? number
    : undefined
}

function international(
  digits: string,
  countryCode: string | undefined,
  bare: BareCountryCode,
): string | undefined {
  if (digits.startsWith('00')) return digits.slice(2)
  if (countryCode === undefined || digits === '') return undefined
  if (digits.startsWith('0')) return countryCode + digits.slice(1)
  const mayHaveCode = digits.startsWith(countryCode) && digits.length >= LEAST_DIGITS
  if (!mayHaveCode || bare === 'national') return countryCode + digits
  return bare === 'join' ? digits : undefined
}
