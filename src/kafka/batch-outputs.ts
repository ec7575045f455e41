/** One batch on its way: what was polled, what became of each record, and what is written for it. */

import type { Account } from '../engine/account.ts'
import type { LetterSubject } from '../engine/letter-subject.ts'
import type { OutcomeBatch } from '../engine/outcome-batch.ts'
import type { DeadLetterCode } from '../errors.ts'
import type { GroupsPart } from '../groups/subject-groups.ts'
import type { Plan } from '../policy/plan.ts'
import { type LetterOwner, type TopicDeadLetter, topicLetter } from './dead-letter.ts'
import type { Polled } from './driver.ts'
import type { PackedRecords } from './packed-records.ts'
import {
  type OutputHeader,
  type OutputRecord,
  type Outputs,
  type Position,
  partitionKey,
  type TopicPartition,
} from './record.ts'
import { POLICY_HEADER, type SourceWriter, sourceHeader } from './source-header.ts'

const BRACE = 0x7b

export interface RoutedBatch {
  readonly epoch: number
  readonly records: PackedRecords
  readonly outcomes: OutcomeBatch
  readonly account: Account
  /** A record that a broker refuses stays counted here: it is one of very many. */
  readonly groups: GroupsPart | undefined
  /** The positions behind it. */
  readonly next: readonly Position[]
  /** By record, the sealed originals of dead letters; undefined for one that goes without. Undefined where none are sealed. */
  readonly sealed?: Map<number, SealedLetter | undefined> | undefined
}

/** What a dead letter says where it carries its original. */
export interface SealedLetter {
  readonly subject: LetterSubject | undefined
  /** An age file in base64. */
  readonly sealed: string
}

/** Records written, by kind: apart from the account, which counts inputs. */
export interface Emitted {
  published: number
  tombstones: number
  deadLetters: number
  /** Of the dead letters, where originals are sealed: how many carry theirs, and how many do not. */
  sealed: number
  unsealed: number
  /** Of those published, how many have a timestamp so old that their topic may delete them at once. */
  pastRetention: number
  /** Of those published, how many lost their key because no rule names it, so that nothing tells their partition. */
  unkeyed: number
  /** Of those published, how many have a JSON object for a key, of which the rule of `$key` takes the whole text. */
  wholeKeys: number
  /** Headers of those published that stayed behind. */
  droppedHeaders: number
}

export const noneEmitted = (): Emitted => ({
  published: 0,
  tombstones: 0,
  deadLetters: 0,
  sealed: 0,
  unsealed: 0,
  pastRetention: 0,
  unkeyed: 0,
  wholeKeys: 0,
  droppedHeaders: 0,
})

export interface Destination {
  readonly topic: string
  readonly partition: 'key' | 'same'
  readonly deadLetterTopic: string
  /** Whom its dead letters name: pipelines and routes may share a topic of them. */
  readonly owner: LetterOwner
}

/** What a batch writes, and for which of its records. */
export interface WrittenBatch extends Outputs {
  readonly counts: Emitted
  /** Which input an output is made of. */
  inputOf(output: number): number
  /** The input that all outputs are made of, if it is one. */
  readonly onlyInput: number | undefined
}

export interface BatchWriter {
  /** `oldest`: what has an older timestamp, in ms since the epoch, is not kept by the output topic. */
  write(batch: RoutedBatch, oldest: number): WrittenBatch
  /** What a record of the batch is as a dead letter, without its original. */
  letter(batch: RoutedBatch, index: number): TopicDeadLetter
}

/** `name@version#fingerprint`, as headers, dead letters and markers carry it. */
export const policyLabel = ({ name, version, fingerprint }: Plan): string =>
  `${name}@${version}#${fingerprint}`

const sealedText = (letter: TopicDeadLetter, { subject, sealed }: SealedLetter): string =>
  JSON.stringify({ ...letter, ...(subject === undefined ? {} : { subject }), sealed })

/** Makes the records that a batch writes. */
export class OutputWriter implements BatchWriter {
  readonly #plan: Plan
  readonly #to: Destination
  readonly sources: SourceWriter
  readonly #policy: string
  readonly #policyHeader: OutputHeader
  /** Whether keys stay behind, and with them what chose a partition. */
  readonly leavesKeys: boolean
  /** Whether a transform takes keys as texts: of a JSON object, that is another text than any of its members. */
  readonly takesWholeKeys: boolean

  constructor(plan: Plan, to: Destination, sources: SourceWriter) {
    this.#plan = plan
    this.#to = to
    this.sources = sources
    this.#policy = policyLabel(plan)
    this.#policyHeader = { [POLICY_HEADER]: this.#policy }
    const hasRule = plan.envelope.some(({ from }) => from.envelope === 'key')
    this.leavesKeys = !hasRule && to.partition === 'key'
    this.takesWholeKeys = plan.envelope.some(
      ({ path, format, rulesByStep }) =>
        path.text === '$key' &&
        format === undefined &&
        rulesByStep.flat().some(({ action }) => action.kind === 'transform'),
    )
  }

  write(batch: RoutedBatch, oldest: number): BatchOutputs {
    return new BatchOutputs(batch, this, oldest)
  }

  /** What a record becomes. `headers` begin with those that Lethe writes. */
  published({ records, outcomes }: RoutedBatch, index: number, source: string | undefined): OutputRecord {
    const listed = outcomes.headers(index)
    const stamps = this.#stamps(source)
    return {
      topic: this.#to.topic,
      partition: this.#partition(records, index),
      key: outcomes.key(index),
      value: outcomes.value(index),
      headers:
        listed.length === 0 ? stamps : [...stamps, ...listed.map(({ name, value }) => ({ [name]: value }))],
      timestamp: outcomes.timestamp(index),
    }
  }

