import { z } from 'zod'
import {
  compareDecimals,
  type Decimal,
  parseDecimal,
  printDecimal,
  printUnits,
  roundedUnits,
  unitsAt,
} from '../decimal.ts'
import { notationOptions, reading } from '../decimal-notation.ts'
import { decimalOption } from '../decimal-option.ts'
import { integerBelow, prefixedHmacSha256, uint128 } from '../keyed.ts'
import { defineTransform, fail, OptionError, type Transform, type Weakness } from '../transform.ts'

const decimal = z.union([z.number(), z.string().min(1)])

const options = z.strictObject({
  span: decimal
    .optional()
    .describe(
      'The most that is added or taken away, above 0, in the unit of the value. Give this or `ratio`.',
    ),
  ratio: decimal
    .optional()
    .describe(
      'The same as a share of the value: 0.1 is up to a tenth of it. Above 0, at most 1. Of small values it is more: five units of the last digit at least.',
    ),
  decimals: z.int().min(0).max(12).default(0).describe('Digits after the point of the result.'),
  min: decimal.optional().describe('The least that values and results may be. Lower values fail.'),
  max: decimal.optional().describe('The most that values and results may be. Higher values fail.'),
  domain: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
    .optional()
    .describe(
      'Names the key that the noise is drawn with. Fields of one domain get the same noise. Default: the path.',
    ),
  ...notationOptions,
})

type Options = z.output<typeof options>

/** In units of 10**-decimals: fewer than ten possible results reveal a value almost exactly. */
const LEAST_REACH = 5n

const SAFE = BigInt(Number.MAX_SAFE_INTEGER)

/** The noise that the options state, in units of 10**-decimals. */
interface Noise {
  /** Undefined where it is a ratio. */
  readonly span: bigint | undefined
  readonly ratio: Decimal | undefined
  readonly min: bigint | undefined
  readonly max: bigint | undefined
}

function need(holds: boolean, message: string, option: string, suggestion: string): asserts holds {
  if (!holds) throw new OptionError(message, option, suggestion)
}

function noiseOf(stated: Options): Noise {
  const units = (option: 'span' | 'min' | 'max'): bigint | undefined => {
    const value = stated[option]
    if (value === undefined) return undefined
    const read = decimalOption(value, option)
    const more = `set decimals to ${read.scale} or more`
    need(
      read.scale <= stated.decimals,
      `${option} has more digits after the point than decimals says`,
      option,
      more,
    )
    return unitsAt(read, stated.decimals)
  }
  const span = units('span')
  need(
    (span === undefined) !== (stated.ratio === undefined),
    'span and ratio: one is needed',
    'span',
    'give one of the two',
  )
  need(span === undefined || span > 0n, 'span is not above 0', 'span', 'give a positive span')
  const ratio = stated.ratio === undefined ? undefined : decimalOption(stated.ratio, 'ratio')
  const inRange =
    ratio === undefined || (ratio.units > 0n && compareDecimals(ratio, { units: 1n, scale: 0 }) <= 0)
  need(inRange, 'ratio is not above 0 and at most 1', 'ratio', 'give a share such as 0.1')
  const min = units('min')
  const max = units('max')
  if (min !== undefined && max !== undefined)
    // So that from every value between them the whole noise fits in one of the two directions.
    need(
      max - min >= 2n * (span ?? 1n),
      'min and max are less than two spans apart',
      'max',
      'widen them or lower span',
    )
  return { span, ratio, min, max }
}

/** A share of a small number is next to nothing. Where `min` and `max` stand close, their span is the limit. */
function leastReach(min: bigint | undefined, max: bigint | undefined): bigint {
  if (min === undefined || max === undefined || (max - min) / 2n >= LEAST_REACH) return LEAST_REACH
  return (max - min) / 2n
}

/** How far the noise for a value of this size may reach, in units: at least so far that ten results are possible. */
function reach({ span, ratio, min, max }: Noise, value: Decimal, decimals: number): bigint {
  if (span !== undefined) return span
  const size = value.units < 0n ? -value.units : value.units
  let most = unitsAt({ units: size * ratio!.units, scale: value.scale + ratio!.scale }, decimals)
  if (min !== undefined && max !== undefined && most > (max - min) / 2n) most = (max - min) / 2n
  const least = leastReach(min, max)
  return most > least ? most : least
}

function weaknesses(stated: Options): readonly Weakness[] {
  const span = stated.span === undefined ? undefined : parseDecimal(String(stated.span))
  if (span !== undefined && typeof span !== 'string' && unitsAt(span, stated.decimals) < LEAST_REACH)
    return [
      {
        option: 'span',
        reason: 'Fewer than ten results are possible for a value: it can be told almost exactly.',
        suggestion: 'raise span',
      },
    ]
  const ratio = stated.ratio === undefined ? undefined : parseDecimal(String(stated.ratio))
  if (ratio !== undefined && typeof ratio !== 'string' && compareDecimals(ratio, { units: 1n, scale: 2 }) < 0)
    return [
      {
        option: 'ratio',
        reason: 'Under a hundredth of the value hides next to nothing of it.',
        suggestion: 'use 0.01 or more',
      },
    ]
  const { min, max, decimals } = stated
  if (ratio !== undefined && min !== undefined && max !== undefined) {
    const [low, high] = [parseDecimal(String(min)), parseDecimal(String(max))]
    if (
      typeof low !== 'string' &&
      typeof high !== 'string' &&
      unitsAt(high, decimals) - unitsAt(low, decimals) < 2n * LEAST_REACH
    )
      return [
        {
          option: 'max',
          reason: 'Fewer than ten results are possible for a value: it can be told almost exactly.',
          suggestion: 'widen min and max, or raise decimals',
        },
      ]
  }
  return []
}

