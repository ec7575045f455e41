/**
 * An idempotent producer: the broker takes each batch of a partition once, in order, by producer id and sequence. One
 * batch a partition is on its way at a time, and one request a broker. kafkajs' producer gives the numbers of a send
 * that failed in part to the next one, which brokers then drop as a repetition: so here each partition's answer counts
 * by itself, a batch that is sent again is the same to the byte, and whoever gives up takes a new producer id.
 */
import { LetheError } from '../../../errors.ts'
import { Refused } from '../../driver.ts'
import type { Outputs } from '../../record.ts'
import { stamp, writeBatch } from './batch-writer.ts'
import type { Brokers } from './brokers.ts'
import { CODE, codeFailure, codeName, isMoved, Moment } from './failure.ts'
import { halve, type Lane, type LaneChunk, Lanes } from './lanes.ts'
import { keyOf } from './offsets.ts'
import { type Acknowledged, produce } from './produce.ts'

/** One request holds no more than this, and at least one batch. */
const MOST_REQUEST_BYTES = 8 << 20
/** Sequences are 32 bits; long before they run over, another producer id begins at 0. */
const MOST_SEQUENCE = 2_000_000_000

const TOO_LARGE: ReadonlySet<number> = new Set([CODE.messageTooLarge, CODE.recordListTooLarge])
const REFUSED: ReadonlySet<number> = new Set([CODE.invalidTimestamp, CODE.invalidRecord])
/** The broker does not know this producer as it sees itself. */
const ESTRANGED: ReadonlySet<number> = new Set([
  CODE.outOfOrderSequence,
  CODE.unknownProducerId,
  CODE.invalidProducerEpoch,
  CODE.invalidProducerIdMapping,
])

interface Producer {
  readonly producerId: number
  readonly epoch: number
  /** The next sequence of each partition. */
  readonly sequences: Map<string, number>
}

export class Sender {
  readonly #brokers: Brokers
  readonly #lanes: Lanes
  #producer: Producer | undefined

  constructor(brokers: Brokers) {
    this.#brokers = brokers
    this.#lanes = new Lanes(brokers)
  }

  /** Asks for a producer id, which needs the right to write. @throws Moment, LetheError */
  async open(): Promise<void> {
    await this.#identity()
  }

  /**
   * Writes all outputs. False: it was stopped, and some may be written.
   * @throws Refused, LetheError: some may be written
   */
  async send(outputs: Outputs, signal: AbortSignal): Promise<boolean> {
    if (outputs.length === 0) return true
    try {
      const lanes = await this.#brokers.insist(() => this.#lanes.split(outputs), signal)
      for (;;) {
        const left = lanes.filter(({ chunks }) => chunks.length > 0)
        if (left.length === 0) return true
        if (signal.aborted) break
        await this.#brokers.insist(() => this.#round(left), signal)
      }
    } catch (error) {
      // Batches may be under way whose fate nobody knows; their numbers are not given to others.
      this.#producer = undefined
      if (!(error instanceof Moment)) throw error
    }
    this.#producer = undefined
    return false
  }

  async #identity(): Promise<Producer> {
    if (this.#producer !== undefined) return this.#producer
    const { errorCode, producerId, producerEpoch } = await (await this.#brokers.any()).call<{
      readonly errorCode: number
      readonly producerId: string | number
      readonly producerEpoch: number
    }>('InitProducerId', { transactionalId: null, transactionTimeout: 60_000 })
    if (errorCode !== CODE.none) throw codeFailure(errorCode, 'starting the producer')
    this.#producer = { producerId: Number(producerId), epoch: producerEpoch, sequences: new Map() }
    return this.#producer
  }

  /** The next batch of each partition. Moments are thrown once all answers are in. */
  async #round(all: readonly Lane[]): Promise<void> {
    // Some may have come through before the round was made again.
    const lanes = all.filter(({ chunks }) => chunks.length > 0)
    const producer = await this.#identity()
    const byLeader = new Map<number, Lane[]>()
    for (const lane of lanes) {
      const leader = await this.#brokers.leaderOf(lane, `writing topic ${lane.topic}`)
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), lane])
    }
    const answers = await Promise.allSettled(
      [...byLeader].map(([node, led]) => this.#sendTo(node, led, producer)),
    )
    const failures = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []))
    if (failures.length === 0) return
    throw failures.find((failure) => !(failure instanceof Moment)) ?? failures[0]
  }

  async #sendTo(node: number, lanes: readonly Lane[], producer: Producer): Promise<void> {
    const sent = new Map<string, Lane>()
    let bytes = 0
    for (const lane of lanes) {
      const chunk = lane.chunks[0]!
      await this.#write(lane, chunk, producer)
      if (bytes > 0 && bytes + chunk.batch!.length > MOST_REQUEST_BYTES) break
      sent.set(keyOf(lane), lane)
      bytes += chunk.batch!.length
    }
    const sendings = [...sent.values()].map(({ topic, partition, chunks }) => ({
      topic,
      partition,
      batch: chunks[0]!.batch!,
    }))
    let answers: readonly Acknowledged[]
    try {
      answers = await produce(await this.#brokers.node(node), sendings)
    } catch (error) {
      for (const { topic } of sendings) this.#brokers.forget(topic)
      throw error
    }
    const failures: unknown[] = []
    for (const answer of answers) {
      try {
        this.#judge(answer, sent.get(keyOf(answer))!, producer)
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures.find((failure) => !(failure instanceof Moment)) ?? failures[0]
  }

  async #write(lane: Lane, chunk: LaneChunk, producer: Producer): Promise<void> {
    chunk.batch ??= await writeBatch(chunk.records, this.#brokers.settings.compression, Date.now())
    if (chunk.sent?.producerId === producer.producerId) return
    const sequence = producer.sequences.get(keyOf(lane)) ?? 0
    chunk.sent = { producerId: producer.producerId, sequence }
    stamp(chunk.batch, { producerId: producer.producerId, epoch: producer.epoch, sequence })
  }

  /** @throws Moment, Refused, LetheError */
  #judge({ topic, errorCode, refused }: Acknowledged, lane: Lane, producer: Producer): void {
    const chunk = lane.chunks[0]!
    const { length } = chunk.records
    if (errorCode === CODE.none || errorCode === CODE.duplicateSequence) {
      const sequence = chunk.sent!.sequence + length
      producer.sequences.set(keyOf(lane), sequence)
      if (sequence > MOST_SEQUENCE) this.#producer = undefined
      lane.chunks.shift()
      return
    }
    if (TOO_LARGE.has(errorCode)) {
      this.#lanes.forget(topic)
      if (length === 1) throw new Refused('output-too-large', chunk.places[0])
      halve(lane)
      throw new Moment(codeName(errorCode))
    }
    if (REFUSED.has(errorCode)) {
      const place = refused[0] ?? (length === 1 ? 0 : undefined)
      if (place !== undefined) throw new Refused('output-refused', chunk.places[place])
      halve(lane)
      throw new Moment(codeName(errorCode))
    }
    if (ESTRANGED.has(errorCode)) {
      this.#producer = undefined
      throw new Moment(codeName(errorCode))
    }
    if (errorCode === CODE.corruptMessage)
      throw new LetheError('broker-refused', `writing topic ${topic}: the broker finds a batch damaged`)
    if (isMoved(errorCode)) {
      this.#brokers.forget(topic)
      // Whether the topic is missing is seen when its leader is looked up.
      throw new Moment(codeName(errorCode))
    }
    throw codeFailure(errorCode, `writing topic ${topic}`)
  }
}
