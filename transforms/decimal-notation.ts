/**
 * Numbers as people and their spreadsheets write them: another decimal separator, digits in groups, a currency or percent
 * sign. What is stated is read and nothing else: a text that may be two numbers is none.
 */
import { z } from 'zod'
import { digitsOf } from './digits.ts'
import { type CompiledTransform, fail, OptionError } from './transform.ts'

/** The spaces that locales put between groups, and between a number and its sign (CLDR): plain, no-break, thin, narrow. */
const SPACES = ' \\u00a0\\u2009\\u202f'

/** By the value of `grouping`: the characters that it stands for, as a class. */
const GROUPING: Readonly<Record<string, string>> = { ',': ',', '.': '.', ' ': SPACES, "'": "'\\u2019" }

const SIGN = '[+\\-\\u2212]'

/** The options of every transform that reads numbers. */
export const notationOptions: {
  decimal: z.ZodOptional<z.ZodEnum<{ '.': '.'; ',': ',' }>>
  grouping: z.ZodOptional<z.ZodEnum<{ ',': ','; '.': '.'; ' ': ' '; "'": "'" }>>
  affix: z.ZodOptional<z.ZodArray<z.ZodString>>
} = {
  decimal: z
    .enum(['.', ','])
    .optional()
    .describe(
      "What stands before the decimals of a value: '.' (the default) or ','. The other one fails, but where `grouping` names it. With this, `grouping` or `affix`, white space around a value is taken off. Results always have a dot.",
    ),
  grouping: z
    .enum([',', '.', ' ', "'"])
    .optional()
    .describe(
      "What stands between groups of digits, where a value has them: ',', '.', ' ' (a no-break or thin space, too) or \"'\" (’, too). Groups have three digits, or two before the last three.",
    ),
  affix: z
    .array(
      z
        .string()
        .max(16)
        .regex(
          /^(?![.,'\u2019]+$)[^\s\d+\-\u2212](?:[^\d+\-\u2212]*[^\s\d+\-\u2212])?$/,
          'an affix has no digit, no + or -, no blank at its ends, and is not a separator',
        ),
    )
    .min(1)
    .max(50)
    .optional()
    .describe(
      'Texts that may stand before or behind a number and are left out, such as [$, EUR, %]: compared exactly, one on each side at most, blanks between. They change no number: 12 % is 12, and $1 equals 1 EUR.',
    ),
}

export interface NotationOptions {
  readonly decimal?: '.' | ',' | undefined
  readonly grouping?: ',' | '.' | ' ' | "'" | undefined
  readonly affix?: readonly string[] | undefined
}

/**
 * The function that takes a value and gives the number in it as `parseDecimal` reads it, or undefined where none is
 * written as the options say. Undefined where no option is stated: then a value is the number.
 * @throws OptionError where one character would separate both groups and decimals
 */
export function notation(options: NotationOptions): ((text: string) => string | undefined) | undefined {
  const { decimal, grouping, affix } = options
  if (decimal === undefined && grouping === undefined && affix === undefined) return undefined
  const point = decimal ?? '.'
  if (grouping === point)
    throw new OptionError(
      'decimal and grouping are the same character',
      'grouping',
      point === '.' ? "add decimal: ','" : "write grouping: '.'",
    )
  const sides = affixes(affix ?? [])
  const decimals = `(?:[${point}](\\d*))?`
  const plain = new RegExp(`^(${SIGN}?)(\\d*)${decimals}([eE][+-]?\\d+)?$`)
  const between = grouping === undefined ? undefined : `[${GROUPING[grouping]}]`
  // No zero before it: 0,123 in groups is a slip.
  const groups = `[1-9]\\d{0,2}(?:${between}\\d{3})+|[1-9]\\d?(?:${between}\\d{2})+${between}\\d{3}`
  const grouped = between === undefined ? undefined : new RegExp(`^(${SIGN}?)(${groups})${decimals}$`)
  return (text) => {
    const number = sides(text)
    const match = plain.exec(number) ?? grouped?.exec(number)
    if (match === undefined || match === null) return undefined
    const [, sign, whole, fraction = '', exponent = ''] = match
    return `${sign === '' || sign === '+' ? '' : '-'}${digitsOf(whole!)}.${fraction}${exponent}`
  }
}

/** Takes white space and the affixes off a value; a sign before an affix stays before the number. */
function affixes(texts: readonly string[]): (text: string) => string {
  // The longest first: SEK before K.
  const longest = texts.toSorted((a, b) => b.length - a.length)
  return (text) => {
    let number = text.trim()
    const sign = /^[+\-\u2212]/.exec(number)?.[0] ?? ''
    const unsigned = number.slice(sign.length).trimStart()
    const before = longest.find((affix) => unsigned.startsWith(affix))
    if (before !== undefined) number = sign + unsigned.slice(before.length).trimStart()
    const behind = longest.find((affix) => number.endsWith(affix))
    return behind === undefined ? number : number.slice(0, -behind.length).trimEnd()
  }
}

/** As `notation`, around what a transform does with a number; itself where no option is stated. */
export function reading(
  options: NotationOptions,
  apply: CompiledTransform['apply'],
): CompiledTransform['apply'] {
  const read = notation(options)
  if (read === undefined) return apply
  return (text, record) => {
    const number = read(text)
    return number === undefined ? fail('unparsable') : apply(number, record)
  }
}
