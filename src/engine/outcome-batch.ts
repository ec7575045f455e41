/** What became of the messages of a batch, packed into a few arrays; what is asked for is made when it is asked for. */
import type { DeadLetterCode } from '../errors.ts'
import { ByteSink } from '../record/byte-sink.ts'
import { labelOf, type Outcome, type OutcomeHeader } from './outcome.ts'

type Kind = Outcome['kind']

/** A message of which nothing is said is a dead letter: there is no way from an error to `publish`. */
const KINDS: readonly Kind[] = ['dead-letter', 'publish', 'tombstone', 'suppress']
const DEAD_LETTER = 0
const PUBLISH = 1
const TOMBSTONE = 2
/** And everything above: the reason's position is added. */
const SUPPRESS = 3
const NONE = -1

export interface MessageFailure {
  readonly code: DeadLetterCode
  readonly rule: number
  /** The match token of its subject, where tokens are made and it could be read. */
  readonly subject?: string | undefined
}

const NO_HEADERS: readonly OutcomeHeader[] = []
const NO_TOMBSTONES: readonly Uint8Array[] = []

/** Outcomes as they may be posted to a thread. */
export interface OutcomeParts {
  readonly kinds: Uint16Array<ArrayBuffer>
  readonly reasons: readonly string[]
  readonly values: Uint8Array<ArrayBuffer>
  readonly valueStarts: Int32Array<ArrayBuffer>
  readonly valueEnds: Int32Array<ArrayBuffer>
  readonly keys: Uint8Array<ArrayBuffer>
  readonly keyStarts: Int32Array<ArrayBuffer>
  readonly keyEnds: Int32Array<ArrayBuffer>
  readonly timestamps: Float64Array<ArrayBuffer>
  readonly headers: ReadonlyMap<number, OutcomeHeader[]>
  readonly tombstones: ReadonlyMap<number, readonly Uint8Array[]>
  readonly failures: ReadonlyMap<number, MessageFailure>
}

/** As `subarray`, which takes twice as long. */
const view = (bytes: Uint8Array, start: number, end: number): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start)

export class OutcomeBatch {
  readonly length: number
  #kinds: Uint16Array<ArrayBuffer>
  /** Why messages are suppressed, each reason once. */
  #reasons: string[] = []
  #values: Uint8Array<ArrayBuffer> = new Uint8Array(0)
  #valueStarts: Int32Array<ArrayBuffer>
  #valueEnds: Int32Array<ArrayBuffer>
  readonly #keys: ByteSink = new ByteSink(0)
  #keyStarts: Int32Array<ArrayBuffer>
  #keyEnds: Int32Array<ArrayBuffer>
  #timestamps: Float64Array<ArrayBuffer>
  #headers: Map<number, OutcomeHeader[]> = new Map()
  #tombstones: Map<number, readonly Uint8Array[]> = new Map()
  #failures: Map<number, MessageFailure> = new Map()

  constructor(length: number) {
    this.length = length
    this.#kinds = new Uint16Array(length)
    this.#valueStarts = new Int32Array(length)
    this.#valueEnds = new Int32Array(length)
    this.#keyStarts = new Int32Array(length).fill(NONE)
    this.#keyEnds = new Int32Array(length)
    this.#timestamps = new Float64Array(length).fill(Number.NaN)
  }

  static from(parts: OutcomeParts): OutcomeBatch {
    const outcomes = new OutcomeBatch(parts.kinds.length)
    outcomes.#kinds = parts.kinds
    outcomes.#reasons = [...parts.reasons]
    outcomes.#values = parts.values
    outcomes.#valueStarts = parts.valueStarts
    outcomes.#valueEnds = parts.valueEnds
    outcomes.#keys.adopt(parts.keys, parts.keys.length)
    outcomes.#keyStarts = parts.keyStarts
    outcomes.#keyEnds = parts.keyEnds
    outcomes.#timestamps = parts.timestamps
    outcomes.#headers = new Map(parts.headers)
    outcomes.#tombstones = new Map(parts.tombstones)
    outcomes.#failures = new Map(parts.failures)
    return outcomes
  }

  /** What it is made of; the memory of all parts is its own. */
  parts(): OutcomeParts {
    return {
      kinds: this.#kinds,
      reasons: this.#reasons,
      values: this.#values,
      valueStarts: this.#valueStarts,
      valueEnds: this.#valueEnds,
      keys: this.#keys.bytes.subarray(0, this.#keys.length),
      keyStarts: this.#keyStarts,
      keyEnds: this.#keyEnds,
      timestamps: this.#timestamps,
      headers: this.#headers,
      tombstones: this.#tombstones,
      failures: this.#failures,
    }
  }

  // What became of them, as the engine says it

  /** Where the values of what is published stand. */
  set values(values: Uint8Array<ArrayBuffer>) {
    this.#values = values
  }

  /** The values are not needed any more; their memory may hold others. */
  release(): ArrayBuffer {
    const { buffer } = this.#values
    this.#values = new Uint8Array(0)
    return buffer
  }

