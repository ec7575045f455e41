/** Erasure from the topics of a pipeline, outputs and dead letters: the part of an order that is of topics. Prints nothing. */
import { LetheError } from '../errors.ts'
import type { Admin } from '../kafka/admin.ts'
import { type AppliedOrder, applyEach } from '../lifecycle/order-steps.ts'
import { MISSING, type TopicState, topicStates } from '../lifecycle/stored-topic.ts'
import type { ErasureRequest } from '../lifecycle/target.ts'
import { type StoredPipeline, usesOf } from '../lifecycle/topic-orders.ts'
import { fileOf } from '../lifecycle/work-order.ts'
import type { ErasureFinding } from './erasure-finding.ts'
import { StoredRecords, type TopicAsked, type TopicSetup } from './stored-records.ts'
import type { SchemaSource } from './stored-schemas.ts'
import type { Subjects } from './subjects.ts'
import type { DeleteRecords, TopicErasure, TopicsOrder, UntouchedTopic } from './topic-form.ts'
import type { TopicScan } from './topic-scan.ts'
import { eligibleFrom, eligibleWords } from './topic-words.ts'

export interface TopicsSetting {
  readonly admin: Admin
  readonly stored: StoredPipeline
  /** Of the registry of the pipeline: gives the schemas that records name. */
  readonly schemas?: SchemaSource
}

/** The topics that the pipeline writes to. */
export function topicSetups({
  stored,
  schemas,
}: Pick<TopicsSetting, 'stored' | 'schemas'>): readonly TopicSetup[] {
  const { routes } = stored.pipeline
  const limits = usesOf(stored)
  return [...limits].map(([name, { limit }]) => {
    const own = routes.filter(({ to, deadLetterTopic }) => to.topic === name || deadLetterTopic === name)
    const plans = [...new Set(own.map(({ policy }) => stored.policies.get(policy)!.plan))]
    const role = own.some(({ to }) => to.topic === name) ? 'outputs' : 'dead letters'
    const forms = new Map(
      own.flatMap(({ to, change }) => (to.topic === name ? [[JSON.stringify(change), change] as const] : [])),
    )
    return { name, role, plans, limit, forms: [...forms.values()], schemas }
  })
}

export const askedOf = ({ subjects }: Pick<Subjects, 'subjects'>, request: ErasureRequest): TopicAsked => ({
  request,
  letters: subjects.flatMap(({ sealed = [] }) => sealed),
})

/** Changes nothing. */
export async function planTopicErasure(
  asked: TopicAsked,
  deletion: DeleteRecords | null,
  setting: TopicsSetting,
): Promise<TopicsOrder> {
  const { admin, stored } = setting
  const setups = topicSetups(setting)
  const states = await topicStates(
    admin,
    setups.map(({ name }) => name),
  )
  const targets: TopicErasure[] = []
  const untouched: UntouchedTopic[] = []
  for (const setup of setups) {
    const state = states.get(setup.name) ?? MISSING
    const found = await new StoredRecords(admin, setup).survey(state, asked, deletion)
    if ('code' in found) untouched.push(found)
    else targets.push(found)
  }
  return {
    cluster: (await admin.cluster()).id ?? null,
    pipeline: stored.pipeline.name,
    deleteRecords: deletion,
    targets,
    untouched,
  }
}

/** @throws LetheError (usage) `order-invalid` where the order is of another pipeline or cluster */
async function refuseOther(
  { cluster, pipeline }: TopicsOrder,
  { admin, stored }: TopicsSetting,
): Promise<void> {
  if (pipeline !== stored.pipeline.name)
    throw new LetheError(
      'order-invalid',
      `the order is of the pipeline ${pipeline}, and ${stored.pipeline.name} is named; nothing was done`,
      'name the pipeline of the order',
    )
  const { id } = await admin.cluster()
  if (cluster !== null && id !== undefined && id !== cluster)
    throw new LetheError(
      'order-invalid',
      'the order was made of another cluster than the brokers that are named; nothing was done',
      'name the pipeline as it was then, or make another order',
    )
}

function setupFor(name: string, setting: TopicsSetting): TopicSetup {
  const setup = topicSetups(setting).find((one) => one.name === name)
  if (setup === undefined)
    throw new LetheError(
      'order-invalid',
      `the order names the topic ${name}, to which the pipeline writes nothing`,
      'make another order',
    )
  return setup
}

const hasWork = ({ partitions }: TopicErasure): boolean =>
  partitions.some(({ tombstones, start, before }) => tombstones > 0 || before > start)

