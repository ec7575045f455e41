/** What `lethe retain` works on: stored files under one policy, or the topics of a pipeline under its own. */
import { LetheError } from '../../errors.ts'
import { writeWhole } from '../../files/whole-file.ts'
import { openAdmin } from '../../kafka/open-admin.ts'
import { resolveConnection } from '../../kafka/pipeline-file/pipeline-secrets.ts'
import type { HeldSetting } from '../../lifecycle/may-delete.ts'
import type { AppliedOrder } from '../../lifecycle/order-steps.ts'
import { ofFiles, orderLines, topicOrderLines } from '../../lifecycle/print-orders.ts'
import {
  applyOrder,
  leftToDelete,
  planRetention,
  type VerifiedTarget,
  verifyOrder,
} from '../../lifecycle/retention-orders.ts'
import { targetsOf } from '../../lifecycle/stored-folder.ts'
import type { CannotStep } from '../../lifecycle/stored-plan.ts'
import type { TopicOrder } from '../../lifecycle/topic-order.ts'
import {
  applyTopicOrder,
  leftOfTopics,
  planTopics,
  type StoredPipeline,
  verifyTopicOrder,
} from '../../lifecycle/topic-orders.ts'
import { type AnyOrder, orderText, type WorkOrder } from '../../lifecycle/work-order.ts'
import { ReadFiles } from '../../run/read-files.ts'
import { readPipelinePolicies } from '../../run/stream/prepare.ts'
import { planOf } from '../policy-option.ts'

/** What was not written to for so long is of no command that is at work. */
const HALF_MADE_MS = 86_400_000

export interface JobOptions {
  readonly policy?: string
  readonly pipeline?: string
}

export interface PlanningOptions {
  /** Where the order goes. */
  readonly output: string
  readonly asOf?: number
  readonly margin: number
  readonly valid: number
  readonly cannotStep?: CannotStep
  readonly otherVersions?: number
  readonly objectVersions?: 'delete'
}

export interface RetainJob<Order extends AnyOrder = AnyOrder> {
  plan(names: readonly string[], options: PlanningOptions, held: HeldSetting): Promise<Order>
  apply(order: Order, held: HeldSetting): Promise<AppliedOrder>
  /** How many rows it is still to delete. @throws LetheError (io) */
  left(order: Order): Promise<number>
  verify(order: Order, held: HeldSetting): Promise<readonly VerifiedTarget[]>
  /** An order for people. */
  lines(order: Order): readonly string[]
  /** Of the policy, or the pipeline: for ledgers. */
  names(order: Order): Readonly<Record<string, string>>
  /** Whether the order was made under this very policy, or these. @throws LetheError (usage) where it is of another kind */
  isOf(order: AnyOrder): order is Order
  close(): Promise<void>
}

/** @throws LetheError (usage) where not one of the two is named, or it has errors; (io) */
export async function jobOf({ policy, pipeline }: JobOptions): Promise<RetainJob> {
  if ((policy === undefined) === (pipeline === undefined))
    throw new LetheError(
      'bad-option',
      'it is not said whether files or topics are meant',
      'say -p POLICY for stored files, or --pipeline FILE for the topics of a pipeline',
    )
  return pipeline === undefined ? await filesJob(policy!) : await topicsJob(pipeline)
}

const otherKind = (): LetheError =>
  new LetheError(
    'bad-option',
    'the work order is of the other kind; nothing was done',
    'say -p POLICY for an order of files, and --pipeline FILE for one of topics',
  )

async function filesJob(file: string): Promise<RetainJob<WorkOrder>> {
  const plan = await planOf(file)
  return {
    async plan(names, options, held) {
      const {
        output,
        asOf,
        margin: marginMs,
        valid: validMs,
        cannotStep,
        otherVersions,
        objectVersions,
      } = options
      if (names.length === 0)
        throw new LetheError(
          'bad-option',
          'no file or folder is named',
          'name those that `lethe batch` wrote',
        )
      if (otherVersions !== undefined) throw new LetheError('bad-option', '--other-versions is of topics')
      const reads = new ReadFiles()
      reads.addOptions(options)
      // A batch may be at work in the folder.
      const targets = await targetsOf(names, { leftBefore: Date.now() - HALF_MADE_MS })
      for (const { name } of targets) reads.add('a target', name.slice('file:'.length))
      reads.refuse(output)
      const now = Date.now()
      return await planRetention(targets, plan, {
        asOf: asOf ?? now,
        now,
        marginMs,
        validMs,
        cannotStep,
        objectVersions,
        ...held,
      })
    },
    apply: async (order, held) => await applyOrder(order, { plan, ...held, now: Date.now() }),
    left: leftToDelete,
    verify: async (order, held) => await verifyOrder(order, { plan, ...held, now: Date.now() }),
    lines: orderLines,
    names: ({ policy }) => ({ policy: policy.name, version: String(policy.version) }),
    isOf(order): order is WorkOrder {
      if (order.kind !== 'retain') throw otherKind()
      return order.policy.fingerprint === plan.fingerprint
    },
    close: async () => {},
  }
}

async function topicsJob(file: string): Promise<RetainJob<TopicOrder>> {
  const compiled = await readPipelinePolicies(file)
  const { pipeline } = compiled
  const policies: StoredPipeline['policies'] = new Map(
    [...compiled.policies].flatMap(([name, { plan, policy }]) =>
      plan === undefined || policy === undefined ? [] : [[name, { plan, policy }] as const],
    ),
  )
  const stored: StoredPipeline = { pipeline, policies }
  const admin = await openAdmin(resolveConnection(pipeline))
  return {
    async plan(names, options, held) {
      const { output, asOf, margin: marginMs, valid: validMs, cannotStep, otherVersions } = options
      if (names.length > 0 || cannotStep !== undefined || options.objectVersions !== undefined)
        throw new LetheError(
          'bad-option',
          'with --pipeline the topics that it writes to are the targets, and records are not stepped',
          'leave out names, --cannot-step and --object-versions',
        )
      const reads = new ReadFiles()
      reads.addOptions(options)
      for (const name of policies.keys()) reads.add('a policy', name)
      reads.refuse(output)
      process.stderr.write(ofFiles(pipeline))
      const now = Date.now()
      return await planTopics(
        { asOf: asOf ?? now, marginMs, validMs, otherVersionsMs: otherVersions },
        { admin, stored, ...held, now },
      )
    },
    apply: async (order, held) => await applyTopicOrder(order, { admin, stored, ...held, now: Date.now() }),
    left: async (order) => await leftOfTopics(order, { admin }),
    verify: async (order, held) => await verifyTopicOrder(order, { admin, stored, ...held, now: Date.now() }),
    lines: topicOrderLines,
    names: (order) => ({ pipeline: order.pipeline }),
    isOf(order): order is TopicOrder {
      if (order.kind !== 'retain-topics') throw otherKind()
      const known = new Set([...policies.values()].map(({ plan }) => plan.fingerprint))
      return (
        order.pipeline === pipeline.name && order.policies.every(({ fingerprint }) => known.has(fingerprint))
      )
    },
    close: () => admin.close(),
  }
}

/** Writes an order, under its name once `recorded` has ended. `plan` has refused the names of what is read. */
export const writeOrder = (file: string, order: AnyOrder, recorded: () => Promise<void>): Promise<void> =>
  writeWhole(file, orderText(order), recorded)
