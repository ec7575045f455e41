/**
 * What a pipeline asks of its cluster before it joins a group: that its topics are there, may be used, and are what the
 * file says they are. `lethe doctor` looks at much more; this much is asked at every start, and stops it.
 */
import { LetheError } from '../errors.ts'
import type { Admin, TopicDescription, TopicSettings } from './admin.ts'
import { distinctClusters } from './clusters.ts'
import type { Connection, DriverEvent } from './driver.ts'
import { openAdmin } from './open-admin.ts'
import { type Route, writtenTopics } from './pipeline-file/pipeline.ts'
import { topicMatcher } from './pipeline-file/topics.ts'
import { isCompactedBy, keptFor, largestBatch, milliseconds } from './topic-settings.ts'

/** What the topics of a route take, and keep. */
export interface WriteLimits {
  /** The largest batch of records, and so the largest record, of the output topic, in bytes. */
  readonly maxMessageBytes: number | undefined
  /** The largest batch that each topic of the route takes, in bytes. */
  readonly maxBatchBytes: number | undefined
  /** How old the timestamp of an output may be until its topic deletes it, in milliseconds. */
  readonly keptFor: number
  /** How long a segment of the output topic is open, in milliseconds: a topic deletes whole ones. */
  readonly segment: number
}

/** What could not be looked at. */
export interface Unchecked {
  readonly route: string
  readonly topic: string
  readonly code: 'missing-right' | 'unsupported-version'
}

export interface Preflight {
  /** By the name of the route. */
  readonly limits: ReadonlyMap<string, WriteLimits>
  readonly unchecked: readonly Unchecked[]
}

/**
 * Looks at the topics and groups of the routes.
 * @throws LetheError: io where no broker answers within 15 s, the brokers are of two clusters, a topic is missing, or a
 *   right on one or on a group; usage where a topic is not what the file says
 */
export async function preflight(
  connection: Connection,
  routes: readonly Route[],
  onEvent?: (event: DriverEvent) => void,
): Promise<Preflight> {
  const admin = await openAdmin(connection, onEvent)
  try {
    const [checked, clusters] = await Promise.all([lookAt(admin, routes), distinctClusters(connection)])
    if (clusters.length > 1)
      throw new LetheError(
        'clusters-differ',
        `the brokers ${clusters.map(({ brokers }) => brokers[0]).join(' and ')} belong to different clusters`,
        'a pipeline has one cluster: name brokers of one only',
      )
    return checked
  } finally {
    await admin.close()
  }
}

async function lookAt(admin: Admin, routes: readonly Route[]): Promise<Preflight> {
  const written = [...new Set(routes.flatMap(writtenTopics))]
  const [topics, settings] = await Promise.all([topicsOf(admin, routes), admin.settings(written)])
  const problems = routes.flatMap((route) => problemsOf(route, topics, settings))
  // A mock cluster knows neither settings nor rights.
  const isReal = [...settings.values()].every(({ presence }) => presence !== 'unsupported')
  if (problems.length === 0 && isReal) problems.push(...(await groupProblems(admin, routes)))
  if (problems.length > 0) throw together(problems)
  const unchecked: Unchecked[] = []
  const limits = new Map<string, WriteLimits>()
  for (const route of routes) {
    const { name, to, deadLetterTopic } = route
    for (const topic of writtenTopics(route)) {
      const presence = settings.get(topic)?.presence
      if (presence === 'forbidden') unchecked.push({ route: name, topic, code: 'missing-right' })
      else if (presence === 'unsupported') unchecked.push({ route: name, topic, code: 'unsupported-version' })
    }
    const sizes = writtenTopics(route).map((topic) => largestBatch(settings.get(topic)))
    const known = sizes.filter((limit) => limit !== undefined)
    const output = to.topic === undefined ? undefined : settings.get(to.topic)
    limits.set(name, {
      maxMessageBytes: largestBatch(settings.get(to.topic ?? deadLetterTopic)),
      maxBatchBytes: known.length === 0 ? undefined : Math.min(...known),
      keptFor: keptFor(output),
      segment: milliseconds(output, 'segment.ms') ?? 0,
    })
  }
  return { limits, unchecked }
}

/** Without a right on its group a client asks on and on until its time is over, and does not say why. */
async function groupProblems(admin: Admin, routes: readonly Route[]): Promise<readonly LetheError[]> {
  const problems = routes.map(async ({ name, from }) => {
    const { presence, rights } = await admin.group(from.group)
    if (presence !== 'forbidden' && rights?.has('read') !== false) return []
    return [
      new LetheError(
        'right-missing',
        `route ${name}: the group ${from.group} may not be joined by this user`,
        '`lethe acl PIPELINE` prints the commands that grant the least it needs',
      ),
    ]
  })
  return (await Promise.all(problems)).flat()
}

/** All that the routes name; and all that there are, where one has a pattern. */
export async function topicsOf(
  admin: Admin,
  routes: readonly Route[],
): Promise<ReadonlyMap<string, TopicDescription>> {
  const names = routes.flatMap((route) => {
    const { topics } = route.from
    return [...('pattern' in topics ? [] : topics), ...writtenTopics(route)]
  })
  const hasPattern = routes.some(({ from }) => 'pattern' in from.topics)
  const found = await Promise.all([
    ...(hasPattern ? [admin.topics()] : []),
    admin.topics([...new Set(names)]),
  ])
  return new Map(found.flat().map((topic) => [topic.name, topic]))
}