  publish(index: number, start: number, end: number): void {
    this.#kinds[index] = PUBLISH
    this.#valueStarts[index] = start
    this.#valueEnds[index] = end
  }

  /** `place`: where the value of what is published stands from now on, in the order of the messages. */
  move(place: (index: number, start: number, end: number) => readonly [start: number, end: number]): void {
    for (let index = 0; index < this.length; index++) {
      if (this.#kinds[index] !== PUBLISH) continue
      const [start, end] = place(index, this.#valueStarts[index]!, this.#valueEnds[index]!)
      this.#valueStarts[index] = start
      this.#valueEnds[index] = end
    }
  }

  suppress(index: number, reason: string, tombstones: readonly Uint8Array[] = NO_TOMBSTONES): void {
    let known = this.#reasons.indexOf(reason)
    if (known < 0) known = this.#reasons.push(reason) - 1
    this.#kinds[index] = SUPPRESS + known
    if (tombstones.length > 0) this.#tombstones.set(index, tombstones)
  }

  tombstone(index: number, keys: readonly Uint8Array[]): void {
    this.#kinds[index] = TOMBSTONE
    this.#tombstones.set(index, keys)
  }

  /** Whatever was said of it before. */
  deadLetter(index: number, code: DeadLetterCode, rule: number, subject?: string): void {
    this.#kinds[index] = DEAD_LETTER
    this.#tombstones.delete(index)
    this.#failures.set(index, { code, rule, subject })
  }

  setKey(index: number, source: Uint8Array, start: number, end: number): void {
    this.#keyStarts[index] = this.#keys.length
    this.#keys.copy(source, start, end)
    this.#keyEnds[index] = this.#keys.length
  }

  /** Whether a key was set, whatever became of the message. */
  hasKey(index: number): boolean {
    return this.#keyStarts[index] !== NONE
  }

  addHeader(index: number, name: string, value: string): void {
    const headers = this.#headers.get(index)
    if (headers === undefined) this.#headers.set(index, [{ name, value }])
    else headers.push({ name, value })
  }

  setTimestamp(index: number, timestamp: number | undefined): void {
    this.#timestamps[index] = timestamp ?? Number.NaN
  }

  /** The same, where none or a later one was set before. */
  setEarlier(index: number, timestamp: number | undefined): void {
    const set = this.#timestamps[index]!
    if (timestamp !== undefined && !(set <= timestamp)) this.#timestamps[index] = timestamp
  }

  // What became of them; see `Outcome`

  kind(index: number): Kind {
    return KINDS[Math.min(this.#kinds[index]!, SUPPRESS)]!
  }

  value(index: number): Uint8Array | null {
    if (this.#kinds[index] !== PUBLISH) return null
    return view(this.#values, this.#valueStarts[index]!, this.#valueEnds[index]!)
  }

  key(index: number): Uint8Array | null {
    if (this.#kinds[index] !== PUBLISH || !this.hasKey(index)) return null
    return view(this.#keys.bytes, this.#keyStarts[index]!, this.#keyEnds[index]!)
  }

  headers(index: number): readonly OutcomeHeader[] {
    return this.#kinds[index] === PUBLISH ? (this.#headers.get(index) ?? NO_HEADERS) : NO_HEADERS
  }

  timestamp(index: number): number | undefined {
    const timestamp = this.#timestamps[index]!
    return this.#kinds[index] !== PUBLISH || Number.isNaN(timestamp) ? undefined : timestamp
  }

  tombstones(index: number): readonly Uint8Array[] {
    return this.#tombstones.get(index) ?? NO_TOMBSTONES
  }

  code(index: number): DeadLetterCode | undefined {
    return this.#failures.get(index)?.code
  }

  rule(index: number): number {
    return this.#failures.get(index)?.rule ?? -1
  }

  /** Of a dead letter: the match token of its subject. */
  subject(index: number): string | undefined {
    return this.#failures.get(index)?.subject
  }

  /** Of what is suppressed. */
  reason(index: number): string | undefined {
    return this.#reasons[this.#kinds[index]! - SUPPRESS]
  }

  /** As it is handed out. `rules`: those of the plan. */
  at(index: number, rules: readonly { readonly label: string }[]): Outcome {
    const tombstones = this.tombstones(index)
    const kind = this.kind(index)
    switch (kind) {
      case 'publish':
        return {
          kind,
          value: this.value(index)!,
          key: this.key(index),
          headers: this.headers(index),
          timestamp: this.timestamp(index),
          tombstones,
        }
      case 'suppress':
        return { kind, reason: this.reason(index)!, tombstones }
      case 'tombstone':
        return { kind, tombstones }
      default:
        return { kind, code: this.code(index)!, rule: labelOf(rules, this.rule(index)), tombstones }
    }
  }

  /** All of them, in order. */
  all(rules: readonly { readonly label: string }[]): Outcome[] {
    return Array.from({ length: this.length }, (_, index) => this.at(index, rules))
  }
}