/** Asks the brokers for what the order says, topic by topic. @throws what `StoredRecords.apply` throws: the topics before are done */
export async function applyTopicErasure(
  order: TopicsOrder,
  asked: TopicAsked,
  setting: TopicsSetting,
): Promise<AppliedOrder> {
  await refuseOther(order, setting)
  for (const { target } of order.targets) setupFor(fileOf(target), setting)
  return await applyEach(order.targets.filter(hasWork), async (planned) => {
    const name = fileOf(planned.target)
    const state = (await topicStates(setting.admin, [name])).get(name) ?? MISSING
    return await new StoredRecords(setting.admin, setupFor(name, setting)).apply(planned, state, asked)
  })
}

/** Reads every topic of the order again, from its start to where it ends now. Changes nothing. */
export async function verifyTopicErasure(
  order: TopicsOrder,
  asked: TopicAsked,
  setting: TopicsSetting,
): Promise<readonly ErasureFinding[]> {
  await refuseOther(order, setting)
  const names = [...order.targets, ...order.untouched].map(({ target }) => fileOf(target))
  const states = await topicStates(setting.admin, names)
  const findings: ErasureFinding[] = []
  for (const planned of [...order.targets, ...order.untouched]) {
    const name = fileOf(planned.target)
    const stored = new StoredRecords(setting.admin, setupFor(name, setting))
    findings.push(await findingOf(planned, states.get(name) ?? MISSING, stored, asked))
  }
  return findings
}

async function findingOf(
  planned: TopicErasure | UntouchedTopic,
  state: TopicState,
  stored: StoredRecords,
  asked: TopicAsked,
): Promise<ErasureFinding> {
  const count = 'found' in planned ? planned.found : 0
  const told = (
    state: ErasureFinding['state'],
    message: string,
    counts: { readonly read: number; readonly found: number } = { read: 0, found: 0 },
    eligible: string | null = null,
  ): ErasureFinding => ({ target: planned.target, state, planned: count, ...counts, eligible, message })
  const refused = stored.refused(state, asked)
  if (refused !== undefined) {
    const eligible = 'eligible' in planned ? planned.eligible : null
    const more =
      count > 0 && eligible !== null
        ? `; what the order found there is eligible from ${eligible} on, which is not when it is gone`
        : ''
    return told('not searched', `${refused.message}${more}`, undefined, eligible)
  }
  if (planned.id !== null && state.id !== null && planned.id !== state.id)
    return told('not searched', 'it was deleted, and made again since: make another order')
  const scan = await stored.scan(state, asked)
  return judged(scan, state, stored.unsearched(scan, asked), told)
}

type Told = (
  state: ErasureFinding['state'],
  message: string,
  counts: { readonly read: number; readonly found: number },
  eligible: string | null,
) => ErasureFinding

/** What a topic that was read is called: the three words are requested, eligible and verified absent. */
function judged(
  scan: TopicScan,
  { settings }: TopicState,
  unsearched: readonly string[],
  told: Told,
): ErasureFinding {
  const { rows: read, found, covered, held, tombstones, newest, newestUnknown } = scan
  const counts = { read, found: found + tombstones }
  const from = eligibleFrom(settings, Math.max(newest, newestUnknown))
  const spans = scan.partitions
    .filter((one) => one.found > 0)
    .map((one) => `partition ${one.partition}: ${one.found}, offsets ${one.first} to ${one.last}`)
  const more = unsearched.length === 0 ? '' : `; ${unsearched.join('; ')}`
  const open = found - covered
  if (open > 0 && held >= open)
    return told(
      'held',
      `${open} records are there under legal hold (${spans.join('; ')})${more}`,
      counts,
      from,
    )
  if (open > 0)
    return told(
      'not absent',
      `${open} records are still there (${spans.join('; ')}), ${eligibleWords(settings!, newest)}${more}`,
      counts,
      from,
    )
  if (found > 0)
    return told(
      'requested',
      `${found} records are there before tombstones of their keys (${spans.join('; ')}): they are gone once their segments are closed and compacted${more}`,
      counts,
      null,
    )
  if (tombstones > 0)
    return told(
      'requested',
      `${tombstones} tombstones are left, whose keys are tokens of the subjects: they are gone by delete.retention.ms after compaction${more}`,
      counts,
      null,
    )
  if (unsearched.length > 0) {
    const until =
      newestUnknown < 0
        ? ''
        : `; originals of unknown subjects are ${eligibleWords(settings!, newestUnknown)}`
    return told('partly searched', `${unsearched.join('; ')}${until}`, counts, from)
  }
  return told('verified absent', `read again from the start: none of ${read} records`, counts, null)
}
