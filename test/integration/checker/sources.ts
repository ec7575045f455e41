/** Readers of the `lethe-source` header, for the checker. */
import { readSource, sourceId } from '../../../src/kafka/source-header.ts'
import type { FieldKey } from '../../../transforms/transform.ts'
import type { Coordinates } from './records.ts'

/** `topic/partition/offset`. */
export function clearSource(text: string): Coordinates | undefined {
  const found = /^([^/]+)\/(\d+)\/(\d+)$/.exec(text)
  if (found === null) return undefined
  const [, topic, partition, offset] = found
  return { topic: topic!, partition: Number(partition), offset: Number(offset) }
}

/** Encrypted ones, under the pipeline's key for sources. `topics`: all input topics of the route. */
export function encryptedSource(
  key: FieldKey,
  route: string,
  topics: readonly string[],
): (text: string) => Coordinates | undefined {
  const byId = new Map(topics.map((topic) => [sourceId(route, topic), topic]))
  return (text) => {
    const found = readSource(text, key)
    const topic = found && byId.get(found.id)
    return topic === undefined ? undefined : { topic, partition: found!.partition, offset: found!.offset }
  }
}
