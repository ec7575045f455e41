/** Work orders: what is to be done to stored data, for people to read and for one command to do. docs/lifecycle.md has their form. */
import { readFileSync, statSync } from 'node:fs'
import { z } from 'zod'
import { fileError, LetheError } from '../errors.ts'
import { sha256 } from '../ledger/entry.ts'
import { canonicalJson } from '../policy/fingerprint.ts'
import type { TargetName } from './legal-hold.ts'
import type { CannotStep } from './stored-plan.ts'
import { type TargetSurvey, UNTOUCHED, type Untouched, type UntouchedCode } from './target.ts'
import { type TopicOrder, type TopicSurvey, topicOrderForm } from './topic-order.ts'

export interface WorkOrder {
  readonly lethe: 'order'
  readonly v: 1
  readonly kind: 'retain'
  /** When it was made, RFC 3339. */
  readonly made: string
  /** Until when it may be applied. */
  readonly validUntil: string
  /** The instant that ages are judged at. */
  readonly asOf: string
  /** Rows go so much later than their period says. */
  readonly marginMs: number
  readonly cannotStep: CannotStep | null
  /** Of buckets that keep versions: older ones go too. Absent: what lies there is left as it is. */
  readonly objectVersions?: 'delete' | undefined
  readonly policy: { readonly name: string; readonly version: number; readonly fingerprint: string }
  readonly targets: readonly TargetSurvey[]
  readonly untouched: readonly Untouched[]
  /** Ids of holds that have expired, and were not released. */
  readonly expiredHolds: readonly string[]
  /** SHA-256 of the canonical JSON of all other members. */
  readonly hash: string
}

export type AnyOrder = WorkOrder | TopicOrder

const hash = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.int().min(0)
const target = z.templateLiteral([z.enum(['file', 'topic']), ':', z.string().min(1)])

/** A survey of a target, and a target that is left as it is, as orders hold them. */
export const surveyForm: z.ZodType<TargetSurvey> = z.strictObject({
  target,
  digest: z.strictObject({ bytes: count, sha256: hash }),
  rows: count,
  kept: count,
  deleted: count,
  stepped: count,
  rules: z.array(z.strictObject({ rule: z.string(), action: z.enum(['delete', 'step']), rows: count })),
  held: z.strictObject({
    fromDeletion: count,
    fromStep: count,
    by: z.record(z.string(), count).optional(),
    whole: z.array(z.strictObject({ hold: z.string(), why: z.string() })).optional(),
  }),
  undated: count,
  cannotStep: count,
  unsteppable: z.array(z.strictObject({ step: count, field: z.string(), why: z.string() })),
  unstepped: count.optional(),
  olderVersions: count.optional(),
  whole: z.boolean(),
  oldest: z.iso.datetime().nullable(),
  newest: z.iso.datetime().nullable(),
  unnamed: count.optional(),
  unsearched: z.array(z.string()).optional(),
  mayOutliveMs: count,
})
export const untouchedForm: z.ZodType<Untouched> = z.strictObject({
  target,
  code: z.enum(Object.keys(UNTOUCHED) as [UntouchedCode, ...UntouchedCode[]]),
  message: z.string(),
})

const orderForm = z.strictObject({
  lethe: z.literal('order'),
  v: z.literal(1),
  kind: z.literal('retain'),
  made: z.iso.datetime(),
  validUntil: z.iso.datetime(),
  asOf: z.iso.datetime(),
  marginMs: count,
  cannotStep: z.enum(['drop-row', 'drop-field']).nullable(),
  objectVersions: z.literal('delete').exactOptional(),
  policy: z.strictObject({ name: z.string(), version: z.number(), fingerprint: hash }),
  targets: z.array(surveyForm),
  untouched: z.array(untouchedForm),
  expiredHolds: z.array(z.string()),
  hash,
})

const anyForm: z.ZodType<AnyOrder> = z.union([orderForm, topicOrderForm])

const hashOf = ({ hash: _, ...members }: { readonly hash?: string }): string => sha256(canonicalJson(members))

/** The order with its hash. */
export const sealOrder = <Order extends object>(order: Order): Order & { readonly hash: string } => ({
  ...order,
  hash: hashOf(order),
})

/** A hundred thousand targets. */
const MOST_BYTES = 128 << 20

/** @throws LetheError `file-too-large` where no command would read it */
export function orderText(order: object, mostBytes: number = MOST_BYTES): string {
  const text = `${JSON.stringify(order, null, 2)}\n`
  if (Buffer.byteLength(text) > mostBytes)
    throw new LetheError(
      'file-too-large',
      'the order has more targets than a work order may hold; it was not written',
      'name fewer folders or prefixes, and make an order for each',
    )
  return text
}

/** Reads an order of retention. @throws what `readSealed` throws */
export const readOrder = (file: string): AnyOrder => readSealed(file, anyForm, 'retain')

/** Reads an order. @throws LetheError (io), (usage) `order-invalid` where it is none, or was changed by hand */
export function readSealed<Form extends z.ZodType<{ readonly hash: string }>>(
  file: string,
  form: Form,
  kind: 'retain' | 'forget',
): z.output<Form> {
  let text: string
  try {
    if (statSync(file).size > MOST_BYTES)
      throw new LetheError('file-too-large', `${file} is too large for a work order`)
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw error instanceof LetheError ? error : fileError(file, error)
  }
  let order: z.output<Form> | undefined
  try {
    const parsed = form.safeParse(JSON.parse(text))
    order = parsed.success ? parsed.data : undefined
  } catch {
    order = undefined
  }
  if (order === undefined)
    throw new LetheError(
      'order-invalid',
      `${file} is no work order of \`lethe ${kind}\``,
      `name what \`lethe ${kind} plan\` wrote`,
    )
  if (hashOf(order) !== order.hash)
    throw new LetheError(
      'order-invalid',
      `${file} was changed since it was made: its hash is of something else; nothing was done`,
      'make another order',
    )
  return order
}

/** Of all targets together. */
export function totalOf(order: { readonly targets: readonly (TargetSurvey | TopicSurvey)[] }): {
  rows: number
  deleted: number
  stepped: number
} {
  const total = { rows: 0, deleted: 0, stepped: 0 }
  for (const target of order.targets) {
    total.rows += target.rows
    total.deleted += target.deleted
    total.stepped += 'stepped' in target ? target.stepped : 0
  }
  return total
}

/** The name of a file or topic, without its kind. */
export const fileOf = (name: TargetName): string => name.slice(name.indexOf(':') + 1)