/**
 * How many whole numbers at least may stand behind a result. A ratio is a share of numbers that are not known here: of
 * the least one where `min` says so, else as many as the shortest reach leaves.
 */
function candidates(stated: Options): number {
  const number = (value: number | string | undefined) => Number(value ?? Number.NaN)
  const counted = (reach: number) => (reach > 0 ? 2 * Math.floor(reach) : 0)
  if (stated.span !== undefined) return counted(number(stated.span))
  const ratio = number(stated.ratio)
  if (!(ratio >= 0.01)) return 0
  return Math.max(2 * Number(LEAST_REACH), counted(number(stated.min) * ratio))
}

/**
 * THIS IS NOT DIFFERENTIAL PRIVACY. The noise is bounded, fixed for a subject, field and value, and has no
 * privacy budget; it makes single numbers inexact, and no statement about many of them follows.
 *
 * A number in, another number near it out. The offset is a whole number of 10**-decimals, uniform over
 * -span … -1 and 1 … span, drawn by HMAC-SHA-256 under the field key of use `noise` from
 * `<bytes of the subject>:<subject><number>`: the length, in decimal, of the subject's UTF-8, a colon, the subject,
 * and the number as `printDecimal` writes it, so that `1`, `1.0` and `1e0` get the same noise. The MAC's first 16 bytes,
 * modulo 2 × span, number the offsets in ascending order. It is added to the value rounded to `decimals`
 * (halves away from zero), so the result differs from the value always. A result beyond `min` or `max` is
 * mirrored at the value. One known pair of value and result tells of no other: each has a MAC of its own.
 */
export const number: Transform = defineTransform({
  name: 'noise.number',
  summary: 'Adds repeatable noise of bounded size to a number. It is not differential privacy.',
  version: 2,
  options,
  properties: {
    reversible: "by the key's holder, trying the values in reach",
    repeatable: 'per subject',
    uniqueness: 'lossy',
    formatKept: 'a number stays a number',
    accepts:
      'numbers as JSON writes them, also `+5`, `007`, `.5`, `5.`, and as `decimal`, `grouping` and `affix` state',
    yields: 'a number with at most `decimals` digits after the point, never the same number',
    keyed: true,
    needs: ['subject'],
    stableToken: false,
    mayReturnInput: false,
  },
  failures: {
    unparsable:
      'The value is not a decimal number, or not written as `decimal`, `grouping` and `affix` state.',
    'out-of-domain':
      'The number lies beyond `min` or `max`, or has more than 40 digits, before and after the point together.',
    'subject-missing': 'The record names no data subject.',
  },
  doesNotStop:
    'It is NOT differential privacy. That the value lies within the span of the result is certain; sums and ' +
    'averages over many values of a subject come close to the true ones; and an extreme value stays extreme.',
  examples: [
    {
      title: 'up to 10 either way',
      options: { span: 10, domain: 'amount' },
      input: '100',
      output: '94',
      subject: 'c-1001',
    },
    {
      title: 'the same number, the same noise',
      options: { span: 10, domain: 'amount' },
      input: '100.00',
      output: '94',
      subject: 'c-1001',
    },
    {
      title: 'the next number, another noise',
      options: { span: 10, domain: 'amount' },
      input: '101',
      output: '104',
      subject: 'c-1001',
    },
    {
      title: 'up to a tenth of the value',
      options: { ratio: 0.1, decimals: 2, domain: 'amount' },
      input: '249.90',
      output: '251.94',
      subject: 'c-1001',
    },
    {
      title: 'within bounds',
      options: { span: 5, min: 0, max: 120, domain: 'age' },
      input: '2',
      output: '0',
      subject: 'c-1001',
    },
    {
      title: 'an amount in dollars',
      options: { span: 10, domain: 'amount', grouping: ',', affix: ['$'] },
      input: '$100.00',
      output: '94',
      subject: 'c-1001',
    },
    {
      title: 'no subject',
      options: { span: 10, domain: 'amount' },
      input: '100',
      output: { fails: 'subject-missing' },
    },
  ],
  weaknesses,
  reveals: (stated) => {
    const { domain, ...others } = stated
    return {
      tells: 'noisy',
      of: 'number',
      candidates: candidates(stated),
      draw: `noise ${JSON.stringify(others)}`,
      domain,
    }
  },
  compile: (stated, context) => {
    const noise = noiseOf(stated)
    const { decimals } = stated
    const { min, max } = noise
    const mac = prefixedHmacSha256(context.key('noise', stated.domain ?? context.path).bytes)
    let last: string | undefined
    let prefix = ''
    return {
      yields: 'same',
      apply: reading(stated, (text, { subject }) => {
        if (subject === undefined || subject === '') return fail('subject-missing')
        const value = parseDecimal(text)
        if (typeof value === 'string') return fail(value)
        if (min !== undefined && compareDecimals(value, { units: min, scale: decimals }) < 0)
          return fail('out-of-domain')
        if (max !== undefined && compareDecimals(value, { units: max, scale: decimals }) > 0)
          return fail('out-of-domain')
        const span = reach(noise, value, decimals)
        if (subject !== last) prefix = `${Buffer.byteLength(subject)}:${subject}`
        // Of an equal text, too: to compare a text with itself takes no time, and with an equal one its length.
        last = subject
        const bytes = mac(prefix, printDecimal(value))
        const choices = 2n * span
        const drawn =
          choices <= SAFE ? BigInt(integerBelow(bytes, Number(choices))) : uint128(bytes) % choices
        const offset = drawn < span ? drawn - span : drawn - span + 1n
        const base = roundedUnits(value, decimals)
        const result = base + offset
        const outside = (min !== undefined && result < min) || (max !== undefined && result > max)
        return printUnits(outside ? base - offset : result, decimals)
      }),
    }
  },
})
