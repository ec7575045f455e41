/** Keyed, repeatable choices: what all `fake.*` share. */
import { z } from 'zod'
import { hmacSha256 } from '../keyed.ts'
import { token } from '../reveals/revelation.ts'
import {
  type CompileContext,
  defineTransform,
  type Example,
  fail,
  type Result,
  type Transform,
} from '../transform.ts'
import { foldText } from './lists.ts'

/** The option `domain` of all of them. */
const pickDomain: z.ZodOptional<z.ZodString> = z
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

/** Makes the text of a surrogate. */
export interface Writer {
  /** Gives another text when the first number goes up by one. */
  readonly write: (numbers: Numbers) => string
  /** How the value and a surrogate are compared; default `foldText`. */
  readonly fold?: (text: string) => string
  /** As of `CompiledTransform`. */
  readonly plain?: boolean
}

/** What one of these transforms says of itself; the rest is the same for all. */
export interface PickedSpec<Options extends z.ZodRawShape> {
  readonly name: string
  readonly summary: string
  /** Its options but `domain`. */
  readonly options: Options
  readonly formatKept: string
  readonly yields: string
  readonly doesNotStop: string
  readonly examples: readonly Example[]
  /** @throws OptionError where a list has too few entries */
  readonly writer: (options: z.output<z.ZodObject<Options>>, context: CompileContext) => Writer
}

/** Defines a transform that picks a surrogate under a key: the same for the same value, and never the value itself. */
export function definePicked<Options extends z.ZodRawShape>(spec: PickedSpec<Options>): Transform {
  const { name, summary, formatKept, yields, doesNotStop, examples, writer } = spec
  return defineTransform({
    name,
    summary,
    version: 1,
    options: z.strictObject({ ...spec.options, domain: pickDomain }),
    properties: {
      reversible: "by the key's holder, guessing",
      repeatable: 'yes',
      uniqueness: 'lossy',
      formatKept,
      accepts: 'any text',
      yields,
      keyed: true,
      // Lossy, but near enough to one for each value, at all times, for records to be joined by it.
      stableToken: true,
      mayReturnInput: false,
    },
    failures: {},
    doesNotStop,
    examples,
    reveals: (options) => token(name, options as { readonly domain?: string }),
    compile: (options, context) => {
      const stated = options as z.output<z.ZodObject<Options>> & { readonly domain?: string }
      const { write, fold, plain } = writer(stated, context)
      const apply = surrogates(context, stated.domain, write, fold)
      return { yields: 'string', apply, ...(plain === undefined ? {} : { plain }) }
    },
  })
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
