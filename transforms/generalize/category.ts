import { z } from 'zod'
import { relabelled } from '../restep.ts'
import { part } from '../reveals/revelation.ts'
import { defineTransform, OptionError, type Transform } from '../transform.ts'
import { arePlain } from './plain-labels.ts'

/** A value as a policy may write it; compared as its text. */
const value = z.union([z.string().min(1), z.int(), z.boolean()])

const options = z.strictObject({
  allow: z.array(value).max(100_000).default([]).describe('Values that stay as they are, compared exactly.'),
  map: z
    .record(z.string().min(1), z.string().min(1))
    .default({})
    .describe('Values, compared exactly, and the label that each of them becomes.'),
  other: z.string().min(1).default('other').describe('The label of every value that neither names.'),
})

export interface CategoryOptions {
  readonly allow: readonly (string | number | boolean)[]
  readonly map: Readonly<Record<string, string>>
  readonly other: string
}

/** Value to label, as the options say. */
export function labelsOf({ allow, map }: CategoryOptions): Map<string, string> {
  const labels = new Map(Object.entries(map))
  for (const allowed of allow) labels.set(String(allowed), String(allowed))
  return labels
}

/**
 * A value out of a small set in, a label of a smaller set out: allowed values stay, mapped ones become their
 * label, all others become one label. No trimming, no folding of case. Throws `OptionError` where a value is
 * listed twice, or where the label of all others is a label of its own too.
 */
export const category: Transform = defineTransform({
  name: 'generalize.category',
  summary: 'Keeps the values of an allow-list or maps them to labels; the rest becomes one label.',
  version: 1,
  options,
  properties: {
    reversible: 'no',
    repeatable: 'yes',
    uniqueness: 'lossy',
    formatKept: 'allowed values stay as they are',
    accepts: 'any text',
    yields: 'one of the listed texts',
    keyed: false,
    stableToken: false,
    // Values that the policy itself names as harmless.
    mayReturnInput: true,
  },
  failures: {},
  doesNotStop: 'Singling out by a listed value that few people have: list the frequent ones only.',
  examples: [
    { title: 'a listed value', options: { allow: ['US', 'CA'] }, input: 'CA', output: 'CA' },
    {
      title: 'all others',
      options: { allow: ['US', 'CA'], other: 'elsewhere' },
      input: 'LI',
      output: 'elsewhere',
    },
    { title: 'labels', options: { map: { MD: 'physician', RN: 'nurse' } }, input: 'RN', output: 'nurse' },
    { title: 'compared exactly', options: { allow: ['US'] }, input: 'us', output: 'other' },
  ],
  reveals: (stated) => part({ of: 'listed', labels: labelsOf(stated), other: stated.other }),
  restep: (previous, next) => {
    const [before, after] = [labelsOf(previous), labelsOf(next)]
    // What was one of all others must be so still.
    if ([...after.keys()].some((value) => !before.has(value))) return undefined
    return relabelled([
      [previous.other, next.other],
      ...[...before].map(([value, label]): [string, string] => [label, after.get(value) ?? next.other]),
    ])
  },
  compile: (stated: CategoryOptions) => {
    const { allow, map, other } = stated
    const labels = labelsOf(stated)
    if (labels.size === 0)
      throw new OptionError('neither allow nor map lists a value', 'allow', 'list values')
    if (labels.size < allow.length + Object.keys(map).length)
      throw new OptionError('a value is listed twice', 'allow', 'list each value once, in allow or in map')
    const distinct = new Set(labels.values())
    if (distinct.has(other))
      throw new OptionError('the label of all other values is listed too', 'other', 'choose another label')
    return {
      yields: 'string',
      plain: arePlain([...distinct, other]),
      apply: (text) => labels.get(text) ?? other,
    }
  },
})
