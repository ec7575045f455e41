/** Work orders of erasure: which subjects, how they are found, and where. They hold tokens, and no identifier. docs/erasure.md. */
import { z } from 'zod'
import type { Hold } from '../lifecycle/legal-hold.ts'
import type { TargetSurvey, Untouched } from '../lifecycle/target.ts'
import { readSealed, surveyForm, untouchedForm } from '../lifecycle/work-order.ts'
import type { ListHeader } from '../lists/match-list.ts'
import { NORMAL_FORM_NAMES, type NormalForm } from '../policy/suppression/normal-forms.ts'
import type { SearchForm } from './finders.ts'
import { type ListErasure, listForm } from './letter-lists.ts'
import type { LetterToken } from './letter-search.ts'
import { type TopicsOrder, topicsForm } from './topic-form.ts'

/** A subject, as orders and receipts name it. */
export interface SubjectForm {
  /** Its entry on the suppression list: a token under a match key. */
  readonly match: string
  /** Its tokens in outputs, under every key. */
  readonly tokens: readonly string[]
  /** Of outputs that need no key, what is found by: digests under the match key. */
  readonly digests: readonly string[]
  /** Tokens that stand beside sealed originals in dead letters of topics, under every match key; left out of orders of files alone. */
  readonly sealed?: readonly LetterToken[] | undefined
}

export interface ErasureOrder {
  readonly lethe: 'order'
  readonly v: 1
  readonly kind: 'forget'
  /** When it was made, RFC 3339. */
  readonly made: string
  readonly validUntil: string
  readonly list: ListHeader & {
    /** What the policy calls it. */
    readonly name: string
    /** Check values of the match keys, by id. */
    readonly keys: Readonly<Record<string, string>>
  }
  /** Check values of the keys that tokens were made under, by id. */
  readonly keys: Readonly<Record<string, string>>
  readonly searches: readonly SearchForm[]
  readonly subjects: readonly SubjectForm[]
  /** Of buckets that keep versions: older ones go too. Absent: what lies there is left as it is. */
  readonly objectVersions?: 'delete' | undefined
  readonly targets: readonly TargetSurvey[]
  readonly untouched: readonly Untouched[]
  /** Lists of dead letters; left out where none was named. */
  readonly lists?: readonly ListErasure[] | undefined
  /** Left out where no pipeline was named. */
  readonly topics?: TopicsOrder | undefined
  readonly expiredHolds: readonly Hold['id'][]
  readonly hash: string
}

const hash = z.string().regex(/^[0-9a-f]{64}$/)
const checks = z.record(z.string().regex(/^k[1-9]\d{0,5}$/), z.string().regex(/^[0-9a-f]{8}$/))
const matchToken = z.string().regex(/^k[1-9]\d{0,5}\.[A-Za-z0-9_-]{21}[AQgw]$/)

const finders = z.array(
  z.strictObject({
    field: z.string(),
    by: z.array(z.enum(['token', 'kept', 'unkeyed'])),
    split: z.string().min(1).nullable(),
  }),
)

const form: z.ZodType<ErasureOrder> = z.strictObject({
  lethe: z.literal('order'),
  v: z.literal(1),
  kind: z.literal('forget'),
  made: z.iso.datetime(),
  validUntil: z.iso.datetime(),
  list: z.strictObject({
    purpose: z.literal('suppression'),
    domain: z.string(),
    normalize: z.enum(NORMAL_FORM_NAMES as [NormalForm, ...NormalForm[]]),
    name: z.string(),
    keys: checks,
  }),
  keys: checks,
  searches: z.array(
    z.strictObject({
      policy: z.strictObject({ name: z.string(), version: z.number(), fingerprint: hash }),
      finders,
      beside: finders.exactOptional(),
      unsearched: z.array(z.string()),
    }),
  ),
  subjects: z.array(
    z.strictObject({
      match: matchToken,
      tokens: z.array(z.string().min(1)),
      digests: z.array(matchToken),
      sealed: z
        .array(z.strictObject({ domain: z.string(), normalize: z.string(), token: matchToken }))
        .exactOptional(),
    }),
  ),
  objectVersions: z.literal('delete').exactOptional(),
  targets: z.array(surveyForm),
  untouched: z.array(untouchedForm),
  lists: z.array(listForm).exactOptional(),
  topics: topicsForm.exactOptional(),
  expiredHolds: z.array(z.string()),
  hash,
})

/** @throws LetheError (io), (usage) `order-invalid` where it is none, or was changed by hand */
export const readErasureOrder = (file: string): ErasureOrder => readSealed(file, form, 'forget')
