/**
 * Writes outputs with the producer of kafkajs, not idempotent, acks of all replicas. Each send holds records of one
 * partition, at most one is on its way for each partition, and kafkajs makes no retry of its own: where a send of several
 * partitions fails in part and a leader moves, it takes what it never sent for written. A send whose answer is missing
 * is made again, so records may be there twice, and none is missing.
 */
import kafkajs, { type Message, type PartitionMetadata, type Producer } from 'kafkajs'
import { Refused } from '../../driver.ts'
import { type OutputRecord, type Outputs, partitionKey } from '../../record.ts'
import { COMPRESSIONS } from './codecs.ts'
import { CODE, MissingTopic, protocolCode, RetriableError } from './failure.ts'
import type { KafkajsClient } from './kafkajs-client.ts'
import type { KafkajsCluster } from './kafkajs-cluster.ts'

/** Where the limit of the topics is not known: below the default of the brokers. */
const USUAL_BYTES = 900_000
/** Of a batch, and of a record beside its key, value and headers, at most. */
const BATCH_BYTES = 100
const RECORD_BYTES = 40
/** Brokers tell each other of a new topic within this time. */
const MISSING_MS = 10_000

interface Lane {
  readonly topic: string
  readonly partition: number
  /** Places in the outputs. */
  readonly chunks: number[][]
  bytes: number
}

export class Sender {
  readonly #client: KafkajsClient
  readonly #cluster: KafkajsCluster
  readonly #producer: Producer
  readonly #most: number
  readonly #choose = kafkajs.Partitioners.DefaultPartitioner()

  /** `most`: the largest batch that the topics take, in bytes. */
  constructor(client: KafkajsClient, cluster: KafkajsCluster, most: number | undefined) {
    this.#client = client
    this.#cluster = cluster
    this.#most = Math.min(most ?? USUAL_BYTES, USUAL_BYTES) - BATCH_BYTES
    this.#producer = client.kafka.producer({
      idempotent: false,
      allowAutoTopicCreation: false,
      metadataMaxAge: client.settings.metadataMaxAge,
      retry: { retries: 0 },
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition!,
    })
  }

  open(): Promise<void> {
    return this.#producer.connect()
  }

  close(): Promise<void> {
    return this.#producer.disconnect()
  }

  /**
   * Writes all outputs, in order within each partition. False: it was stopped, and some may be written.
   * @throws Refused, LetheError: some may be written
   */
  async send(outputs: Outputs, signal: AbortSignal): Promise<boolean> {
    if (outputs.length === 0) return true
    const failed = new AbortController()
    const stop = AbortSignal.any([signal, failed.signal])
    try {
      const lanes = await this.#split(outputs, stop)
      const ended = await Promise.allSettled(
        lanes.map(async ({ topic, partition, chunks }) => {
          try {
            for (const places of chunks) await this.#sendPlaces(topic, partition, outputs, places, stop)
          } catch (error) {
            if (!(error instanceof RetriableError)) failed.abort()
            throw error
          }
        }),
      )
      const errors = ended.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
      if (errors.length === 0) return true
      throw errors.find((error) => !(error instanceof RetriableError)) ?? errors[0]
    } catch (error) {
      if (!(error instanceof RetriableError)) throw error
      return false
    }
  }

  /** The same request again; a topic may be new. */
  async #insist<T>(topic: string, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const giveUp = performance.now() + MISSING_MS
    const what = `writing topic ${topic}`
    return await this.#client.insist(
      what,
      async () => {
        // Another batch may have failed meanwhile, or the epoch be over: then nothing more is sent.
        if (signal.aborted) throw new RetriableError('stopped')
        try {
          return await this.#client.once(what, work)
        } catch (error) {
          if (!(error instanceof MissingTopic) || performance.now() > giveUp) throw error
          throw new RetriableError('unknown-topic-or-partition')
        }
      },
      signal,
    )
  }

  async #split(outputs: Outputs, signal: AbortSignal): Promise<readonly Lane[]> {
    const topics = new Map<string, PartitionMetadata[]>()
    const lanes = new Map<string, Lane>()
    for (let place = 0; place < outputs.length; place++) {
      const output = outputs.at(place)!
      const { topic, key } = output
      let partitionMetadata = topics.get(topic)
      if (partitionMetadata === undefined) {
        partitionMetadata = [...(await this.#insist(topic, () => this.#cluster.partitions(topic), signal))]
        topics.set(topic, partitionMetadata)
      }
      const message = { value: null, key: key === null ? null : buffer(key) }
      const partition = output.partition ?? this.#choose({ topic, partitionMetadata, message })
      const name = partitionKey({ topic, partition })
      const lane = lanes.get(name) ?? { topic, partition, chunks: [], bytes: 0 }
      lanes.set(name, lane)
      const bytes = sizeOf(output)
      if (lane.chunks.length === 0 || lane.bytes + bytes > this.#most) {
        lane.chunks.push([])
        lane.bytes = 0
      }
      lane.chunks.at(-1)!.push(place)
      lane.bytes += bytes
    }
    return [...lanes.values()]
  }

  async #sendPlaces(
    topic: string,
    partition: number,
    outputs: Outputs,
    places: readonly number[],
    signal: AbortSignal,
  ): Promise<void> {
    const messages = places.map((place) => messageOf(outputs.at(place)!, partition))
    try {
      await this.#insist(topic, () => this.#sendOnce(topic, partition, messages), signal)
    } catch (error) {
      // Of a half, it says the place already.
      if (!(error instanceof Refused) || error.output !== undefined) throw error
      if (places.length === 1) throw new Refused(error.code, places[0])
      // Which record is at fault, the answer does not say.
      const half = places.length >> 1
      await this.#sendPlaces(topic, partition, outputs, places.slice(0, half), signal)
      await this.#sendPlaces(topic, partition, outputs, places.slice(half), signal)
    }
  }

  async #sendOnce(topic: string, partition: number, messages: Message[]): Promise<void> {
    const compression = COMPRESSIONS.indexOf(this.#client.settings.compression)
    let answers: readonly { readonly partition: number; readonly errorCode: number }[]
    try {
      answers = await this.#producer.send({ topic, messages, acks: -1, compression })
    } catch (error) {
      const code = protocolCode(error)
      if (code === CODE.messageTooLarge || code === CODE.recordListTooLarge)
        throw new Refused('output-too-large', undefined)
      if (code === CODE.invalidTimestamp || code === CODE.invalidRecord)
        throw new Refused('output-refused', undefined)
      throw error
    }
    // An answer that does not speak of the partition acknowledges nothing.
    const [answer] = answers
    if (answers.length !== 1 || answer!.partition !== partition || answer!.errorCode !== 0)
      throw new RetriableError('answer-unreadable')
  }
}

/** Shares the bytes. */
const buffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)

function sizeOf({ key, value, headers }: OutputRecord): number {
  let bytes = RECORD_BYTES + (key?.length ?? 0) + (value?.length ?? 0)
  for (const header of headers)
    for (const name in header) bytes += 3 * (name.length + header[name]!.length) + 8
  return bytes
}

function messageOf({ key, value, headers, timestamp }: OutputRecord, partition: number): Message {
  // Without a prototype: a header may have the name of one of its members.
  const byName: Record<string, string[]> = Object.create(null)
  for (const header of headers)
    for (const name in header) {
      byName[name] ??= []
      byName[name].push(header[name]!)
    }
  return {
    partition,
    key: key === null ? null : buffer(key),
    value: value === null ? null : buffer(value),
    headers: byName,
    timestamp: `${timestamp ?? Date.now()}`,
  }
}
