/** Retention of the topics of a pipeline, outputs and dead letters: plans, applies, and reads again. Prints nothing. */
import { LetheError } from '../errors.ts'
import type { Admin } from '../kafka/admin.ts'
import type { Pipeline } from '../kafka/pipeline-file/pipeline.ts'
import { keptFor } from '../kafka/topic-settings.ts'
import type { Plan } from '../policy/plan.ts'
import type { Policy } from '../policy/policy.ts'
import { suppressedAfter } from '../policy/suppressed-after.ts'
import { brokerWords } from './broker-words.ts'
import { expiredOf } from './legal-hold.ts'
import type { HeldSetting } from './may-delete.ts'
import { type AppliedOrder, applyEach, refuseExpired, spanOf, surveyEach } from './order-steps.ts'
import type { VerifiedTarget } from './retention-orders.ts'
import {
  MISSING,
  StoredTopic,
  type TopicRequest,
  type TopicSource,
  type TopicState,
  topicStates,
} from './stored-topic.ts'
import { timestampSpan, writtenSpan } from './timestamp-span.ts'
import type { TopicOrder } from './topic-order.ts'
import { fileOf, sealOrder } from './work-order.ts'

/** A pipeline with its policies, by their files. */
export interface StoredPipeline {
  readonly pipeline: Pipeline
  readonly policies: ReadonlyMap<string, { readonly plan: Plan; readonly policy: Policy }>
}

export interface TopicSetting extends HeldSetting {
  readonly admin: Admin
  readonly stored: StoredPipeline
  /** ms since 1970. */
  readonly now: number
}

export interface TopicPlanOptions {
  readonly asOf: number
  readonly marginMs: number
  readonly validMs: number
  readonly otherVersionsMs: number | undefined
}

/** What writes to a topic of a pipeline. */
export interface TopicUse {
  readonly sources: TopicSource[]
  /** The shortest period of its policies, ms. */
  limit: number | undefined
}

/** The topics that the pipeline writes to, and the policies that what is in them goes by. */
export function usesOf({ pipeline, policies }: StoredPipeline): ReadonlyMap<string, TopicUse> {
  const uses = new Map<string, TopicUse>()
  const add = (topic: string, source: TopicSource, limit: number | undefined): void => {
    const use = uses.get(topic) ?? { sources: [], limit: undefined }
    use.sources.push(source)
    if (limit !== undefined) use.limit = Math.min(limit, use.limit ?? Number.POSITIVE_INFINITY)
    uses.set(topic, use)
  }
  for (const route of pipeline.routes) {
    const { plan, policy } = policies.get(route.policy)!
    const limit = suppressedAfter(policy)
    const isOfEvents = route.change !== undefined
    if (route.to.topic !== undefined)
      add(route.to.topic, { plan, span: timestampSpan(plan), isOfEvents }, limit)
    add(route.deadLetterTopic, { plan, span: writtenSpan(plan) }, limit)
  }
  return uses
}

const labelsOf = ({ policies }: StoredPipeline): TopicOrder['policies'] =>
  [...policies.values()]
    .map(({ plan: { name, version, fingerprint } }) => ({ name, version, fingerprint }))
    .toSorted((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1))

/** Changes nothing. @throws LetheError (usage) where no policy says anything of ages, (io) */
export async function planTopics(options: TopicPlanOptions, setting: TopicSetting): Promise<TopicOrder> {
  const { admin, stored, holds, now } = setting
  const { asOf, marginMs, validMs, otherVersionsMs } = options
  if (![...stored.policies.values()].some(({ plan }) => plan.retention?.suppresses === true))
    throw new LetheError(
      'bad-option',
      `no policy of the pipeline ${stored.pipeline.name} suppresses events for their age: nothing is ever too old`,
      'name a pipeline with one that does',
    )
  const uses = usesOf(stored)
  const states = await topicStates(admin, [...uses.keys()])
  const request: TopicRequest = { asOf, marginMs, otherVersionsMs, holds, heldAt: now }
  const { surveyed: targets, untouched } = await surveyEach(uses, ([topic, { sources }]) =>
    new StoredTopic(admin, topic, sources).survey(states.get(topic) ?? MISSING, request),
  )
  const brokers = [...uses].flatMap(([topic, { limit }]): TopicOrder['brokers'] => {
    const settings = states.get(topic)?.settings
    return settings === undefined ? [] : [{ target: `topic:${topic}`, says: brokerWords(settings, limit) }]
  })
  return sealOrder<Omit<TopicOrder, 'hash'>>({
    lethe: 'order',
    v: 1,
    kind: 'retain-topics',
    ...spanOf(now, validMs),
    asOf: new Date(asOf).toISOString(),
    marginMs,
    otherVersionsMs: otherVersionsMs ?? null,
    pipeline: stored.pipeline.name,
    policies: labelsOf(stored),
    targets,
    untouched,
    brokers,
    expiredHolds: expiredOf(holds, now),
  })
}

const requestOf = (order: TopicOrder, { holds, lookAgain, now }: TopicSetting): TopicRequest => ({
  asOf: Date.parse(order.asOf),
  marginMs: order.marginMs,
  otherVersionsMs: order.otherVersionsMs ?? undefined,
  holds,
  lookAgain,
  heldAt: now,
})

