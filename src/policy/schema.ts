/**
 * The shapes of a policy, as zod schemas: strict, every word described. The JSON Schema for editors is made
 * from these, so a description here is what people read while they write a policy.
 */
import { z } from 'zod'
import { periodText } from '../../transforms/calendar/period.ts'
import { dateFormat, moreReading, timeZone } from '../../transforms/calendar/reading-options.ts'
import type { ReadingOptions } from '../../transforms/calendar.ts'
import { type ConsentSourceShape, consentSchema } from './consent/consent-schema.ts'
import { type CrowdShape, crowdSchema } from './crowd/crowd-schema.ts'
import { COMMENT, DELIMITER, type InputForm, MOST_SKIPPED } from './input-form.ts'
import { type SuppressionShape, suppressionSchema } from './suppression/suppression-schema.ts'
import { parseValueType } from './value-type.ts'

export const ROLES = ['direct-identifier', 'quasi-identifier', 'sensitive', 'other'] as const

const path = z.string().min(1)

/** What a field may be, in place of a transform's name. */
export const FIELD_WORDS = {
  keep: 'Copies a scalar as it is.',
  'keep.subtree': 'Copies an object or array with whatever is below it; needs `accept`.',
  drop: 'Leaves the field out.',
  undecided: 'Written by `lethe init` where it is not sure; an error until it is decided.',
} as const

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()])

const whenSchema = z
  .record(z.string(), z.union([scalar, z.array(scalar).min(1)]))
  .describe(
    'The rule applies only where every path listed here holds one of its values in the original record. Values are compared as exact text, numbers as they are written here; null stands for absent, null or empty.',
  )

const elseSchema = z
  .union([
    z.enum(['dead-letter', 'null', 'drop']),
    z.null(),
    z.strictObject({
      constant: z
        .union([z.string().min(1), z.number(), z.boolean()])
        .describe('Written in place of a value that the transform cannot take.'),
    }),
  ])
  .describe(
    'What follows where the transform cannot take a value: dead-letter (the default: the record goes there), null, drop (the field only), or a constant.',
  )

const mark = (what: string): z.ZodType<string> =>
  z.string().regex(/^[^\r\n\0]{1,64}$/, `${what} has 1 to 64 characters, and no line break`)

const stripSchema = z
  .strictObject({
    prefix: mark('a prefix').optional().describe('What values begin with, to the letter.'),
    suffix: mark('a suffix').optional().describe('What values end with, to the letter.'),
    missing: z
      .literal('allow')
      .optional()
      .describe('Takes values without prefix or suffix as they are; else they are `unparsable`.'),
  })
  .describe('Prefix and suffix go.')

const readSchema = z
  .union([
    z.literal('trim'),
    z.strictObject({
      trim: z.literal(true).optional().describe('White space around the value, and around its parts, goes.'),
      strip: stripSchema.optional(),
      split: z
        .string()
        .regex(/^[^\r\n\0]{1,8}$/, 'a separator has 1 to 8 characters, and no line break')
        .optional()
        .describe(
          'What stands between the parts of a list. Each part goes to the rule, and the results are joined in the same way.',
        ),
    }),
  ])
  .describe(
    'What is done to a value before its rule sees it, in this order: `trim`, `strip`, `split`. A part that is empty, or one of the words of `input.nulls`, stays as it is. It holds for all rules of the field, in steps of retention too; the first rule says it.',
  )

const typeSchema = z
  .string()
  .refine((text) => parseValueType(text) !== undefined, {
    message:
      'a type is string, integer, number, boolean, date, timestamp, local-timestamp, timestamp(3) or (9), or decimal(PRECISION,SCALE)',
  })
  .describe(
    'What the values of the field are where they leave: `string`, `integer` (64 bits), `number`, `boolean`, `date`, `timestamp` (with an offset), `local-timestamp` (without), with `(3)` or `(9)` digits of a second in place of 6, or `decimal(precision,scale)`. In Parquet the column has this type. A value, or the result of a rule, that is not of the type fails (`not-of-type`), and `else` says what follows, whatever the output is; in JSON and CSV a value that fits leaves as it was written. It holds for all rules of the field; the first rule says it.',
  )

export interface RuleWordsShape {
  use: string
  when?: unknown
  else?: 'dead-letter' | 'null' | 'drop' | null | { constant: string | number | boolean } | undefined
  key?: string | undefined
  accept?: string | undefined
  lineBreaks?: 'allow' | undefined
  read?:
    | 'trim'
    | {
        trim?: true | undefined
        strip?:
          | { prefix?: string | undefined; suffix?: string | undefined; missing?: 'allow' | undefined }
          | undefined
        split?: string | undefined
      }
    | undefined
  type?: string | undefined
  statistics?: true | undefined
  from?: string | undefined
  category?: string | undefined
  role?: (typeof ROLES)[number] | undefined
  tagged?: string[] | undefined
}

