/**
 * Watches the values that leave as they are, or nearly: whether one looks like an email address, a card number, a key. Which
 * values are looked at follows from where they stand and from nothing else, so that an account is the same for any number
 * of threads, any size of chunks, with kernels and without.
 *
 * Of an input file: those that begin in its first 8 MiB, and then those whose offset hashes to 0 modulo 64. (Offsets count
 * the bytes of the text behind a byte order mark, unzipped.) Of messages: those of the records that the
 * caller names. With `suspects: dead-letter`, all.
 */
import { detectors } from '../../transforms/detect/index.ts'
import { FEWEST_BYTES, look } from '../../transforms/detect/look.ts'
import type { Plan, PlanRule } from '../policy/plan.ts'
import { type Block, doubled, ResultKind, SlotKind } from '../record/block.ts'
import type { Format } from '../record/format.ts'
import type { Account } from './account.ts'

/** Of each input, values that begin before are all looked at; behind it one in `ONE_IN`. */
export const FIRST_BYTES: number = 8 << 20
/** Of messages, the first records whose values are all looked at. */
export const FIRST_RECORDS = 10_000
/** Of all later values, or records, one in this many is looked at. */
export const ONE_IN = 64

/** What values may look like. */
export const SUSPECT_KINDS: readonly string[] = detectors.map(({ kind }) => kind)

/** No number of fewer digits is found without a word before it, or a sign in it. */
const FEWEST_DIGITS = 11

/** Fibonacci hashing (Knuth, TAOCP 3, 6.4): the highest 6 bits are 0 for one offset in 64, whatever their stride. */
const isSampled = (offset: number): boolean => Math.imul(offset, 0x9e3779b1) >>> 26 === 0

export class Suspects {
  readonly #format: Format
  readonly #lookAtAll: boolean
  /** Offset in its input of the chunk's first byte. */
  base = 0
  /** By record of the block, 1 where its values are looked at; undefined where their offsets say. */
  records: Uint8Array | undefined
  /** The values to look at, and whose rule each is of; before a run of the rules there are none. */
  #slots: Int32Array<ArrayBuffer> = new Int32Array(1024)
  #rules: Int32Array<ArrayBuffer> = new Int32Array(1024)
  #count = 0
  readonly #plan: Plan

  constructor(plan: Plan, format: Format) {
    this.#plan = plan
    this.#format = format
    this.#lookAtAll = plan.suspects === 'dead-letter'
  }

  clear(): void {
    this.#count = 0
  }

  /** Notes which of the slots are to be looked at when the rules have run; `rule` is a watched one. */
  note(block: Block, { id }: PlanRule, slots: Int32Array, count: number): void {
    let noted = this.#count
    while (noted + count > this.#slots.length) {
      this.#slots = doubled(this.#slots)
      this.#rules = doubled(this.#rules)
    }
    const chosen = this.#slots
    const { records, base } = this
    if (this.#lookAtAll) {
      for (let i = 0; i < count; i++) chosen[noted++] = slots[i]!
    } else if (records !== undefined) {
      const { slotRecord } = block
      for (let i = 0; i < count; i++) if (records[slotRecord[slots[i]!]!] === 1) chosen[noted++] = slots[i]!
    } else {
      const { slotStart } = block
      const first = FIRST_BYTES - base
      for (let i = 0; i < count; i++) {
        let start = slotStart[slots[i]!]!
        if (start >= block.innerFrom) start = block.originOf(start)
        if (start < first || isSampled(base + start)) chosen[noted++] = slots[i]!
      }
    }
    this.#rules.fill(id, this.#count, noted)
    this.#count = noted
  }

  /** Looks at what was noted, of records that pass, and counts; marks records as dead letters where the policy says so. */
  look(block: Block, { rules }: Account): void {
    const { slotKind, slotRecord, recordCode, resultKind } = block
    for (let i = 0; i < this.#count; i++) {
      const slot = this.#slots[i]!
      const record = slotRecord[slot]!
      if (recordCode[record] !== undefined) continue
      if (slotKind[slot] === SlotKind.nothing || resultKind[slot] === ResultKind.dropped) continue
      const id = this.#rules[i]!
      const tally = rules[id]!
      tally.looked++
      const isKept = this.#plan.rules[id]!.action.kind !== 'transform'
      const found = isKept ? this.#lookAtValue(block, slot) : this.#lookAtResult(block, slot)
      if (found === 0) continue
      for (const [bit, { kind }] of detectors.entries())
        if ((found & (1 << bit)) !== 0) tally.suspects[kind] = (tally.suspects[kind] ?? 0) + 1
      if (this.#lookAtAll) block.fail(record, 'suspect-value', id)
    }
  }

  #lookAtValue(block: Block, slot: number): number {
    const { bytes } = block
    const start = block.slotStart[slot]!
    const end = block.slotEnd[slot]!
    switch (block.slotKind[slot]) {
      case SlotKind.text:
        return look(bytes, start, end)
      case SlotKind.number:
        return end - start < FEWEST_DIGITS ? 0 : look(bytes, start, end)
      case SlotKind.escaped:
        return end - start < FEWEST_BYTES ? 0 : lookAtText(this.#format.text(block, slot))
      case SlotKind.subtree:
        return lookAtJson(bytes, start, end)
      default:
        return 0
    }
  }

  /** At what a transform that tells nearly all has made of the value. */
  #lookAtResult(block: Block, slot: number): number {
    const start = block.resultStart[slot]!
    const end = block.resultEnd[slot]!
    switch (block.resultKind[slot]) {
      case ResultKind.arena:
        return look(block.arena.bytes, start, end)
      case ResultKind.written:
        return lookAtJson(block.arena.bytes, start, end)
      default:
        return look(block.bytes, start, end)
    }
  }
}

const lookAtText = (text: string): number => {
  const bytes = Buffer.from(text, 'utf8')
  return look(bytes, 0, bytes.length)
}

const BACKSLASH = 0x5c

/**
 * What a JSON text holds: its bytes as they are, and its strings where some have escapes. (A CSV cell is looked at like
 * that too; its doubled quotes hide nothing.)
 */
function lookAtJson(bytes: Uint8Array, start: number, end: number): number {
  let found = look(bytes, start, end)
  const json = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)
  if (!json.includes(BACKSLASH)) return found
  let value: unknown
  try {
    value = JSON.parse(json.toString('utf8'))
  } catch {
    // A CSV cell with a backslash in it.
    return found
  }
  const open: unknown[] = [value]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (typeof at === 'string') found |= lookAtText(at)
    else if (typeof at === 'object' && at !== null)
      for (const [name, member] of Object.entries(at)) {
        if (!Array.isArray(at)) open.push(name)
        if (member !== null) open.push(member)
      }
  }
  return found
}
