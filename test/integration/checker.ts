/**
 * The checker: from what stands in the topics, and from what the policy makes of each input record, whether anything
 * was lost, doubled, reordered, wrong or leaked. It knows nothing of how the stream works.
 */

import { readDeadLetter } from './checker/dead-letter.ts'
import { findLeaks } from './checker/leaks.ts'
import { findReordered } from './checker/order.ts'
import {
  type Coordinates,
  type Expected,
  type Finding,
  type FindingKind,
  keyOf,
  type LogRecord,
  type Write,
} from './checker/records.ts'

export interface CheckOptions {
  /** Committed input records. */
  readonly inputs: readonly LogRecord[]
  readonly outputs: readonly LogRecord[]
  readonly deadLetters: readonly LogRecord[]
  readonly expected: (input: LogRecord) => Expected
  /** The coordinates in a `lethe-source` header; undefined for a text that is none. */
  readonly sourceOf: (header: string) => Coordinates | undefined
  /** Duplicates are findings only if it is `exactly-once`. */
  readonly delivery: 'exactly-once' | 'at-least-once'
  /** `name@version#fingerprint`, which every output and dead letter must carry. Undefined: not checked. */
  readonly policy?: string
  /** Texts that must not stand anywhere, in any spelling. */
  readonly canaries?: readonly string[]
  /** The partition that an output belongs to. Undefined: not checked. */
  readonly partitionOf?: (key: Buffer | null, source: Coordinates) => number | undefined
}

export interface Report {
  readonly ok: boolean
  readonly counts: Readonly<Partial<Record<FindingKind, number>>>
  /** The first of each kind. */
  readonly findings: readonly Finding[]
  readonly seen: {
    readonly inputs: number
    readonly outputs: number
    readonly deadLetters: number
    /** Copies that at-least-once allows. */
    readonly duplicates: number
    /** Inputs by what the policy makes of them. */
    readonly kinds: Readonly<Record<Expected['kind'], number>>
  }
}

const SOURCE_HEADER = 'lethe-source'
const POLICY_HEADER = 'lethe-policy'
/** Findings kept of each kind. */
const MOST_EXAMPLES = 20

export function check(options: CheckOptions): Report {
  return new Check(options).run()
}

/** For a test's message: `clean`, or what was found. */
export function describeReport({ ok, counts, findings }: Report): string {
  if (ok) return 'clean'
  const lines = findings.map(({ kind, at, what }) => `  ${kind}: ${at}: ${what}`)
  return `${JSON.stringify(counts)}\n${lines.join('\n')}`
}

const isSame = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a === null || b === null ? a === b : Buffer.compare(a, b) === 0

class Check {
  readonly #options: CheckOptions
  readonly #findings: Finding[] = []
  readonly #counts: Partial<Record<FindingKind, number>> = {}
  readonly #inputs: ReadonlyMap<string, LogRecord>
  readonly #outputs = new Map<string, LogRecord[]>()
  readonly #deadLetters = new Map<string, { readonly at: string; readonly code: string }[]>()
  readonly #kinds = { publish: 0, suppress: 0, tombstone: 0, 'dead-letter': 0 }
  #duplicates = 0

  constructor(options: CheckOptions) {
    this.#options = options
    this.#inputs = new Map(options.inputs.map((input) => [keyOf(input), input]))
  }