function usesFor(order: TopicOrder, { stored }: TopicSetting): ReadonlyMap<string, TopicUse> {
  const isSame =
    order.pipeline === stored.pipeline.name &&
    JSON.stringify(order.policies.map((one) => one.fingerprint)) ===
      JSON.stringify(labelsOf(stored).map((one) => one.fingerprint))
  if (!isSame)
    throw new LetheError(
      'order-invalid',
      'the order was made under another pipeline, or other policies, than the one named; nothing was done',
      'name the pipeline as it was then, or make another order',
    )
  return usesOf(stored)
}

/**
 * Asks the brokers to delete what the order says, topic by topic; what was done already stays as it is.
 * @throws LetheError: `order-invalid`, `order-expired`, and what `StoredTopic.apply` throws: the topics before are done, and
 *   the order can be applied again
 */
export async function applyTopicOrder(order: TopicOrder, setting: TopicSetting): Promise<AppliedOrder> {
  const uses = usesFor(order, setting)
  refuseExpired(order, setting.now)
  const request = requestOf(order, setting)
  return await applyEach(
    order.targets.filter(({ deleted }) => deleted > 0),
    async (planned) => {
      const topic = fileOf(planned.target)
      const stored = storedTopic(topic, uses, setting)
      // As they are now, not as they were before the topics before.
      const state = (await topicStates(setting.admin, [topic])).get(topic) ?? MISSING
      return await stored.apply(planned, state, request)
    },
  )
}

/** Records that an order is still to delete: of partitions whose log does not start where it said. @throws LetheError (io) */
export async function leftOfTopics(
  { targets }: TopicOrder,
  { admin }: { readonly admin: Admin },
): Promise<number> {
  const states = await topicStates(
    admin,
    targets.map(({ target }) => fileOf(target)),
  )
  let left = 0
  for (const { target, partitions } of targets) {
    const topic = fileOf(target)
    const state = states.get(topic) ?? MISSING
    const work = partitions.filter(
      ({ partition, deleted }) => deleted > 0 && state.partitions.includes(partition),
    )
    if (state.presence !== 'there' || work.length === 0) continue
    const starts = await admin.offsets(
      work.map(({ partition }) => ({ topic, partition })),
      'earliest',
    )
    const startOf = new Map(starts.map(({ partition, offset }) => [partition, offset]))
    for (const { partition, before, deleted } of work)
      if ((startOf.get(partition) ?? 0) < before) left += deleted
  }
  return left
}

function storedTopic(
  topic: string,
  uses: ReadonlyMap<string, TopicUse>,
  { admin }: TopicSetting,
): StoredTopic {
  const use = uses.get(topic)
  if (use === undefined)
    throw new LetheError(
      'order-invalid',
      `the order names the topic ${topic}, to which the pipeline writes nothing`,
      'make another order',
    )
  return new StoredTopic(admin, topic, use.sources)
}

/** Reads every topic of the order again, from the start of its logs. Changes nothing. */
export async function verifyTopicOrder(
  order: TopicOrder,
  setting: TopicSetting,
): Promise<readonly VerifiedTarget[]> {
  const uses = usesFor(order, setting)
  const states = await topicStates(
    setting.admin,
    order.targets.map(({ target }) => fileOf(target)),
  )
  const verified: VerifiedTarget[] = []
  for (const { target } of order.targets) {
    const topic = fileOf(target)
    const state = states.get(topic) ?? MISSING
    const told = (
      state: VerifiedTarget['state'],
      rows: number,
      held: number,
      message: string,
    ): VerifiedTarget => ({
      target,
      state,
      rows,
      held,
      message,
    })
    if (state.presence === 'missing') verified.push(told('verified absent', 0, 0, 'the topic is not there'))
    else if (state.presence === 'forbidden')
      verified.push(told('cannot be read', 0, 0, 'this user may not read the topic'))
    else {
      const { tooOld, kept, newestTooOld } = await storedTopic(topic, uses, setting).remaining(
        state,
        requestOf(order, setting),
      )
      const unjudged = kept.undated + kept.foreign + kept.otherVersion
      const beside = [
        ...(kept.held > 0 ? [`${kept.held} are there under legal hold`] : []),
        ...(unjudged > 0 ? [`${unjudged} are there whose age is not known`] : []),
      ]
      const more = beside.length === 0 ? '' : `; ${beside.join('; ')}`
      verified.push(
        tooOld > 0
          ? told(
              'not absent',
              tooOld,
              kept.held,
              `${tooOld} records are still there, ${eligible(state, newestTooOld)}${more}`,
            )
          : told(
              kept.held > 0 ? 'held' : 'verified absent',
              0,
              kept.held,
              `read again from the start: no ${kept.held > 0 ? 'other ' : ''}record is too old${more}`,
            ),
      )
    }
  }
  return verified
}

/** From when the broker may delete a record by itself. */
function eligible({ settings }: TopicState, timestamp: number): string {
  if (settings?.values.get('message.timestamp.type') === 'LogAppendTime')
    return 'eligible by the time of their arrival'
  const kept = keptFor(settings)
  if (settings === undefined || !Number.isFinite(kept))
    return 'and are never eligible: retention.ms names no period'
  return `eligible from ${new Date(timestamp + kept).toISOString()} on, where their segments are closed and hold nothing younger`
}
