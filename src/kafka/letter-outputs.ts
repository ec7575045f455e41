/** What a batch writes to topics where its rows go elsewhere: its dead letters. */
import type { Plan } from '../policy/plan.ts'
import { type BatchWriter, type Emitted, noneEmitted, type WrittenBatch } from './batch-outputs.ts'
import type { TopicDeadLetter } from './dead-letter.ts'
import { type LetterDestination, LetterWriter } from './letter-writer.ts'
import type { OutputRecord } from './record.ts'
import type { RoutedBatch } from './routed-batch.ts'

export class LetterBatches implements BatchWriter {
  readonly #letters: LetterWriter

  constructor(plan: Plan, to: LetterDestination) {
    this.#letters = new LetterWriter(plan, to)
  }

  /** Its counts hold what is published, too. */
  write(batch: RoutedBatch): WrittenBatch {
    return new LetterOutputs(batch, this.#letters)
  }

  frameKeys(): void {
    throw new Error('rows have no keys')
  }

  letter(batch: RoutedBatch, index: number): TopicDeadLetter {
    return this.#letters.letter(batch, index)
  }
}

class LetterOutputs implements WrittenBatch {
  readonly counts: Emitted = noneEmitted()
  readonly #batch: RoutedBatch
  readonly #letters: LetterWriter
  readonly #inputs: number[] = []

  constructor(batch: RoutedBatch, letters: LetterWriter) {
    this.#batch = batch
    this.#letters = letters
    const { counts } = this
    const { outcomes, sealed } = batch
    for (let index = 0; index < outcomes.length; index++) {
      const kind = outcomes.kind(index)
      if (kind === 'publish') counts.published++
      if (kind !== 'dead-letter') continue
      this.#inputs.push(index)
      counts.deadLetters++
      if (sealed !== undefined) counts[sealed.get(index) === undefined ? 'unsealed' : 'sealed']++
    }
  }

  get length(): number {
    return this.#inputs.length
  }

  inputOf(output: number): number {
    return this.#inputs[output]!
  }

  get onlyInput(): number | undefined {
    return this.#inputs.length === 1 ? this.#inputs[0] : undefined
  }

  at(output: number): OutputRecord | undefined {
    const input = this.#inputs[output]
    return input === undefined ? undefined : this.#letters.record(this.#batch, input)
  }

  *[Symbol.iterator](): Generator<OutputRecord> {
    for (let output = 0; output < this.length; output++) yield this.at(output)!
  }
}
