/** The demo with a broker: what it shows of the stream is what it says. */
import { Kafka, logLevel } from 'kafkajs'
import { expect, it } from 'vitest'
import { broker, onKafka } from '../broker/suite.ts'
import { lethe } from '../src/cli/lethe.ts'

onKafka('lethe demo with a broker', () => {
  it('runs a pipeline over made-up events, and shows no raw record outside of its samples', async () => {
    const { code, stdout, stderr } = await lethe(['demo', '--count', '1000', '--broker', broker.address])
    expect(stderr).toBe('')
    expect(code).toBe(0)
    const stream = stdout.slice(stdout.indexOf('The same as a stream'))
    expect(stream).toMatch(/ progress route=events records=\d+ published=\d+ .*lag=\d+/)
    expect(stream).toMatch(/records in +1,000/)
    expect(stream).toMatch(/tombstones +4/)
    expect(stream).toMatch(/retention suppress after 400d +\d+/)
    expect(stream).toMatch(/before +C-\d+ \{/)
    expect(stream).toMatch(/after +k1\.[\w-]{22} \{/)
    expect(stream).toMatch(
      /\{"v":1,"topic":"lethe-demo-\w+\.events","partition":\d,"offset":\d+,"code":"[\w-]+"/,
    )
    const admin = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    const topics = (await admin.listTopics()).filter((name) => name.startsWith('lethe-demo-'))
    await admin.deleteTopics({ topics })
    await admin.disconnect()
    expect(topics.length).toBe(3)
  })
})
