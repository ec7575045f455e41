/** The mask sign: the one character that stands where something was hidden. Shared by the masks. */
import { z } from 'zod'
import { countGraphemes } from '../graphemes.ts'
import { OptionError } from '../transform.ts'

/** The option `with` of the masks: one grapheme. What the schema cannot say, `checkSign` does. */
export const signOption: z.ZodDefault<z.ZodString> = z
  .string()
  .min(1)
  .max(16)
  .default('*')
  .describe('The mask sign: one visible character (grapheme) that stands for each hidden one.')

/** Throws `OptionError` unless `sign` is one visible grapheme that cannot merge with its neighbours. */
export function checkSign(sign: string): string {
  if (countGraphemes(sign) !== 1 || !/^[\p{L}\p{N}\p{P}\p{S}]/u.test(sign) || /\p{Cs}/u.test(sign)) {
    throw new OptionError('`with` must be exactly one visible character', 'with', 'write one sign, e.g. "*"')
  }
  return sign
}

/**
 * `count` mask signs. The short ones are made in advance.
 * @returns a function of the count of signs, 0 or more
 */
export function repeater(sign: string): (count: number) => string {
  const short = Array.from({ length: 65 }, (_, count) => sign.repeat(count))
  return (count) => short[count] ?? sign.repeat(count)
}
