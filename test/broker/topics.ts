/** Topics of tests. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Admin, ITopicConfig } from 'kafkajs'

/** Creates topics and waits until the broker hosts them: one that is busy tells of a topic before. */
export async function createTopics(admin: Admin, topics: ITopicConfig[]): Promise<void> {
  await admin.createTopics({ topics, waitForLeaders: false })
  for (const { topic } of topics)
    for (let tries = 0; tries < 50; tries++) {
      const isThere = await admin.fetchTopicOffsets(topic).catch(() => [])
      if (isThere.length > 0) break
      await sleep(100)
    }
}
