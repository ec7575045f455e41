/** What the topic of a consent table has to be: there, readable, of one partition, and compacted without deleting by age. */
import { LetheError } from '../errors.ts'
import type { Admin, TopicDescription, TopicSettings } from './admin.ts'
import type { Connection } from './driver.ts'
import { openAdmin } from './open-admin.ts'
import type { Pipeline } from './pipeline-file/pipeline.ts'
import type { Unchecked } from './preflight.ts'
import { deletes, isCompactedBy, milliseconds } from './topic-settings.ts'

/** What tells the log of a table from others, and how long it can be gone on with. */
export interface TopicLog {
  readonly cluster: string
  readonly topic: string
  /** A topic of the same name that is made later has another one. */
  readonly topicId: string
  /** For how long a tombstone stays at least, in ms: `delete.retention.ms`. */
  readonly tombstonesFor: number
}

export interface CheckedTables {
  /** What is not known of the topics. */
  readonly unchecked: readonly Unchecked[]
  /** By topic; one of which something is not known is missing. */
  readonly logs: ReadonlyMap<string, TopicLog>
}

/** Looks at the topics. @throws LetheError where one is not as it must be */
export async function checkTableTopics(
  connection: Connection,
  topics: readonly string[],
): Promise<CheckedTables> {
  const admin = await openAdmin(connection)
  try {
    const found = await lookAtTables(admin, topics)
    for (const { problem } of found) if (problem !== undefined) throw problem
    const [{ id: cluster }, ids] = await Promise.all([admin.cluster(), admin.topicIds(topics)])
    const logs = found.flatMap(({ topic, settings }): [string, TopicLog][] => {
      const topicId = ids.get(topic)
      const tombstonesFor = milliseconds(settings, 'delete.retention.ms')
      if (cluster === undefined || topicId === undefined || tombstonesFor === undefined) return []
      return [[topic, { cluster, topic, topicId, tombstonesFor }]]
    })
    return { unchecked: found.flatMap(({ unchecked }) => unchecked ?? []), logs: new Map(logs) }
  } finally {
    await admin.close()
  }
}

export const tableTopicsOf = ({ tables }: Pick<Pipeline, 'tables'>): readonly string[] =>
  [...tables.values()].flatMap((place) => (typeof place === 'string' ? [] : place.topic))

export interface TableTopicFound {
  readonly topic: string
  readonly problem: LetheError | undefined
  /** Its settings could not be looked at. */
  readonly unchecked: Unchecked | undefined
  readonly settings: TopicSettings | undefined
}

export async function lookAtTables(
  admin: Admin,
  topics: readonly string[],
): Promise<readonly TableTopicFound[]> {
  if (topics.length === 0) return []
  const [found, settings] = await Promise.all([admin.topics(topics), admin.settings(topics)])
  return topics.map((topic) => {
    const setting = settings.get(topic)
    const problem = problemOf(
      topic,
      found.find(({ name }) => name === topic),
      setting,
    )
    const code = setting?.presence === 'forbidden' ? 'missing-right' : 'unsupported-version'
    const isSeen = setting?.presence !== 'forbidden' && setting?.presence !== 'unsupported'
    return { topic, problem, unchecked: isSeen ? undefined : { route: '', topic, code }, settings: setting }
  })
}

function problemOf(
  topic: string,
  found: TopicDescription | undefined,
  settings: TopicSettings | undefined,
): LetheError | undefined {
  const what = `the topic ${topic} of a consent table`
  if (found === undefined || found.presence === 'missing')
    return new LetheError('topic-missing', `${what} does not exist`, 'check the name, or make it')
  if (found.presence === 'forbidden' || found.rights?.has('read') === false)
    return new LetheError(
      'right-missing',
      `${what} may not be read by this user`,
      '`lethe acl PIPELINE` prints the commands that grant the least it needs',
    )
  if (found.partitions.length !== 1)
    return new LetheError(
      'topic-mismatch',
      `${what} has ${found.partitions.length} partitions: which of two statements was the last one cannot be told`,
      'write the table into a topic of one partition',
    )
  if (isCompactedBy(settings) === false || (isCompactedBy(settings) === true && deletes(settings!)))
    return new LetheError(
      'topic-mismatch',
      `${what} deletes records by their age: a withdrawal would be forgotten`,
      'set its cleanup.policy to compact',
    )
  return undefined
}
