/**
 * The driver over node-rdkafka (librdkafka): exactly once by one transaction a batch, with the group's offsets in it
 * (KIP-98, KIP-447), or at least once.
 *
 * What node-rdkafka does decides the form. Its rebalance callback only queues an event, which is heard when this thread
 * comes to it, while `consume` goes on filling its array on another one. So the epoch is taken before each `consume`,
 * and whatever happened since discards what it gave. A partition is let go only when no offsets are on their way; the
 * group's metadata, read when they are sent, can then not be younger than the epoch that was checked. Nothing is sought
 * while a `consume` is outstanding.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { LetheError } from '../../../errors.ts'
import type { BatchBounds, DriverOptions, KeptDriver, Polled, Settled } from '../../driver.ts'
import type { Outputs, Position, TopicPartition } from '../../record.ts'
import { AtLeastOnce } from './at-least-once.ts'
import { type Client, call, type Library, loadLibrary } from './client.ts'
import { asClientError, fatalError } from './client-errors.ts'
import { checkCodec, connect, disconnect, FLUSH_MS, makeConsumer, makeProducer, watch } from './connecting.ts'
import { Ends } from './ends.ts'
import { ExactlyOnce } from './exactly-once.ts'
import { Publisher } from './publisher.ts'
import { RdkafkaFetcher } from './rdkafka-fetcher.ts'
import { RdkafkaMembership } from './rdkafka-membership.ts'
import { type Committed, commitStart, committed, fixEnds, plain } from './rdkafka-offsets.ts'
import { consumerSettings } from './rdkafka-settings.ts'
import { Session, TRANSACTION_CALL_MS } from './session.ts'

export function rdkafkaDriver(options: DriverOptions): KeptDriver {
  return new RdkafkaDriver(options)
}

/** For a consumer to leave, once nothing holds it. */
const GIVEN_UP_MS = 2000

class RdkafkaDriver implements KeptDriver {
  readonly name = 'rdkafka'
  readonly #session: Session
  readonly #membership: RdkafkaMembership
  readonly #ends: Ends
  /** Of its group, when it started. */
  #committedBefore: Committed = new Map()
  readonly #fetcher: RdkafkaFetcher
  readonly #publisher: Publisher
  readonly #settler: ExactlyOnce | AtLeastOnce
  readonly #atLeastOnce: AtLeastOnce
  #library!: Library
  #opening: Promise<void> = Promise.resolve()
  #hasJoined = false

  constructor(options: DriverOptions) {
    const session = new Session(options)
    this.#session = session
    this.#membership = new RdkafkaMembership(session)
    this.#ends = new Ends(session)
    this.#fetcher = new RdkafkaFetcher(session, this.#membership, this.#ends)
    this.#publisher = new Publisher(session)
    this.#atLeastOnce = new AtLeastOnce(session, this.#publisher, this.#fetcher)
    this.#settler =
      options.delivery === 'exactly-once' ? new ExactlyOnce(session, this.#publisher) : this.#atLeastOnce
  }

  open(): Promise<void> {
    this.#opening = this.#open()
    return this.#opening
  }

  async #open(): Promise<void> {
    const session = this.#session
    const { connection, delivery } = session.options
    const library = await loadLibrary()
    this.#library = library
    checkCodec(library, connection)
    session.producer = makeProducer(library, session.options)
    watch(session.producer as Client, session)
    this.#publisher.prepare()
    await connect(session, session.producer, 'producer')
    session.stillOpen()
    session.producer.setPollInterval(50)
    session.consumer = makeConsumer(library, session.options, (error, partitions) =>
      this.#membership.rebalanced(error, partitions),
    )
    watch(session.consumer as Client, session)
    this.#fetcher.prepare()
    await connect(session, session.consumer, 'consumer')
    session.stillOpen()
    try {
      if (delivery === 'exactly-once')
        await session.insist(() =>
          call((done) => session.producer.initTransactions(TRANSACTION_CALL_MS, done)),
        )
      this.#committedBefore = await commitStart(session.consumer, session.options)
    } catch (error) {
      throw error instanceof LetheError ? error : fatalError(asClientError(error), 'starting')
    }
    session.stillOpen()
  }