  run(): Report {
    const { inputs, outputs, deadLetters } = this.#options
    this.#assign()
    for (const input of inputs) this.#judge(input)
    const sourced = [...this.#outputs].flatMap(([source, all]) =>
      all.map((output) => ({ source: this.#inputs.get(source)!, output })),
    )
    for (const { kind, at, what } of findReordered(sourced)) this.#find(kind, at, what)
    for (const { kind, at, what } of findLeaks(this.#options.canaries ?? [], [...outputs, ...deadLetters]))
      this.#find(kind, at, what)
    return {
      ok: this.#findings.length === 0,
      counts: this.#counts,
      findings: this.#findings,
      seen: {
        inputs: inputs.length,
        outputs: outputs.length,
        deadLetters: deadLetters.length,
        duplicates: this.#duplicates,
        kinds: this.#kinds,
      },
    }
  }

  #find(kind: FindingKind, at: string, what: string): void {
    const count = (this.#counts[kind] ?? 0) + 1
    this.#counts[kind] = count
    if (count <= MOST_EXAMPLES) this.#findings.push({ kind, at, what })
  }

  /** Gives every output and dead letter to the input that it says it comes from. */
  #assign(): void {
    const { outputs, deadLetters, policy } = this.#options
    for (const output of outputs) {
      const source = this.#sourceOf(output)
      const key = source === undefined ? undefined : keyOf(source)
      if (key === undefined || !this.#inputs.has(key)) {
        this.#find('unaccounted', keyOf(output), `no input record is its source (${key ?? 'unreadable'})`)
        continue
      }
      const all = this.#outputs.get(key)
      if (all === undefined) this.#outputs.set(key, [output])
      else all.push(output)
    }
    for (const record of deadLetters) {
      const letter = readDeadLetter(record)
      const at = keyOf(record)
      for (const problem of letter.problems) this.#find('wrong', at, problem)
      if (letter.source === undefined || !this.#inputs.has(keyOf(letter.source))) {
        this.#find('unaccounted', at, 'a dead letter of no input record')
        continue
      }
      if (policy !== undefined && letter.policy !== policy) this.#find('wrong', at, 'policy')
      const key = keyOf(letter.source)
      const all = this.#deadLetters.get(key) ?? []
      this.#deadLetters.set(key, [...all, { at, code: letter.code }])
    }
  }

  #sourceOf({ headers }: LogRecord): Coordinates | undefined {
    const found = headers.filter(({ name }) => name === SOURCE_HEADER)
    return found.length === 1 ? this.#options.sourceOf(found[0]!.value.toString('latin1')) : undefined
  }

  #judge(input: LogRecord): void {
    const expected = this.#options.expected(input)
    this.#kinds[expected.kind]++
    const source = keyOf(input)
    this.#judgeOutputs(source, input, expected)
    const letters = this.#deadLetters.get(source) ?? []
    if (expected.kind !== 'dead-letter') {
      for (const { at } of letters)
        this.#find('unexpected', at, `a dead letter of ${source}: ${expected.kind}`)
      return
    }
    if (letters.length === 0 && expected.mayBeHeld !== true) this.#find('lost', source, 'its dead letter')
    for (const { at } of letters.slice(1)) this.#duplicate(at, source)
    for (const { at, code } of letters)
      if (expected.code !== undefined && code !== expected.code)
        this.#find('wrong', at, `code ${code} for ${expected.code}, of ${source}`)
  }

  #duplicate(at: string, source: string): void {
    this.#duplicates++
    if (this.#options.delivery === 'exactly-once') this.#find('duplicate', at, `a second one of ${source}`)
  }

  #judgeOutputs(source: string, input: LogRecord, { kind, writes, mayBeHeld }: Expected): void {
    const missing = [...writes]
    const others: LogRecord[] = []
    const is =
      ({ key, value }: LogRecord) =>
      (write: Write): boolean =>
        isSame(write.key, key) && isSame(write.value, value)
    for (const output of this.#outputs.get(source) ?? []) {
      const at = missing.findIndex(is(output))
      if (at >= 0) this.#judgeMatch(output, missing.splice(at, 1)[0]!, input)
      else if (writes.some(is(output))) this.#duplicate(keyOf(output), source)
      else others.push(output)
    }
    for (const output of others) {
      if (missing.length === 0) {
        this.#find('unexpected', keyOf(output), `a record of ${source}: ${kind}, which does not give it`)
        continue
      }
      const near = ({ key, value }: Write): boolean => isSame(key, output.key) || isSame(value, output.value)
      const [write] = missing.splice(Math.max(0, missing.findIndex(near)), 1)
      const parts = [
        isSame(write!.key, output.key) ? [] : ['key'],
        isSame(write!.value, output.value) ? [] : ['value'],
      ]
      this.#find('wrong', keyOf(output), `${parts.flat().join(' and ')}, of ${source}`)
    }
    // Either all of it is there, or nothing.
    if (mayBeHeld === true && missing.length === writes.length) return
    for (const { value } of missing)
      this.#find('lost', source, value === null ? 'a tombstone' : `its output (${kind})`)
  }

  /** What a record with the right key and value may still have wrong. */
  #judgeMatch(output: LogRecord, write: Write, input: LogRecord): void {
    const { policy, partitionOf } = this.#options
    const wrong = (what: string): void => this.#find('wrong', keyOf(output), `${what}, of ${keyOf(input)}`)
    const stamps = output.headers.filter(({ name }) => name === POLICY_HEADER)
    if (policy !== undefined && (stamps.length !== 1 || stamps[0]!.value.toString() !== policy))
      wrong('policy')
    const others = output.headers.filter(({ name }) => name !== POLICY_HEADER && name !== SOURCE_HEADER)
    const listed = write.headers ?? []
    const isListed =
      others.length === listed.length &&
      others.every(({ name, value }, index) => {
        const header = listed[index]!
        return name === header.name && isSame(value, Buffer.from(header.value))
      })
    if (!isListed) wrong('headers')
    if (write.timestamp !== undefined && write.timestamp !== output.timestamp) wrong('timestamp')
    const partition = partitionOf?.(output.key, input)
    if (partition !== undefined && partition !== output.partition) wrong('partition')
  }
}
