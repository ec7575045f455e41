/** A broker of the run's own behind a proxy, and producers that write to it until they are told to stop. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Admin, Kafka, logLevel, type Message, type Producer, type Transaction } from 'kafkajs'
import { type Broker, startBroker } from '../../broker/broker.mjs'
import { startProxy, type TcpProxy } from '../proxy.mjs'
import { type Draw, eventOf } from './events.ts'
import { type Gated, MAX_LAG_MS, type SettledBefore } from './gated.ts'

export const INPUT = 'chaos.in'
export const OUTPUT = 'chaos.out'
export const DEAD = 'chaos.dead'
/** Of the consent table. */
export const CONSENT = 'chaos.consent'
export const GROUP = 'chaos'
export const PARTITIONS = 4
/** An input transaction whose producer was lost hides what is behind it for so long. */
const INPUT_TRANSACTION_MS = 5_000
const PAUSE_MS = 100
const SAY_MS = 400

async function settledOf(admin: Admin): Promise<SettledBefore> {
  const [topic] = await admin.fetchOffsets({ groupId: GROUP, topics: [INPUT] })
  return new Map(topic?.partitions.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]))
}

export class Cluster {
  readonly broker: Broker
  readonly proxy: TcpProxy
  readonly #kafka: Kafka
  readonly #draw: Draw
  readonly #perRound: number
  #producing: Promise<void> | undefined
  #stopped = false
  sent = 0
  aborted = 0
  /** Statements of consent. */
  said = 0

  private constructor(broker: Broker, proxy: TcpProxy, draw: Draw, rate: number) {
    this.broker = broker
    this.proxy = proxy
    this.#draw = draw
    this.#perRound = Math.max(1, Math.round((rate * PAUSE_MS) / 1000))
    // Straight to the broker: what is done to the proxy is done to the workers alone.
    this.#kafka = new Kafka({
      brokers: [broker.address],
      logLevel: logLevel.NOTHING,
      connectionTimeout: 1000,
      requestTimeout: 5000,
      retry: { retries: 3, initialRetryTime: 100 },
    })
  }

  static async start(draw: Draw, rate: number): Promise<Cluster> {
    const proxy = await startProxy()
    const broker = await startBroker({ advertised: [proxy.address] })
    proxy.target = broker.behind[0]!
    const cluster = new Cluster(broker, proxy, draw, rate)
    await cluster.withAdmin(
      async (admin) =>
        void (await admin.createTopics({
          topics: [
            // The broker says when it took a record: that decides which statements count for it.
            {
              topic: INPUT,
              numPartitions: PARTITIONS,
              configEntries: [{ name: 'message.timestamp.type', value: 'LogAppendTime' }],
            },
            {
              topic: CONSENT,
              numPartitions: 1,
              configEntries: [
                { name: 'cleanup.policy', value: 'compact' },
                // The checker wants every statement.
                { name: 'min.compaction.lag.ms', value: '86400000' },
                { name: 'message.timestamp.type', value: 'LogAppendTime' },
              ],
            },
            // Outputs carry the times of their events: the broker deletes what it takes for old.
            {
              topic: OUTPUT,
              numPartitions: 3,
              configEntries: [{ name: 'retention.ms', value: '-1' }],
            },
            { topic: DEAD, numPartitions: 1 },
          ],
        })),
    )
    return cluster
  }

  async withAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.#kafka.admin()
    await admin.connect()
    try {
      return await work(admin)
    } finally {
      await admin.disconnect()
    }
  }

  /** `transactions`: also in transactions, which the driver kafkajs refuses. `gated`: whose subjects change their minds, if they do. */
  produce(transactions: boolean, gated: Gated | undefined): void {
    const writing = transactions ? this.#writeInTransactions() : this.#writePlainly()
    const saying = gated === undefined ? [] : [this.#writeStatements(gated), this.#holdStatementsBack(gated)]
    this.#producing = Promise.all([this.#writePlainly(), writing, ...saying]).then(() => {})
  }

  async say(messages: readonly Message[]): Promise<void> {
    const producer = this.#kafka.producer()
    await producer.connect()
    await producer.send({ topic: CONSENT, messages: [...messages] })
    await producer.disconnect()
  }

  /** What the group has settled of the input. */
  async settled(): Promise<SettledBefore> {
    return await this.withAdmin(settledOf)
  }

  async stopProducing(): Promise<void> {
    this.#stopped = true
    await this.#producing
  }

  #next(count: number): ReturnType<typeof eventOf>[] {
    return Array.from({ length: count }, () => eventOf(this.sent++, this.#draw))
  }

  async #writePlainly(): Promise<void> {
    await this.#writing({}, async (producer) => {
      await producer.send({ topic: INPUT, messages: this.#next(this.#perRound) })
      await sleep(PAUSE_MS)
    })
  }

  /** Every third transaction is aborted; a few stay open for a while, and hide what lies behind them. */
  async #writeInTransactions(): Promise<void> {
    const settings = { transactionalId: 'chaos-input', idempotent: true, maxInFlightRequests: 1 }
    await this.#writing(settings, async (producer) => {
      const transaction: Transaction = await producer.transaction()
      for (let sends = 1 + this.#draw(3); sends > 0; sends--) {
        await transaction.send({ topic: INPUT, messages: this.#next(1 + this.#draw(20)) })
        await sleep(this.#draw(20) === 0 ? 1500 : 20)
      }
      if (this.#draw(3) === 0) {
        await transaction.abort()
        this.aborted++
      } else await transaction.commit()
      await sleep(PAUSE_MS)
    })
  }

  async #writeStatements(gated: Gated): Promise<void> {
    const admin = this.#kafka.admin()
    await admin.connect()
    await this.#writing({}, async (producer) => {
      await sleep(SAY_MS)
      const settled = await settledOf(admin)
      await producer.send({ topic: CONSENT, messages: [gated.next(this.#draw, settled)] })
      this.said++
    })
    await admin.disconnect().catch(() => {})
  }

  /** Statements in transactions that stay open for longer than a table may be behind. */
  async #holdStatementsBack(gated: Gated): Promise<void> {
    const admin = this.#kafka.admin()
    await admin.connect()
    const settings = { transactionalId: 'chaos-consent', idempotent: true, maxInFlightRequests: 1 }
    await this.#writing(settings, async (producer) => {
      await sleep(SAY_MS * 8)
      const settled = await settledOf(admin)
      const transaction: Transaction = await producer.transaction()
      await transaction.send({ topic: CONSENT, messages: [gated.next(this.#draw, settled)] })
      await sleep(MAX_LAG_MS + 500 + this.#draw(1000))
      if (this.#draw(3) === 0) await transaction.abort()
      else await transaction.commit()
      this.said++
    })
    await admin.disconnect().catch(() => {})
  }

  /** Goes on after errors with a new producer: what the log holds is judged, not what was sent. */
  async #writing(
    settings: Parameters<Kafka['producer']>[0],
    write: (producer: Producer) => Promise<void>,
  ): Promise<void> {
    while (!this.#stopped) {
      const producer = this.#kafka.producer({ ...settings, transactionTimeout: INPUT_TRANSACTION_MS })
      try {
        await producer.connect()
        while (!this.#stopped) await write(producer)
      } catch {
        await sleep(500)
      } finally {
        await producer.disconnect().catch(() => {})
      }
    }
  }

  async stop(): Promise<void> {
    await this.stopProducing()
    await this.broker.stop()
    await this.proxy.close()
  }
}