  /**
   * Joins the group once records are asked for. librdkafka leaves no group whose answer to its first request to join is on
   * its way, and the broker waits for such a member until its session is over (KIP-394): a start that is given up joins
   * none.
   */
  #join(): void {
    if (this.#hasJoined) return
    this.#hasJoined = true
    const { topics } = this.#session.options
    // librdkafka takes POSIX expressions, which know no groups but these. As text: its binding prints a RegExp to stderr.
    this.#session.consumer.subscribe('pattern' in topics ? [`^(${topics.pattern})$`] : [...topics])
  }

  async poll(bounds: BatchBounds): Promise<Polled> {
    if (!this.#session.closing) this.#join()
    return await this.#fetcher.poll(bounds)
  }

  async settle(epoch: number, outputs: Outputs, next: readonly Position[]): Promise<Settled> {
    this.#session.check()
    if (epoch !== this.#session.owned.epoch) {
      // Whatever ended its epoch has the next poll go back, or that has done so: once more would end a new one.
      this.#session.options.onEvent({ kind: 'discarded', code: 'epoch' })
      return 'discarded'
    }
    const settling = this.#settler.settle(epoch, outputs, next)
    this.#session.settling = settling
    return await settling
  }

  async commit(positions: readonly Position[]): Promise<void> {
    await this.#atLeastOnce.commitOnce(positions)
  }

  async move(position: Position): Promise<void> {
    this.#session.owned.settled([position])
    await this.rewind()
  }

  async rewind(): Promise<void> {
    this.#session.owned.endEpoch()
    this.#session.rewind = true
  }

  pause(): void {
    if (this.#session.paused) return
    this.#session.paused = true
    const owned = this.#session.owned.positions()
    if (owned.length > 0) this.#session.consumer.pause(plain(owned))
  }

  resume(): void {
    if (!this.#session.paused) return
    this.#session.paused = false
    const owned = this.#session.owned.positions()
    if (owned.length > 0) this.#session.consumer.resume(plain(owned))
  }

  positions(): readonly Position[] {
    return this.#session.owned.positions()
  }

  ends(): Promise<readonly Position[]> {
    return this.#ends.ask()
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly Position[]> {
    const offsets = (await this.#session.ask(() => committed(this.#session.consumer, partitions))) ?? []
    return partitions.flatMap(({ topic, partition }, i) =>
      offsets[i] === undefined ? [] : [{ topic, partition, offset: offsets[i] }],
    )
  }

  async untilEnd(): Promise<readonly Position[]> {
    const { consumer, options } = this.#session
    const { global, topic } = consumerSettings(options, `${options.group}.until-end`)
    const keeper = new this.#library.KafkaConsumer(global, topic as never)
    watch(keeper as Client, this.#session)
    try {
      await connect(this.#session, keeper, 'consumer')
      return await fixEnds(keeper, consumer, options, this.#committedBefore)
    } catch (error) {
      throw error instanceof LetheError ? error : fatalError(asClientError(error), 'fixing where to end')
    } finally {
      await disconnect(this.#session, keeper)
    }
  }

  async close(deadline: number): Promise<void> {
    this.#session.closing = true
    const late = sleep(deadline, undefined, { ref: false })
    const quiet = (work: Promise<unknown>): Promise<unknown> => Promise.race([work.catch(() => {}), late])
    // The library frees a client that still works for another call of ours.
    await quiet(this.#opening)
    this.#session.bearer.close()
    await quiet(this.#membership.rebalancing)
    await quiet(this.#fetcher.consuming)
    await quiet(this.#session.settling)
    if (this.#session.consumer !== undefined) {
      let hasLeft = false
      const left = disconnect(this.#session, this.#session.consumer).then(() => {
        hasLeft = true
      })
      await quiet(left)
      if (!hasLeft) {
        this.#membership.giveUp()
        await Promise.race([left, sleep(GIVEN_UP_MS, undefined, { ref: false })])
      }
    }
    if (this.#session.producer !== undefined)
      await quiet(disconnect(this.#session, this.#session.producer, FLUSH_MS))
  }
}
