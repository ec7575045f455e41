/** The group of a route: who is in it, where it stands, and whether records have gone before it read them. */

import type { Admin } from '../kafka/admin.ts'
import type { Route } from '../kafka/pipeline-file/pipeline.ts'
import { inputsOf } from '../kafka/preflight.ts'
import { offsetsOf, partitionKey } from '../kafka/record.ts'
import type { TopicsFound } from './check-topics.ts'
import { plural, type Report } from './finding.ts'

export async function checkGroup(
  report: Report,
  route: Route,
  admin: Admin,
  found: TopicsFound,
): Promise<void> {
  const { name } = route
  const { group, start } = route.from
  const { presence, state, members, rights } = await admin.group(group)
  if (presence === 'forbidden' || (rights !== undefined && !rights.has('read'))) {
    report.problem(
      'rights',
      [`the group ${group} may not be used by this user`, 'grant READ: see lethe acl'],
      name,
    )
    return
  }
  const inputs = inputsOf(route, found.topics).flatMap((topic) => found.topics.get(topic) ?? [])
  const readable = inputs.filter(
    ({ presence: there, rights: of }) => there === 'there' && of?.has('read') !== false,
  )
  const partitions = readable.flatMap((topic) =>
    topic.partitions
      .filter(({ hasLeader }) => hasLeader)
      .map(({ partition }) => ({ topic: topic.name, partition })),
  )
  const committed = await admin.committed(group, partitions)
  if (committed === undefined || partitions.length === 0) return
  const [starts, ends] = await Promise.all([
    admin.offsets(partitions, 'earliest'),
    admin.offsets(partitions, 'latest'),
  ])
  const at = offsetsOf(committed)
  const from = offsetsOf(starts)
  let lag = 0
  for (const { topic, partition, offset: end } of ends) {
    const key = partitionKey({ topic, partition })
    const first = from.get(key) ?? 0
    const position = at.get(key)
    if (position === undefined) {
      lag += Math.max(0, end - first)
      continue
    }
    lag += Math.max(0, end - position)
    if (position < first)
      report.problem(
        'group',
        [
          `the group ${group} stands at offset ${position} of ${topic}, partition ${partition}, and the log begins at ${first}: up to ${first - position} records were deleted before they were read`,
          'if that loss is accepted, reset the offset by hand (kafka-consumer-groups.sh --reset-offsets)',
        ],
        name,
      )
    else if (position > end)
      report.problem(
        'group',
        [
          `the group ${group} stands at offset ${position} of ${topic}, partition ${partition}, behind the end of the log at ${end}`,
          'the topic was created again, or lost records: use a new group, or reset the offset by hand',
        ],
        name,
      )
  }
  const begin = typeof start === 'string' ? start : new Date(start.time).toISOString()
  report.ok(
    'group',
    presence === 'missing' && committed.length === 0
      ? `${group} has read nothing yet, and will start at ${begin}`
      : `${group}: ${state}, ${plural(members, 'member')}, offsets of ${committed.length} of ${partitions.length} partitions, ${lag} to be read (markers of transactions among them)`,
    name,
  )
  if (members > partitions.length)
    report.warn(
      'group',
      [
        `${group} has ${members} members for ${partitions.length} partitions: some have nothing to do`,
        'run fewer workers, or add partitions to the input',
      ],
      name,
    )
}
