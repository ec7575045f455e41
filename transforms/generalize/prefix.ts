import { z } from 'zod'
import type { WriteBytes } from '../bytes.ts'
import { part } from '../reveals/revelation.ts'
import { defineTransform, fail, type Transform } from '../transform.ts'
import { isVisible, isVisibleAscii } from '../visible.ts'

const options = z.strictObject({
  keep: z
    .int()
    .min(1)
    .max(64)
    .describe('How many leading characters (Unicode code points) are kept. Longer values only: others fail.'),
})

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

/** Whether visible ASCII, Latin from U+00C0 on, kana, CJK from U+5000 on or an emoji from U+1F000 on stands at `at`. */
function isSurelyVisible(source: Uint8Array, at: number): boolean {
  const byte = source[at]!
  if (byte < 0x80) return isVisibleAscii(byte)
  if (byte < 0xe0) return byte >= 0xc3 && byte <= 0xcb
  const next = source[at + 1]!
  if (byte === 0xe3) return next >= 0x81 && next <= 0x83
  return (byte >= 0xe5 && byte <= 0xe9) || (byte === 0xf0 && next === 0x9f)
}

/** The same on UTF-8: a leading byte says how many bytes its code point has. */
function prefixKernel(keep: number): WriteBytes {
  return (source, start, end, out, at) => {
    let from = start
    let to = at
    for (let count = 0; count < keep; count++) {
      if (from >= end) return -1
      const byte = source[from++]!
      out[to++] = byte
      if (byte >= 0xc0) {
        const size = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3
        for (let rest = 0; rest < size; rest++) out[to++] = source[from++]!
      }
    }
    return from < end && isSurelyVisible(source, from) ? to : -1
  }
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
  compile: ({ keep }, context) => {
    context.usesPlatform('unicode')
    return {
      yields: 'string',
      writeBytes: prefixKernel(keep),
      apply: (text) => {
        const end = endOfPrefix(text, keep)
        return end < 0 || !isVisible(text.slice(end)) ? fail('out-of-domain') : text.slice(0, end)
      },
    }
  },
})
