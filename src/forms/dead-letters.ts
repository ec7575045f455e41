/** The forms of dead letters: coordinates, a code, the rule and the policy; never a value. */
import { z } from 'zod'
import type { TopicDeadLetter } from '../kafka/dead-letter.ts'
import type { FileDeadLetter } from '../run/batch-run.ts'
import { code, count, policyLabel } from './form-parts.ts'

const shared = {
  code,
  rule: z.string().exactOptional().describe('The rule that could not take its value, where one could not.'),
  policy: policyLabel,
} as const

/** Only where originals are sealed; the version of the form stays, as members that are not known are passed over. */
const withOriginal = {
  subject: z
    .union([
      z.literal('unknown'),
      z.object({
        domain: z.string(),
        normalize: z.string(),
        token: z.string().regex(/^k[1-9][0-9]{0,5}\.[A-Za-z0-9_-]{22}$/),
      }),
    ])
    .exactOptional()
    .describe(
      'Whose the record was, under a match key, where the original is there and match keys are given.',
    ),
  sealed: z
    .string()
    .regex(/^[A-Za-z0-9+/]+={0,2}$/)
    .exactOptional()
    .describe('The record, encrypted: an age file in base64. docs/sealing.md says what is in it.'),
} as const

/** A line of a list of dead letters. Version 0.1.0 wrote no `v`. */
export const fileDeadLetterForm: z.ZodType<Omit<FileDeadLetter, 'v'> & { readonly v?: 1 }> = z.object({
  v: z.literal(1).exactOptional().describe('Of this form; absent in lists of version 0.1.0.'),
  input: z.int().min(1).describe('The number of the input, as they were named.'),
  line: z.int().min(1).describe('The line that the record begins at; the header of CSV counts.'),
  record: z
    .int()
    .min(1)
    .exactOptional()
    .describe('Of JSON that is not read a line at a time: which record of the input it is.'),
  records: z
    .int()
    .min(2)
    .exactOptional()
    .describe('How many lines an open quote took with it, where it is not one record.'),
  ...shared,
  ...withOriginal,
})

/** The value of a record in a dead-letter topic. */
export const topicDeadLetterForm: z.ZodType<TopicDeadLetter> = z.object({
  v: z.literal(1).describe('Of this form.'),
  topic: z.string().describe('The topic of the record.'),
  partition: count,
  offset: count,
  ...shared,
  pipeline: z.string().exactOptional().describe('The pipeline that left the record out; 0.1.0 did not say.'),
  route: z.string().exactOptional().describe('The route that did.'),
  ...withOriginal,
})
