/** Whether the routes of a pipeline can stand beside each other: nothing that leaves may ever come in again. */
import { quote } from '../../policy/problems.ts'
import { readStart } from './amounts.ts'
import type { PipelineDraft, RoutePart } from './draft-pipeline.ts'
import { patternTrouble, topicMatcher } from './topics.ts'

interface Reader extends RoutePart {
  readonly reads: (topic: string) => boolean
}

export function checkRoutes(draft: PipelineDraft): void {
  const { parts, findings, at } = draft
  const readers = parts.routes.map((route): Reader => ({ ...route, reads: readerOf(route, draft) }))
  readers.forEach((route, i) => {
    const { shape, index } = route
    const before = readers.slice(0, i)
    readStart(draft, route)
    if (before.some((other) => other.shape.name === shape.name))
      findings.add(
        at('routes', index, 'name'),
        'duplicate-route',
        `another route is called ${quote(shape.name)}`,
        'metrics, messages and transactions go by it: give each its own',
      )
    checkGroup(route, before, draft)
    checkOutput(route, before, readers, draft)
    checkDeadLetters(route, readers, draft)
    if (shape.to.partition === 'same')
      findings.warn(
        at('routes', index, 'to', 'partition'),
        'same-partition',
        'the partition of an output tells that of its input, and so a little of the raw key; one output key may stand in several',
        '`partition: key`, unless a consumer joins by partition',
      )
  })
  checkTableTopics(readers, draft)
}

/** Who writes events where consent is told would grant and withdraw; who reads it as events would publish its tokens. */
function checkTableTopics(routes: readonly Reader[], { parts, findings, at }: PipelineDraft): void {
  for (const [table, place] of Object.entries(parts.tables ?? {})) {
    if (!('topic' in place)) continue
    const { topic } = place
    const uses = routes.flatMap(({ shape, reads }) => [
      ...(shape.to.topic === topic ? [`the output of the route ${quote(shape.name)}`] : []),
      ...(shape.deadLetterTopic === topic ? [`the dead-letter topic of the route ${quote(shape.name)}`] : []),
      ...(reads(topic) ? [`read by the route ${quote(shape.name)} as an input`] : []),
    ])
    for (const use of uses)
      findings.add(
        at('tables', table, 'topic'),
        'table-topic-shared',
        `the topic ${quote(topic)} of the consent table ${quote(table)} is also ${use}`,
        'give the table a topic of its own',
      )
  }
}

/** What the route reads; nothing where that cannot be told, and `findings` says why. */
function readerOf({ shape, index }: RoutePart, { findings, at }: PipelineDraft): Reader['reads'] {
  const { topics } = shape.from
  if ('pattern' in topics) {
    const trouble = patternTrouble(topics.pattern)
    if (trouble === undefined) return topicMatcher(topics)
    findings.add(
      at('routes', index, 'from', 'topics', 'pattern'),
      'bad-pattern',
      trouble,
      'letters, digits, . \\. _ - […] (…|…) * + ?, e.g. events\\.(eu|us)\\..*',
    )
    return () => false
  }
  topics.forEach((topic, i) => {
    if (topics.indexOf(topic) < i)
      findings.add(
        at('routes', index, 'from', 'topics', i),
        'duplicate-topic',
        `the topic ${quote(topic)} is here twice`,
      )
  })
  return topicMatcher(topics)
}

function checkGroup(
  { shape, index, reads }: Reader,
  before: readonly Reader[],
  { findings, at }: PipelineDraft,
): void {
  const twin = before.find((other) => other.shape.from.group === shape.from.group)
  if (twin === undefined) return
  const [mine, theirs] = [shape.from.topics, twin.shape.from.topics]
  const shared =
    'pattern' in mine
      ? 'pattern' in theirs
        ? mine.pattern === theirs.pattern
        : theirs.some(reads)
      : mine.some(twin.reads)
  const group = quote(shape.from.group)
  if (shared)
    findings.add(
      at('routes', index, 'from', 'topics'),
      'topic-read-twice',
      `the route ${quote(twin.shape.name)} reads the same in the group ${group}: each record would reach one of the two only`,
      'give each route a group of its own',
    )
  else
    findings.add(
      at('routes', index, 'from', 'group'),
      'shared-group',
      `the route ${quote(twin.shape.name)} reads other topics in the group ${group}: a group has one subscription`,
      'give each route a group of its own',
    )
}

function checkOutput(
  { shape, index }: Reader,
  before: readonly Reader[],
  all: readonly Reader[],
  { findings, at }: PipelineDraft,
): void {
  const { topic, compacted } = shape.to
  if (topic === undefined) return
  const reader = all.find(({ reads }) => reads(topic))
  if (reader !== undefined)
    findings.add(
      at('routes', index, 'to', 'topic'),
      'output-among-inputs',
      `the output topic ${quote(topic)} is read again, by the route ${quote(reader.shape.name)}`,
      'write to a topic that no route reads',
    )
  const other = before.find((one) => one.shape.to.topic === topic && one.shape.to.compacted !== compacted)
  if (other !== undefined)
    findings.add(
      at('routes', index, 'to', 'compacted'),
      'compacted-differs',
      `the route ${quote(other.shape.name)} says that ${quote(topic)} is ${compacted ? 'not ' : ''}compacted`,
      'say the same in both',
    )
}

function checkDeadLetters(
  { shape, index }: Reader,
  all: readonly Reader[],
  { findings, at }: PipelineDraft,
): void {
  const topic = shape.deadLetterTopic
  const place = at('routes', index, 'deadLetterTopic')
  const writer = all.find((route) => route.shape.to.topic === topic)
  if (writer !== undefined)
    findings.add(
      place,
      'dead-letters-in-output',
      `dead letters would go to ${quote(topic)}, the output of the route ${quote(writer.shape.name)}`,
      'give dead letters a topic of their own',
    )
  const reader = all.find(({ reads }) => reads(topic))
  if (reader !== undefined)
    findings.add(
      place,
      'dead-letters-among-inputs',
      `dead letters would go to ${quote(topic)}, which the route ${quote(reader.shape.name)} reads`,
      'give dead letters a topic that no route reads',
    )
}
