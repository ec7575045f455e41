/** The shape of `consent:` in a policy. */
import { z } from 'zod'
import { NORMAL_FORM_NAMES, type NormalForm } from '../suppression/normal-forms.ts'

const one = z.union([z.string().min(1), z.number(), z.boolean()])
const oneOrMore = z.union([one, z.array(one).min(1)])
const names = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)])
const ids = z.array(z.int().min(1).max(65_535)).min(1)

export interface ConsentWhenShape {
  is?: string | number | boolean | (string | number | boolean)[] | undefined
  lists?: string | string[] | undefined
  lacks?: string | string[] | undefined
  tcf?: { purposes: number[]; vendor?: number | undefined } | undefined
  gpp?: { section: string; fields: Record<string, number | boolean | (number | boolean)[]> } | undefined
}

export interface ConsentSourceShape {
  purpose?: string | undefined
  from?: string | undefined
  when?: ConsentWhenShape | undefined
  table?: string | undefined
  by?: string | undefined
  normalize?: NormalForm | undefined
  split?: string | undefined
  default?: 'deny' | 'allow' | undefined
  accept?: string | undefined
}

const when = z
  .strictObject({
    is: oneOrMore
      .optional()
      .describe(
        'The value is this, or one of these, as exact text: `true`, `granted`. Every other value denies.',
      ),
    lists: names
      .optional()
      .describe(
        'The list holds this category, or all of these: a list of the categories that were agreed to.',
      ),
    lacks: names
      .optional()
      .describe(
        'The list holds something, and not this category, or none of these: a list of the categories that were refused. An empty list cannot be told from one that is not there.',
      ),
    tcf: z
      .strictObject({
        purposes: ids.describe('Purposes that must all have consent; legitimate interest is none.'),
        vendor: z
          .int()
          .min(1)
          .max(65_535)
          .optional()
          .describe('The vendor of the Global Vendor List that must have consent too.'),
      })
      .optional()
      .describe('The value is a consent string of IAB TCF v2. Needs the package @iabtcf/core.'),
    gpp: z
      .strictObject({
        section: z.string().min(1).describe('A section of the string, e.g. usnat or usca.'),
        fields: z
          .record(
            z.string(),
            z.union([z.number(), z.boolean(), z.array(z.union([z.number(), z.boolean()])).min(1)]),
          )
          .describe(
            'Fields of the section, and the values of each that allow. Of a field that is a list, every element must be one of them.',
          ),
      })
      .optional()
      .describe(
        'The value is a string of the IAB Global Privacy Platform. Needs the package @iabgpp/cmpapi.',
      ),
  })
  .describe('What allows: exactly one of `is`, `lists`, `lacks`, `tcf` and `gpp`.')

const source = z.strictObject({
  purpose: z
    .string()
    .optional()
    .describe(
      'What the consent was given for: the purpose of the policy, which it is unless stated, or a wider one that covers it.',
    ),
  from: z
    .string()
    .min(1)
    .optional()
    .describe('The input path of the consent: a value, or with [] at its end the elements of a list.'),
  when: when.optional(),
  table: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'a name is written in a-z, 0-9, dot, hyphen and underscore')
    .optional()
    .describe(
      'In place of `from` and `when`: the name of a consent table, which holds the history of each subject. Where it is the run says: --table NAME=FILE, or `tables:` of a pipeline. Consent must have been valid at the event time, and must not be withdrawn now.',
    ),
  by: z.string().min(1).optional().describe('Of a table: the input path of the identifier of the subject.'),
  normalize: z
    .enum(NORMAL_FORM_NAMES as [NormalForm, ...NormalForm[]])
    .optional()
    .describe('Of a table: the normal form of its identifiers; trim, unless stated.'),
  split: z
    .string()
    .regex(/^[^\r\n\0]{1,8}$/, 'a separator has 1 to 8 characters, and no line break')
    .optional()
    .describe('What stands between the categories, where a list is written as one text.'),
  default: z
    .enum(['deny', 'allow'])
    .optional()
    .describe(
      'What an absent, null or empty value means, and of a table a subject or a time that it does not know: deny, unless stated. allow takes silence for consent, and needs `accept`.',
    ),
  accept: z
    .string()
    .optional()
    .describe('The reason, in at least 10 characters, why silence may be taken for consent here.'),
})

export const consentSchema: z.ZodType<ConsentSourceShape | ConsentSourceShape[]> = z
  .union([source, z.array(source).min(1)])
  .describe(
    'What of a record says that its subject agreed. Of several entries each must allow. A record without consent is suppressed, whatever else is wrong with it: it is published nowhere, and is no dead letter.',
  )
