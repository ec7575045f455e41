/** Where records of subjects stand in the topics of a pipeline: topic, partition, offset and counts. Gives no value. */
import { MISSING, topicStates } from '../lifecycle/stored-topic.ts'
import type { ErasureRequest } from '../lifecycle/target.ts'
import { type TopicsSetting, topicSetups } from './erase-topics.ts'
import type { LetterToken } from './letter-search.ts'
import type { Located } from './locate-rows.ts'
import { StoredRecords } from './stored-records.ts'

export interface LocatedPartition {
  readonly partition: number
  readonly found: number
  /** As spans `[first, last]`. */
  readonly offsets: readonly (readonly [number, number])[]
}

export interface LocatedTopic extends Omit<Located, 'rows'> {
  readonly partitions: readonly LocatedPartition[]
}

/** Reads every topic from its start to where it ends now. Changes nothing. */
export async function locateRecords(
  request: ErasureRequest,
  letters: readonly LetterToken[],
  setting: TopicsSetting,
): Promise<readonly LocatedTopic[]> {
  const { admin } = setting
  const setups = topicSetups(setting)
  const states = await topicStates(
    admin,
    setups.map(({ name }) => name),
  )
  const located: LocatedTopic[] = []
  for (const setup of setups) {
    const records = new StoredRecords(admin, setup)
    const state = states.get(setup.name) ?? MISSING
    const asked = { request, letters }
    const { target } = records
    const refused = records.refused(state, asked)
    if (refused !== undefined) {
      located.push({ target, read: 0, found: 0, partitions: [], unsearched: [refused.message] })
      continue
    }
    const spans = new Map<number, [number, number][]>()
    const scan = await records.scan(state, asked, {
      onFound: ({ partition, offset }) => {
        const known = spans.get(partition)
        const last = known?.at(-1)
        if (last?.[1] === offset - 1) last[1] = offset
        else if (known === undefined) spans.set(partition, [[offset, offset]])
        else known.push([offset, offset])
      },
    })
    located.push({
      target,
      read: scan.rows,
      found: scan.found,
      partitions: scan.partitions
        .filter(({ found }) => found > 0)
        .map(({ partition, found }) => ({ partition, found, offsets: spans.get(partition)! })),
      unsearched: records.unsearched(scan, asked),
    })
  }
  return located
}
