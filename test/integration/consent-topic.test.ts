/** A consent table in a topic: read to its end, followed, and waited for where it is behind. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { broker, onKafka, uniqueName } from '../broker/suite.ts'
import { asked, event, FIRST, keyOf, PURPOSE, prepared, published, saying } from './consent-world.ts'
import { kafkaOf } from './stream-world.ts'

onKafka('a consent table in a topic', () => {
  it.concurrent('is read first, followed, and waited for while it is behind', async (test) => {
    const { world, topic, say } = await prepared(broker.address, test)
    await say(
      ...FIRST,
      saying('anna', 'granted'),
      saying('ben', 'granted'),
      saying('cora', 'granted', 'withdrawn'),
      saying('dora', 'granted'),
      { key: keyOf('dora'), value: null },
    )
    await world.send(['anna', 'ben', 'cora', 'dora', 'ella'].map((name) => event(name, `1 ${name}`)))
    const summary = join(world.folder, 'summary.json')
    const worker = world.start('a', '--summary', summary)
    expect(await published(world, 2)).toEqual(['1 anna', '1 ben'])
    expect(worker.said).toMatch(
      new RegExp(
        `"kind":"table-read","table":"training","topic":"${topic}","partition":0,"offset":7,"count":4`,
      ),
    )
    expect(worker.said).toMatch(
      new RegExp(`"kind":"table-record","table":"training","topic":"${topic}","partition":0,"offset":6`),
    )

    await say(saying('ben', 'granted', 'withdrawn'))
    expect(await asked(worker, '/metrics', /^lethe_table_offset\{table="training"\} 8$/m)).toMatch(/ 8$/m)
    await world.send([event('ben', '2 ben'), event('anna', '2 anna')])
    expect(await published(world, 3)).toEqual(['1 anna', '1 ben', '2 anna'])

    // What an open transaction holds back may be a withdrawal.
    const open = kafkaOf(world.address).producer({
      transactionalId: uniqueName('consent'),
      maxInFlightRequests: 1,
      idempotent: true,
    })
    await open.connect()
    test.onTestFinished(async () => await open.disconnect())
    const transaction = await open.transaction()
    await transaction.send({ topic, messages: [saying('anna', 'granted', 'withdrawn')] })
    const waits = /^consent tables: behind, so that these wait: r$/m
    expect(await asked(worker, '/readyz', waits)).toMatch(waits)
    expect(worker.said).toMatch(/"kind":"table-behind","table":"training"/)
    await world.send([event('anna', '3 anna')])
    await sleep(1_000)
    expect(await published(world, 3)).toHaveLength(3)
    await say(saying('finn', 'granted'))
    await transaction.commit()
    const ready = /^assigned: ok\n$/m
    expect(await asked(worker, '/readyz', ready)).toMatch(ready)
    expect(worker.said).toMatch(/"kind":"table-current","table":"training"/)
    await world.send([event('finn', '4 finn')])
    expect(await published(world, 4)).toEqual(['1 anna', '1 ben', '2 anna', '4 finn'])

    worker.kill('SIGTERM')
    expect((await worker.within(60_000))?.code, worker.said).toBe(0)
    const [route] = JSON.parse(readFileSync(summary, 'utf8')).routes
    expect(route.tables).toEqual([
      {
        table: 'training',
        purpose: PURPOSE,
        topic,
        offsets: [{ partition: 0, from: 7, to: 11 }],
        subjects: 5,
      },
    ])
    expect(route.records).toMatchObject({ in: 9, published: 4 })
    expect(route.records.suppressed).toEqual({
      'consent denied by table training': 4,
      'consent unknown to table training': 1,
    })
    expect(worker.said + readFileSync(summary, 'utf8')).not.toMatch(/anna|ben\b|cora|dora|ella|finn/)
  })

  it.concurrent('that is not whole stops the start, and says where', async (test) => {
    const { world, topic, say } = await prepared(broker.address, test)
    const failed = async (): Promise<string> => {
      const { code, stderr } = await world.run('--until-end')
      expect(code, stderr).not.toBe(0)
      return stderr
    }
    expect(await failed()).toMatch(/no record says what it is/)
    await say(FIRST[1]!, saying('anna', 'granted'))
    expect(await failed()).toMatch(/no record says which match key k1 is/)
    await say(FIRST[0]!, { key: 'anna', value: 'x' })
    const stderr = await failed()
    expect(stderr).toContain(
      `topic ${topic}, partition 0, offset 3: its key does not tell whose history it is`,
    )
    expect(stderr).not.toMatch(/anna/)
    const two = await prepared(broker.address, test, { partitions: 2 })
    await two.say(...FIRST)
    expect((await two.world.run('--until-end')).stderr).toMatch(/has 2 partitions/)
    expect(await world.read(world.output)).toEqual([])
  })
})
