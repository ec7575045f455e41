import { z } from 'zod'
import { NOTHING } from '../reveals/revelation.ts'
import { defineTransform, OptionError, type Transform } from '../transform.ts'

const options = z.strictObject({
  with: z.string().min(1).max(1000).describe('The text that stands for every value.'),
})

export interface ReplaceOptions {
  readonly with: string
}

export const replace: Transform = defineTransform({
  name: 'mask.replace',
  summary: 'Writes one fixed text for every value.',
  version: 1,
  options,
  properties: {
    reversible: 'no',
    repeatable: 'yes',
    uniqueness: 'lossy',
    formatKept: 'none',
    accepts: 'any text',
    yields: 'the fixed text',
    keyed: false,
    stableToken: false,
    // Only for the value that is the fixed text itself: the result never depends on the value.
    mayReturnInput: true,
  },
  failures: {},
  doesNotStop: 'That there was a value shows: an absent, null or empty one passes as it is.',
  examples: [
    {
      title: 'a label',
      options: { with: '[name removed]' },
      input: 'Ada Lovelace',
      output: '[name removed]',
    },
    { title: 'a placeholder', options: { with: 'REDACTED' }, input: '42', output: 'REDACTED' },
  ],
  reveals: () => NOTHING,
  compile: ({ with: text }: ReplaceOptions) => {
    if (/\p{Cs}/u.test(text)) throw new OptionError('`with` is not well-formed Unicode text', 'with')
    return {
      yields: 'string',
      plain: /^[A-Za-z0-9*][A-Za-z0-9._\-:+@/*=]*$/.test(text),
      apply: () => text,
    }
  },
})
