/**
 * What a person states of a data set and no run can know: `card.yaml`. Strict, each key described, problems at their places. What is
 * absent is asked for in the documents, and never made up.
 */
import { z } from 'zod'
import type { Problem } from '../errors.ts'
import { checkShape, type ShapeCodes } from '../policy/check-form.ts'
import { readDocument } from '../policy/document.ts'
import type { PolicyFile } from '../policy/policy-file.ts'
import { type DocumentCode, Findings } from '../policy/problems.ts'

/** What can be wrong with a file of facts, each code with its sentence. */
export type FactsCode = DocumentCode | 'unknown-key' | 'missing-key' | 'wrong-type'

type Maybe<T> = { readonly [Key in keyof T]?: T[Key] | undefined }

interface NamedDataset {
  /** Where it is, such as kafka://broker:9092 or s3://bucket. */
  readonly namespace: string
  readonly name: string
}

/** As people state it; `CardFactsSchema` describes each key. Days are texts such as 2026-01-31. */
export interface CardFacts
  extends Maybe<{
    name: string
    description: string
    version: string
    license: string
    url: string
    files: string
    contact: string
    published: string
    citation: string
    keywords: readonly string[]
    languages: readonly string[]
    uses: string
    outOfScope: string
    limitations: string
    biases: string
    socialImpact: string
    maintenance: string
    collection: Maybe<{ sources: string; how: string; from: string; to: string }>
    rights: Maybe<{ protected: string; acquired: string }>
    training: Maybe<{
      purpose: string
      labels: string
      aggregate: string
      firstUsed: string
      synthetic: string
    }>
    contract: Maybe<{ id: string; status: string; domain: string; dataProduct: string; tenant: string }>
    lineage: Maybe<{
      namespace: string
      job: string
      inputs: readonly NamedDataset[]
      outputs: readonly NamedDataset[]
    }>
  }> {
  readonly creator?:
    | {
        readonly name: string
        readonly kind?: 'organization' | 'person' | undefined
        readonly url?: string | undefined
      }
    | undefined
}

const text = (most: number): z.ZodString => z.string().trim().min(1).max(most, `at most ${most} characters`)
const line = (most = 300): z.ZodString =>
  text(most).regex(/^[^\p{Cc}\p{Cf}]*$/u, 'one line, without control characters')
const prose = text(20_000)
const day = z.iso.date('a day, written as 2026-01-31')
const address = z
  .url({ protocol: /^https$/, error: 'an address that begins with https://' })
  .refine((url) => new URL(url).username === '', 'an address without a user name')
const dataset = z.strictObject({
  namespace: line().describe('Where it is, such as kafka://broker:9092 or s3://bucket.'),
  name: line().describe('Its name there, such as that of a topic.'),
})
const datasets = z.array(dataset).min(1).max(100, 'at most 100')

export const CardFactsSchema: z.ZodType<CardFacts> = z.strictObject({
  name: line().optional().describe('What people call the data set. Absent: the name of the policy.'),
  description: prose.optional().describe('What it is, in a paragraph or more.'),
  version: line(64).optional().describe('Its version, such as "1.2.0", in quotes.'),
  license: z
    .union([z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.+-]{0,63}$/, 'an identifier of SPDX'), address])
    .optional()
    .describe('An identifier of SPDX, such as CC-BY-4.0, or the address of its text.'),
  url: address.optional().describe('The page of the data set.'),
  files: address
    .optional()
    .describe('The address below which its files are; absent: beside the Croissant file.'),
  creator: z
    .strictObject({
      name: line(),
      kind: z.enum(['organization', 'person']).optional().describe('Absent: organization.'),
      url: address.optional(),
    })
    .optional()
    .describe('Who made it.'),
  contact: line().optional().describe('Where questions go: an address of mail or the Web.'),
  published: day.optional().describe('The day it was published.'),
  citation: prose.optional().describe('How it is cited; BibTeX where there is one.'),
  keywords: z.array(line(80)).max(50, 'at most 50').optional(),
  languages: z
    .array(z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'a tag of a language, such as en'))
    .max(50, 'at most 50')
    .optional()
    .describe('The languages of its texts.'),
  collection: z
    .strictObject({
      sources: prose.optional().describe('Whose the raw data are, and where they come from.'),
      how: prose.optional().describe('How they were collected.'),
      from: day.optional().describe('The first day of collection.'),
      to: z
        .union([day, z.literal('ongoing')])
        .optional()
        .describe('The last one, or ongoing.'),
    })
    .optional(),
  uses: prose.optional().describe('What it is meant for.'),
  outOfScope: prose.optional().describe('What it must not be used for.'),
  limitations: prose.optional().describe('What people know of its limits, beside what the run measured.'),
  biases: prose.optional().describe('What people know of its biases, beside what the run measured.'),
  socialImpact: prose.optional(),
  maintenance: prose.optional().describe('How it is kept up to date, and for how long.'),
  rights: z
    .strictObject({
      protected: prose
        .optional()
        .describe('Copyright, trademarks and patents in it, or that it is in the public domain.'),
      acquired: prose
        .optional()
        .describe('Whether it was bought or licensed, or is the own data of the developer.'),
    })
    .optional(),
  training: z
    .strictObject({
      purpose: prose.optional().describe('How it serves the purpose of the system that is trained.'),
      labels: prose.optional().describe('Which labels it has, or that it has none.'),
      aggregate: prose.optional().describe('Whether it holds aggregate consumer information.'),
      firstUsed: day.optional().describe('The day it was first used in development.'),
      synthetic: prose.optional().describe('Whether the system is trained on synthetic data as well.'),
    })
    .optional()
    .describe('What a summary of training data asks of the developer.'),
  contract: z
    .strictObject({
      id: line(200).optional().describe('Absent: a UUID that follows from the name of the policy.'),
      status: z
        .enum(['proposed', 'draft', 'active', 'deprecated', 'retired'])
        .optional()
        .describe('Absent: draft.'),
      domain: line().optional(),
      dataProduct: line().optional(),
      tenant: line().optional(),
    })
    .optional(),
  lineage: z
    .strictObject({
      namespace: line().optional().describe('Of the job. Absent: lethe.'),
      job: line().optional().describe('Absent: the name of the policy, or of the pipeline and route.'),
      inputs: datasets.optional().describe('Absent: one data set, NAME/input.'),
      outputs: datasets.optional().describe('Absent: one data set, NAME/output.'),
    })
    .optional()
    .describe('What OpenLineage calls the job and its data sets.'),
})

const SHAPE: ShapeCodes<FactsCode> = {
  unknown: 'unknown-key',
  missing: 'missing-key',
  wrong: 'wrong-type',
  hints: { version: 'quote it: "1.0"', license: 'such as CC-BY-4.0, or https://…' },
}

/** Reads the facts; undefined where they have problems, which name their places and quote no value. */
export function readCardFacts({ file, text: yaml }: Pick<PolicyFile, 'file' | 'text'>): {
  readonly facts: CardFacts | undefined
  readonly problems: readonly Problem[]
} {
  const findings = new Findings<FactsCode>(file)
  const tree = readDocument(yaml, findings)
  const facts = tree === undefined ? undefined : checkShape(CardFactsSchema, tree, SHAPE, findings)
  return { facts, problems: findings.sorted() }
}

/** Of the file, for editors (draft-07). */
export function cardFactsJsonSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(CardFactsSchema, { target: 'draft-7', io: 'input' })
  return {
    $schema,
    title: 'Lethe card facts',
    description: 'What `lethe card --facts` reads: what a person states of a data set, and no run can know.',
    ...schema,
  }
}
