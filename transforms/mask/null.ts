import { z } from 'zod'
import { NOTHING } from '../reveals/revelation.ts'
import { defineTransform, type Transform } from '../transform.ts'

export const nullValue: Transform = defineTransform({
  name: 'mask.null',
  summary: 'Takes the value away and keeps the field: null in JSON, an empty cell in CSV.',
  version: 1,
  options: z.strictObject({}),
  properties: {
    reversible: 'no',
    repeatable: 'yes',
    uniqueness: 'lossy',
    formatKept: 'none',
    accepts: 'any text',
    yields: 'null (its text is empty)',
    keyed: false,
    stableToken: false,
    mayReturnInput: false,
  },
  failures: {},
  doesNotStop: 'Whether the field was there still shows: one that was absent stays absent.',
  examples: [{ title: 'nothing is left', options: {}, input: 'Ada Lovelace', output: '' }],
  reveals: () => NOTHING,
  compile: () => ({ yields: 'null', apply: () => '' }),
})
