/** Keyed, repeatable choices: what all `fake.*` share. */
import { hmacSha256 } from '../keyed.ts'
import { type CompileContext, fail, type Result } from '../transform.ts'
import { foldText } from './lists.ts'

/** Choices that one MAC feeds: 48 bits each, of 256. */
const CHOICES = 5
const BYTES = 6
/** A surrogate equal to the value is replaced by the next one; lists hold no text twice, so one step is enough. */
const STEPS = 100

/** Five numbers in [0, 2^48), independent of each other; `write` takes them modulo the length of its lists. */
export type Numbers = readonly [number, number, number, number, number]

/** The numbers in a MAC: 48 bits each, big-endian, in order. */
export function numbersOf(mac: Buffer): [number, number, number, number, number] {
  const numbers: [number, number, number, number, number] = [0, 0, 0, 0, 0]
  for (let i = 0; i < CHOICES; i++) numbers[i] = mac.readUIntBE(i * BYTES, BYTES)
  return numbers
}

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
    const numbers = numbersOf(mac(text))
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
