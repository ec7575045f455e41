/** Topics equal the model of what may be visible, under one short schedule. `npm run proof:lifecycle` draws long ones. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { broker, onKafka, uniqueName } from '../broker/suite.ts'
import type { TopicAction } from '../lifecycle/topic-schedule.ts'
import { TopicsWorld } from '../lifecycle/topics-world.ts'
import { warm } from '../src/cli/lethe.ts'

const everybody = (age: number): TopicAction => ({
  do: 'send',
  events: Array.from({ length: 20 }, (_, index) => ({ who: index % 5, age: index === 7 ? 120 : age })),
})

const SCHEDULE: readonly TopicAction[] = [
  everybody(1),
  { do: 'start' },
  { do: 'say', who: 1, grants: false, ago: 2 },
  everybody(3),
  { do: 'kill', after: 100 },
  { do: 'suppress', who: [2] },
  { do: 'keys', what: 'rotate', key: 0 },
  everybody(5),
  { do: 'say', who: 1, grants: true, ago: 1 },
  { do: 'forget', who: [3] },
  everybody(7),
]

onKafka('topics, under a schedule of consent, a list, an erasure, kill -9 and a rotation', () => {
  it('hold what the model says, and nothing else', { timeout: 120_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lethe-life-'))
    const world = new TopicsWorld(broker.address, folder, warm, uniqueName('life'))
    try {
      await world.open()
      for (const action of SCHEDULE) await world.play(action)
      await world.settle()
      expect(world.counts.published).toBeGreaterThan(40)
      expect(world.counts.held).toBeGreaterThan(10)
      expect(world.counts.tombstones).toBeGreaterThan(10)
    } finally {
      await world.close()
    }
  })
})
