/** What the driver of librdkafka does beyond the contract of the drivers. */
import { expect, it } from 'vitest'
import type { PositionKeeper } from '../../src/kafka/driver.ts'
import { rdkafkaDriver } from '../../src/kafka/drivers/rdkafka/rdkafka-driver.ts'
import { onKafka, uniqueName } from '../broker/suite.ts'
import { BOUNDS, client, connection, hasRdkafka, makeTopic, until, write } from '../contracts/driver-world.ts'

onKafka('a consumer that is closed', () => {
  it.skipIf(!hasRdkafka)('leaves its group though what it owns is held on to past the deadline', async () => {
    const topic = await makeTopic()
    await write(topic, [{ value: 'a' }])
    let isAsked = false
    const keeper: PositionKeeper = {
      begun: async () => undefined,
      begin: async () => {},
      positions: async (partitions) => partitions.map(() => 0),
      assigned: () => {},
      release: () => {
        isAsked = true
        return new Promise(() => {})
      },
    }
    const group = uniqueName('group')
    const driver = rdkafkaDriver({
      connection: connection({ 'session.timeout.ms': 45_000, 'heartbeat.interval.ms': 300 }),
      group,
      topics: [topic],
      start: 'earliest',
      delivery: 'at-least-once',
      transactionalId: uniqueName('instance'),
      onEvent: () => {},
      keeper,
    })
    await driver.open()
    await until('a record', async () => (await driver.poll(BOUNDS)).records.length > 0)
    const admin = client().admin()
    await admin.connect()
    const members = async (): Promise<number> =>
      (await admin.describeGroups([group])).groups[0]!.members.length
    expect(await members()).toBe(1)
    await driver.close(500)
    expect(isAsked).toBe(true)
    // Its session would end after 45 s.
    await until('no member', async () => (await members()) === 0, 20_000)
    await admin.disconnect()
  })
})
