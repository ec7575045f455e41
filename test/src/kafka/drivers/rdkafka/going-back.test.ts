/** Reading again from the settled position, while commits that no batch waits for consume too: no record is left out, and none comes twice. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Ownership } from '../../../../../src/kafka/drivers/rdkafka/ownership.ts'
import { RdkafkaFetcher } from '../../../../../src/kafka/drivers/rdkafka/rdkafka-fetcher.ts'

const TOPIC = 't'
const COUNT = 60

const turns = async (count: number): Promise<void> => {
  for (let n = 0; n < count; n++) await new Promise((resolve) => setImmediate(resolve))
}

/** A client over one partition, as librdkafka is: what was asked for before a `seek` may be answered from behind it. */
class Client {
  position = 0
  readonly #draw: () => number

  constructor(draw: () => number) {
    this.#draw = draw
  }

  on(): void {}

  setDefaultConsumeTimeout(): void {}

  consume(count: number, done: (error: unknown, messages: unknown[]) => void): void {
    void turns(this.#draw()).then(() => {
      const to = Math.min(COUNT, this.position + Math.min(count, 4))
      const messages = Array.from({ length: to - this.position }, (_, n) => ({
        ...{ topic: TOPIC, partition: 0, offset: this.position + n, key: null, headers: [] },
        ...{ value: Buffer.from('x'), timestamp: 1, size: 1 },
      }))
      this.position = to
      done(null, messages)
    })
  }

  seek({ offset }: { offset: number }, _ms: number, done: (error: unknown) => void): void {
    void (async () => {
      await turns(this.#draw())
      this.position = offset
      await turns(this.#draw())
      done(null)
    })()
  }
}

it('leaves out no record, whatever consumes meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(5), { minLength: 20, maxLength: 60 }),
      fc.array(fc.boolean(), { minLength: 6, maxLength: 20 }),
      async (delays, settles) => {
        let at = 0
        const draw = (): number => delays[at++ % delays.length]!
        const consumer = new Client(draw)
        const owned = new Ownership()
        owned.add({ topic: TOPIC, partition: 0, offset: 0 })
        const session = {
          ...{ owned, consumer, rewind: false, closing: false, settling: Promise.resolve() },
          ...{ options: { onEvent() {} }, check() {} },
        }
        const fetcher = new RdkafkaFetcher(
          session as never,
          { rebalancing: Promise.resolve() } as never,
          { ask: async () => {} } as never,
        )
        fetcher.prepare()
        // A commit after another, which nothing waits for.
        let isOver = false
        const commits = (async () => {
          while (!isOver) {
            let asked = 0
            await fetcher.serveUntil(() => ++asked > 2 || isOver)
            await turns(1)
          }
        })()
        const settled: number[] = []
        for (let n = 0; settled.length < COUNT && n < 1000; n++) {
          const { epoch, records, next } = await fetcher.poll({ records: 5, bytes: 1 << 20, time: 0 })
          await turns(draw())
          if (settles[n % settles.length] === true && epoch === owned.epoch) {
            for (let i = 0; i < records.length; i++) settled.push(records.position(i).offset)
            owned.settled(next)
          } else {
            owned.endEpoch()
            session.rewind = true
          }
        }
        isOver = true
        await commits
        expect(settled).toEqual(settles.includes(true) ? Array.from({ length: COUNT }, (_, n) => n) : [])
      },
    ),
    { numRuns: 25 },
  )
})