const ruleWords = z.strictObject({
  use: z.string().describe('The name of a transform, or keep, keep.subtree, drop.'),
  when: whenSchema.optional(),
  else: elseSchema.optional(),
  key: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, 'not the id of a key')
    .optional()
    .describe('The id of the key to use instead of the primary one; keyed transforms only.'),
  accept: z
    .string()
    .optional()
    .describe(
      'The reason, in at least 10 characters, why a weak choice is right here. The account shows it.',
    ),
  lineBreaks: z
    .literal('allow')
    .optional()
    .describe(
      'Of what leaves as it is, or nearly: lets a CSV cell hold a line break. Without it such a row is a dead letter, because a stray quote makes one cell of several rows, and their other columns would leave with it.',
    ),
  read: readSchema.optional(),
  type: typeSchema.optional(),
  statistics: z
    .literal(true)
    .optional()
    .describe(
      'Of what leaves as it is, or nearly: the least and the largest value of each row group and page may stand in a Parquet file, so that readers skip what they do not need. They are values of records, and readers of the footer alone see them, so it needs `accept`. Columns of other rules have them anyway. In a list: on the first rule.',
    ),
  from: path
    .optional()
    .describe(
      'The input path, where it is another than the output path. In a list of rules: on the first one.',
    ),
  category: z
    .string()
    .optional()
    .describe(
      'A data category of Fideslang, or a key below one, e.g. user.contact.email. In a list: on the first rule.',
    ),
  role: z
    .enum(ROLES)
    .optional()
    .describe(
      'What the field is to an attacker who wants to single out a person; the category gives the default. In a list: on the first rule.',
    ),
  tagged: z
    .array(path)
    .min(1)
    .optional()
    .describe(
      'Of what leaves as it is, or nearly, under a policy with `tags:`: the tags that it may carry all the same, exactly as schemas write them. Needs `accept`. A value that carries another tag does not leave: see `taggedWithoutRule`.',
    ),
})

/** The words that every rule knows, beside the options of its transform. */
export const RuleWords: z.ZodType<RuleWordsShape> = ruleWords
export const RULE_WORDS: readonly string[] = Object.keys(ruleWords.shape)

const step = z.strictObject({
  after: periodText.describe('The age of the event from which on this step holds, e.g. 180d, 6mo, 2y.'),
  fields: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('Output paths of fields and the rule that replaces theirs. It acts on the original value.'),
  tags: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('Tags that `tags:` has a rule for, and the rule that replaces it.'),
  then: z.literal('suppress').optional().describe('The record is not published any more. Last step only.'),
})

export interface PolicyShape {
  policy: string
  version: number
  description?: string | undefined
  purpose: string
  subject?: string | undefined
  time?: string | ({ path: string; zone?: string | undefined } & ReadingOptions) | undefined
  unlisted: 'drop' | 'reject'
  suspects: 'warn' | 'dead-letter'
  fields: Record<string, unknown>
  tags?: Record<string, unknown> | undefined
  taggedWithoutRule: 'dead-letter' | 'refuse'
  suppression?: SuppressionShape[] | undefined
  consent?: ConsentSourceShape | ConsentSourceShape[] | undefined
  retention?:
    | {
        steps: {
          after: string
          fields?: Record<string, unknown> | undefined
          tags?: Record<string, unknown> | undefined
          then?: 'suppress' | undefined
        }[]
        futureTolerance?: string | undefined
      }
    | undefined
  crowd?: CrowdShape | undefined
  input?: InputForm | undefined
  columns?: Record<string, string> | undefined
  transforms?: string[] | undefined
  required?: string[] | undefined
  optional?: string[] | undefined
  read?: Record<string, unknown> | undefined
  shape?: Record<string, 'either'> | undefined
}

