/** A gate over rows of a data set that was parted: values that stand in no row are told by their folder. */
import type { Gate, JudgedRecords } from '../engine/gate.ts'

/** `parts`: the values, by output path. What the gate asks at these paths is one of them; null: nothing is there. */
export function partedGate(gate: Gate, parts: ReadonlyMap<string, string | null>): Gate {
  if (!gate.reads.some(({ text }) => parts.has(text))) return gate
  const told = gate.reads.map(({ text }) => parts.get(text))
  return { ...gate, judge: (records, now) => gate.judge(new PartedRecords(records, told), now) }
}

class PartedRecords implements JudgedRecords {
  readonly #records: JudgedRecords
  readonly #told: readonly (string | null | undefined)[]

  constructor(records: JudgedRecords, told: readonly (string | null | undefined)[]) {
    this.#records = records
    this.#told = told
  }

  get from(): number {
    return this.#records.from
  }

  get to(): number {
    return this.#records.to
  }

  isOut(record: number): boolean {
    return this.#records.isOut(record)
  }

  isSuppressed(record: number): boolean {
    return this.#records.isSuppressed(record)
  }

  isRead(record: number): boolean {
    return this.#records.isRead(record)
  }

  text(record: number, read: number): string | undefined {
    const told = this.#told[read]
    return told === undefined ? this.#records.text(record, read) : (told ?? undefined)
  }

  texts(record: number, read: number): readonly string[] {
    const told = this.#told[read]
    if (told === undefined) return this.#records.texts(record, read)
    return told === null ? [] : [told]
  }

  setStep(record: number, steps: number): void {
    this.#records.setStep(record, steps)
  }

  suppress(record: number, reason: string): void {
    this.#records.suppress(record, reason)
  }

  deny(record: number, reason: string): void {
    this.#records.deny(record, reason)
  }

  fail(record: number, code: Parameters<JudgedRecords['fail']>[1]): void {
    this.#records.fail(record, code)
  }
}
