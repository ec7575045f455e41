/** `lethe replay` as a process against real Kafka: each record is in the outputs or waits in a dead letter, once. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { replaySummaryForm } from '../../src/forms/summaries.ts'
import { sourceDomain } from '../../src/kafka/source-header.ts'
import { loadKeyring } from '../../src/keys/file.ts'
import { onKafka } from '../broker/suite.ts'
import { warm } from '../src/cli/lethe.ts'
import { encryptedSource } from './checker/sources.ts'
import { events, MARK, MENDED, mend, placesOf, replayWorld } from './replay-world.ts'

onKafka('lethe replay', () => {
  it.concurrent('reads the records of dead letters again, once, and tells what it did', async (test) => {
    const world = await replayWorld(test, { pipeline: 'batch: { records: 50 }\n' })
    await world.send(events(600))
    expect((await world.run('--until-end')).code).toBe(3)
    const before = await placesOf(world)
    expect(before).toMatchObject({ out: 360, waiting: 240, markers: 0, wrong: [] })
    mend(world)

    const file = join(world.folder, 'replay.json')
    const first = await world.replay(['--code', 'unparsable', '--summary', file])
    expect([first.code, first.stdout]).toEqual([0, ''])
    expect(await placesOf(world)).toEqual({
      out: 540,
      waiting: 60,
      markers: 180,
      wrong: [],
      codes: { 'json-truncated': 60 },
    })
    const summary = JSON.parse(readFileSync(file, 'utf8'))
    expect(replaySummaryForm.parse(summary)).toEqual(summary)
    expect(summary).toMatchObject({
      lethe: 'replay-summary',
      status: 'done',
      complete: true,
      deadLetters: { read: 240, replayedBefore: 0, leftOut: 60, taken: 180, unnamed: 0, others: 0 },
      wanted: 180,
      sourceExpired: 0,
      records: { in: 180, published: 180, deadLettered: {} },
    })

    // What dies again waits again, and is not doubled by the dead letter before it.
    const again = await world.replay(['--summary', file])
    expect([again.code, again.stderr]).toEqual([3, expect.stringContaining('json-truncated')])
    expect(await placesOf(world)).toMatchObject({ out: 540, waiting: 60, markers: 240, wrong: [] })
    expect(JSON.parse(readFileSync(file, 'utf8')).deadLetters).toMatchObject({ read: 240, taken: 60 })
    expect(readFileSync(file, 'utf8') + again.stderr + first.stderr).not.toContain(MARK)
    const tapped = await warm(
      ['tap', world.pipeline, '--dead-letters', '--format', 'json', '--limit', '900'],
      {
        env: { CHAOS_INSTANCE: 'a' },
      },
    )
    expect(tapped.stdout.trim().split('\n')).toHaveLength(300)
    expect(tapped.stderr).toContain('markers')
  })

  it.concurrent('writes what the stream would have written, for the time that is asked for, and its own route only', async (test) => {
    const world = await replayWorld(test)
    const text = readFileSync(world.pipeline, 'utf8').replace('source: clear', 'source: encrypted')
    writeFileSync(world.pipeline, text)
    await world.send(events(90))
    expect((await world.run('--until-end')).code).toBe(3)
    mend(world)
    const [letter] = await world.read(world.dead)
    const later = new Date(letter!.timestamp + 3_600_000).toISOString()
    const earlier = new Date(letter!.timestamp - 3_600_000).toISOString()
    const untouched = await world.read(world.dead)
    expect((await world.replay(['--since', later])).code).toBe(0)
    expect(await world.read(world.dead)).toEqual(untouched)
    writeFileSync(world.pipeline, text.replace('name: r', 'name: other'))
    expect((await world.replay()).code).toBe(0)
    expect(await world.read(world.dead)).toEqual(untouched)
    writeFileSync(world.pipeline, text)
    expect((await world.replay(['--route', 'r', '--since', earlier, '--until', later])).code).toBe(3)
    const key = loadKeyring(join(world.folder, 'keys.json')).key(
      'source',
      sourceDomain(world.group, world.output),
    )
    const read = encryptedSource(key, 'r', [world.input])
    const places = await placesOf(world, (header) => {
      const { topic, partition, offset } = read(header)!
      return `${topic}/${partition}/${offset}`
    })
    expect(places).toMatchObject({ out: 81, waiting: 9, wrong: [] })
  })

  it.concurrent('counts records that are gone, and lets their dead letters wait', async (test) => {
    const world = await replayWorld(test, { partitions: 1 })
    await world.send(events(60, 0))
    expect((await world.run('--until-end')).code).toBe(3)
    mend(world)
    await world.admin(async (admin) => {
      // Without having asked for it, the client does not know the topic.
      await admin.fetchTopicOffsets(world.input)
      await admin.deleteTopicRecords({ topic: world.input, partitions: [{ partition: 0, offset: '31' }] })
    })
    const file = join(world.folder, 'replay.json')
    const { code, stderr } = await world.replay(['--summary', file])
    expect([code, stderr]).toEqual([0, expect.stringContaining('source-expired')])
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      complete: true,
      deadLetters: { taken: 20 },
      sourceExpired: 11,
      records: { published: 9 },
    })
    expect(await placesOf(world)).toMatchObject({ waiting: 11, markers: 9 })
  })

  it.concurrent('refuses compacted outputs and kafkajs, and says what to do', async (test) => {
    const compacted = await replayWorld(test, { compacted: true, policy: MENDED })
    const refused = await compacted.replay()
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('compacted')])
    const other = await replayWorld(test, { pipeline: 'delivery: at-least-once\ndriver: kafkajs\n' })
    const { code, stderr } = await other.replay()
    expect([code, stderr]).toEqual([2, expect.stringMatching(/kafkajs cannot replay.*install node-rdkafka/s)])
  })
})