/** The input topics of a route: those that are there, and those that it names. */
export function inputsOf(
  { from: { topics } }: Route,
  known: ReadonlyMap<string, TopicDescription>,
): readonly string[] {
  if (!('pattern' in topics)) return topics
  const matches = topicMatcher(topics)
  return [...known.values()]
    .filter(({ name, presence }) => presence === 'there' && matches(name))
    .map(({ name }) => name)
}

/** What would stop the pipeline at its start. */
export function problemsOf(
  route: Route,
  topics: ReadonlyMap<string, TopicDescription>,
  settings: ReadonlyMap<string, TopicSettings>,
): readonly LetheError[] {
  const { from, deadLetterTopic } = route
  const inputs = inputsOf(route, topics)
  const problems: LetheError[] = []
  if (inputs.length === 0 && 'pattern' in from.topics)
    problems.push(
      new LetheError(
        'topic-missing',
        `route ${route.name}: no topic matches the pattern of its inputs, or none may be seen`,
        'make one, or grant DESCRIBE and READ: see `lethe acl PIPELINE`',
      ),
    )
  for (const topic of inputs) problems.push(...useOf(route, 'input', topics.get(topic), topic, 'read'))
  // In a mock cluster, topics appear when they are written to.
  for (const topic of writtenTopics(route)) {
    const what = topic === deadLetterTopic ? 'dead letter' : 'output'
    if (settings.get(topic)?.presence !== 'unsupported')
      problems.push(...useOf(route, what, topics.get(topic), topic, 'write'))
  }
  return [...problems, ...fitOf(route, inputs, topics, settings)]
}

function useOf(
  { name }: Route,
  what: string,
  found: TopicDescription | undefined,
  topic: string,
  right: 'read' | 'write',
): readonly LetheError[] {
  const subject = `route ${name}: the ${what} topic ${topic}`
  if (found === undefined || found.presence === 'missing')
    return [
      new LetheError(
        'topic-missing',
        `${subject} does not exist`,
        right === 'read'
          ? 'check the name, or make it'
          : 'make it, or let `lethe doctor PIPELINE --fix` make it',
      ),
    ]
  const lacks = found.presence === 'forbidden' || (found.rights !== undefined && !found.rights.has(right))
  if (!lacks) return []
  const verb = right === 'read' ? 'read' : 'written to'
  return [
    new LetheError(
      'right-missing',
      `${subject} may not be ${verb} by this user`,
      '`lethe acl PIPELINE` prints the commands that grant the least it needs',
    ),
  ]
}

/** Whether the topics are what the file takes them for. */
function fitOf(
  { name, to, deadLetterTopic }: Route,
  inputs: readonly string[],
  topics: ReadonlyMap<string, TopicDescription>,
  settings: ReadonlyMap<string, TopicSettings>,
): readonly LetheError[] {
  const problems: LetheError[] = []
  const isCompacted = to.topic === undefined ? undefined : isCompactedBy(settings.get(to.topic))
  if (isCompacted === true && !to.compacted)
    problems.push(
      new LetheError(
        'topic-mismatch',
        `route ${name}: the output topic ${to.topic} is compacted, and the pipeline file does not say so: suppressions, and tombstones under older keys, would be missing there`,
        'write `compacted: true` under the `to:` of the route, or take compact out of the topic’s cleanup.policy',
      ),
    )
  if (isCompacted === false && to.compacted)
    problems.push(
      new LetheError(
        'topic-mismatch',
        `route ${name}: the pipeline file calls the output topic ${to.topic} compacted, and it is not: tombstones would take nothing away`,
        'remove `compacted: true`, or put compact into the topic’s cleanup.policy',
      ),
    )
  if (isCompactedBy(settings.get(deadLetterTopic)) === true)
    problems.push(
      new LetheError(
        'topic-mismatch',
        `route ${name}: the dead letter topic ${deadLetterTopic} is compacted: it refuses dead letters, which have no key`,
        'set its cleanup.policy to delete',
      ),
    )
  const output = to.topic === undefined ? undefined : topics.get(to.topic)
  if (to.partition === 'same' && output?.presence === 'there')
    for (const input of inputs) {
      const count = topics.get(input)?.partitions.length ?? 0
      if (count > output.partitions.length)
        problems.push(
          new LetheError(
            'topic-mismatch',
            `route ${name}: \`partition: same\`, but the input topic ${input} has ${count} partitions and the output topic ${to.topic} ${output.partitions.length}`,
            `add partitions to ${to.topic}, or write \`partition: key\``,
          ),
        )
    }
  return problems
}

function together(problems: readonly LetheError[]): LetheError {
  const [first, ...others] = problems
  if (others.length === 0) return first!
  const more = `${others.length} more: \`lethe doctor PIPELINE\` lists all`
  return new LetheError(
    first!.code,
    first!.message,
    `${first!.suggestion}; there ${others.length === 1 ? 'is' : 'are'} ${more}`,
  )
}
