import { z } from 'zod'
import { part } from '../reveals/revelation.ts'
import { defineTransform, fail, type Transform } from '../transform.ts'
import { isVisible } from '../visible.ts'

const options = z.strictObject({
  keep: z
    .int()
    .min(1)
    .max(64)
    .describe('How many leading characters (Unicode code points) are kept. Longer values only: others fail.'),
})

export interface PrefixOptions {
  readonly keep: number
}

/** More leading characters than this leave few candidates of a postcode, a phone or an account number. */
const MANY = 4

/**
 * Where the first `keep` code points end, in UTF-16 units, or -1 where the text has no more than `keep`.
 * A surrogate pair is never cut; what Unicode calls a grapheme may be, so that no Unicode table decides.
 */
function endOfPrefix(text: string, keep: number): number {
  let end = 0
  for (let count = 0; count < keep; count++) {
    if (end >= text.length) return -1
    const unit = text.charCodeAt(end)
    end += unit >= 0xd800 && unit <= 0xdbff ? 2 : 1
  }
  return end < text.length ? end : -1
}

/**
 * Text in, its first `keep` code points out. A text of `keep` code points or fewer would come out whole, and one with
 * nothing visible behind them as good as whole: it fails.
 */
export const prefix: Transform = defineTransform({
  name: 'generalize.prefix',
  summary: 'Keeps the first characters of a value, e.g. of a postcode.',
  version: 2,
  options,
  properties: {
    reversible: 'no',
    repeatable: 'yes',
    uniqueness: 'lossy',
    formatKept: 'the leading characters',
    accepts: 'text longer than `keep` characters',
    yields: 'text of `keep` characters',
    keyed: false,
    stableToken: false,
    mayReturnInput: false,
  },
  failures: {
    'out-of-domain':
      'The value has no more characters than `keep`, or none that are visible: the result would be all of it.',
  },
  doesNotStop:
    'Linking by rare prefixes: some stand for very few people. For US ZIP codes generalize.zip3 knows which.',
  examples: [
    { title: 'the area of a postcode', options: { keep: 3 }, input: '94103', output: '941' },
    { title: 'code points, not bytes', options: { keep: 1 }, input: '東京都', output: '東' },
    {
      title: 'padding hides nothing',
      options: { keep: 3 },
      input: 'EC1   ',
      output: { fails: 'out-of-domain' },
    },
    {
      title: 'too short to hide anything',
      options: { keep: 3 },
      input: 'EC1',
      output: { fails: 'out-of-domain' },
    },
  ],
  weaknesses: ({ keep }) =>
    keep > MANY
      ? [
          {
            option: 'keep',
            reason: `The first ${keep} characters of a postcode, a phone or an account number leave few candidates.`,
            suggestion: `keep ${MANY} or fewer`,
          },
        ]
      : [],
  reveals: ({ keep }) => part({ of: 'characters', first: keep, last: 0, length: false, share: 'any' }),
  restep: (previous, { keep }) =>
    previous.keep < keep
      ? undefined
      : (stored) => {
          const count = [...stored].length
          if (count < keep || count > previous.keep) return fail('out-of-domain')
          return count === keep ? stored : stored.slice(0, endOfPrefix(stored, keep))
        },
  compile: ({ keep }: PrefixOptions, context) => {
    context.usesPlatform('unicode')
    return {
      yields: 'string',
      ladder: () => Array.from({ length: keep - 1 }, (_, fewer) => ({ keep: keep - 1 - fewer })),
      apply: (text) => {
        const end = endOfPrefix(text, keep)
        return end < 0 || !isVisible(text.slice(end)) ? fail('out-of-domain') : text.slice(0, end)
      },
    }
  },
})
