import { z } from 'zod'
import { part } from '../reveals/revelation.ts'
import { defineTransform, fail, OptionError, type Transform } from '../transform.ts'
import { checkSign, signOption } from './sign.ts'

/** PCI DSS v4.0.1, requirement 3.4.1, shows at most the issuer's digits and the last four. */
const MOST_FIRST = 6
const MOST_LAST = 4
/** Digits hidden in every number, however short. */
export const LEAST_HIDDEN = 6
/** The most shown digits; with more, the hidden ones can be guessed: 16 - 8 hidden digits, one of them fixed by Luhn. */
const MOST_SHOWN = 8

const ZERO = 0x30

/** 12 to 19 digits (ISO/IEC 7812-1), single spaces or hyphens between them, nothing around. */
const CARD = /^[0-9](?:[ -]?[0-9]){11,18}$/

const options = z.strictObject({
  keepFirst: z
    .int()
    .min(0)
    .max(MOST_FIRST)
    .default(0)
    .describe('How many digits at the start stay readable, at most 6 (PCI DSS 3.4.1).'),
  keepLast: z
    .int()
    .min(0)
    .max(MOST_LAST)
    .default(4)
    .describe('How many digits at the end stay readable, at most 4 (PCI DSS 3.4.1).'),
  with: signOption,
  luhn: z
    .enum(['require', 'ignore'])
    .default('require')
    .describe('`require` refuses a number whose check digit (Luhn, ISO/IEC 7812-1 annex B) is wrong.'),
})

export interface CardOptions {
  readonly keepFirst: number
  readonly keepLast: number
  readonly with: string
  readonly luhn: 'require' | 'ignore'
}

export const card: Transform = defineTransform({
  name: 'mask.card',
  summary: 'Hides the digits of a payment card number, except at most the first six and the last four.',
  version: 1,
  options,
  properties: {
    reversible: 'no; the hidden digits can be tried out where few are hidden',
    repeatable: 'yes',
    uniqueness: 'lossy',
    formatKept: 'the count of digits, spaces and hyphens where they were',
    accepts: '12 to 19 digits, with single spaces or hyphens between them',
    yields: 'text of the same shape',
    keyed: false,
    stableToken: false,
    mayReturnInput: false,
  },
  failures: {
    unparsable: 'the value is not 12 to 19 digits with single spaces or hyphens between them',
    'out-of-domain': 'the check digit is wrong (with `luhn: require`)',
  },
  doesNotStop:
    'The first six and last four of 16 digits leave six hidden ones, and the check digit rules out nine in ten: ' +
    'about 100,000 candidates, so a token or hash of the same number elsewhere can be broken. At least six ' +
    'digits are always hidden: of a shorter number fewer are kept at its start.',
  examples: [
    {
      title: 'the last four stay',
      options: {},
      input: '4111 1111 1111 1111',
      output: '**** **** **** 1111',
    },
    {
      title: 'issuer and last four',
      options: { keepFirst: 6 },
      input: '5555-5555-5555-4444',
      output: '5555-55**-****-4444',
    },
    {
      title: 'six digits are hidden in a number of 15',
      options: { keepFirst: 6, with: 'x' },
      input: '378282246310005',
      output: '37828xxxxxx0005',
    },
    {
      title: 'a wrong check digit',
      options: {},
      input: '4111 1111 1111 1112',
      output: { fails: 'out-of-domain' },
    },
    { title: 'not a card number', options: {}, input: '4111 1111', output: { fails: 'unparsable' } },
  ],
  weaknesses: ({ keepFirst, keepLast }) => {
    const shown = keepFirst + keepLast
    if (shown <= MOST_SHOWN) return []
    return [
      {
        option: 'keepFirst',
        reason: `${shown} digits of 16 stay readable; with the check digit about ${(10 ** (15 - shown)).toLocaleString('en-US')} numbers are left to try`,
        suggestion: `keep at most ${MOST_SHOWN} digits in total, e.g. keepFirst: 4, keepLast: 4`,
      },
    ]
  },
  reveals: ({ keepFirst, keepLast, luhn }) =>
    part({ of: 'card', first: keepFirst, last: keepLast, check: luhn === 'require' }),
  restep: (previous, next) => {
    const { with: sign, keepFirst, keepLast } = next
    if (previous.with !== sign || keepFirst > previous.keepFirst || keepLast > previous.keepLast)
      return undefined
    // A sign that stands between digits, too, hides how many there are.
    if (/[ -]/.test(sign)) return undefined
    return (stored) => {
      const parts = stored.split(sign).join('\0')
      const digits = parts.replace(/[ -]/g, '')
      if (!/^[0-9]{0,6}\0+[0-9]{0,4}$/.test(digits)) return fail('unparsable')
      const count = digits.length
      if (count < 12 || count > 19) return fail('unparsable')
      const last = Math.min(keepLast, count - LEAST_HIDDEN)
      const first = Math.min(keepFirst, count - LEAST_HIDDEN - last)
      let seen = 0
      let result = ''
      for (const one of parts) {
        if (one === ' ' || one === '-') {
          result += one
          continue
        }
        const isShown = seen < first || seen >= count - last
        // A shorter end lets more of the start be seen than is stored.
        if (isShown && one === '\0') return fail('unparsable')
        result += isShown ? one : sign
        seen++
      }
      return result
    }
  },
  compile: ({ keepFirst, keepLast, with: sign, luhn }: CardOptions) => {
    checkSign(sign)
    if (/^\p{N}/u.test(sign)) {
      throw new OptionError('`with` must not be a digit: it would read as part of the number', 'with', '"*"')
    }
    return {
      yields: 'string',
      apply: (text) => {
        if (!CARD.test(text)) return fail('unparsable')
        if (luhn === 'require' && !passesLuhn(text)) return fail('out-of-domain')
        let digits = 0
        for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= ZERO) digits++
        const last = Math.min(keepLast, digits - LEAST_HIDDEN)
        const first = Math.min(keepFirst, digits - LEAST_HIDDEN - last)
        let seen = 0
        let result = ''
        for (let i = 0; i < text.length; i++) {
          if (text.charCodeAt(i) < ZERO) result += text[i]
          else {
            result += seen < first || seen >= digits - last ? text[i] : sign
            seen++
          }
        }
        return result
      },
    }
  },
})

/** ISO/IEC 7812-1 annex B: from the right, every second digit doubled, digit sums added: a multiple of ten. */
function passesLuhn(text: string): boolean {
  let sum = 0
  let double = false
  for (let i = text.length - 1; i >= 0; i--) {
    const digit = text.charCodeAt(i) - ZERO
    if (digit < 0) continue
    const weighed = double ? digit * 2 : digit
    sum += weighed > 9 ? weighed - 9 : weighed
    double = !double
  }
  return sum % 10 === 0
}
