/** `hash.integer`: the token as an integer of a stated range, for columns that must hold a number. */
import { z } from 'zod'
import { integerBelow, uint128 } from '../keyed.ts'
import { token } from '../reveals/revelation.ts'
import { defineTransform, OptionError, type Transform } from '../transform.ts'
import { domainOption } from './domain.ts'
import type { TokenForm } from './form.ts'
import { normalizeFailures, normalizeOptions } from './normalize.ts'
import { oddsText } from './odds.ts'
import { compileKeyed, type TokenOptions } from './token.ts'

export interface IntegerOptions extends TokenOptions {
  readonly min: number
  readonly max: number
}

export const integer: Transform = defineTransform({
  name: 'hash.integer',
  summary:
    'Replaces a value by a keyed integer of a stated range. Values collide, at odds that the range sets.',
  version: 1,
  options: z.strictObject({
    ...domainOption,
    ...normalizeOptions,
    min: z.int().default(1).describe('Smallest result, an integer within ±(2^53 - 1).'),
    max: z.int().describe('Largest result, an integer within ±(2^53 - 1), greater than min.'),
  }),
  properties: {
    reversible: "by the key's holder, guessing",
    repeatable: 'yes',
    uniqueness: 'collision-bounded',
    formatKept: 'nothing of the input',
    accepts: 'any text',
    yields: 'an integer from min to max',
    keyed: true,
    stableToken: true,
    mayReturnInput: true,
  },
  failures: normalizeFailures,
  doesNotStop:
    'Different values share a result at odds that only a large range makes small, and a number inside the range ' +
    'may by chance be given itself. It does not name its key. Otherwise as hash.hmac.',
  examples: [
    {
      title: 'a customer number that stays a number',
      options: { domain: 'customer', max: 9_007_199_254_740_991 },
      input: '1001',
      output: '6885631385554377',
    },
    {
      title: 'one of a hundred groups',
      options: { domain: 'customer', min: 0, max: 99 },
      input: '1001',
      output: '56',
    },
  ],
  weaknesses: ({ min, max }) => {
    const size = max - min + 1
    const bits = Math.log2(Math.max(size, 2)).toFixed(1)
    return [
      {
        option: 'max',
        reason: `a range of 2^${bits} integers holds fewer than 96 bits: ${oddsText(size)}`,
        suggestion:
          'hash.hmac or hash.uuid where the column may hold text; else the largest range that it can hold',
      },
    ]
  },
  reveals: (options) => token('hash.integer', options),
  compile: (options: IntegerOptions, context) => {
    const { min, max } = options
    if (max <= min) throw new OptionError('max must be greater than min', 'max')
    return { ...compileKeyed(options, context, integerForm), yields: 'number', plain: min >= 0 }
  },
})

/** `min` plus the MAC's first 16 bytes as one big-endian number modulo the size of the range. */
export function integerForm({ min, max }: IntegerOptions): TokenForm {
  const size = max - min + 1
  if (Number.isSafeInteger(size)) {
    return { kind: 'free', macBytes: 16, text: (mac, at) => String(min + integerBelow(mac, size, at)) }
  }
  const [least, exact] = [BigInt(min), BigInt(max) - BigInt(min) + 1n]
  return { kind: 'free', macBytes: 16, text: (mac, at) => String(least + (uint128(mac, at) % exact)) }
}
