/** Makes the dead letters of a route's batches. */
import type { Plan } from '../policy/plan.ts'
import { type LetterOwner, type TopicDeadLetter, topicLetter } from './dead-letter.ts'
import type { OutputHeader, OutputRecord } from './record.ts'
import type { RoutedBatch, SealedLetter } from './routed-batch.ts'
import { POLICY_HEADER } from './source-header.ts'

export interface LetterDestination {
  readonly deadLetterTopic: string
  /** Whom its dead letters name: pipelines and routes may share a topic of them. */
  readonly owner: LetterOwner
}

/** `name@version#fingerprint`, as headers, dead letters, markers and files of data sets carry it. */
export const policyLabel = ({ name, version, fingerprint }: Plan): string =>
  `${name}@${version}#${fingerprint}`

const sealedText = (letter: TopicDeadLetter, { subject, sealed }: SealedLetter): string =>
  JSON.stringify({ ...letter, ...(subject === undefined ? {} : { subject }), sealed })

export class LetterWriter {
  readonly #plan: Plan
  readonly #to: LetterDestination
  readonly #policy: string
  readonly #policyHeader: OutputHeader

  constructor(plan: Plan, to: LetterDestination) {
    this.#plan = plan
    this.#to = to
    this.#policy = policyLabel(plan)
    this.#policyHeader = { [POLICY_HEADER]: this.#policy }
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
  record(batch: RoutedBatch, index: number): OutputRecord {
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
}
