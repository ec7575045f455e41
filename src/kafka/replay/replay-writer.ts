/** What a batch of a replay writes: what the route makes of its records, and a marker for each of their dead letters. */
import type { Plan } from '../../policy/plan.ts'
import type { BatchWriter, Emitted, WrittenBatch } from '../batch-outputs.ts'
import { type LetterPlace, markerOf, type Replayed, type TopicDeadLetter } from '../dead-letter.ts'
import { policyLabel } from '../letter-writer.ts'
import type { OutputRecord } from '../record.ts'
import type { RoutedBatch } from '../routed-batch.ts'
import type { ReplayPlan } from './replay-plan.ts'

export class ReplayWriter implements BatchWriter {
  readonly #outputs: BatchWriter
  readonly #deadLetterTopic: string
  /** `name@version#fingerprint`. */
  readonly #policy: string
  readonly #replay: () => ReplayPlan

  /** `outputs`: what the route writes; `replay`: the plan that the records of a batch come from. */
  constructor(outputs: BatchWriter, deadLetterTopic: string, policy: Plan, replay: () => ReplayPlan) {
    this.#outputs = outputs
    this.#deadLetterTopic = deadLetterTopic
    this.#policy = policyLabel(policy)
    this.#replay = replay
  }

  frameKeys(id: number): void {
    this.#outputs.frameKeys(id)
  }

  letter(batch: RoutedBatch, index: number): TopicDeadLetter {
    return this.#outputs.letter(batch, index)
  }

  write(batch: RoutedBatch, oldest: number): WrittenBatch {
    return new ReplayOutputs(batch, this.#outputs.write(batch, oldest), this.#replay(), (replayed) =>
      markerOf(this.#deadLetterTopic, replayed, this.#policy),
    )
  }
}

class ReplayOutputs implements WrittenBatch {
  readonly #batch: RoutedBatch
  readonly #outputs: WrittenBatch
  readonly #mark: (replayed: Replayed) => OutputRecord
  /** The dead letters, and the input that each is of. */
  readonly #letters: { readonly letter: LetterPlace; readonly input: number }[]

  constructor(
    batch: RoutedBatch,
    outputs: WrittenBatch,
    plan: ReplayPlan,
    mark: (replayed: Replayed) => OutputRecord,
  ) {
    this.#batch = batch
    this.#outputs = outputs
    this.#mark = mark
    this.#letters = Array.from({ length: batch.records.length }, (_, input) =>
      plan.lettersOf(batch.records.position(input)).map((letter) => ({ letter, input })),
    ).flat()
  }

  get counts(): Emitted {
    return this.#outputs.counts
  }

  get length(): number {
    return this.#outputs.length + this.#letters.length
  }

  inputOf(output: number): number {
    const marker = output - this.#outputs.length
    return marker < 0 ? this.#outputs.inputOf(output) : this.#letters[marker]!.input
  }

  get onlyInput(): number | undefined {
    return this.#batch.records.length === 1 ? 0 : undefined
  }

  at(output: number): OutputRecord | undefined {
    const marker = this.#letters[output - this.#outputs.length]
    if (marker === undefined) return this.#outputs.at(output)
    const { letter, input } = marker
    const { records, outcomes } = this.#batch
    return this.#mark({ letter, source: records.position(input), became: outcomes.kind(input) })
  }

  *[Symbol.iterator](): Generator<OutputRecord> {
    for (let output = 0; output < this.length; output++) yield this.at(output)!
  }
}