  tombstone(
    { records }: RoutedBatch,
    index: number,
    key: Uint8Array,
    source: string | undefined,
  ): OutputRecord {
    return {
      topic: this.#to.topic,
      partition: this.#partition(records, index),
      key,
      value: null,
      headers: this.#stamps(source),
      timestamp: undefined,
    }
  }

  /** Coordinates and a code: never the value, never the key. */
  letter({ records, outcomes }: RoutedBatch, index: number): TopicDeadLetter {
    const rule = outcomes.rule(index)
    return topicLetter({
      ...records.position(index),
      code: outcomes.code(index)!,
      rule: rule < 0 ? undefined : this.#plan.rules[rule]!.label,
      policy: this.#policy,
      owner: this.#to.owner,
    })
  }

  /** Never the value or the key, but encrypted. */
  deadLetter(batch: RoutedBatch, index: number): OutputRecord {
    const letter = this.letter(batch, index)
    const original = batch.sealed?.get(index)
    const text = original === undefined ? JSON.stringify(letter) : sealedText(letter, original)
    return {
      topic: this.#to.deadLetterTopic,
      partition: undefined,
      key: null,
      value: Buffer.from(text),
      headers: [this.#policyHeader],
      timestamp: undefined,
    }
  }

  #partition(records: PackedRecords, index: number): number | undefined {
    return this.#to.partition === 'same' ? records.partition(index) : undefined
  }

  #stamps(source: string | undefined): readonly OutputHeader[] {
    return source === undefined ? [this.#policyHeader] : [sourceHeader(source), this.#policyHeader]
  }
}

/** What a batch writes, each record made as it is asked for: few are ever held at once. */
export class BatchOutputs implements WrittenBatch {
  readonly counts: Emitted = noneEmitted()
  readonly #batch: RoutedBatch
  readonly #writer: OutputWriter
  readonly #source: ((index: number) => string) | undefined
  /** Of which input each is made. */
  readonly #inputs: number[] = []
  /** Keys of those that are tombstones. */
  readonly #tombstones: Map<number, Uint8Array> = new Map()

  constructor(batch: RoutedBatch, writer: OutputWriter, oldest: number) {
    this.#batch = batch
    this.#writer = writer
    this.#source = writer.sources.write(batch.records)
    const { outcomes } = batch
    const { counts } = this
    for (let index = 0; index < outcomes.length; index++) {
      const kind = outcomes.kind(index)
      if (kind === 'dead-letter') {
        this.#inputs.push(index)
        counts.deadLetters++
        if (batch.sealed !== undefined)
          counts[batch.sealed.get(index) === undefined ? 'unsealed' : 'sealed']++
        continue
      }
      if (kind === 'publish') {
        this.#inputs.push(index)
        counts.published++
        const timestamp = outcomes.timestamp(index)
        if (timestamp !== undefined && timestamp < oldest) counts.pastRetention++
        this.#countLosses(index)
      }
      for (const key of outcomes.tombstones(index)) {
        this.#tombstones.set(this.#inputs.length, key)
        this.#inputs.push(index)
        counts.tombstones++
      }
    }
  }

  /** Counts what stood beside the value of a record that is published, and does not leave with it. */
  #countLosses(index: number): void {
    const { counts } = this
    const { records, outcomes } = this.#batch
    const { leavesKeys, takesWholeKeys } = this.#writer
    if (leavesKeys && records.hasKey(index)) counts.unkeyed++
    if (takesWholeKeys && records.hasKey(index) && records.keys[records.keyStart(index)] === BRACE)
      if (records.keyEnd(index) > records.keyStart(index)) counts.wholeKeys++
    const headers = records.headers(index)
    if (headers !== undefined)
      counts.droppedHeaders += Math.max(0, headers.length - outcomes.headers(index).length)
  }

  get length(): number {
    return this.#inputs.length
  }

  inputOf(output: number): number {
    return this.#inputs[output]!
  }

  get onlyInput(): number | undefined {
    const inputs = this.#inputs
    return inputs.every((input) => input === inputs[0]) ? inputs[0] : undefined
  }

  at(output: number): OutputRecord | undefined {
    const input = this.#inputs[output]
    if (input === undefined) return undefined
    if (this.#batch.outcomes.kind(input) === 'dead-letter') return this.#writer.deadLetter(this.#batch, input)
    const source = this.#source?.(input)
    const key = this.#tombstones.get(output)
    return key === undefined
      ? this.#writer.published(this.#batch, input, source)
      : this.#writer.tombstone(this.#batch, input, key, source)
  }

  *[Symbol.iterator](): Generator<OutputRecord> {
    for (let output = 0; output < this.length; output++) yield this.at(output)!
  }
}

/** The batch with one record dead-lettered after all, because a broker refuses what was made of it. */
export function refuse(batch: RoutedBatch, index: number, code: DeadLetterCode): RoutedBatch {
  const { account, outcomes } = batch
  const kind = outcomes.kind(index)
  if (kind === 'publish') account.published--
  else if (kind === 'tombstone') account.tombstones--
  else throw new Error('what was written for a suppression or dead letter is refused')
  account.deadLettered[code] = (account.deadLettered[code] ?? 0) + 1
  outcomes.deadLetter(index, code, -1)
  return batch
}

/** Only what lies before `ends`, by topic/partition; a partition that is not among them is left out. */
export function before(polled: Polled, ends: ReadonlyMap<string, number>): Polled {
  const endOf = (at: TopicPartition): number => ends.get(partitionKey(at)) ?? -1
  return {
    epoch: polled.epoch,
    records: polled.records.before(endOf),
    next: polled.next.flatMap((position) => {
      const end = endOf(position)
      return end < 0 ? [] : [{ ...position, offset: Math.min(position.offset, end) }]
    }),
  }
}
