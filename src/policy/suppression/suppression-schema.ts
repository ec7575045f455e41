/** The shape of `suppression:` in a policy. */
import { z } from 'zod'
import { NORMAL_FORM_NAMES, type NormalForm } from './normal-forms.ts'

/** What the entries of a list are. */
export const LIST_ENTRIES = ['match', 'raw', 'sha256-hex', 'sha256-base64'] as const
export type ListEntries = (typeof LIST_ENTRIES)[number]

export interface SuppressionShape {
  list: string
  by: string | string[]
  entries?: ListEntries | undefined
  normalize?: NormalForm | NormalForm[] | undefined
}

const form = z.enum(NORMAL_FORM_NAMES as [NormalForm, ...NormalForm[]])

const one = z.strictObject({
  list: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'a name is written in a-z, 0-9, dot, hyphen and underscore')
    .describe(
      'The name of the list. Where its entries are the run says: --list NAME=FILE, or `lists:` of a pipeline.',
    ),
  by: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1).max(8)])
    .describe(
      'The input path of the identifier. Several paths are one identifier of several parts: each part is hashed, and the hashes, one behind the other, are hashed again.',
    ),
  entries: z
    .enum(LIST_ENTRIES)
    .default('match')
    .optional()
    .describe(
      'What the entries are: match (unless stated), tokens under a match key; raw, identifiers in a file that only its owner may read; sha256-hex or sha256-base64, SHA-256 of the normal form.',
    ),
  normalize: z
    .union([form, z.array(form).min(1).max(8)])
    .optional()
    .describe(
      'What is done to an identifier before it is compared: trim, unless stated. Of several parts one form each, or one for all. docs/consent.md says what each form is.',
    ),
})

export const suppressionSchema: z.ZodType<SuppressionShape[]> = z
  .array(one)
  .min(1)
  .describe(
    'Lists of subjects whose records must not leave. A record of one of them is suppressed, whatever else is wrong with it: it is published nowhere, and is no dead letter.',
  )
