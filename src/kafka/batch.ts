/** One batch on its way: what was polled, what became of each record, and what is written for it. */
import type { DeadLetterCode } from '../errors.ts'
import type { Plan } from '../policy/plan.ts'
import type { Account } from '../record/account.ts'
import type { MessageOutcome } from '../record/message.ts'
import type { InputRecord, OutputHeader, OutputRecord, Polled, Position } from './driver.ts'
import { POLICY_HEADER, SOURCE_HEADER, type SourceWriter } from './source-header.ts'

export interface Batch {
  readonly epoch: number
  readonly records: readonly InputRecord[]
  readonly outcomes: readonly MessageOutcome[]
  readonly account: Account
  /** The positions behind it. */
  readonly next: readonly Position[]
}

export interface Outputs {
  readonly records: readonly OutputRecord[]
  /** Of which input each is made. */
  readonly inputs: readonly number[]
  readonly counts: Emitted
}

/** Records written, by kind: apart from the account, which counts inputs. */
export interface Emitted {
  published: number
  tombstones: number
  deadLetters: number
  /** Of those published, how many have a timestamp so old that their topic may delete them at once. */
  pastRetention: number
}

export interface Destination {
  readonly topic: string
  readonly partition: 'key' | 'same'
  readonly deadLetterTopic: string
}

/** Makes the records that a batch writes. */
export class OutputWriter {
  readonly #plan: Plan
  readonly #to: Destination
  readonly #sources: SourceWriter
  readonly #policy: string
  readonly #policyHeader: OutputHeader

  constructor(plan: Plan, to: Destination, sources: SourceWriter) {
    this.#plan = plan
    this.#to = to
    this.#sources = sources
    this.#policy = `${plan.name}@${plan.version}#${plan.fingerprint}`
    this.#policyHeader = { [POLICY_HEADER]: this.#policy }
  }

  /** `oldest`: what has an older timestamp, in ms since the epoch, is not kept by the output topic. */
  write({ records, outcomes }: Batch, oldest: number): Outputs {
    const sources = this.#sources.write(records)
    const written: OutputRecord[] = []
    const inputs: number[] = []
    const counts: Emitted = { published: 0, tombstones: 0, deadLetters: 0, pastRetention: 0 }
    for (let index = 0; index < outcomes.length; index++) {
      const outcome = outcomes[index]!
      const record = records[index]!
      const partition = this.#to.partition === 'same' ? record.partition : undefined
      if (outcome.kind === 'dead-letter') {
        written.push(this.#deadLetter(record, outcome))
        inputs.push(index)
        counts.deadLetters++
        continue
      }
      const stamps =
        sources === undefined
          ? [this.#policyHeader]
          : [{ [SOURCE_HEADER]: sources[index]! }, this.#policyHeader]
      const { topic } = this.#to
      if (outcome.kind === 'publish') {
        const { key, value, timestamp } = outcome
        const listed = outcome.headers
        const headers =
          listed.length === 0
            ? stamps
            : [...stamps, ...listed.map((header) => ({ [header.name]: header.value }))]
        written.push({ topic, partition, key, value, headers, timestamp })
        inputs.push(index)
        counts.published++
        if (timestamp !== undefined && timestamp < oldest) counts.pastRetention++
      }
      for (const key of outcome.tombstones) {
        written.push({ topic, partition, key, value: null, headers: stamps, timestamp: undefined })
        inputs.push(index)
        counts.tombstones++
      }
    }
    return { records: written, inputs, counts }
  }

  /** Coordinates and a code: never the value, never the key. */
  #deadLetter({ topic, partition, offset }: InputRecord, { code, rule }: MessageOutcome): OutputRecord {
    const label = rule < 0 ? undefined : this.#plan.rules[rule]!.label
    const value = { v: 1, topic, partition, offset, code, rule: label, policy: this.#policy }
    return {
      topic: this.#to.deadLetterTopic,
      partition: undefined,
      key: null,
      value: Buffer.from(JSON.stringify(value)),
      headers: [this.#policyHeader],
      timestamp: undefined,
    }
  }
}

/** The positions behind the first `count` records of what was polled. */
export function positionsBehind(records: readonly InputRecord[], count: number): readonly Position[] {
  const next = new Map<string, Position>()
  for (const { topic, partition, offset } of records.slice(0, count))
    next.set(`${topic}/${partition}`, { topic, partition, offset: offset + 1 })
  return [...next.values()]
}

/** The batch with one record dead-lettered after all, because a broker refuses what was made of it. */
export function refuse(batch: Batch, index: number, code: DeadLetterCode): Batch {
  const { kind } = batch.outcomes[index]!
  const { account } = batch
  if (kind === 'publish') account.published--
  else if (kind === 'tombstone') account.tombstones--
  else throw new Error('what was written for a suppression or dead letter is refused')
  account.deadLettered[code] = (account.deadLettered[code] ?? 0) + 1
  const outcomes = batch.outcomes.map(
    (outcome, at): MessageOutcome =>
      at === index
        ? {
            kind: 'dead-letter',
            value: null,
            key: null,
            headers: [],
            timestamp: undefined,
            tombstones: [],
            code,
            rule: -1,
          }
        : outcome,
  )
  return { ...batch, outcomes }
}

/** Only what lies before `ends`, by topic/partition; a partition that is not among them is left out. */
export function before(polled: Polled, ends: ReadonlyMap<string, number>): Polled {
  const endOf = ({ topic, partition }: Position): number => ends.get(`${topic}/${partition}`) ?? -1
  return {
    epoch: polled.epoch,
    records: polled.records.filter((record) => record.offset < endOf(record)),
    next: polled.next.flatMap((position) => {
      const end = endOf(position)
      return end < 0 ? [] : [{ ...position, offset: Math.min(position.offset, end) }]
    }),
  }
}
