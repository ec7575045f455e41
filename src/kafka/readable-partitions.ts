/** The partitions of a topic that is to be read by a person. */
import { LetheError } from '../errors.ts'
import type { Admin } from './admin.ts'
import type { TopicPartition } from './record.ts'

/** @throws LetheError (io) where the topic is not there, or may not be read */
export async function partitionsOf(admin: Admin, topic: string): Promise<readonly TopicPartition[]> {
  const [found] = await admin.topics([topic])
  if (found === undefined || found.presence === 'missing')
    throw new LetheError('topic-missing', `the topic ${topic} does not exist`, 'see `lethe doctor PIPELINE`')
  if (found.presence === 'forbidden' || found.rights?.has('read') === false)
    throw new LetheError(
      'right-missing',
      `the topic ${topic} may not be read by this user`,
      'a pipeline needs no right to read what it wrote: tap with a file that names a user who has READ there',
    )
  return found.partitions.map(({ partition }) => ({ topic, partition }))
}
