import { z } from 'zod'
import { graphemeStarts } from '../graphemes.ts'
import { NOTHING, part } from '../reveals/revelation.ts'
import { defineTransform, fail, type Transform } from '../transform.ts'
import { countVisible } from '../visible.ts'
import { checkSign, repeater, signOption } from './sign.ts'

/** A cluster longer than this (UTF-16 units) is never shown: whole texts hide in stacked marks and tag characters. */
const LONGEST_SHOWN = 16
/** More than this shown in total is a weakness. */
const MOST_SHOWN = 6

const options = z.strictObject({
  keepFirst: z
    .int()
    .min(0)
    .max(64)
    .default(0)
    .describe('How many characters (graphemes) at the start stay readable.'),
  keepLast: z
    .int()
    .min(0)
    .max(64)
    .default(0)
    .describe('How many characters (graphemes) at the end stay readable.'),
  with: signOption,
  length: z
    .int()
    .min(1)
    .max(64)
    .optional()
    .describe(
      'Always write this many mask signs, so that the length of the value does not leak. Without it, one for each hidden character.',
    ),
})

export interface CharactersOptions {
  readonly keepFirst: number
  readonly keepLast: number
  readonly with: string
  readonly length?: number | undefined
}

/**
 * How many graphemes may be shown of a value with `visible` visible ones: at least half of these, and at least three,
 * stay hidden. So values of up to three are hidden whole, and no value shows more than it hides, however it is padded.
 */
export function mostShown(visible: number): number {
  return Math.max(0, Math.min(Math.floor(visible / 2), visible - 3))
}

export const characters: Transform = defineTransform({
  name: 'mask.characters',
  summary: 'Hides the characters of a text, except a few at its start or end.',
  version: 2,
  options,
  properties: {
    reversible: 'no; what stays readable, and without `length` the length, narrow the value down',
    repeatable: 'yes',
    uniqueness: 'lossy',
    formatKept: 'the characters kept; the length, unless `length` is given',
    accepts: 'any text',
    yields: 'text',
    keyed: false,
    stableToken: false,
    // Only where the hidden part already consisted of mask signs: masking a mask changes nothing.
    mayReturnInput: true,
  },
  failures: {},
  doesNotStop:
    'What stays readable identifies where few values share it, and links to other data that holds it. ' +
    'At least half of the visible characters, and at least three, are always hidden: of too short a value fewer are ' +
    'kept, first at its start, then at its end. A text that consists of mask signs already comes out as it was.',
  examples: [
    { title: 'everything is hidden by default', options: {}, input: 'Ada Lovelace', output: '************' },
    {
      title: 'the last four stay',
      options: { keepLast: 4 },
      input: '+49 30 2312 5012',
      output: '************5012',
    },
    { title: 'a short value shows less', options: { keepLast: 4 }, input: '70215', output: '***15' },
    { title: 'padding does not count', options: { keepLast: 4 }, input: '    1234', output: '*******4' },
    { title: 'a very short value shows nothing', options: { keepLast: 4 }, input: '702', output: '***' },
    {
      title: 'a fixed length hides the length',
      options: { keepFirst: 1, length: 5, with: '•' },
      input: 'Łukasz',
      output: 'Ł•••••',
    },
    {
      title: 'characters are counted as readers do',
      options: { keepFirst: 1 },
      input: '👩‍👩‍👧bcd',
      output: '👩‍👩‍👧***',
    },
  ],
  weaknesses: ({ keepFirst, keepLast }) =>
    keepFirst + keepLast > MOST_SHOWN
      ? [
          {
            option: keepLast >= keepFirst ? 'keepLast' : 'keepFirst',
            reason: `${keepFirst + keepLast} characters stay readable; more than ${MOST_SHOWN} single out most people`,
            suggestion: `keep at most ${MOST_SHOWN} characters in total`,
          },
        ]
      : [],
  reveals: ({ keepFirst, keepLast, length }) =>
    keepFirst + keepLast === 0 && length !== undefined
      ? NOTHING
      : part({
          of: 'characters',
          first: keepFirst,
          last: keepLast,
          length: length === undefined,
          share: 'half',
        }),
  restep: (previous, next) => {
    const { keepFirst, keepLast, with: sign, length } = next
    if (previous.with !== sign || previous.length !== length) return undefined
    if (keepFirst > previous.keepFirst || keepLast > previous.keepLast) return undefined
    // With fewer at the end, a short value would show more at its start than is stored.
    if (keepFirst > 0 && keepLast < previous.keepLast) return undefined
    return (stored) => {
      const from = stored.indexOf(sign)
      if (from < 0) return fail('unparsable')
      let to = from
      while (stored.startsWith(sign, to)) to += sign.length
      const signs = (to - from) / sign.length
      // Where a value has mask signs of its own, it does not show what was hidden.
      if (stored.includes(sign, to) || (length !== undefined && signs !== length)) return fail('unparsable')
      // A mark behind the last sign makes it a character of the value.
      const starts = graphemeStarts(stored)
      if (starts !== undefined && to < stored.length && !starts.includes(to)) return fail('unparsable')
      const first = clusters(stored.slice(0, from))
      const last = clusters(stored.slice(to))
      if (first.length > previous.keepFirst || last.length > previous.keepLast) return fail('unparsable')
      const shownFirst = Math.min(keepFirst, first.length)
      const shownLast = Math.min(keepLast, last.length)
      const hidden = length ?? signs + first.length - shownFirst + last.length - shownLast
      return (
        first.slice(0, shownFirst).join('') +
        sign.repeat(hidden) +
        last.slice(last.length - shownLast).join('')
      )
    }
  },
  compile: ({ keepFirst, keepLast, with: sign, length }: CharactersOptions, context) => {
    context.usesPlatform('unicode')
    const signs = repeater(checkSign(sign))
    return {
      yields: 'string',
      plain: keepFirst === 0 && keepLast === 0 && /^[A-Za-z0-9*]$/.test(sign),
      apply: (text) => {
        const starts = graphemeStarts(text)
        const count = starts === undefined ? text.length : starts.length
        const most = mostShown(countVisible(text, starts))
        const last = Math.min(keepLast, most)
        const first = Math.min(keepFirst, most - last)
        if (starts === undefined) {
          return text.slice(0, first) + signs(length ?? count - first - last) + text.slice(count - last)
        }
        starts.push(text.length)
        const shownFirst = runOfShort(starts, 0, 1, first)
        const shownLast = runOfShort(starts, count - 1, -1, last)
        return (
          text.slice(0, starts[shownFirst]) +
          signs(length ?? count - shownFirst - shownLast) +
          text.slice(starts[count - shownLast])
        )
      },
    }
  },
})

/** The graphemes of a text. */
function clusters(text: string): readonly string[] {
  const starts = graphemeStarts(text)
  return starts === undefined ? text.split('') : starts.map((start, at) => text.slice(start, starts[at + 1]))
}

/** How many clusters, of at most `most` from `from` in direction `step`, come before one too long to show. */
function runOfShort(starts: readonly number[], from: number, step: 1 | -1, most: number): number {
  let shown = 0
  for (let at = from; shown < most && starts[at + 1]! - starts[at]! <= LONGEST_SHOWN; at += step) shown++
  return shown
}
