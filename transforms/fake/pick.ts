/** Keyed, repeatable choices: what all `fake.*` share. */
import { z } from 'zod'
import { hmacSha256 } from '../keyed.ts'
import { type CompileContext, fail, type Result } from '../transform.ts'
import { foldText } from './lists.ts'

/** The option `domain` of the fakes. */
export const pickDomain: z.ZodOptional<z.ZodString> = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
  .optional()
  .describe(
    'Fields with one domain give the same surrogate for the same value. Default: the path of the field, so that no two fields agree.',
  )

/** Choices that one MAC feeds: 48 bits each, of 256. */
const CHOICES = 5
const BYTES = 6
/** A surrogate equal to the value is replaced by the next one; lists hold no text twice, so one step is enough. */
const STEPS = 100

/** Five numbers in [0, 2^48), independent of each other; `write` takes them modulo the length of its lists. */
export type Numbers = readonly [number, number, number, number, number]

/**
 * A function of a value to its surrogate: HMAC-SHA-256 under the field key for use `pick`, over the UTF-8 of
 * the value, gives five numbers of 48 bits (big-endian, in order), and `write` makes a text of them. No list
 * is longer than 2^32, so that no entry is likelier than another by more than 2^-16.
 * @param write must give another text when the first number goes up by one
 * @param fold how the value and a surrogate are compared; a surrogate never equals its value
 */
export function surrogates(
  context: CompileContext,
  domain: string | undefined,
  write: (numbers: Numbers) => string,
  fold: (text: string) => string = foldText,
): (text: string) => Result {
  const mac = hmacSha256(context.key('pick', domain ?? context.path).bytes)
  context.usesPlatform('unicode')
  return (text) => {
    const bytes = mac(text)
    const numbers: [number, number, number, number, number] = [0, 0, 0, 0, 0]
    for (let i = 0; i < CHOICES; i++) numbers[i] = bytes.readUIntBE(i * BYTES, BYTES)
    const own = fold(text)
    for (let step = 0; step < STEPS; step++) {
      const result = write(numbers)
      if (fold(result) !== own) return result
      numbers[0]++
    }
    return fail('transform-error')
  }
}

/** The entry of a list that a number picks. */
export function pick<Item>(list: readonly Item[], number: number): Item {
  return list[number % list.length]!
}
