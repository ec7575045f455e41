/**
 * A replay as one process of a pipeline: the loop of the route, over the records of its dead letters. So gates, rules,
 * headers, partitions and new clients for lost ones are those of `lethe stream`.
 */
import type { DeadLetterLimit } from '../../engine/limit.ts'
import { LetheError } from '../../errors.ts'
import type { Connection } from '../../kafka/driver.ts'
import { chooseReplayDriver, type DriverChoice } from '../../kafka/drivers.ts'
import { openAdmin } from '../../kafka/open-admin.ts'
import type { Route } from '../../kafka/pipeline-file/pipeline.ts'
import { topicMatcher } from '../../kafka/pipeline-file/topics.ts'
import type { ReplayPlan } from '../../kafka/replay/replay-plan.ts'
import type { LettersRead, ReplayRequest } from '../../kafka/replay/replay-request.ts'
import { ReplayWriter } from '../../kafka/replay/replay-writer.ts'
import { replayTransactionalId } from '../../kafka/rights.ts'
import type { Prepared } from './prepare.ts'

/** Which dead letters are asked for. */
export type ReplayFilter = Pick<ReplayRequest, 'codes' | 'since' | 'until' | 'unnamed'>

/** What a replay found in the dead-letter topic when it began, and what became of the records that were gone. */
export interface Replay {
  /** Undefined until the dead letters are read. */
  readonly found: ReplayFound | undefined
  readonly expired: number
}

export interface ReplayFound extends LettersRead {
  /** Dead letters that were replayed before. */
  readonly replayed: number
  /** Dead letters that wait, and were not asked for. */
  readonly leftOut: number
  /** Dead letters that this replay takes. */
  readonly taken: number
  /** Records that they are of. */
  readonly records: number
}

export interface PreparedReplay {
  readonly prepared: Prepared
  readonly driver: DriverChoice
  readonly replay: Replay
}

/**
 * @throws LetheError (usage) where the route's output is compacted, or the pipeline's driver or what is installed cannot
 *   settle in transactions
 */
export async function prepareReplay(
  prepared: Prepared,
  route: Route,
  filter: ReplayFilter,
  limit: DeadLetterLimit,
): Promise<PreparedReplay> {
  if (route.to.topic === undefined)
    throw new LetheError(
      'replay-refused',
      `route ${route.name}: it writes into a data set, whose files cover each offset once`,
      'mend the policy, and run the route again from the start into another folder, with a new group',
    )
  if (route.to.compacted)
    throw new LetheError(
      'replay-refused',
      `route ${route.name}: its output topic ${route.to.topic} is compacted, and a record that is replayed would take the place of newer ones of its key`,
      'mend the policy, and run the route again from the start into a new output topic, with a new group',
    )
  const { pipeline } = prepared
  if (prepared.routes.find((one) => one.route.name === route.name)?.plan.crowd !== undefined)
    throw new LetheError(
      'replay-refused',
      `route ${route.name}: its policy states \`crowd:\`, and a replay reads dead letters alone: what the stream has seen of their values is not known here, so that they would be suppressed`,
      'mend the policy, and run the route again from the start into a new output topic, with a new group',
    )
  let plan: ReplayPlan | undefined
  let found: ReplayFound | undefined
  const driver = await chooseReplayDriver(
    pipeline,
    {
      owner: { pipeline: pipeline.name, route: route.name },
      deadLetterTopic: route.deadLetterTopic,
      reads: topicMatcher(route.from.topics),
      ...filter,
    },
    (made, read) => {
      plan = made
      // A new client finds what this replay has settled among what was replayed before.
      found ??= {
        ...read,
        replayed: made.replayed,
        leftOut: made.leftOut,
        taken: made.length,
        records: made.records,
      }
    },
  )
  const own = prepared.routes.find((one) => one.route === route)!
  const planNow = (): ReplayPlan => {
    if (plan === undefined) throw new Error('a batch is settled that comes from no plan')
    return plan
  }
  return {
    prepared: {
      ...prepared,
      pipeline: { ...pipeline, routes: [route], deadLetters: { ...pipeline.deadLetters, limit } },
      routes: [{ ...own, writer: new ReplayWriter(own.writer, route.deadLetterTopic, own.plan, planNow) }],
    },
    driver: {
      ...driver,
      make: (options) =>
        driver.make({
          ...options,
          delivery: 'exactly-once',
          transactionalId: replayTransactionalId(pipeline.name, route.name),
        }),
    },
    replay: {
      get found() {
        return found
      },
      get expired() {
        return plan?.expired ?? 0
      },
    },
  }
}

/** @throws LetheError (io) where this user may not read the dead letters, or look at the transactional id */
export async function checkReplayRights(
  connection: Connection,
  pipeline: string,
  { name, deadLetterTopic }: Route,
): Promise<void> {
  const way = '`lethe acl PIPELINE --replay` prints the commands that grant what it needs'
  const admin = await openAdmin(connection)
  try {
    const [topic] = await admin.topics([deadLetterTopic])
    if (topic?.presence === 'forbidden' || topic?.rights?.has('read') === false)
      throw new LetheError(
        'right-missing',
        `route ${name}: the dead letter topic ${deadLetterTopic} may not be read by this user`,
        way,
      )
    const id = replayTransactionalId(pipeline, name)
    if (!(await admin.mayDescribeTransactions(id)))
      throw new LetheError('right-missing', `route ${name}: the transactional id ${id} may not be used`, way)
  } finally {
    await admin.close()
  }
}