export const PolicySchema: z.ZodType<PolicyShape> = z.strictObject({
  policy: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]*$/, 'a name is written in a-z, 0-9, dot, hyphen and underscore')
    .max(100)
    .describe('The name of the policy.'),
  version: z.int().min(1).describe('Raised whenever the policy changes.'),
  description: z.string().optional().describe('For people; not part of the fingerprint.'),
  purpose: z.string().describe('What the output is for: a data use of Fideslang, e.g. train_ai_system.'),
  subject: path.optional().describe('The path whose value says whose record this is.'),
  time: z
    .union([
      path,
      z.strictObject({
        path: path.describe('The path of the event time.'),
        format: dateFormat.default('rfc3339'),
        zone: timeZone
          .optional()
          .describe(
            'Whose clock a time without offset is on, and a bare date; UTC for dates unless stated. A name of the IANA time zone database, such as Europe/Berlin, or UTC.',
          ),
        ...moreReading,
      }),
    ])
    .optional()
    .describe('The path of the event time, in RFC 3339 unless a format is stated.'),
  unlisted: z
    .enum(['drop', 'reject'])
    .default('drop')
    .describe(
      'What happens to what no path names: drop leaves it out, reject makes the record a dead letter.',
    ),
  suspects: z
    .enum(['warn', 'dead-letter'])
    .default('warn')
    .describe(
      'What happens where a value that is kept, or as good as kept, looks like an email address, a card number, a key and the like: warn looks at a part of the values and says how many do, dead-letter looks at all and lets no such record pass.',
    ),
  fields: z
    .record(z.string(), z.unknown())
    .describe('Output paths, and what is done for each: a word, a rule, or a list of rules with `when`.'),
  tags: z
    .record(z.string(), z.unknown())
    .optional()
    .describe(
      'Tags of fields in the schemas of a registry, and what is done with what carries them: a word, a rule or a list of rules, as for a field, or `ignore` for a tag that says nothing of what a field holds. The rule of `PII` holds for `PII.email` too, unless that has its own. Rules of listed paths go before, and so do patterns that do not keep. Records without such schemas, as those of files, are refused. See docs/registry.md.',
    ),
  taggedWithoutRule: z
    .enum(['dead-letter', 'refuse'])
    .default('dead-letter')
    .describe(
      'What becomes of the records of a schema by which something tagged would leave as it is, or nearly, without a rule that says so, or by which two tags of a field have rules: they are dead letters (tagged-without-rule), or they are not read, and wait, until the policy says what holds.',
    ),
  suppression: suppressionSchema.optional(),
  consent: consentSchema.optional(),
  retention: z
    .strictObject({
      steps: z.array(step).min(1).describe('In ascending order of `after`.'),
      futureTolerance: periodText
        .optional()
        .describe('How far in the future an event time may lie and still count as now; 5m unless stated.'),
    })
    .optional()
    .describe('What changes with the age of an event.'),
  crowd: crowdSchema.optional(),
  input: z
    .strictObject({
      encoding: z
        .string()
        .optional()
        .describe(
          'What the bytes of files are in: a label of the WHATWG Encoding Standard that the platform decodes, e.g. windows-1252. Without it UTF-8, or UTF-16 where a byte order mark says so. Outputs are UTF-8.',
        ),
      delimiter: z
        .string()
        .regex(DELIMITER, 'not one ASCII character, and no quote')
        .optional()
        .describe('Of CSV: one ASCII character. Without it a comma, or a tab where the name ends in .tsv.'),
      quote: z
        .literal('none')
        .optional()
        .describe('Of CSV: none, where a quote is an ordinary character, as in many TSV files.'),
      escape: z
        .literal('backslash')
        .optional()
        .describe('Of CSV: backslash, where \\" in quotes is a quote. Doubled quotes are read too.'),
      header: z
        .array(z.string())
        .min(1)
        .optional()
        .describe('Of CSV: the names of the columns, of files that have no header.'),
      skipLines: z
        .int()
        .min(0)
        .max(MOST_SKIPPED)
        .optional()
        .describe('Of CSV: how many lines stand above the header, or above the first row.'),
      comment: z
        .string()
        .regex(COMMENT, 'not one sign of ASCII, and no quote')
        .optional()
        .describe('Of CSV: the sign that begins lines which are not rows, e.g. "#".'),
      nulls: z
        .array(z.string().regex(/^[^"\r\n]{1,64}$/, 'not 1 to 64 characters without quotes and line breaks'))
        .min(1)
        .optional()
        .describe(
          'Words that stand for nothing, e.g. "\\\\N", "NULL", "N/A": a value that is one of them leaves as it was written, as null does, and no transform sees it. In records of topics too; not in keys, headers and names of maps.',
        ),
    })
    .optional()
    .describe(
      'How the bytes of files become records, and which words stand for nothing. Of topics only `nulls` counts.',
    ),
  columns: z
    .record(z.string(), path)
    .optional()
    .describe('CSV headers that are not themselves paths, and the path each stands for.'),
  transforms: z
    .array(path)
    .min(1)
    .optional()
    .describe(
      'Files of JavaScript that define transforms beside the built-in ones, relative to the policy, e.g. ./acme.mjs. They are code, which runs with the rights of the account that runs the policy; `lethe lint` runs it only with --allow-code.',
    ),
  required: z
    .array(path)
    .min(1)
    .optional()
    .describe(
      'Input paths of single values that every record must hold; one that is absent, null or empty makes the record a dead letter (required-missing). With retention the event time is required in any case (event-time-missing), and the data subject wherever a transform needs it (subject-missing).',
    ),
  optional: z
    .array(path)
    .min(1)
    .optional()
    .describe(
      'Input paths that a CSV file may lack as columns. A file that lacks another one that the policy names is refused at its header.',
    ),
  read: z
    .record(
      z.string(),
      z.union([
        z.literal('json'),
        z.array(z.union([z.enum(['trim', 'json']), z.strictObject({ strip: stripSchema })])).min(1),
      ]),
    )
    .optional()
    .describe(
      'Paths of values that hold an object or array as JSON in a text, a string of JSON or a cell of CSV, and how that is read: `json`, or a list that ends with it; `trim` and `strip` may stand before. Fields name what is below, and the result is written as a text again. A text that is no JSON makes the record a dead letter (inner-json).',
    ),
  shape: z
    .record(z.string(), z.literal('either'))
    .optional()
    .describe(
      'Paths of arrays, without `[]`, of which records may hold one element in place of the array. Each keeps its form, and the rules of the elements hold for both.',
    ),
})
