import { z } from 'zod'
import { part } from '../reveals/revelation.ts'
import { defineTransform, fail, type Transform } from '../transform.ts'
import { ZIP3_CENSUS_2020, ZIP3_CENSUS_2020_SHA256 } from './zip3-census-2020.ts'

const options = z.strictObject({
  list: z
    .literal('census-2020')
    .default('census-2020')
    .describe('Which census the allow-list of prefixes follows. There is one: census-2020.'),
})

/** Every prefix as a number, to what becomes of it. */
export function resultsByPrefix(allowed: readonly string[]): readonly string[] {
  const results = new Array<string>(1000).fill('000')
  for (const prefix of allowed) results[Number(prefix)] = prefix
  return results
}

/** The number that the digits of `text` from `from` to `to` write; NaN where one of them is no ASCII digit. */
function digitsAt(text: string, from: number, to: number): number {
  let value = 0
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 48
    if (digit < 0 || digit > 9) return Number.NaN
    value = value * 10 + digit
  }
  return value
}

/**
 * ZIP or ZIP+4 in (`94103`, `94103-1234`, `941031234`), three digits out: the prefix where the allow-list holds
 * it, else `000`. A ZIP that lost its leading zero (`2134`) is refused: nothing tells it from another mistake.
 * Source: 45 CFR 164.514(b)(2)(i)(B).
 */
export const zip3: Transform = defineTransform({
  name: 'generalize.zip3',
  summary: 'Keeps the first three digits of a US ZIP code where more than 20,000 people live, else 000.',
  version: 1,
  options,
  properties: {
    reversible: 'no',
    repeatable: 'yes',
    uniqueness: 'lossy',
    formatKept: 'three digits',
    accepts: 'five digits; nine digits, with or without a hyphen after the fifth',
    yields: 'three digits, as text',
    keyed: false,
    stableToken: false,
    mayReturnInput: false,
  },
  failures: { unparsable: 'The value is no ZIP or ZIP+4: other characters, or another number of digits.' },
  doesNotStop:
    'Linking by other fields: 20,000 people are few once age, sex and a date are known too. It says nothing of ' +
    'postcodes of other countries.',
  examples: [
    { title: 'a populous area', options: {}, input: '94103', output: '941' },
    { title: 'ZIP+4', options: {}, input: '02139-4307', output: '021' },
    { title: 'few people live there', options: {}, input: '03601', output: '000' },
    { title: 'military mail is in no census area', options: {}, input: '09012', output: '000' },
    { title: 'a leading zero was lost', options: {}, input: '2139', output: { fails: 'unparsable' } },
  ],
  reveals: ({ list }) => part({ of: 'zip3', list }),
  compile: (_, context) => {
    context.usesList('zip3-census-2020', ZIP3_CENSUS_2020_SHA256)
    const results = resultsByPrefix(ZIP3_CENSUS_2020)
    return {
      yields: 'string',
      plain: true,
      apply: (text) => {
        const length = text.length
        let rest: number
        if (length === 5) rest = 0
        else if (length === 10 && text.charCodeAt(5) === 45) rest = digitsAt(text, 6, 10)
        else if (length === 9) rest = digitsAt(text, 5, 9)
        else return fail('unparsable')
        const zip = digitsAt(text, 0, 5) + 0 * rest
        return Number.isNaN(zip) ? fail('unparsable') : results[Math.trunc(zip / 100)]!
      },
    }
  },
})
