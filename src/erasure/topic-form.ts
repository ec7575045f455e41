/** What a work order of erasure says of topics. docs/erasure.md has the form. */
import { z } from 'zod'
import type { TargetName } from '../lifecycle/legal-hold.ts'
import type { Unjudged } from './judged.ts'
import type { SchemaProblemCode, WithoutSchema } from './stored-schemas.ts'

/** Which records DeleteRecords may take: none of others, or those of others too, which the order counts. */
export type DeleteRecords = 'own' | 'with-others'

export interface TopicPartitionSurvey {
  readonly partition: number
  /** Where the log started, and ended before open transactions. */
  readonly start: number
  readonly end: number
  /** Records of the subjects, and the offsets of the first and the last one; null where there are none. */
  readonly found: number
  readonly first: number | null
  readonly last: number | null
  /** Keys that a tombstone is to be written under. */
  readonly tombstones: number
  /** Keys that would get one, and are under legal hold. */
  readonly heldKeys: number
  /** Records before this offset are to be deleted; `start` where none are. */
  readonly before: number
  /** Of these, records of the subjects, and of others. */
  readonly deleted: number
  readonly others: number
}

export interface TopicErasure {
  readonly target: TargetName
  /** The id that the brokers gave the topic; null where they say none. */
  readonly id: string | null
  readonly role: 'outputs' | 'dead letters'
  readonly cleanup: string
  readonly rows: number
  /** Records of the subjects; `byKey`: of these, those whose key is a token of theirs. Tombstones are not among them. */
  readonly found: number
  readonly byKey: number
  /** Tombstones that are there under tokens of the subjects. */
  readonly tombstones: number
  /** Of the found ones, those that a legal hold keeps. */
  readonly held: number
  readonly unjudged: Readonly<Record<Unjudged, number>>
  /** Records that cannot be read, by schema: its id, and why it is not there. Left out where there are none. */
  readonly withoutSchema?: readonly WithoutSchema[] | undefined
  readonly rules: readonly { readonly rule: string; readonly rows: number }[]
  readonly partitions: readonly TopicPartitionSurvey[]
  /** Of the found ones: the timestamps, RFC 3339; null where there are none. */
  readonly oldest: string | null
  readonly newest: string | null
  /** From when the broker may delete the last of what was found by itself, where that can be told. */
  readonly eligible: string | null
  /** What is asked for, what stays and why, in words. */
  readonly says: readonly string[]
  /** Why not all records of a subject can be found here. */
  readonly unsearched: readonly string[]
}

export interface UntouchedTopic {
  readonly target: TargetName
  readonly id: string | null
  readonly code: 'topic-missing' | 'topic-forbidden' | 'no-token'
  readonly message: string
}

/** The part of an order that is of topics. */
export interface TopicsOrder {
  /** The id of the cluster, as far as it says one. */
  readonly cluster: string | null
  readonly pipeline: string
  readonly deleteRecords: DeleteRecords | null
  readonly targets: readonly TopicErasure[]
  readonly untouched: readonly UntouchedTopic[]
}

const count = z.int().min(0)
const isCode = (text: unknown): boolean => typeof text === 'string' && /^[a-z]+(-[a-z]+)*$/.test(text)
const target = z.templateLiteral(['topic:', z.string().min(1)])

export const topicsForm: z.ZodType<TopicsOrder> = z.strictObject({
  cluster: z.string().nullable(),
  pipeline: z.string(),
  deleteRecords: z.enum(['own', 'with-others']).nullable(),
  targets: z.array(
    z.strictObject({
      target,
      id: z.string().nullable(),
      role: z.enum(['outputs', 'dead letters']),
      cleanup: z.string(),
      rows: count,
      found: count,
      byKey: count,
      tombstones: count,
      held: count,
      unjudged: z.strictObject({
        otherVersion: count,
        foreign: count,
        otherKey: count,
        unreadable: count,
        unknownSubject: count,
      }),
      withoutSchema: z
        .array(z.strictObject({ id: count, code: z.custom<SchemaProblemCode>(isCode), rows: count }))
        .exactOptional(),
      rules: z.array(z.strictObject({ rule: z.string(), rows: count })),
      partitions: z.array(
        z.strictObject({
          ...{ partition: count, start: count, end: count, found: count },
          ...{ first: count.nullable(), last: count.nullable() },
          ...{ tombstones: count, heldKeys: count, before: count, deleted: count, others: count },
        }),
      ),
      oldest: z.iso.datetime().nullable(),
      newest: z.iso.datetime().nullable(),
      eligible: z.iso.datetime().nullable(),
      says: z.array(z.string()),
      unsearched: z.array(z.string()),
    }),
  ),
  untouched: z.array(
    z.strictObject({
      target,
      id: z.string().nullable(),
      code: z.enum(['topic-missing', 'topic-forbidden', 'no-token']),
      message: z.string(),
    }),
  ),
})
