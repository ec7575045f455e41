/** What the driver over kafkajs refuses, against the real broker: with the reason, what to do, and nothing lost. */
import kafkajs from 'kafkajs'
import { expect, it } from 'vitest'
import { kafkajsDriver } from '../../src/kafka/drivers/kafkajs/kafkajs-driver.ts'
import { passwordOf } from '../broker/guarded.ts'
import { guarded, onKafka, onOwnKafka, uniqueName } from '../broker/suite.ts'
import {
  admin,
  beginTransaction,
  client,
  connection,
  KAFKAJS,
  makeTopic,
  numbers,
  type Opened,
  openDriver,
  pollOnce,
  settleSome,
  write,
} from '../contracts/driver-world.ts'
import { asUser, makeTopics } from './cluster-world.ts'

/** Polls and settles until the driver stops. @throws what it stops with */
async function stops({ driver }: Opened): Promise<never> {
  for (;;) {
    const { epoch, next } = await pollOnce(driver)
    await driver.settle(epoch, [], next)
  }
}

const SOON = { 'metadata.max.age.ms': 500 }

onKafka('what kafkajs cannot read safely', () => {
  const alter = async (topic: string, name: string, value: string): Promise<void> => {
    const kafka = client().admin()
    await kafka.connect()
    const resource = {
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name: topic,
      configEntries: [{ name, value }],
    }
    await kafka.alterConfigs({ validateOnly: false, resources: [resource] })
    await kafka.disconnect()
  }

  it('is refused where the input topic is compacted, before the group is joined', async () => {
    const topic = await makeTopic(1, { 'cleanup.policy': 'compact,delete' })
    const group = uniqueName('group')
    await expect(openDriver(KAFKAJS, { topics: [topic], group })).rejects.toMatchObject({
      code: 'topic-mismatch',
      message: expect.stringContaining(`${topic} is compacted`),
      suggestion: expect.stringContaining('driver: rdkafka'),
    })
    expect(await (await admin()).group(group)).toMatchObject({ presence: 'missing' })
  })

  it('is refused where the input topic becomes compacted while it runs', async () => {
    const topic = await makeTopic(1)
    await write(topic, [{ key: 'k', value: 'v' }])
    const opened = await openDriver(KAFKAJS, { topics: [topic], client: SOON })
    await settleSome(opened.driver, 1)
    await alter(topic, 'cleanup.policy', 'compact')
    await expect(stops(opened)).rejects.toMatchObject({
      code: 'topic-mismatch',
      suggestion: expect.stringContaining('driver: rdkafka'),
    })
  })

  it('is refused where a transaction wrote a record, and the group stays before it', async () => {
    const topic = await makeTopic(1)
    await write(topic, [{ value: 'plain' }])
    const transaction = await beginTransaction(topic, [{ value: 'committed' }])
    await transaction.commit()
    const opened = await openDriver(KAFKAJS, { topics: [topic], client: SOON })
    await expect(stops(opened)).rejects.toMatchObject({
      code: 'records-unreadable',
      exitCode: 4,
      message: expect.stringMatching(/partition 0, offset 1: .*transaction/),
      suggestion: expect.stringContaining('driver: rdkafka'),
    })
    const [committed] = (await (await admin()).committed(opened.group, [{ topic, partition: 0 }]))!
    expect(committed!.offset).toBeLessThanOrEqual(1)
  })

  it('is refused where offsets are missing, with how many, and the group stays before them', async () => {
    const topic = await makeTopic(1)
    const gone = await beginTransaction(topic, [{ value: 'aborted' }, { value: 'aborted' }])
    await gone.abort()
    await write(topic, [{ value: 'plain' }])
    const opened = await openDriver(KAFKAJS, { topics: [topic], client: SOON })
    await expect(stops(opened)).rejects.toMatchObject({
      code: 'records-unreadable',
      exitCode: 4,
      message: expect.stringMatching(/partition 0: 3 offsets are missing: 0 was expected, and 3 came/),
      suggestion: expect.stringContaining('driver: rdkafka'),
    })
    expect(await (await admin()).committed(opened.group, [{ topic, partition: 0 }])).toEqual([
      { topic, partition: 0, offset: 0 },
    ])
  })

  it('is refused where nothing comes though the end lies ahead', async () => {
    const topic = await makeTopic(1)
    const gone = await beginTransaction(topic, [{ value: 'aborted' }])
    await gone.abort()
    const opened = await openDriver(
      { ...KAFKAJS, make: (options) => kafkajsDriver(options, 2000) },
      { topics: [topic], client: SOON },
    )
    const began = performance.now()
    await expect(stops(opened)).rejects.toMatchObject({
      code: 'records-unreadable',
      exitCode: 4,
      message: expect.stringMatching(/offset 0, and the log ends at 2/),
      suggestion: expect.stringContaining('driver: rdkafka'),
    })
    expect(performance.now() - began).toBeGreaterThan(2000)
  })

  it('is told where records are deleted before they were read, and the group stays where it was', async () => {
    const topic = await makeTopic(1)
    await write(
      topic,
      numbers(10).map((value) => ({ value })),
    )
    const opened = await openDriver(KAFKAJS, { topics: [topic], client: SOON })
    await settleSome(opened.driver, 10)
    opened.driver.pause()
    // kafkajs holds one batch itself; what comes after it is fetched once the driver goes on.
    for (const from of [10, 30]) {
      await write(
        topic,
        numbers(20, from).map((value) => ({ value })),
      )
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
    const kafka = client().admin()
    await kafka.connect()
    await kafka.fetchTopicMetadata({ topics: [topic] })
    await kafka.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '45' }] })
    await kafka.disconnect()
    opened.driver.resume()
    await expect(stops(opened)).rejects.toMatchObject({
      code: 'offsets-lost',
      message: expect.stringMatching(/up to \d+ records \(offsets \d+ to 44\) were deleted/),
    })
    const [committed] = (await (await admin()).committed(opened.group, [{ topic, partition: 0 }]))!
    expect(committed!.offset).toBeLessThan(45)
    expect(committed!.offset).toBeGreaterThanOrEqual(10)
  })
})

onOwnKafka('the driver over kafkajs, and a user who may not see the settings of its input', () => {
  it('is refused, with the right that is missing', async () => {
    const own = await guarded()
    const topic = uniqueName('in')
    await makeTopics(own.address, { [topic]: {} })
    const kafka = client(own.address).admin()
    await kafka.connect()
    const rule = (resourceType: number, resourceName: string) => ({
      resourceType,
      resourceName,
      resourcePatternType: kafkajs.ResourcePatternTypes.LITERAL,
      principal: 'User:ada',
      host: '*',
      operation: kafkajs.AclOperationTypes.READ,
      permissionType: kafkajs.AclPermissionTypes.ALLOW,
    })
    const { TOPIC, GROUP } = kafkajs.AclResourceTypes
    await kafka.createAcls({ acl: [rule(TOPIC, topic), rule(GROUP, '*')] })
    await kafka.disconnect()
    const opening = openDriver(KAFKAJS, {
      topics: [topic],
      to: asUser(connection({}, own.saslAddress), 'ada', passwordOf('ada')),
    })
    await expect(opening).rejects.toMatchObject({
      code: 'right-missing',
      message: expect.stringContaining(`cleanup.policy of the input topic ${topic} cannot be read`),
      suggestion: expect.stringMatching(/DESCRIBE_CONFIGS.*driver: rdkafka/),
    })
  })
})
