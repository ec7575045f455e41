/** The options of how a date is written, as the schema of a policy has them. */
import { z } from 'zod'
import { NAMED_FORMATS } from './forms.ts'

type Format = z.ZodUnion<[z.ZodEnum<{ [K in (typeof NAMED_FORMATS)[number]]: K }>, z.ZodString]>

const WORDS =
  'auto (a date, or a date and time with offset, in the forms of ISO 8601, RFC 3339 and RFC 1123: 2024-07-15, 2024-07-15T13:45:00Z, 2024-07-15 13:45:00.123+00, 20240715T134500Z, Mon, 15 Jul 2024 13:45:00 GMT), rfc3339 (2024-07-15T13:45:00Z), date (2024-07-15), date-time (2024-07-15T13:45:00, no offset), rfc1123, epoch-days, epoch-seconds, epoch-milliseconds, epoch-microseconds or epoch-nanoseconds (numbers since 1970-01-01T00:00Z, with a fraction or none), or a pattern of the letters y M d H h m s S a X and quoted text, such as dd/MM/yyyy HH:mm'

const format: Format = z.union([z.enum(NAMED_FORMATS), z.string()])

/** How one date is written. */
export const dateFormat: Format = format.describe(`How the value is written: ${WORDS}.`)

const dateFormats: z.ZodOptional<z.ZodArray<Format>> = z
  .array(format)
  .min(2)
  .max(16)
  .optional()
  .describe(
    'Instead of `format`: several, in order. The first that reads a value, and in whose range it lies, counts.',
  )

const bound = (what: string) =>
  z
    .string()
    .optional()
    .describe(
      `${what}: a date (1990-01-01, with all of its day) or a moment of RFC 3339. A value outside is out-of-domain.`,
    )

export const notBefore: z.ZodOptional<z.ZodString> = bound(
  'The earliest value that is taken; of epoch numbers 1990-01-01 unless stated, because in a wrong unit they lie decades off',
)

export const notAfter: z.ZodOptional<z.ZodString> = bound(
  'The latest value that is taken; of epoch numbers one year after the time of the run unless stated',
)

/** Of transforms, beside `format`. */
export const moreReading: {
  readonly formats: typeof dateFormats
  readonly notBefore: typeof notBefore
  readonly notAfter: typeof notAfter
} = { formats: dateFormats, notBefore, notAfter }

/** The schema of a time zone's name; whether there is such a zone, `compileZone` says. */
export const timeZone: z.ZodString = z
  .string()
  .min(1)
  .describe('A name of the IANA time zone database, such as Europe/Berlin, or UTC.')

/** The schema of `zone` where it defaults to UTC, saying what it is for. */
export function zoneFor(purpose: string): z.ZodDefault<z.ZodString> {
  return timeZone.default('UTC').describe(`${purpose} A name of the IANA time zone database, or UTC.`)
}
