/** Work orders for the topics of a pipeline: how far each partition may be deleted. docs/lifecycle.md has their form. */
import { z } from 'zod'
import type { TargetName } from './legal-hold.ts'
import { UNTOUCHED, type Untouched, type UntouchedCode } from './target.ts'

/** Why a record stays though the order deletes. `behind`: it is too old, and one that stays lies before it. */
export interface KeptRecords {
  readonly behind: number
  readonly held: number
  /** Without a timestamp. */
  readonly undated: number
  /** Records that no policy of the pipeline has made. */
  readonly foreign: number
  /** Records of another version of a policy, where it is not stated how coarse the times of those were. */
  readonly otherVersion: number
}

export interface PartitionSurvey {
  readonly partition: number
  /** Where the log started, and ended before open transactions. */
  readonly start: number
  readonly end: number
  /** Records before this offset are to be deleted; `start` where none are. */
  readonly before: number
  readonly deleted: number
}

export interface TopicSurvey {
  readonly target: TargetName
  /** The id that the brokers gave the topic; null where they say none. */
  readonly id: string | null
  readonly rows: number
  readonly kept: number
  readonly deleted: number
  /** Of the kept ones, those that are not merely young. */
  readonly keptFor: KeptRecords
  readonly partitions: readonly PartitionSurvey[]
  /** Of the timestamps, RFC 3339; null where there are none. */
  readonly oldest: string | null
  readonly newest: string | null
  /** For so long a record may outlive its period, ms: the longest interval of an event time, and the margin. */
  readonly mayOutliveMs: number
}

export interface TopicOrder {
  readonly lethe: 'order'
  readonly v: 1
  readonly kind: 'retain-topics'
  readonly made: string
  readonly validUntil: string
  readonly asOf: string
  readonly marginMs: number
  /** The longest interval that other versions of the policies wrote, ms; null: not stated, their records stay. */
  readonly otherVersionsMs: number | null
  readonly pipeline: string
  readonly policies: readonly {
    readonly name: string
    readonly version: number
    readonly fingerprint: string
  }[]
  readonly targets: readonly TopicSurvey[]
  readonly untouched: readonly Untouched[]
  /** What the brokers delete of each topic by themselves, in words. */
  readonly brokers: readonly { readonly target: TargetName; readonly says: readonly string[] }[]
  readonly expiredHolds: readonly string[]
  readonly hash: string
}

const hash = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.int().min(0)
const target = z.templateLiteral(['topic:', z.string().min(1)])

export const topicOrderForm: z.ZodType<TopicOrder> = z.strictObject({
  lethe: z.literal('order'),
  v: z.literal(1),
  kind: z.literal('retain-topics'),
  made: z.iso.datetime(),
  validUntil: z.iso.datetime(),
  asOf: z.iso.datetime(),
  marginMs: count,
  otherVersionsMs: count.nullable(),
  pipeline: z.string(),
  policies: z.array(z.strictObject({ name: z.string(), version: z.number(), fingerprint: hash })),
  targets: z.array(
    z.strictObject({
      target,
      id: z.string().nullable(),
      rows: count,
      kept: count,
      deleted: count,
      keptFor: z.strictObject({
        behind: count,
        held: count,
        undated: count,
        foreign: count,
        otherVersion: count,
      }),
      partitions: z.array(
        z.strictObject({ partition: count, start: count, end: count, before: count, deleted: count }),
      ),
      oldest: z.iso.datetime().nullable(),
      newest: z.iso.datetime().nullable(),
      mayOutliveMs: count,
    }),
  ),
  untouched: z.array(
    z.strictObject({
      target,
      code: z.enum(Object.keys(UNTOUCHED) as [UntouchedCode, ...UntouchedCode[]]),
      message: z.string(),
    }),
  ),
  brokers: z.array(z.strictObject({ target, says: z.array(z.string()) })),
  expiredHolds: z.array(z.string()),
  hash,
})
